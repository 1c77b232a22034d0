/* The space-time diagram: a line a node, an arrow a message, time to the right; the causal past and future of an event, lit up. On a canvas:
   what lies around the window is painted on a layer once, and only new events and what comes into sight are painted after that. */
import { isEvent, lightUp } from "./causality.js";
import { html, refill, set, setText } from "./dom.js";
import { messagesIn, MESSAGES_DRAWN_AT_MOST, paintSpan, sentBetween } from "./spacepaint.js";
import { clause, clip, fields, plural, repr, seconds, shortName } from "./words.js";

const LINES_AT_MOST = 40;
const AXIS = 20;
const CLIENTS_AT_MOST = 6;
const SPARE = 0.35; /* how much more than the window is painted, to its right */
const DENSE = 300; /* messages in the window; so many are drawn paler */
const GROWS_EVERY = 90; /* milliseconds between two paintings of new events */
const REWRITES = new Set(["retime", "wait"]); /* events that change how earlier ones are drawn */

export class SpaceTime {
  /** @param {import("./trace.js").Trace} trace
   * @param {{onseek: (time: number) => void, onmessage: (seq: number) => void, palette: () => Object<string, string>,
   *   onhover: () => void, onzoom: () => void}} handlers */
  constructor(trace, handlers) {
    this.trace = trace;
    this.handlers = handlers;
    this.canvas = html("canvas", { role: "img", "aria-label": "Space-time diagram: one line for each node, one arrow for each message" });
    this.tip = html("div", { class: "lk-tip", hidden: true });
    this.causes = html("button", {
      type: "button", class: "lk-button lk-tiny", "aria-pressed": "false", title: "Light up the causal past and future of the event at the cursor, or of the message that was chosen (C)", onclick: () => this.toggleCauses(),
    }, "Causes");
    const zoom = (factor, text, title) => html("button", { type: "button", class: "lk-button lk-tiny", title, "aria-label": title, onclick: () => this._zoom(factor) }, text);
    this.zoom = html("div", { class: "lk-zoom" }, this.causes, zoom(1.6, "−", "Show a longer time"), zoom(1 / 1.6, "+", "Show a shorter time"));
    this.told = html("p", { class: "lk-note lk-causes", "aria-live": "polite", hidden: true });
    this.element = html("div", { class: "lk-spacetime lk-panel" }, this.canvas, this.zoom, this.tip, this.told);
    this.layer = document.createElement("canvas");
    this.namesLayer = document.createElement("canvas");
    this.span = 0;
    this.start = 0;
    /** @type {number | undefined} the time at the left edge of the layer */ this.base = undefined;
    this.look = "";
    this.seen = 0; /* events that are painted */
    this.seenNow = 0;
    this.stride = 1; /* one of so many messages is drawn */
    this.dense = false;
    this.stamp = 0;
    /** @type {import("./causality.js").Light | null} */ this.light = null;
    this._pointing();
  }

  toggleCauses() {
    this.lighting = !this.lighting;
    set(this.causes, "aria-pressed", String(this.lighting));
    this.handlers.onhover();
  }

  /** The event that is lit: the message that was chosen, at its sending or, when the cursor is there, its arrival; else what happens at the cursor.
   * @param {import("./scene.js").Scene} scene @param {number | null} selected @returns {number} -1 if there is none */
  _litEvent({ step: [from, to] }, selected) {
    const { trace } = this;
    if (selected !== null && !(to > from && (trace.match[from] === selected || from === selected))) return trace.kind[selected] === "send" ? selected : -1;
    for (let seq = from; seq < to; seq += 1) if (isEvent(trace, seq)) return seq;
    return -1;
  }

