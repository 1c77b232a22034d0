/* What a reader can do to a node, a link, a message: buttons for what has no settings, small forms for what has. */
import { button, html } from "./dom.js";

/** @typedef {{name: string, label: string, value?: any, step?: number, min?: number, max?: number, title?: string, choices?: string[]}} Field */
/** @typedef {{action: string, title: string, say: string, hint?: string, fields: Field[], one?: boolean}} Form */

const PART = { step: 0.05, min: 0, max: 1 };
/** @type {Form[]} */
export const NODE_FORMS = [
  { action: "slow", title: "Slow", say: "Make slow", fields: [{ name: "seconds", label: "seconds for each event", value: 0.05, step: 0.01, min: 0, title: "0: as quick as the others" }] },
  { action: "clock", title: "Clock", say: "Change the clock", hint: "from what it shows", fields: [
    { name: "jump", label: "jump by seconds", step: 0.1 }, { name: "drift", label: "drift (0.01: gains 1%)", step: 0.01, min: -0.9 }] },
  { action: "clock", title: "Clock, set", say: "Set the clock", fields: [
    { name: "offset", label: "offset in seconds", value: 0, step: 0.1 }, { name: "rate", label: "rate (1: true)", value: 1, step: 0.01, min: 0.01 }] },
  { action: "disk", title: "Disk", say: "Set the disk", hint: "what is left empty stays as it is", fields: [
    { name: "latency", label: "seconds for a sync", step: 0.01, min: 0 }, { name: "full", label: "full", choices: ["yes", "no"] },
    { name: "survive", label: "after a crash, unsynced writes", choices: ["prefix", "subset", "none"] },
    { name: "lost", label: "writes lost", ...PART }, { name: "torn", label: "torn by a crash", ...PART },
    { name: "misdirect", label: "misdirected", ...PART }, { name: "rot", label: "rotten at boot", ...PART }] },
];
/** @type {Form} */
export const LINK_FORM = { action: "link", title: "Link", say: "Set the link", hint: "shares from 0 to 1; what is left empty stays as it is", fields: [
  { name: "loss", label: "loss", ...PART }, { name: "latency", label: "delay in seconds", step: 0.01, min: 0 }, { name: "duplicate", label: "duplicated", ...PART },
  { name: "reorder", label: "reordered", ...PART }, { name: "corrupt", label: "corrupted", ...PART }] };

/** The settings that a form holds; empty fields are left out. @param {HTMLFormElement} form @param {Field[]} fields */
function filled(form, fields) {
  /** @type {Object<string, any>} */
  const result = {};
  for (const { name, choices } of fields) {
    const { value } = /** @type {any} */ (form.elements.namedItem(name));
    if (value === "") continue;
    result[name] = !choices ? Number(value) : choices.includes("yes") ? value === "yes" : value;
  }
  return result;
}

/** A form that folds away. @param {Form} what @param {(options: Object<string, any>) => void} apply @param {Object<string, any>} [now] how it is set now */
export function formOf({ title, say, hint, fields }, apply, now = {}) {
  const input = ({ name, label, value, choices, title: more, ...limits }) => {
    const current = now[name] ?? value ?? "";
    const shown = typeof current === "boolean" ? (current ? "yes" : "no") : Array.isArray(current) || typeof current === "object" ? "" : current;
    const made = choices
      ? html("select", { name, class: "lk-input" }, ["", ...choices].map((one) => html("option", { value: one, selected: one === shown }, one || "as it is")))
      : html("input", { name, class: "lk-input", type: "number", inputmode: "decimal", value: shown, ...limits, step: "any" });
    return html("label", { title: more }, html("span", {}, label), made);
  };
  const form = html("form", { class: "lk-form", onsubmit: (event) => {
    event.preventDefault();
    const options = filled(form, fields);
    if (Object.keys(options).length) apply(options);
  } }, fields.map(input), hint ? html("small", {}, hint) : null, html("button", { type: "submit", class: "lk-button" }, say));
  return html("details", { class: "lk-fold", "data-fold": title }, html("summary", { tabindex: 0 }, title), form);
}

/** @typedef {{fault: (action: string, args: any[], options?: Object<string, any>) => void, live: boolean, past: () => boolean}} Hands */

