/* Lines along time: a line for each node or client, time to the right, the cursor across. A view paints bars and signs on it, as SVG; what
   lies after the cursor is paler. What is painted is wider than what is seen, so that most frames only move it. */
import { html, set, setText, svg } from "./dom.js";
import { seconds, shortName } from "./words.js";

const AXIS_HIGH = 20;
const PAINTED = 0.4; /* how much more than the window is painted, to its right */
const SHORTEST = 0.002;

/**
 * @typedef {object} Area  what there is to paint on
 * @property {number} from  the first moment
 * @property {number} to  the last moment
 * @property {(time: number) => number} x
 * @property {(row: number) => number} y  the middle of a line
 * @property {number} high  pixels of a line
 */

export class Lanes {
  /** @param {import("./trace.js").Trace} trace
   * @param {{label: string, rows: () => string[], wish: (pixels: number) => number, paint: (area: Area) => any[], version: () => string,
   *   high: (rows: number) => number, seek: (time: number) => void, refresh: () => void, onrow?: (id: string) => void}} options
   *   `wish`: how many virtual seconds so many pixels should show; `paint`: the elements between two moments; `version`: differs when the
   *   same moments look different; `high`: pixels of a line, for a number of lines */
  constructor(trace, options) {
    this.trace = trace;
    this.options = options;
    this.content = svg("g");
    this.names = svg("g", { class: "lk-lane-names" });
    this.ticks = svg("g", { class: "lk-lane-ticks" });
    this.veil = svg("rect", { class: "lk-lane-veil", y: 0 });
    this.edge = svg("rect", { class: "lk-lane-edge", x: 0, y: 0 });
    this.line = svg("line", { class: "lk-lane-cursor", y1: 0 });
    this.picture = svg("svg", { role: "img", "aria-label": options.label }, this.content, this.veil, this.edge, this.names, this.ticks, this.line);
    const zoom = (factor, text, title) => html("button", { type: "button", class: "lk-button lk-tiny", title, "aria-label": title, onclick: () => this.zoom(factor) }, text);
    this.element = html("div", { class: "lk-lanes" }, this.picture,
      html("div", { class: "lk-zoom" }, zoom(1.6, "−", "Show a longer time"), zoom(1 / 1.6, "+", "Show a shorter time")));
    this.start = 0;
    this.span = 0;
    this.width = 0;
    this.key = this.namesKey = this.size = "";
    this.stamp = 0;
    this.base = 0;
    this._pointing();
  }

  /** @param {number} width */
  resize(width) {
    this.width = this.element.clientWidth || width;
    this.key = this.namesKey = "";
  }

  /** @param {number} factor */
  zoom(factor) {
    const middle = this.cursor ?? this.start + this.span / 2;
    const span = Math.min(Math.max(this.span * factor, SHORTEST), Math.max(this.trace.now * 1.05, 0.1));
    this.start = Math.max(0, middle - ((middle - this.start) / this.span) * span);
    this.span = span;
    this.chosen = true;
    this.options.refresh();
  }

  /** Shows the time from one moment to another, and a little more. @param {number} from @param {number} to */
  fit(from, to) {
    const span = Math.max((to - from) * 1.25, SHORTEST);
    [this.start, this.span, this.chosen] = [from - span * 0.1, span, true];
  }

  get perSecond() {
    return (this.width - this.gutter - 12) / this.span;
  }

  _window(time) {
    if (!this.chosen) this.span = Math.min(this.options.wish(this.width - this.gutter), Math.max(this.trace.now * 1.02, 0.05));
    if (time < this.start + this.span * 0.02) this.start = time - this.span * 0.3;
    if (time > this.start + this.span * 0.9) this.start = time - this.span * (time > this.start + this.span * 1.3 ? 0.5 : 0.9);
    this.start = Math.max(-0.02 * this.span, Math.min(this.start, this.trace.now - this.span * 0.9));
  }

  /** @param {import("./scene.js").Scene} scene @param {boolean} [follow]  whether what is shown goes along with the cursor */
  draw(scene, follow = true) {
    if (!this.width) return;
    this._names();
    if (follow || !this.span) this._window(scene.time);
    this.cursor = scene.time;
    this._content();
    const at = (time) => this.gutter + (time - this.start) * this.perSecond;
    set(this.content, "transform", `translate(${at(this.base)} 0)`);
    const x = Math.max(this.gutter, at(scene.time));
    this.line.style.display = x > this.width ? "none" : "";
    set(this.line, "x1", x);
    set(this.line, "x2", x);
    set(this.veil, "x", x);
    set(this.veil, "width", Math.max(0, this.width - x));
    this._ticks(at);
  }