  /** @param {import("./scene.js").Scene} scene @param {number | null} selected @param {boolean} playing */
  _causes(scene, selected, playing) {
    const seq = this.lighting && !playing ? this._litEvent(scene, selected) : -1;
    this.told.hidden = !this.lighting;
    const { trace } = this;
    const key = `${seq} ${trace.length} ${this.lighting}`;
    if (key === this.causesKey) return;
    this.causesKey = key;
    this.light = seq < 0 ? null : lightUp(trace, seq);
    if (!this.light) {
      setText(this.told, !this.lighting ? "" : playing ? "Pause to see what an event could know." : "Nothing happens at a node here: step to an event, or choose a message.");
      return;
    }
    const { counts, clock } = this.light;
    const words = clause(trace, seq);
    const ids = [...trace.nodes, ...trace.clients].filter((id) => clock.has(id));
    const clocks = ids.slice(0, 12).map((id) => `${id} ${clock.get(id)}`).join(", ") + (ids.length > 12 ? `, and ${ids.length - 12} more` : "");
    refill(this.told, html("b", {}, `${words.startsWith(trace.node[seq]) ? "" : `${trace.node[seq]} `}${words}`), " · ",
      `■ ${plural(counts.past, "event")} in its past · ◆ ${counts.future} in its future · ○ ${counts.apart} neither · vector clock: ${clocks}`);
  }

  /** @param {number} width */
  resize(width) {
    this.rows = [...this._lines(), ...this.trace.clients.slice(0, CLIENTS_AT_MOST)];
    const rows = this.rows.length;
    const rowHeight = rows <= 7 ? 25 : rows <= 16 ? 15 : rows <= 30 ? 8 : 5;
    this.width = width;
    this.gutter = Math.min(116, Math.max(52, 22 + 6.3 * Math.max(...this.rows.map((id) => id.length))));
    this.height = Math.max(90, rows * rowHeight + AXIS + 12);
    this.rowHeight = (this.height - AXIS - 8) / Math.max(1, rows);
    const scale = Math.min(2, globalThis.devicePixelRatio || 1);
    this.canvas.width = Math.round(width * scale);
    this.canvas.height = Math.round(this.height * scale);
    this.canvas.style.height = `${this.height}px`;
    this.scale = scale;
    const ctx = this.canvas.getContext("2d");
    ctx.font = "11px system-ui, sans-serif"; /* here and not in each frame: it makes the browser compute the page's styles */
    ctx.textBaseline = "middle";
    this.rowOf = new Map(this.rows.map((id, i) => [id, 8 + this.rowHeight * (i + 0.5)]));
  }

  /** The nodes that have a line. Of very many some: the one that was chosen, those that it spoke with, and the first. */
  _lines() {
    const { nodes, sends, node, peer } = this.trace;
    if (nodes.length <= LINES_AT_MOST) return nodes;
    const kept = new Set(this.chosenNode ? [this.chosenNode] : []);
    for (let i = sends.length - 1; this.chosenNode && i >= 0 && kept.size < LINES_AT_MOST / 2; i -= 1) {
      if (node[sends[i]] === this.chosenNode) kept.add(peer[sends[i]]);
      else if (peer[sends[i]] === this.chosenNode) kept.add(node[sends[i]]);
    }
    for (const id of nodes) {
      if (kept.size >= LINES_AT_MOST) break;
      kept.add(id);
    }
    return nodes.filter((id) => kept.has(id));
  }

  _zoom(factor) {
    const middle = this.cursor ?? this.start + this.span / 2;
    const span = Math.min(Math.max(this.span * factor, 0.005), Math.max(this.trace.now * 1.05, 1));
    this.start = Math.max(0, middle - ((middle - this.start) / this.span) * span);
    this.span = span;
    this.chosen = true;
    this.handlers.onzoom();
  }

