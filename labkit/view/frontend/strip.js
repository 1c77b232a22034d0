/* A strip: something over the time of the whole run, with the cursor on it. What is drawn is kept until it differs; the cursor moves. */
import { html, refill, set, setText, svg } from "./dom.js";
import { seconds } from "./words.js";

/**
 * @typedef {object} Shape
 * @property {string} kind  its looks: a class
 * @property {string} d  a path
 */

export class Strip {
  /** @param {{height?: number, onseek: (time: number) => void}} options  `height` in pixels; a click seeks the time under it */
  constructor({ height = 24, onseek }) {
    this.height = height;
    this.end = 1;
    this.drawing = svg("g");
    this.veil = svg("rect", { class: "lk-veil", y: 0, height });
    this.cursor = svg("line", { class: "lk-cursor", y1: 0, y2: height });
    this.element = svg("svg", { class: "lk-strip", height, role: "img" }, this.drawing, this.veil, this.cursor);
    this.element.addEventListener("click", (event) => {
      const { left, width } = this.element.getBoundingClientRect();
      onseek(((event.clientX - left) / width) * this.end);
    });
    this.resize(300);
  }

  /** @param {number} width */
  resize(width) {
    this.width = Math.max(60, Math.round(width));
    set(this.element, "width", this.width);
    set(this.element, "viewBox", `0 0 ${this.width} ${this.height}`);
    this.key = "";
  }

  /** @param {number} time */
  x(time) {
    return (time / this.end) * this.width;
  }

  /** @param {number} value @param {number} most  the value at the top */
  y(value, most) {
    return this.height - 1 - (value / (most || 1)) * (this.height - 3);
  }

  /** @param {{now: number, length: number}} trace @param {number} time  of the cursor @param {string} key  of what is drawn: as long as it is the same, nothing is drawn anew
   * @param {() => Shape[]} make @param {string} said  it in words */
  draw(trace, time, key, make, said) {
    const whole = `${trace.length} ${trace.now} ${this.width} ${key}`;
    if (whole !== this.key) {
      this.key = whole;
      this.end = Math.max(trace.now, 1e-6);
      refill(this.drawing, make().filter(({ d }) => d).map(({ kind, d }) => svg("path", { class: kind, d })));
    }
    const x = Math.min(this.width - 0.8, this.x(time)).toFixed(1);
    set(this.cursor, "x1", x);
    set(this.cursor, "x2", x);
    set(this.veil, "x", x);
    set(this.veil, "width", Math.max(0, this.width - Number(x)).toFixed(1));
    set(this.element, "aria-label", said);
  }

  /** Steps: one value for each window of a length, as a line or filled down to the base. @param {number[]} values @param {number} wide  seconds of a window
   * @param {number} most @param {boolean} [filled] @returns {string} */
  steps(values, wide, most, filled = true) {
    if (!values.length) return "";
    const parts = [];
    let last = "";
    values.forEach((value, i) => {
      const y = this.y(value, most) - (value > 0 && filled && this.y(value, most) > this.height - 2.5 ? 1.5 : 0);
      const level = y.toFixed(1);
      if (level !== last) parts.push(i ? `H${this.x(i * wide).toFixed(1)}V${level}` : filled ? `M0 ${this.height}V${level}` : `M0 ${level}`);
      last = level;
    });
    const right = Math.min(this.width, this.x(values.length * wide)).toFixed(1);
    return `${parts.join("")}H${right}${filled ? `V${this.height}Z` : ""}`;
  }

  /** Short upright lines at these times. @param {number[]} times @param {number} [from] @param {number} [to]  pixels from the top */
  ticks(times, from = 2, to = this.height - 2) {
    const places = new Set(times.map((time) => this.x(time).toFixed(0)));
    return [...places].map((x) => `M${x} ${from}V${to}`).join("");
  }

