/* What a step is: an event, a message, a change of one variable, a violation, a bookmark. Both arrows go by it. */
import { html, refill } from "./dom.js";

const ABOUT_MESSAGES = new Set(["send", "duplicate", "deliver", "drop"]);
const UNIT_NAMES = { event: "events", message: "messages", moment: "notable changes", violation: "violations", bookmark: "bookmarks" };

/** @typedef {{kind: string, type?: string, from?: string, to?: string, name?: string, node?: string}} Unit */

/** A unit as a short text, and back. @param {Unit} unit */
export function unitKey({ kind, type, from, to, name, node }) {
  return JSON.stringify([kind, type ?? null, from ?? null, to ?? null, name ?? null, node ?? null]);
}

/** @param {string} key @returns {Unit} */
export function unitOf(key) {
  const [kind, type, from, to, name, node] = JSON.parse(key);
  return { kind, type, from, to, name, node };
}

/** @param {Unit} unit */
export function unitWords({ kind, type, from, to, name, node }) {
  if (kind === "message" && type) return type;
  if (kind === "message" && from) return `messages ${from} → ${to}`;
  if (kind === "change") return node ? `${name} of ${node}` : name;
  return UNIT_NAMES[kind];
}

/** Whether an event is one of those that a unit steps by. @param {import("./trace.js").Trace} trace @param {Unit} unit @returns {(seq: number) => boolean} */
function fits(trace, { kind, type, from, to, name, node }) {
  if (kind === "change") return (seq) => trace.kind[seq] === "state" && name in trace.data[seq] && (!node || trace.node[seq] === node);
  return (seq) => {
    const what = trace.kind[seq];
    if (!ABOUT_MESSAGES.has(what)) return false;
    const [a, b] = what === "deliver" || what === "drop" ? [trace.peer[seq], trace.node[seq]] : [trace.node[seq], trace.peer[seq]];
    return (!type || trace.name(seq) === type) && (!from || (a === from && b === to));
  };
}

/** The next event of a unit, or the one before; -1 if there is none.
 * @param {import("./trace.js").Trace} trace @param {Unit} unit @param {number} count @param {1 | -1} direction */
export function find(trace, unit, count, direction) {
  const fit = fits(trace, unit);
  if (direction > 0) {
    for (let seq = count; seq < trace.length; seq += 1) if (fit(seq)) return seq;
    return -1;
  }
  for (let seq = trace.stepAt(count)[0] - 1; seq >= 0; seq -= 1) if (fit(seq)) return seq;
  return -1;
}

/** The choice of a unit among the buttons. */
export class Stepper {
  /** @param {import("./trace.js").Trace} trace @param {{onchoose: (unit: Unit) => void}} handlers */
  constructor(trace, { onchoose }) {
    this.trace = trace;
    this.element = html("select", { class: "lk-button lk-unit", title: "What the arrows step by", "aria-label": "Step by", onchange: () => onchoose(unitOf(this.element.value)) });
    this.key = "";
  }

  /** @param {Unit} unit */
  draw(unit) {
    const { types, attributes } = this.trace;
    const key = `${[...types.keys()]} ${attributes} ${unitKey(unit)}`;
    if (key === this.key) return;
    this.key = key;
    const option = (one) => html("option", { value: unitKey(one), selected: unitKey(one) === unitKey(unit), translate: one.type || (one.name && !one.node) ? "no" : null }, unitWords(one));
    const group = (label, units) => (units.length ? html("optgroup", { label }, units.map(option)) : null);
    const basic = Object.keys(UNIT_NAMES).map((kind) => ({ kind }));
    const messages = [...types.keys()].map((type) => ({ kind: "message", type }));
    const changes = attributes.map((name) => ({ kind: "change", name }));
    const known = [...basic, ...messages, ...changes].some((one) => unitKey(one) === unitKey(unit));
    refill(this.element, group("Step by", known ? basic : [unit, ...basic]), group("Messages of type", messages), group("Changes of", changes));
    this.element.value = unitKey(unit);
  }
}