  /** Keeps the cursor in the window, which holds about as many messages as can be told apart. */
  _window(time) {
    const { now, sends, time: times } = this.trace;
    if (!this.chosen) {
      const recent = sends.slice(-400);
      const busy = recent.length > 20 ? (times[recent[recent.length - 1]] - times[recent[0]]) / recent.length : 0;
      const wish = Math.max(busy * 220, this.trace.longest * 6, 0.25);
      if (!this.span || Math.abs(Math.log(wish / this.wish)) > 0.7) {
        this.wish = wish;
        this.span = Math.min(wish, Math.max(now, 1));
      } else if (this.span < this.wish) this.span = Math.min(this.wish, Math.max(now, 1));
    }
    if (time < this.start + this.span * 0.04) this.start = Math.max(0, time - this.span * 0.35);
    if (time > this.start + this.span * 0.86) this.start = time - this.span * (time > this.start + this.span * 1.2 ? 0.5 : 0.86);
    this.start = Math.max(0, Math.min(this.start, now - this.span * 0.86));
  }

  /** Where a time stands on the layer. */
  x(time) {
    return this.gutter + (time - this.base) * this.perSecond;
  }

  /** The time at a place of the visible canvas. */
  timeAt(x) {
    return this.start + (x - this.gutter) / this.perSecond;
  }

  get perSecond() {
    return (this.width - this.gutter - 12) / this.span;
  }

  /** How far the visible window has moved over the layer, in whole pixels of the screen: between them all would be blurred. */
  get shift() {
    return Math.round((this.start - this.base) * this.perSecond * this.scale) / this.scale;
  }

  /** Until when the layer is drawn: a little past the window, so that a frame only moves it. */
  get horizon() {
    return this.base + this.span * (1 + SPARE);
  }

  /** @param {import("./scene.js").Scene} scene
   * @param {{selected: number | null, node?: string | null, playing: boolean, marked: Set<number>, glyphs: Map<string, import("./glyphs.js").Glyph>}} emphasis */
  draw(scene, emphasis) {
    if (!this.width) return;
    const chosen = emphasis.node ?? null;
    const other = chosen !== this.chosenNode && this.trace.nodes.length > LINES_AT_MOST;
    this.chosenNode = chosen;
    if (other || this.rows.length < Math.min(this.trace.clients.length, CLIENTS_AT_MOST) + Math.min(this.trace.nodes.length, LINES_AT_MOST)) {
      this.look = "";
      this.resize(this.width);
    }
    this._window(scene.time);
    this.cursor = scene.time;
    this._causes(scene, emphasis.selected, emphasis.playing);
    const ink = this.handlers.palette();
    this._layer(scene, emphasis, ink);
    const ctx = this.canvas.getContext("2d");
    ctx.setTransform(this.scale, 0, 0, this.scale, 0, 0);
    ctx.clearRect(0, 0, this.width, this.height);
    const left = this.gutter - 6;
    const from = (left + this.shift) * this.scale;
    const wide = (this.width - left) * this.scale;
    ctx.drawImage(this.layer, from, 0, wide, this.canvas.height, left, 0, this.width - left, this.height);
    this._axis(ctx, ink);
    const x = this.x(scene.time) - this.shift;
    ctx.globalAlpha = 0.62;
    ctx.fillStyle = ink.panel;
    ctx.fillRect(x, 0, this.width - x, this.height - AXIS);
    ctx.globalAlpha = 1;
    ctx.strokeStyle = ink.text;
    ctx.lineWidth = 1.6;
    ctx.beginPath();
    ctx.moveTo(x, 2);
    ctx.lineTo(x, this.height - AXIS + 2);
    ctx.stroke();
  }

