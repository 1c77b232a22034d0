/* The space-time diagram: a line a node, an arrow a message, time to the right. Drawn on a canvas, a window at a time. */
import { html } from "./dom.js";
import { flightEnd } from "./scene.js";
import { leads, upperBound } from "./trace.js";
import { clip, fields, repr, seconds } from "./words.js";

const MESSAGES_DRAWN_AT_MOST = 1500;
const LINES_AT_MOST = 40;
const AXIS = 20;
const CLIENTS_AT_MOST = 6;
const SPARE = 0.3;
const MARKS = { crash: "×", error: "!", restart: "↑", pause: "‖", resume: "▸" };

export class SpaceTime {
  /** @param {import("./trace.js").Trace} trace
   * @param {{onseek: (time: number) => void, onmessage: (seq: number) => void, palette: () => Object<string, string>,
   *   onhover: () => void, onzoom: () => void}} handlers */
  constructor(trace, handlers) {
    this.trace = trace;
    this.handlers = handlers;
    this.canvas = html("canvas", { role: "img", "aria-label": "Space-time diagram: one line for each node, one arrow for each message" });
    this.tip = html("div", { class: "lk-tip", hidden: true });
    this.zoom = html("div", { class: "lk-zoom" },
      html("button", { type: "button", class: "lk-button lk-tiny", title: "Show a longer time", "aria-label": "Show a longer time", onclick: () => this._zoom(1.6) }, "−"),
      html("button", { type: "button", class: "lk-button lk-tiny", title: "Show a shorter time", "aria-label": "Show a shorter time", onclick: () => this._zoom(1 / 1.6) }, "+"));
    this.element = html("div", { class: "lk-spacetime lk-panel" }, this.canvas, this.zoom, this.tip);
    this.layer = document.createElement("canvas");
    this.namesLayer = document.createElement("canvas");
    this.segments = [];
    this.span = 0;
    this.start = 0;
    /** @type {number | undefined} the time at the left edge of the layer */ this.base = undefined;
    this.look = this.seen = "";
    this.stamp = 0;
    this._pointing();
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

  /** How far the visible window has moved over the layer, in pixels. */
  get shift() {
    return (this.start - this.base) * this.perSecond;
  }

  /** Until when the layer is drawn: a little past the window, so that a frame only moves it. */
  get horizon() {
    return this.base + this.span * (1 + SPARE);
  }

  /** @param {import("./scene.js").Scene} scene
   * @param {{selected: number | null, node?: string | null, marked: Set<number>, glyphs: Map<string, import("./glyphs.js").Glyph>}} emphasis */
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

  /** Draws all but the cursor anew, when something there is different or the window has left it; new events ten times a second. */
  _layer(scene, emphasis, ink) {
    const look = [this.span, this.width, this.height, this.scale, ink.text, emphasis.selected, this.hovered, [...emphasis.marked], scene.mark?.seq].join();
    const left = this.base === undefined || this.start < this.base || this.start + this.span > this.horizon;
    const size = `${this.trace.length} ${this.trace.now}`;
    const stamp = performance.now();
    if (!left && look === this.look && (size === this.seen || stamp - this.stamp < 90)) return;
    [this.look, this.seen, this.stamp, this.base] = [look, size, stamp, this.start];
    this.layer.width = Math.round(this.width * (1 + SPARE) * this.scale);
    this.layer.height = this.canvas.height;
    const ctx = this.layer.getContext("2d");
    ctx.setTransform(this.scale, 0, 0, this.scale, 0, 0);
    ctx.textBaseline = "middle";
    this._partitions(ctx, ink);
    this._spans(ctx, ink);
    this._messages(ctx, ink, emphasis);
    this._marks(ctx, ink, scene);
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
    this.rows.forEach((id, i) => { if (i % every === 0) ctx.fillText(clip(id, Math.floor((this.gutter - 20) / 6.1)), 8, this.rowOf.get(id)); });
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
      const half = ctx.measureText(label).width / 2;
      if (x + half < this.width - 2 && x - half > this.gutter - 30) ctx.fillText(label, x, this.height - 8);
    }
    ctx.textAlign = "left";
  }