/** A button that does something. @param {Hands} hands */
function deed(hands, text, title, action, args, options = {}, kind = "") {
  return button({ text, title, kind, onclick: () => hands.fault(action, args, options) });
}

/** Where the reader stands in the past, what is done begins another run. @param {Hands} hands */
function hint(hands) {
  return hands.past() ? html("small", { class: "lk-forks" }, "This is the past: what you do here begins another run") : null;
}

/** @param {import("./scene.js").SceneNode} node @param {string[]} others @param {Hands} hands @param {(link: string) => void} onlink */
export function nodeDeeds(node, others, hands, onlink) {
  const { id } = node;
  const down = node.look === "down" || node.look === "new";
  const link = html("select", { class: "lk-button lk-tiny", "aria-label": `A link of ${id}`, onchange: () => { if (link.value) onlink(link.value); } },
    html("option", { value: "" }, "Link…"), others.slice(0, 200).map((other) => html("option", { value: `${id}>${other}` }, `to ${other}`)));
  return [
    html("div", { class: "lk-row" },
      down ? deed(hands, "Restart", `Start ${id} again`, "restart", [id], {}, "lk-primary") : deed(hands, "Crash", `Stop ${id}: it loses all but its disk`, "crash", [id], {}, "lk-danger"),
      down ? null : deed(hands, "Restart", `Crash ${id} and start it again`, "restart", [id]),
      down ? null : node.paused ? deed(hands, "Resume", `Let ${id} go on`, "resume", [id], {}, "lk-primary") : deed(hands, "Pause", `Stop ${id} as a garbage collection does: what comes waits`, "pause", [id]),
      others.length ? deed(hands, "Cut off", `A partition with ${id} alone on one side`, "partition", [[id], others]) : null,
      others.length ? link : null),
    hint(hands),
    html("div", { class: "lk-folds" }, NODE_FORMS.map((form) => formOf(form, (options) => hands.fault(form.action, [id], options),
      form.action === "disk" ? node.record.faulty ?? {} : form.action === "slow" && node.record.slow ? { seconds: node.record.slow } : {}))),
  ];
}

/** @param {string} from @param {string} to "*" for any @param {Object<string, any>} now @param {Hands} hands */
export function linkDeeds(from, to, now, hands) {
  const any = from === "*";
  const ends = any ? [] : [from, to];
  const way = html("select", { class: "lk-input", "aria-label": "Direction" }, [["both", `${from} ⇄ ${to}`], ["there", `${from} → ${to}`], ["back", `${to} → ${from}`]].map(([value, text]) => html("option", { value }, text)));
  const set = (options) => {
    if (any) hands.fault("link", [], options);
    else if (way.value === "both") hands.fault("link", ends, options);
    else hands.fault("link", way.value === "there" ? ends : [to, from], { ...options, one_way: true });
  };
  const press = (text, title, options, kind = "") => button({ text, title, kind, onclick: () => set(options) });
  return [
    html("div", { class: "lk-row" }, any ? null : way,
      now.cut ? press("Mend", "Let messages through again", { cut: false }, "lk-primary") : press("Cut", "Lose every message", { cut: true }, "lk-danger"),
      now.clog ? press("Release", "Let all that waits arrive", { clog: false }, "lk-primary") : press("Clog", "Hold every message, and lose none", { clog: true })),
    hint(hands),
    html("div", { class: "lk-folds" }, formOf(LINK_FORM, set, now)),
  ];
}

/** @param {number} id of the message @param {Hands} hands */
export function messageDeeds(id, hands) {
  const seconds = html("input", { class: "lk-input lk-short", type: "number", min: 0, step: "any", value: 0.1, "aria-label": "Seconds of delay" });
  return [
    html("div", { class: "lk-row" },
      deed(hands, "Deliver now", "Let it arrive before all others", "deliver", [id], {}, "lk-primary"),
      deed(hands, "Drop", "Lose it", "drop", [id], {}, "lk-danger"),
      deed(hands, "Duplicate", "A copy arrives with it", "duplicate", [id]),
      html("span", { class: "lk-pair" }, button({ text: "Delay by", title: "Let it arrive later", onclick: () => hands.fault("delay", [id], { seconds: Number(seconds.value) || 0.1 }) }), seconds, "s")),
    hint(hands),
  ];
}