  /** Crosses, or what else is drawn at a place. @param {number[]} times @param {(x: number) => string} sign */
  signs(times, sign) {
    const places = new Set(times.map((time) => Math.round(this.x(time) / 3) * 3));
    return [...places].map(sign).join("");
  }
}

/** The time below the strips. */
export class StripAxis {
  constructor() {
    this.element = html("div", { class: "lk-strip-axis", "aria-hidden": "true" });
  }

  /** @param {number} end  seconds @param {number} width  pixels */
  draw(end, width) {
    const key = `${end} ${width}`;
    if (key === this.key) return;
    this.key = key;
    const rough = end / Math.max(2, width / 76);
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].map((k) => k * power).find((k) => k >= rough);
    const digits = Math.max(0, Math.min(4, -Math.floor(Math.log10(step) + 1e-9)));
    const labels = Array.from({ length: Math.floor(end / step + 1e-9) + 1 }, (_, k) => ({ text: seconds(k * step, digits), x: (k * step / end) * width }));
    refill(this.element, labels.filter(({ x }) => x < width - 30).map(({ text, x }) => html("span", { style: `left:${x.toFixed(0)}px` }, text)));
  }
}

/** Lines of a name, words, and a strip over time, all of one width. */
export class Strips {
  /** @param {{label: string, tall?: number, onseek: (time: number) => void, onname?: (id: string) => void}} options  `tall`: pixels of a strip */
  constructor({ label, tall = 24, onseek, onname }) {
    this.options = { tall, onseek, onname };
    this.axis = new StripAxis();
    this.body = html("div", { class: "lk-strips-body" });
    this.element = html("div", { class: "lk-strips", tabindex: 0, role: "region", "aria-label": label }, this.body, this.axis.element);
    /** @type {Map<string, {element: HTMLElement, name: HTMLElement, words: HTMLElement, strip: Strip, tall: number}>} */
    this.lines = new Map();
    this.strip = 300;
  }

  /** @param {number} width */
  resize(width) {
    const narrow = width < 520;
    const [name, words] = narrow ? [138, 0] : width < 820 ? [136, 176] : [160, 230];
    this.strip = Math.max(90, width - name - words - (narrow ? 30 : 40));
    this.element.classList.toggle("lk-strips-narrow", narrow);
    this.element.style.setProperty("--lk-name", `${name}px`);
    this.element.style.setProperty("--lk-words", `${words}px`);
    for (const { strip } of this.lines.values()) strip.resize(this.strip);
  }

  /** Makes the lines with these keys, in this order, and no others. @param {string[]} keys @param {number} [tall] */
  fit(keys, tall = this.options.tall) {
    for (const [key, line] of this.lines) {
      if (keys.includes(key) && line.tall === tall) continue;
      line.element.remove();
      this.lines.delete(key);
    }
    keys.forEach((key, i) => {
      if (!this.lines.has(key)) this.lines.set(key, this._line(key, tall));
      const { element } = this.lines.get(key);
      if (this.body.children[i] !== element) this.body.insertBefore(element, this.body.children[i] ?? null);
    });
  }

  _line(key, tall) {
    const { onseek, onname } = this.options;
    const strip = new Strip({ height: tall, onseek });
    strip.resize(this.strip);
    const name = onname ? html("button", { type: "button", class: "lk-line-name", onclick: () => onname(key) }) : html("div", { class: "lk-line-name" });
    const words = html("div", { class: "lk-line-words" });
    return { element: html("div", { class: "lk-line", "data-line": key }, name, words, strip.element), name, words, strip, tall };
  }

  /** @param {number} end */
  drawAxis(end) {
    this.axis.draw(end, this.strip);
  }
}

/** Two lines of a name: what it is, and a word below. @param {HTMLElement} element @param {string} name @param {string} sub */
export function nameLine(element, name, sub) {
  if (element.children.length !== 2) refill(element, html("b"), html("small"));
  setText(element.children[0], name);
  setText(element.children[1], sub);
  set(element, "title", sub ? `${name}: ${sub}` : name);
}
