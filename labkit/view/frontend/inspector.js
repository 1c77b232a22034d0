/* The panel beside the picture: the node or message that was chosen, else what happens in this step. */
import { button, html, refill, set, setText } from "./dom.js";
import { t } from "./language.js";
import { linkDeeds, messageDeeds, nodeDeeds } from "./faults.js";
import { brief, clause, clip, fields, repr, seconds, sentence, whyLost } from "./words.js";

export class Inspector {
  /** @param {import("./trace.js").Trace} trace
   * @param {{fault: (action: string, args: any[], options?: Object<string, any>) => void, past: () => boolean, onclose: () => void,
   *   onlink: (link: string) => void, onchange: (name: string, node: string, direction: 1 | -1) => void,
   *   onunit: (unit: import("./stepper.js").Unit, direction: 1 | -1) => void,
   *   onseek: (seq: number) => void, onmessage: (seq: number) => void, live: boolean}} handlers */
  constructor(trace, handlers) {
    this.trace = trace;
    this.handlers = handlers;
    this.element = html("section", { class: "lk-inspector lk-panel", tabindex: -1, "aria-label": "Details" });
    this.key = "";
  }

  /** @param {import("./scene.js").Scene} scene @param {import("./cluster.js").Selection | null} selected */
  draw(scene, selected) {
    const past = this.handlers.live && this.handlers.past();
    const node = selected?.type === "node" ? scene.nodes.find(({ id }) => id === selected.id) : null;
    const key = `${scene.count} ${past} ${selected?.type} ${selected?.id} ${node ? this._timers(node, scene) : ""}`;
    if (key === this.key) return;
    this.key = key;
    this.element.classList.toggle("lk-details", Boolean(selected));
    const frame = `${selected?.type} ${selected?.id} ${past} ${node?.look} ${node?.paused}`;
    const sameThing = this.shown === frame;
    this.shown = frame;
    if (node) {
      const active = /** @type {HTMLElement | null} */ (this.element.contains(document.activeElement) ? document.activeElement : null);
      const held = active?.dataset.attribute;
      const word = active?.textContent;
      if (!sameThing) this._frame(node, scene);
      this._nodeDetails(node, scene);
      if (active && !active.isConnected) this._focusAgain(held, word);
    } else if (selected?.type === "message") this._message(Number(selected.id), scene);
    else if (selected?.type === "link") this._link(String(selected.id), scene, sameThing);
    else this._step(scene);
  }

  /** Where the focus was before its button was made anew. */
  _focusAgain(attribute, word) {
    const same = attribute ? this.element.querySelector(`[data-attribute="${CSS.escape(attribute)}"]`)
      : [...this.element.querySelectorAll("button, summary")].find((one) => one.textContent === word) ?? this.element.querySelector(".lk-row button");
    /** @type {HTMLElement | null} */ (same ?? this.element)?.focus({ preventScroll: true });
  }

  _head(title, subtitle, closable) {
    return html("header", {}, html("b", {}, title), html("span", {}, subtitle),
      closable ? button({ icon: "close", title: "Close (Esc)", kind: "lk-tiny lk-close", onclick: this.handlers.onclose }) : null);
  }

  /** The part of a node's panel that holds the buttons: kept while the details change, so the focus stays. */
  _frame(node, scene) {
    const { live, onlink } = this.handlers;
    const others = scene.nodes.map(({ id }) => id).filter((id) => id !== node.id);
    this.rowNames = "";
    this.details = html("div");
    const open = new Set([...this.element.querySelectorAll("details[open]")].map((fold) => fold.getAttribute("data-fold")));
    const deeds = live ? nodeDeeds(node, others, this.handlers, onlink) : [];
    refill(this.element, this._head(node.id, "", true), deeds, this.details);
    for (const fold of this.element.querySelectorAll("details")) fold.open = open.has(fold.getAttribute("data-fold"));
  }

  _timers(node, scene) {
    return Object.values(node.record.timers).map((timer) => t(`${timer.name} in ${seconds(Math.max(0, timer.due - scene.time), 2)}`)).slice(0, 4).join(", ");
  }

  _nodeDetails(node, scene) {
    setText(this.element.querySelector("header span"), { down: "crashed", new: "not started" }[node.look] ?? (node.paused ? "paused" : node.role ?? "up"));
    const rows = Object.entries(node.attributes).map(([name, value]) => [name, repr(value), node.changed.has(name), true]);
    const add = (name, text) => { if (text) rows.push([name, text, false, false]); };
    add("timers", this._timers(node, scene));
    const { record } = node;
    add("on disk", Object.entries(record.disk).filter(([, value]) => value !== null).map(([name, value]) => `${name}=${repr(value)}`).join("  "));
    add("clock", record.clock ? repr(record.clock) : "");
    add("slow", record.slow ? t(`${repr(record.slow)} s for each event`) : "");
    add("disk is set", record.faulty ? repr(record.faulty) : "");
    add("last note", record.note?.text);
    const names = rows.map(([name]) => name).join("\n") + (node.error?.seq ?? "");
    if (names !== this.rowNames) {
      this.rowNames = names;
      this.cells = new Map(rows.map(([name, , , variable]) => [name, html("dd", { translate: variable ? "no" : null })]));
      refill(this.details,
        node.error ? html("div", { class: "lk-error", role: "alert" }, html("b", {}, node.error.error), html("div", {}, node.error.where)) : null,
        html("dl", {}, rows.map(([name, , , variable]) => [html("dt", {}, variable ? this._variable(name, node.id) : name), this.cells.get(name)])));
    }
    for (const [name, value, changed] of rows) {
      const cell = this.cells.get(name);
      const text = clip(value, 900);
      if (cell.textContent !== text) cell.textContent = text;
      set(cell, "class", changed ? "lk-changed" : "");
    }
  }