  _partitions(ctx, ink) {
    const { moments, kind, time } = this.trace;
    if (!moments.length) return;
    const first = Math.max(0, upperBound(moments, this.base, (moment) => time[moment.seq]) - 1);
    let open = null;
    for (let i = first; i >= 0; i -= 1) {
      if (kind[moments[i].seq] === "heal") break;
      if (kind[moments[i].seq] === "partition") {
        open = moments[i].seq;
        break;
      }
    }
    const paint = (from, to) => {
      ctx.fillStyle = ink.fault;
      ctx.globalAlpha = 0.08;
      ctx.fillRect(this.x(from), 2, this.x(to) - this.x(from), this.height - AXIS - 4);
      ctx.globalAlpha = 1;
    };
    for (let i = first; i < moments.length && time[moments[i].seq] < this.horizon; i += 1) {
      const { seq } = moments[i];
      if (kind[seq] === "partition" && open === null) open = seq;
      if (kind[seq] === "heal" && open !== null) {
        paint(time[open], time[seq]);
        open = null;
      }
    }
    if (open !== null) paint(time[open], this.trace.now);
  }

  /** Roles as thick spans, a crash as a gap. */
  _spans(ctx, ink) {
    const [from, to] = [this.base, this.horizon];
    for (const id of this.rows) {
      const spans = this.trace.spans.get(id);
      if (!spans) continue;
      const y = this.rowOf.get(id);
      for (let i = Math.max(0, upperBound(spans, from, (span) => span.time) - 1); i < spans.length && spans[i].time < to; i += 1) {
        const { role, up } = spans[i];
        const end = Math.min(spans[i + 1]?.time ?? this.trace.now, to);
        const kind = !up ? "down" : leads(role) ? "leader" : role === "candidate" ? "candidate" : "member";
        ctx.strokeStyle = { down: ink.fault, leader: ink.blue, candidate: ink.amber, member: ink.line }[kind];
        ctx.lineWidth = { down: 1.2, leader: Math.min(6, this.rowHeight * 0.5), candidate: Math.min(4.5, this.rowHeight * 0.4), member: 1.4 }[kind];
        ctx.setLineDash({ down: [1.5, 5], candidate: [4, 2.5] }[kind] ?? []);
        ctx.beginPath();
        ctx.moveTo(this.x(Math.max(spans[i].time, from - this.span)), y);
        ctx.lineTo(this.x(end), y);
        ctx.stroke();
      }
    }
    ctx.setLineDash([2, 3]);
    ctx.strokeStyle = ink.line;
    ctx.lineWidth = 1;
    ctx.beginPath();
    for (const id of this.rows.filter((row) => !this.trace.spans.has(row))) {
      ctx.moveTo(this.gutter, this.rowOf.get(id));
      ctx.lineTo(this.x(this.trace.now), this.rowOf.get(id));
    }
    ctx.stroke();
    ctx.setLineDash([]);
  }