  _names() {
    const rows = this.options.rows();
    const key = `${rows} ${this.width}`;
    if (key === this.namesKey) return;
    this.namesKey = key;
    this.high = this.options.high(rows.length);
    this.gutter = Math.min(116, Math.max(52, 22 + 6.3 * Math.max(0, ...rows.map((id) => id.length))));
    this.height = 6 + rows.length * this.high + AXIS_HIGH;
    const bottom = this.height - AXIS_HIGH;
    set(this.picture, "viewBox", `0 0 ${this.width} ${this.height}`);
    set(this.picture, "height", this.height);
    for (const [element, name, value] of [[this.veil, "height", bottom], [this.edge, "height", bottom], [this.edge, "width", this.gutter - 4], [this.line, "y2", bottom + 2]]) set(element, name, value);
    const every = Math.ceil(12 / this.high);
    this.names.replaceChildren(...rows.map((id, i) => (i % every ? null : svg("text", { x: 8, y: this.y(i), dy: "0.35em", onclick: () => this.options.onrow?.(id) },
      shortName(id, Math.floor((this.gutter - 20) / 6.1)), svg("title", {}, id)))).filter(Boolean));
    this.key = "";
  }

  y(row) {
    return 6 + this.high * (row + 0.5);
  }

  _content() {
    const { version, paint } = this.options;
    const key = `${this.span} ${this.width} ${this.namesKey} ${version()}`;
    const size = `${this.trace.length} ${this.trace.now}`;
    const left = this.start < this.base || this.start + this.span > this.base + this.span * (1 + PAINTED);
    const stamp = performance.now();
    if (key === this.key && !left && (size === this.size || stamp - this.stamp < 90)) return;
    [this.key, this.size, this.stamp, this.base] = [key, size, stamp, this.start];
    const perSecond = this.perSecond;
    const lines = this.options.rows().map((_, i) => svg("line", { class: "lk-lane", x1: 0, x2: this.span * (1 + PAINTED) * perSecond, y1: this.y(i), y2: this.y(i) }));
    this.content.replaceChildren(...lines, ...paint({
      from: this.base, to: this.base + this.span * (1 + PAINTED), x: (time) => (time - this.base) * perSecond, y: (row) => this.y(row), high: this.high,
    }).flat(Infinity).filter(Boolean));
  }

  _ticks(at) {
    const rough = this.span / Math.max(2, (this.width - this.gutter) / 110);
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].map((k) => k * power).find((k) => k >= rough);
    const digits = Math.max(0, Math.min(5, -Math.floor(Math.log10(step) + 1e-9)));
    let used = 0;
    for (let k = Math.max(0, Math.ceil(this.start / step)); k * step <= this.start + this.span; k += 1) {
      const x = at(k * step);
      if (x < this.gutter - 8 || x > this.width - 26) continue;
      if (!this.ticks.children[used]) this.ticks.append(svg("text"));
      const tick = this.ticks.children[used];
      set(tick, "x", x);
      set(tick, "y", this.height - 6);
      setText(tick, seconds(k * step, digits));
      used += 1;
    }
    while (this.ticks.children.length > used) this.ticks.lastChild.remove();
  }

  _pointing() {
    let dragging = false;
    const seek = (event) => {
      const x = event.clientX - this.picture.getBoundingClientRect().left;
      this.options.seek(this.start + (Math.min(Math.max(x, this.gutter), this.width - 12) - this.gutter) / this.perSecond);
    };
    this.picture.addEventListener("pointerdown", (event) => {
      if (event.button || /** @type {Element} */ (event.target).closest(".lk-goes, .lk-lane-names")) return;
      dragging = true;
      this.picture.setPointerCapture(event.pointerId);
      seek(event);
    });
    this.picture.addEventListener("pointermove", (event) => dragging && seek(event));
    this.picture.addEventListener("pointerup", () => { dragging = false; });
    this.picture.addEventListener("pointercancel", () => { dragging = false; });
  }
}
