/* Many nodes at one moment: a dot for each, in rows, and a line for some of the messages between them. On a canvas. */
import { html, set, setText } from "./dom.js";
import { plural } from "./words.js";

const MESSAGE_LINES_AT_MOST = 250;
const COLORS_OF_LOOKS = { leader: "blue", candidate: "amber", member: "ink", down: "fault", new: "line" };
const SHADES = 6;

/** How a number of a value's rank among all values is shown: from pale to full. @param {any} value */
function comparable(value) {
  return typeof value === "number" ? value : typeof value === "boolean" ? Number(value) : Array.isArray(value) ? value.length : value && typeof value === "object" ? Object.keys(value).length : null;
}

export class Crowd {
  /** @param {import("./trace.js").Trace} trace @param {{onnode: (id: string) => void, onmessage: (seq: number) => void, onclear: () => void, palette: () => Object<string, string>, refresh: () => void}} handlers */
  constructor(trace, handlers) {
    this.trace = trace;
    this.handlers = handlers;
    this.canvas = html("canvas", { role: "img" });
    this.layer = document.createElement("canvas"); /* the dots alone: few of them change from one frame to the next */
    this.said = html("span", {});
    const list = `lk-nodes-${Math.random().toString(36).slice(2)}`;
    this.finder = html("input", { class: "lk-input", list, placeholder: "Find a node", "aria-label": "Find a node", onchange: () => this._find() });
    this.color = html("select", { class: "lk-button lk-tiny", "aria-label": "Colour by", onchange: () => handlers.refresh() });
    this.bar = html("div", { class: "lk-crowd-bar" }, this.finder, html("datalist", { id: list }, trace.nodes.map((id) => html("option", { value: id }))), html("label", {}, "shade by", " ", this.color), this.said);
    this.element = html("div", { class: "lk-crowd" }, this.bar, this.canvas);
    this.index = new Map(trace.nodes.map((id, i) => [id, i]));
    this.canvas.addEventListener("click", (event) => this._click(event));
    this.canvas.addEventListener("pointermove", (event) => { this.canvas.title = this._at(event) ?? ""; });
    this.names = null;
  }

  _find() {
    if (this.index.has(this.finder.value)) this.handlers.onnode(this.finder.value);
  }

  /** @param {number} width @param {number} height of all, the bar included */
  resize(width, height) {
    const room = Math.max(80, height - 34);
    const scale = Math.min(2, window.devicePixelRatio || 1);
    this.width = width;
    this.height = room;
    this.scale = scale;
    this.canvas.width = Math.round(width * scale);
    this.canvas.height = Math.round(room * scale);
    Object.assign(this.canvas.style, { width: `${width}px`, height: `${room}px` });
    const count = this.trace.nodes.length + this.trace.clients.length;
    this.columns = Math.max(1, Math.ceil(Math.sqrt((count * width) / room)));
    this.rows = Math.ceil(count / this.columns);
    this.cell = Math.min((width - 8) / this.columns, (room - 8) / this.rows);
    this.left = (width - this.cell * this.columns) / 2;
    this.top = (room - this.cell * this.rows) / 2;
  }

  /** @param {number} i */
  _place(i) {
    return [this.left + this.cell * ((i % this.columns) + 0.5), this.top + this.cell * (Math.floor(i / this.columns) + 0.5)];
  }

  _at(event) {
    const box = this.canvas.getBoundingClientRect();
    const column = Math.floor((event.clientX - box.left - this.left) / this.cell);
    const row = Math.floor((event.clientY - box.top - this.top) / this.cell);
    return column >= 0 && column < this.columns && row >= 0 ? this.trace.nodes[row * this.columns + column] : undefined;
  }

  _click(event) {
    const id = this._at(event);
    if (id) this.handlers.onnode(id);
    else this.handlers.onclear();
  }

  /** What the shades tell: the first variable that can be compared, unless the reader chose another. */
  _options(scene) {
    const names = this.trace.attributes.filter((name) => scene.nodes.some((node) => comparable(node.attributes[name]) !== null));
    if (`${names}` === this.names) return;
    this.names = `${names}`;
    const before = this.color.value;
    this.color.replaceChildren(html("option", { value: "" }, "role"), ...names.map((name) => html("option", { value: name, translate: "no" }, name)));
    this.color.value = names.includes(before) ? before : names[0] ?? "";
  }