  /** Paints on the layer what is not there yet: all of it when it looks different, what has come into sight when the window has moved on, and new
   * events a few times a second. @param {import("./scene.js").Scene} scene @param {any} emphasis @param {Object<string, string>} ink */
  _layer(scene, { selected, marked, glyphs, playing }, ink) {
    const { trace } = this;
    const look = [this.span, this.width, this.height, this.scale, ink.text, selected, this.hovered, [...marked], scene.mark?.seq, trace.marks.length, this.light?.seq, this.light && trace.length].join();
    const stamp = performance.now();
    const past = this.start + this.span > this.horizon;
    const grown = trace.length !== this.seen || trace.now !== this.seenNow;
    if (look === this.look && !past && !(this.start < this.base) && (!grown || (playing && stamp - this.stamp < GROWS_EVERY))) return;
    const share = trace.nodes.length > LINES_AT_MOST ? 0.05 : 1; /* most messages are then between nodes without a line */
    const count = sentBetween(trace, this.start - trace.longest, this.start + this.span) * share;
    const stride = Math.max(1, Math.ceil(count / MESSAGES_DRAWN_AT_MOST));
    const dense = count > (this.dense ? 0.6 : 1) * DENSE;
    const rewritten = trace.kind.slice(this.seen).some((kind) => REWRITES.has(kind));
    const whole = look !== this.look || this.start < this.base || this.start > this.horizon || rewritten || dense !== this.dense || stride > this.stride || stride < this.stride / 2;
    let from = Math.min(this.seenNow, this.horizon);
    if (whole) {
      const pixels = this.perSecond * this.scale;
      [this.base, this.stride, this.dense] = [Math.floor(this.start * pixels) / pixels, stride, dense]; /* a message looks the same wherever it is painted */
      this.layer.width = Math.round(this.width * (1 + SPARE) * this.scale);
      this.layer.height = this.canvas.height;
      from = this.base;
    } else if (past) from = Math.min(from, this._scroll());
    [this.look, this.seen, this.seenNow, this.stamp] = [look, trace.length, trace.now, stamp];
    const ctx = this.layer.getContext("2d");
    ctx.setTransform(this.scale, 0, 0, this.scale, 0, 0);
    if (from >= this.horizon) return;
    paintSpan({
      ctx, trace, x: (time) => this.x(time), rows: this.rows, rowOf: this.rowOf, rowHeight: this.rowHeight, left: this.gutter, bottom: this.height - AXIS,
      scale: this.scale, span: this.span, stride: this.stride, dense, ink, glyphs, strong: new Set([...marked, selected, this.hovered]), light: this.light, mark: scene.mark,
    }, from - (whole ? this.span * 0.02 : 4 / this.perSecond), this.horizon);
  }

  /** Moves what is painted to the left, by whole pixels, to where the window is. @returns {number} the time from which on there is room */
  _scroll() {
    const right = this.horizon;
    const pixels = Math.round(this.shift * this.scale);
    const ctx = this.layer.getContext("2d");
    ctx.setTransform(1, 0, 0, 1, 0, 0);
    ctx.globalCompositeOperation = "copy";
    ctx.drawImage(this.layer, -pixels, 0);
    ctx.globalCompositeOperation = "source-over";
    this.base += pixels / this.scale / this.perSecond;
    return right;
  }

  /** The names of the rows, drawn once: text is the slowest thing to draw. @returns {HTMLCanvasElement} */
  _names(ink) {
    const key = `${this.gutter} ${this.height} ${this.scale} ${ink.muted} ${this.rows.length} ${this.chosenNode}`;
    if (key === this.namesKey) return this.namesLayer;
    this.namesKey = key;
    this.namesLayer.width = Math.round(this.gutter * this.scale);
    this.namesLayer.height = this.canvas.height;
    const ctx = this.namesLayer.getContext("2d");
    ctx.setTransform(this.scale, 0, 0, this.scale, 0, 0);
    ctx.font = "11px system-ui, sans-serif";
    ctx.textBaseline = "middle";
    ctx.fillStyle = ink.muted;
    const every = Math.ceil(11 / this.rowHeight);
    this.rows.forEach((id, i) => { if (i % every === 0) ctx.fillText(shortName(id, Math.floor((this.gutter - 20) / 6.1)), 8, this.rowOf.get(id)); });
    return this.namesLayer;
  }