  _messages(ctx, ink, { selected, marked, glyphs }) {
    const { sends, time, node, peer } = this.trace;
    const first = upperBound(sends, this.base - this.trace.longest, (seq) => time[seq]);
    const last = upperBound(sends, this.horizon, (seq) => time[seq]);
    const some = this.trace.nodes.length > LINES_AT_MOST; /* most messages are then between nodes without a line */
    const stride = Math.max(1, Math.ceil((last - first) / (some ? 20 : 1) / MESSAGES_DRAWN_AT_MOST));
    this.segments = [];
    const byLook = new Map();
    for (let i = first - (first % stride); i < last; i += stride) {
      const seq = sends[Math.max(0, i)];
      const [y1, y2] = [this.rowOf.get(node[seq]), this.rowOf.get(peer[seq])];
      if (y1 === undefined || y2 === undefined) continue;
      const { end, stop, lost } = flightEnd(this.trace, seq);
      const segment = { seq, x1: this.x(time[seq]), y1, x2: this.x(end), y2: y1 + (y2 - y1) * stop, lost };
      this.segments.push(segment);
      const { color, hollow } = glyphs.get(this.trace.name(seq));
      const look = `${color}${hollow ? "-" : ""}`;
      if (!byLook.has(look)) byLook.set(look, []);
      byLook.get(look).push(segment);
    }
    const dense = this.segments.length > 350;
    for (const [look, segments] of byLook) {
      ctx.strokeStyle = ink[look.replace("-", "")];
      ctx.globalAlpha = dense ? 0.5 : 0.85;
      ctx.lineWidth = 1.1;
      ctx.setLineDash(look.endsWith("-") ? [5, 2] : []);
      ctx.beginPath();
      for (const { x1, y1, x2, y2 } of segments) {
        ctx.moveTo(x1, y1);
        ctx.lineTo(x2, y2);
      }
      ctx.stroke();
    }
    ctx.setLineDash([]);
    ctx.globalAlpha = 1;
    ctx.strokeStyle = ink.fault;
    ctx.lineWidth = 1.3;
    ctx.beginPath();
    for (const { x2, y2, lost } of this.segments) {
      if (!lost) continue;
      ctx.moveTo(x2 - 3, y2 - 3);
      ctx.lineTo(x2 + 3, y2 + 3);
      ctx.moveTo(x2 + 3, y2 - 3);
      ctx.lineTo(x2 - 3, y2 + 3);
    }
    ctx.stroke();
    ctx.lineWidth = 3;
    for (const { seq, x1, y1, x2, y2 } of this.segments) {
      if (seq !== selected && seq !== this.hovered && !marked.has(seq)) continue;
      ctx.strokeStyle = ink[glyphs.get(this.trace.name(seq)).color];
      ctx.beginPath();
      ctx.moveTo(x1, y1);
      ctx.lineTo(x2, y2);
      ctx.stroke();
      ctx.fillStyle = ctx.strokeStyle;
      ctx.beginPath();
      ctx.arc(x2, y2, 3.5, 0, 7);
      ctx.fill();
    }
  }

  _marks(ctx, ink, scene) {
    const { moments, time, node } = this.trace;
    ctx.textAlign = "center";
    const r = Math.min(8, Math.max(4, this.rowHeight * 0.34));
    for (let i = upperBound(moments, this.base - this.span * 0.02, (moment) => time[moment.seq]); i < moments.length; i += 1) {
      const { seq, kind } = moments[i];
      const x = this.x(time[seq]);
      if (time[seq] > this.horizon) break;
      if (kind === "partition" || kind === "heal") {
        ctx.strokeStyle = ink.fault;
        ctx.lineWidth = 1.2;
        ctx.setLineDash(kind === "heal" ? [2, 4] : [5, 3]);
        ctx.beginPath();
        ctx.moveTo(x, 2);
        ctx.lineTo(x, this.height - AXIS);
        ctx.stroke();
        ctx.setLineDash([]);
      } else if (MARKS[kind] && this.rowOf.has(node[seq])) {
        const y = this.rowOf.get(node[seq]);
        ctx.fillStyle = ink.panel;
        ctx.strokeStyle = kind === "restart" || kind === "resume" ? ink.green : ink.fault;
        ctx.lineWidth = 1.4;
        ctx.beginPath();
        ctx.arc(x, y, r, 0, 7);
        ctx.fill();
        ctx.stroke();
        ctx.fillStyle = ctx.strokeStyle;
        ctx.font = `bold ${Math.round(r * 1.6)}px system-ui, sans-serif`;
        ctx.fillText(MARKS[kind], x, y + 0.5);
      }
    }
    for (const mark of this.trace.marks) {
      const x = this.x(mark.time);
      if (mark.time < this.base || mark.time > this.horizon) continue;
      ctx.strokeStyle = ink.fault;
      ctx.lineWidth = mark === scene.mark ? 2.5 : 1.5;
      ctx.strokeRect(x - 3, 1.5, 6, this.height - AXIS - 3);
    }
    ctx.textAlign = "left";
    ctx.font = "11px system-ui, sans-serif";
  }

  /** The message under the pointer. @returns {number | null} */
  _nearest(seenX, y) {
    const x = seenX + this.shift;
    let best = null;
    let least = 6;
    for (const { seq, x1, y1, x2, y2 } of this.segments) {
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