  /** @param {import("./scene.js").Scene} scene @param {{selected: any, glyphs: Map<string, import("./glyphs.js").Glyph>, ticked: Set<string>}} emphasis */
  draw(scene, { selected, glyphs, ticked }) {
    if (!this.width) return;
    this._options(scene);
    const ink = this.handlers.palette();
    const name = this.color.value;
    const values = name ? scene.nodes.map((node) => (node.up ? comparable(node.attributes[name]) : null)) : [];
    const [least, most] = values.reduce(([low, high], value) => (value === null ? [low, high] : [Math.min(low, value), Math.max(high, value)]), [Infinity, -Infinity]);
    const r = Math.max(1.2, Math.min(9, this.cell * 0.38));
    this._dots(ink, r, scene.nodes.map((node, i) => {
      const value = values[i];
      const shade = value === null || value === undefined || most <= least ? (name && value !== null && most === least ? SHADES : 2) : 1 + Math.round(((value - least) / (most - least)) * (SHADES - 1));
      return `${node.look} ${node.up ? shade : SHADES} ${name && node.look === "member" ? "blue" : COLORS_OF_LOOKS[node.look]}`;
    }));
    const ctx = this.canvas.getContext("2d");
    ctx.setTransform(1, 0, 0, 1, 0, 0);
    ctx.clearRect(0, 0, this.canvas.width, this.canvas.height);
    ctx.drawImage(this.layer, 0, 0);
    ctx.setTransform(this.scale, 0, 0, this.scale, 0, 0);
    this._messages(ctx, ink, scene, glyphs);
    const ring = (id, color) => {
      if (!this.index.has(id)) return;
      const [x, y] = this._place(this.index.get(id));
      ctx.strokeStyle = color;
      ctx.lineWidth = 2.4;
      ctx.beginPath();
      ctx.arc(x, y, r + 3, 0, 7);
      ctx.stroke();
    };
    for (const id of ticked) ring(id, ink.fault);
    if (selected?.type === "node") ring(selected.id, ink.text);
    const span = name && most > least ? `: pale ${least}, full ${most}` : name && Number.isFinite(most) ? `: ${most} everywhere` : "";
    const words = `${plural(scene.nodes.length, "node")}${span}${scene.counts.crashed ? `; × crashed: ${scene.counts.crashed}` : ""}`;
    setText(this.said, words);
    set(this.canvas, "aria-label", words);
  }

  /** Draws the dots that look different than before. @param {Object<string, string>} ink @param {number} r @param {string[]} looks */
  _dots(ink, r, looks) {
    const key = `${this.width} ${this.height} ${this.scale} ${looks.length} ${ink.blue}`;
    const ctx = this.layer.getContext("2d");
    if (key !== this.dotsKey) {
      this.dotsKey = key;
      this.drawn = [];
      [this.layer.width, this.layer.height] = [this.canvas.width, this.canvas.height];
    }
    ctx.setTransform(this.scale, 0, 0, this.scale, 0, 0);
    looks.forEach((whole, i) => {
      if (this.drawn[i] === whole) return;
      const [x, y] = this._place(i);
      if (this.drawn[i]) ctx.clearRect(x - this.cell / 2, y - this.cell / 2, this.cell, this.cell);
      this.drawn[i] = whole;
      const [look, shade, color] = whole.split(" ");
      ctx.fillStyle = ctx.strokeStyle = ink[color];
      ctx.globalAlpha = look === "member" ? 0.12 + (0.88 * Number(shade)) / SHADES : 1;
      ctx.lineWidth = 1.6;
      ctx.beginPath();
      if (look === "down") {
        ctx.moveTo(x - r, y - r);
        ctx.lineTo(x + r, y + r);
        ctx.moveTo(x + r, y - r);
        ctx.lineTo(x - r, y + r);
      } else ctx.arc(x, y, r, 0, 7);
      if (look === "down" || look === "new") ctx.stroke();
      else ctx.fill();
      ctx.globalAlpha = 1;
      if (look !== "member") return;
      ctx.strokeStyle = ink.line;
      ctx.lineWidth = 0.7;
      ctx.stroke();
    });
  }

  _messages(ctx, ink, scene, glyphs) {
    const flights = scene.flights.slice(0, MESSAGE_LINES_AT_MOST);
    ctx.lineWidth = 1;
    for (const { from, to, progress, name, lost } of flights) {
      const [a, b] = [this.index.get(from), this.index.get(to)];
      if (a === undefined || b === undefined) continue;
      const [x1, y1] = this._place(a);
      const [x2, y2] = this._place(b);
      const [x, y] = [x1 + (x2 - x1) * progress, y1 + (y2 - y1) * progress];
      const back = Math.max(0, progress - 0.12);
      ctx.strokeStyle = lost ? ink.fault : ink[glyphs.get(name)?.color ?? "ink"];
      ctx.beginPath();
      ctx.moveTo(x1 + (x2 - x1) * back, y1 + (y2 - y1) * back);
      ctx.lineTo(x, y);
      ctx.stroke();
      ctx.fillStyle = ctx.strokeStyle;
      ctx.fillRect(x - 1.5, y - 1.5, 3, 3);
    }
  }
}