  _axis(ctx, ink) {
    ctx.drawImage(this._names(ink), 0, 0, this.gutter, this.height);
    ctx.fillStyle = ink.muted;
    const rough = this.span / Math.max(2, (this.width - this.gutter) / 110);
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].map((k) => k * power).find((k) => k >= rough);
    const digits = Math.max(0, Math.min(4, -Math.floor(Math.log10(step) + 1e-9)));
    ctx.textAlign = "center";
    for (let k = Math.ceil(this.start / step); k * step <= this.start + this.span; k += 1) {
      const x = this.x(k * step) - this.shift;
      ctx.strokeStyle = ink.line;
      ctx.lineWidth = 1;
      ctx.beginPath();
      ctx.moveTo(x, this.height - AXIS);
      ctx.lineTo(x, this.height - AXIS + 4);
      ctx.stroke();
      const label = seconds(k * step, digits);
      const half = label.length * 3;
      if (x + half < this.width - 2 && x - half > this.gutter - 30) ctx.fillText(label, x, this.height - 8);
    }
    ctx.textAlign = "left";
  }

  /** The message under the pointer. @returns {number | null} */
  _nearest(seenX, y) {
    const x = seenX + this.shift;
    let best = null;
    let least = 6;
    if (this.base === undefined) return null;
    const near = 6 / this.perSecond;
    const time = this.timeAt(seenX);
    for (const { seq, x1, y1, x2, y2 } of messagesIn({ trace: this.trace, x: (at) => this.x(at), rowOf: this.rowOf, stride: this.stride }, time - near, time + near)) {
      const along = ((x - x1) * (x2 - x1) + (y - y1) * (y2 - y1)) / ((x2 - x1) ** 2 + (y2 - y1) ** 2 || 1);
      const k = Math.min(1, Math.max(0, along));
      const distance = Math.hypot(x - x1 - k * (x2 - x1), y - y1 - k * (y2 - y1));
      if (distance < least) [best, least] = [seq, distance];
    }
    return best;
  }

  _pointing() {
    let dragging = false;
    const at = (event) => {
      const box = this.canvas.getBoundingClientRect();
      return [event.clientX - box.left, event.clientY - box.top];
    };
    this.canvas.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      const [x, y] = at(event);
      const seq = this._nearest(x, y);
      if (seq !== null) this.handlers.onmessage(seq);
      else {
        dragging = true;
        this.canvas.setPointerCapture(event.pointerId);
        this.handlers.onseek(this.timeAt(x));
      }
    });
    this.canvas.addEventListener("pointermove", (event) => {
      const [x, y] = at(event);
      if (dragging) this.handlers.onseek(this.timeAt(Math.min(Math.max(x, this.gutter), this.width - 12)));
      else this._hover(this._nearest(x, y), x, y);
    });
    this.canvas.addEventListener("pointerup", () => { dragging = false; });
    this.canvas.addEventListener("pointercancel", () => { dragging = false; });
    this.canvas.addEventListener("pointerleave", () => this._hover(null, 0, 0));
  }

  _hover(seq, x, y) {
    this.canvas.style.cursor = seq === null ? "col-resize" : "pointer";
    this.tip.hidden = seq === null;
    if (seq !== null) {
      const { trace } = this;
      const values = fields(trace.data[seq]).map(([name, value]) => `${name}=${clip(repr(value), 40)}`).join("  ");
      this.tip.replaceChildren(html("b", {}, trace.name(seq)), ` ${trace.node[seq]} → ${trace.peer[seq]} `, html("div", {}, clip(values, 160)));
      this.tip.style.left = `${Math.min(x + 12, Math.max(0, this.width - 250))}px`;
      this.tip.style.top = y > this.height / 2 ? "" : `${y + 14}px`;
      this.tip.style.bottom = y > this.height / 2 ? `${this.height - y + 10}px` : "";
    }
    if (seq !== this.hovered) {
      this.hovered = seq;
      this.handlers.onhover();
    }
  }
}