  /** The name of a variable leads to its next change. */
  _variable(name, node) {
    return html("button", {
      type: "button", class: "lk-head", translate: "no", "data-attribute": name, title: `To the next change of ${name} of ${node} (with Shift: the one before)`,
      onclick: (event) => this.handlers.onchange(name, node, event.shiftKey ? -1 : 1),
    }, name);
  }

  /** A link, or all of them: how it is set, and what can be done to it. */
  _link(link, scene, sameThing) {
    const [from, to] = link.split(">");
    const now = { ...scene.links.get("*>*"), ...scene.links.get(`${from}>*`), ...scene.links.get(`*>${to}`), ...scene.links.get(link) };
    const back = from === "*" ? now : { ...scene.links.get("*>*"), ...scene.links.get(`${to}>${from}`) };
    const state = (settings) => Object.entries(settings).filter(([name, value]) => value && name !== "one_way").map(([name, value]) => (value === true ? name : `${name} ${repr(value)}`)).join(", ") || "like the rest";
    const key = JSON.stringify([now, back]);
    if (sameThing && key === this.linkKey) return;
    this.linkKey = key;
    const open = this.element.querySelector("details")?.open;
    const held = this.element.contains(document.activeElement) ? document.activeElement.textContent : null;
    refill(this.element, this._head(from === "*" ? "All links" : `${from} – ${to}`, "", true),
      this.handlers.live ? linkDeeds(from, to, now, this.handlers) : null,
      html("dl", {}, from === "*" ? [html("dt", {}, "set to"), html("dd", {}, state(now))] : [html("dt", {}, `${from} → ${to}`), html("dd", {}, state(now)), html("dt", {}, `${to} → ${from}`), html("dd", {}, state(back))]),
      from === "*" ? null : html("div", { class: "lk-row" },
        button({ text: `Next message ${from} → ${to}`, onclick: () => this.handlers.onunit({ kind: "message", from, to }, 1) }),
        button({ text: `${to} → ${from}`, title: `Next message ${to} → ${from}`, onclick: () => this.handlers.onunit({ kind: "message", from: to, to: from }, 1) })));
    const fold = this.element.querySelector("details");
    if (fold && open) fold.open = true;
    if (held) [...this.element.querySelectorAll("button")].find((one) => one.textContent === held)?.focus({ preventScroll: true });
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
    const flying = this.handlers.live && trace.world(scene.count).flying.has(seq);
    const [from, to] = [trace.node[seq], trace.peer[seq]];
    refill(this.element,
      this._head(trace.name(seq), `${from} → ${to}`, true),
      flying ? messageDeeds(trace.id[seq], this.handlers) : null,
      html("dl", { class: "lk-fields" }, fields(trace.data[seq]).map(([name, value]) => [html("dt", { translate: "no" }, name), html("dd", { translate: "no" }, clip(repr(value), 400))])),
      html("dl", {}, rows.map(([name, value]) => [html("dt", {}, name), html("dd", {}, value)])),
      html("div", { class: "lk-row" },
        button({ text: `Next on ${from} → ${to}`, title: "Step by the messages of this link", onclick: () => this.handlers.onunit({ kind: "message", from, to }, 1) }),
        trace.nodes.includes(from) && trace.nodes.includes(to) ? button({ text: "The link", title: `What can be done to ${from} – ${to}`, onclick: () => this.handlers.onlink(`${from}>${to}`) }) : null,
        button({ text: "Go to its sending", onclick: () => this.handlers.onseek(seq) }),
        arrival >= 0 ? button({ text: lost ? "Go to its loss" : "Go to its arrival", onclick: () => this.handlers.onseek(arrival) }) : null));
  }

  _step(scene) {
    const { trace } = this;
    const [from, to] = scene.step;
    if (!scene.count) {
      refill(this.element, this._head("Nothing has happened yet", "", false),
        html("p", {}, this.handlers.live ? "Press play, or run the cluster in a cell: cluster.run(5)." : "This trace is empty."),
        this.handlers.live ? html("p", {}, "Click a node to see it whole, or to crash it, a link or a message in flight to trouble it. Draw a line across the picture to split the network.") : null);
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
