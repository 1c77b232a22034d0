/* The scrubber: how busy each moment was, where leaders changed, where faults, errors and violations struck. */
import { html, set } from "./dom.js";
import { upperBound } from "./trace.js";
import { seconds } from "./words.js";

const HEIGHT = 34;
const PAD = 8;

export class Timeline {
  /** @param {import("./trace.js").Trace} trace @param {{onseek: (time: number) => void, palette: () => Object<string, string>}} handlers */
  constructor(trace, { onseek, palette }) {
    this.trace = trace;
    this.palette = palette;
    this.canvas = html("canvas", { "aria-hidden": "true" });
    this.knob = html("div", { class: "lk-knob" });
    this.element = html("div", { class: "lk-timeline", tabindex: 0, role: "slider", "aria-label": "Time", "aria-valuemin": 0 }, this.canvas, this.knob);
    let dragging = false;
    const seek = (event) => {
      const box = this.element.getBoundingClientRect();
      onseek(Math.max(0, Math.min(1, (event.clientX - box.left - PAD) / (box.width - 2 * PAD))) * this._end());
    };
    this.element.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      dragging = true;
      this.element.setPointerCapture(event.pointerId);
      seek(event);
    });
    this.element.addEventListener("pointermove", (event) => { if (dragging) seek(event); });
    this.element.addEventListener("pointerup", () => { dragging = false; });
    this.element.addEventListener("pointercancel", () => { dragging = false; });
  }

  _end() {
    return Math.max(this.trace.now, 1e-6);
  }

  /** @param {number} width */
  resize(width) {
    const scale = Math.min(2, globalThis.devicePixelRatio || 1);
    this.width = width;
    this.scale = scale;
    this.canvas.width = Math.round(width * scale);
    this.canvas.height = Math.round(HEIGHT * scale);
    this.drawn = null;
  }

  /** @param {number} time */
  draw(time) {
    if (!this.width) return;
    const end = this._end();
    this.knob.style.transform = `translateX(${(PAD + (Math.min(time, end) / end) * (this.width - 2 * PAD)).toFixed(1)}px)`;
    set(this.element, "aria-valuemax", end.toFixed(3));
    set(this.element, "aria-valuenow", time.toFixed(3));
    set(this.element, "aria-valuetext", `${seconds(time)} of ${seconds(end)}`);
    const key = `${this.trace.length} ${end} ${this.palette().text} ${this.trace.marks.length}`;
    if (key === this.drawn) return;
    const stamp = performance.now();
    if (this.drawn && stamp - (this.stamp ?? 0) < 120) return;
    this.stamp = stamp;
    this.drawn = key;
    this._paint(end);
  }

  _paint(end) {
    const { trace } = this;
    const ink = this.palette();
    const ctx = this.canvas.getContext("2d");
    ctx.setTransform(this.scale, 0, 0, this.scale, 0, 0);
    ctx.clearRect(0, 0, this.width, HEIGHT);
    const inner = this.width - 2 * PAD;
    const bins = Math.max(10, Math.floor(inner / 5));
    let before = 0;
    const counts = Array.from({ length: bins }, (_, i) => {
      const upTo = i === bins - 1 ? trace.length : upperBound(trace.time, (end * (i + 1)) / bins);
      const count = upTo - before;
      before = upTo;
      return count;
    });
    const most = Math.max(1, ...counts);
    ctx.fillStyle = ink.bars;
    counts.forEach((count, i) => {
      const height = count ? Math.max(2, 17 * Math.sqrt(count / most)) : 1;
      ctx.fillRect(PAD + (i * inner) / bins, 20 - height, Math.max(1, inner / bins - 1.2), height);
    });
    const x = (time) => PAD + (Math.min(time, end) / end) * inner;
    const seen = new Set();
    for (const { seq, kind } of trace.moments) {
      const at = Math.round(x(trace.time[seq]));
      if (seen.has(`${kind} ${at}`)) continue;
      seen.add(`${kind} ${at}`);
      ctx.fillStyle = kind === "leader" ? ink.blue : kind === "restart" || kind === "resume" || kind === "heal" ? ink.green : ink.fault;
      if (kind === "leader") ctx.fillRect(at - 1.5, 23, 3, 9);
      else {
        ctx.beginPath();
        ctx.moveTo(at - 3.5, 32);
        ctx.lineTo(at + 3.5, 32);
        ctx.lineTo(at, 24);
        ctx.fill();
      }
    }
    ctx.strokeStyle = ink.fault;
    ctx.lineWidth = 2;
    for (const mark of trace.marks) ctx.strokeRect(x(mark.time) - 2.5, 2, 5, 30);
  }
}
