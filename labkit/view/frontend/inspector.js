/* The panel beside the picture: the node or message that was chosen, else what happens in this step. */
import { button, html, refill } from "./dom.js";
import { brief, clause, clip, fields, repr, seconds, sentence, whyLost } from "./words.js";

export class Inspector {
  /** @param {import("./trace.js").Trace} trace
   * @param {{fault: (action: string, args: any[]) => void, faultsOff: () => string | null, onclose: () => void,
   *   onseek: (seq: number) => void, onmessage: (seq: number) => void, live: boolean}} handlers */
  constructor(trace, handlers) {
    this.trace = trace;
    this.handlers = handlers;
    this.element = html("section", { class: "lk-inspector lk-panel", tabindex: -1, "aria-label": "Details" });
    this.key = "";
  }

  /** @param {import("./scene.js").Scene} scene @param {import("./cluster.js").Selection | null} selected */
  draw(scene, selected) {
    const off = this.handlers.faultsOff();
    const node = selected?.type === "node" ? scene.nodes.find(({ id }) => id === selected.id) : null;
    const key = `${scene.count} ${off} ${selected?.type} ${selected?.id} ${node ? this._timers(node, scene) : ""}`;
    if (key === this.key) return;
    const sameThing = this.shown === `${selected?.type} ${selected?.id} ${off} ${node?.look}`;
    this.key = key;
    this.shown = `${selected?.type} ${selected?.id} ${off} ${node?.look}`;
    if (node) {
      if (!sameThing) this._frame(node, scene, off);
      this._nodeDetails(node, scene);
    } else if (selected?.type === "message") this._message(selected.id, scene);
    else this._step(scene);
  }

  _head(title, subtitle, closable) {
    return html("header", {}, html("b", {}, title), html("span", {}, subtitle),
      closable ? button({ icon: "close", title: "Close (Esc)", kind: "lk-tiny lk-close", onclick: this.handlers.onclose }) : null);
  }

  /** The part of a node's panel that holds the buttons: kept while the details change, so the focus stays. */
  _frame(node, scene, off) {
    const { fault, live } = this.handlers;
    const others = scene.nodes.map(({ id }) => id).filter((id) => id !== node.id);
    this.details = html("div");
    const doing = (text, title, action, args, kind = "") => {
      const made = button({ text, title: off ?? title, kind, onclick: () => { if (!this.handlers.faultsOff()) fault(action, args); } });
      if (off) made.setAttribute("aria-disabled", "true");
      return made;
    };
    const buttons = !live ? null : html("div", { class: "lk-row" },
      node.look === "down" || node.look === "new"
        ? doing("Restart", `Start ${node.id} again`, "restart", [node.id], "lk-primary")
        : doing("Crash", `Stop ${node.id}: it loses all but its disk`, "crash", [node.id], "lk-danger"),
      others.length ? doing("Cut off", `A partition with ${node.id} alone on one side`, "partition", [[node.id], others]) : null,
      off ? html("small", {}, off) : null);
    refill(this.element, this._head(node.id, "", true), buttons, this.details);
  }

  _timers(node, scene) {
    return Object.values(node.record.timers).map((timer) => `${timer.name} in ${seconds(Math.max(0, timer.due - scene.time), 2)}`).slice(0, 4).join(", ");
  }

  _nodeDetails(node, scene) {
    this.element.querySelector("header span").textContent = { down: "crashed", new: "not started" }[node.look] ?? (node.paused ? "paused" : node.role ?? "up");
    const rows = Object.entries(node.attributes).map(([name, value]) => [name, repr(value), node.changed.has(name)]);
    const timers = this._timers(node, scene);
    if (timers) rows.push(["timers", timers, false]);
    const disk = Object.entries(node.record.disk).filter(([, value]) => value !== null);
    if (disk.length) rows.push(["on disk", disk.map(([name, value]) => `${name}=${repr(value)}`).join("  "), false]);
    if (node.record.clock) rows.push(["clock", repr(node.record.clock), false]);
    if (node.record.note) rows.push(["last note", node.record.note.text, false]);
    refill(this.details,
      node.error ? html("div", { class: "lk-error", role: "alert" }, html("b", {}, node.error.error), html("div", {}, node.error.where)) : null,
      html("dl", {}, rows.map(([name, value, changed]) => [html("dt", {}, name), html("dd", { class: changed ? "lk-changed" : null }, clip(value, 900))])));
  }

  _message(seq, scene) {
    const { trace } = this;
    const arrival = trace.match[seq];
    const seen = arrival >= 0 && arrival < scene.count;
    const lost = arrival >= 0 && trace.kind[arrival] === "drop";
    const rows = [["sent", seconds(trace.time[seq])]];
    if (seen && lost) rows.push(["lost", `${seconds(trace.time[arrival])}: ${whyLost(trace.data[arrival])}`]);
    else if (arrival >= 0 && !lost) rows.push([seen ? "arrived" : "arrives", `${seconds(trace.time[arrival])}, after ${seconds(trace.time[arrival] - trace.time[seq])}`]);
    else if (trace.due[seq] != null) rows.push(["due", seconds(trace.due[seq])]);
    if (trace.kind[seq] === "duplicate") rows.push(["a copy", "made by the network"]);
    refill(this.element,
      this._head(trace.name(seq), `${trace.node[seq]} → ${trace.peer[seq]}`, true),
      html("dl", { class: "lk-fields" }, fields(trace.data[seq]).map(([name, value]) => [html("dt", {}, name), html("dd", {}, clip(repr(value), 400))])),
      html("dl", {}, rows.map(([name, value]) => [html("dt", {}, name), html("dd", {}, value)])),
      html("div", { class: "lk-row" },
        button({ text: "Go to its sending", onclick: () => this.handlers.onseek(seq) }),
        arrival >= 0 ? button({ text: lost ? "Go to its loss" : "Go to its arrival", onclick: () => this.handlers.onseek(arrival) }) : null));
  }

  _step(scene) {
    const { trace } = this;
    const [from, to] = scene.step;
    if (!scene.count) {
      refill(this.element, this._head("Nothing has happened yet", "", false),
        html("p", {}, this.handlers.live ? "Press play, or run the cluster in a cell: cluster.run(5)." : "This trace is empty."),
        this.handlers.live ? html("p", {}, "Click a node to see it whole, or to crash it. Draw a line across the picture to split the network.") : null);
      return;
    }
    const sends = [];
    for (let seq = from; seq < to && sends.length < 6; seq += 1) if (trace.kind[seq] === "send" || trace.kind[seq] === "duplicate") sends.push(seq);
    const cause = ["deliver", "drop"].includes(trace.kind[from]) ? trace.match[from] : -1;
    const chip = (seq, text) => button({ text, kind: "lk-chip", title: `${trace.name(seq)}(${fields(trace.data[seq]).map(([name, value]) => `${name}=${brief(value, 40)}`).join(", ")})`, onclick: () => this.handlers.onmessage(seq) });
    refill(this.element, this._head(`At ${seconds(trace.time[to - 1])}`, `event ${to} of ${trace.length}`, false),
      html("p", {}, sentence(trace, scene.step) || clause(trace, to - 1) || "a timer is set"),
      html("div", { class: "lk-row" },
        cause >= 0 ? chip(cause, `${trace.name(cause)} from ${trace.node[cause]}`) : null,
        sends.map((seq) => chip(seq, `${trace.name(seq)} to ${trace.peer[seq]}`))));
  }
}
