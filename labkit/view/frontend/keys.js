/* The keys of the player, as data: what is done, and what the help says. */
import { html } from "./dom.js";
import { closePopover, popover } from "./popover.js";

export const HELP = "Space plays and pauses, the arrow keys step, N and P jump to the next and previous change, Home and End go to the start and to now. The question mark shows all keys.";

/** @typedef {{keys: string[], shown: string, words: string, act: (player: any, event: KeyboardEvent) => void}} Key */
/** @type {Key[]} */
export const KEYS = [
  { keys: [" "], shown: "Space", words: "play, pause", act: (player) => player.toggle() },
  { keys: ["ArrowRight"], shown: "→", words: "step forward (with Shift: to the next notable change)", act: (player, event) => (event.shiftKey ? player.jump(1) : player.step(1)) },
  { keys: ["ArrowLeft"], shown: "←", words: "step back (with Shift: to the one before)", act: (player, event) => (event.shiftKey ? player.jump(-1) : player.step(-1)) },
  { keys: ["e"], shown: "E", words: "step by events", act: (player) => player.stepBy({ kind: "event" }) },
  { keys: ["m"], shown: "M", words: "step by messages", act: (player) => player.stepBy({ kind: "message" }) },
  { keys: ["n"], shown: "N", words: "next notable change: leader, fault, error, violation", act: (player) => player.jump(1) },
  { keys: ["p"], shown: "P", words: "the one before", act: (player) => player.jump(-1) },
  { keys: ["v"], shown: "V", words: "next violation (with Shift: the one before)", act: (player, event) => player.stepOnce({ kind: "violation" }, event.shiftKey ? -1 : 1) },
  { keys: ["b"], shown: "B", words: "bookmarks: name this moment, or go to one", act: (player) => player.bookmarks.open() },
  { keys: ["]"], shown: "]", words: "next bookmark", act: (player) => player.stepOnce({ kind: "bookmark" }, 1) },
  { keys: ["["], shown: "[", words: "the bookmark before", act: (player) => player.stepOnce({ kind: "bookmark" }, -1) },
  { keys: ["Home"], shown: "Home", words: "the start", act: (player) => { player.pause(); player.seek(0, 0); } },
  { keys: ["End", "l"], shown: "End, L", words: "now, or the end", act: (player) => player.goNow() },
  { keys: ["+", "="], shown: "+", words: "faster", act: (player) => player.controls.faster(1) },
  { keys: ["-"], shown: "−", words: "slower", act: (player) => player.controls.faster(-1) },
  { keys: ["r"], shown: "R", words: "the next run, where there are several", act: (player) => player.runs?.next() },
  { keys: ["c"], shown: "C", words: "in the space-time diagram: what the event here could know, and what could know of it", act: (player) => { if (!player.frame.light()) player.tell("The space-time diagram is not shown"); } },
  { keys: ["f"], shown: "F", words: "the faults: to the buttons of what was chosen", act: (player) => player.controls.toFaults() },
  { keys: ["?"], shown: "?", words: "these keys", act: (player) => showKeys(player.root) },
  { keys: ["Escape"], shown: "Esc", words: "close, let go of what was chosen", act: (player) => { if (!closePopover(player.root)) player.escape(); } },
];

/** @param {HTMLElement} root */
export function showKeys(root) {
  popover(root, "keys", "Keys", html("dl", { class: "lk-keys" }, KEYS.map(({ shown, words }) => [html("dt", {}, html("kbd", {}, shown)), html("dd", {}, words)])));
}

/** @param {any} player @param {KeyboardEvent} event */
export function press(player, event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  event.stopPropagation();
  const tag = /** @type {HTMLElement} */ (event.target).tagName;
  if (/^(SELECT|INPUT)$/.test(tag) && event.key !== "Escape") return;
  if (event.key === " " && tag === "BUTTON") return;
  const pressed = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const found = KEYS.find(({ keys }) => keys.includes(pressed));
  if (!found) return;
  event.preventDefault();
  found.act(player, event);
}
