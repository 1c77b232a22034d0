/* The violation: a line above the picture that leads to it, and what it is about. */
import { html, refill } from "./dom.js";
import { seconds } from "./words.js";

/** The nodes and messages that the violation of this moment is about. @param {import("./trace.js").Trace} trace @param {import("./scene.js").Scene} shown */
export function marked(trace, shown) {
  /** @type {{nodes: Set<string>, flights: Set<number>}} */
  const about = { nodes: new Set(), flights: new Set() };
  if (!shown.mark) return about;
  const { seq, label } = shown.mark;
  const named = new Set(label.split(/[^\w.-]+/));
  for (const id of [trace.node[seq], trace.peer[seq], ...trace.nodes.filter((one) => named.has(one))]) if (id) about.nodes.add(id);
  for (let i = shown.step[0]; i < shown.count; i += 1) {
    if (trace.kind[i] === "send") about.flights.add(i);
    else if (trace.match[i] >= 0) about.flights.add(trace.match[i]);
  }
  return about;
}

export class Banner {
  /** @param {import("./trace.js").Trace} trace @param {(seq: number) => void} onshow */
  constructor(trace, onshow) {
    this.trace = trace;
    this.onshow = onshow;
    this.element = html("div", { class: "lk-banner", role: "status", hidden: true });
  }

  /** @param {import("./scene.js").Scene} shown */
  draw(shown) {
    const mark = shown.mark ?? this.trace.marks[0];
    this.element.hidden = !mark;
    if (!mark) return;
    const here = mark === shown.mark;
    const key = `${mark.seq} ${here}`;
    if (key === this.key) return;
    this.key = key;
    this.element.classList.toggle("lk-here", here);
    refill(this.element, html("b", {}, here ? "Violated here" : `Violated at ${seconds(mark.time)}`), html("span", { translate: "no" }, mark.label),
      here ? null : html("button", { type: "button", class: "lk-button lk-tiny", onclick: () => this.onshow(mark.seq) }, "Show"));
  }
}
