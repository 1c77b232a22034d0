/* Two runs side by side on one time cursor, from where they first differ. */
import { Picture } from "./cluster.js";
import { button, html, refill, set, setText } from "./dom.js";
import { scene } from "./scene.js";
import { clause, seconds } from "./words.js";

const COLUMNS_COMPARED = ["time", "kind", "node", "peer", "id"];

/** The first event in which two runs differ; the length of both if there is none. @param {import("./trace.js").Trace} a
 * @param {import("./trace.js").Trace} b @param {number} [from] events that are known to be the same */
export function firstDifference(a, b, from = 0) {
  const shorter = Math.min(a.length, b.length);
  for (let seq = from; seq < shorter; seq += 1) {
    if (COLUMNS_COMPARED.some((name) => (a[name][seq] ?? null) !== (b[name][seq] ?? null))) return seq;
    if (a.data[seq] !== b.data[seq] && JSON.stringify(a.data[seq]) !== JSON.stringify(b.data[seq])) return seq;
  }
  return shorter;
}

/** An event of one run in words. @param {import("./trace.js").Trace} trace @param {number} seq */
function eventWords(trace, seq) {
  if (seq >= trace.length) return `the run ends at ${seconds(trace.now)}`;
  const text = clause(trace, seq) || trace.kind[seq];
  return `${/^(sends|notes|writes|takes)/.test(text) || trace.kind[seq] === "state" ? `${trace.node[seq]} ` : ""}${text}, at ${seconds(trace.time[seq])}`;
}

export class Comparison {
  /** @param {import("./player.js").Player} player */
  constructor(player) {
    this.player = player;
    this.canvas = html("div", { class: "lk-canvas lk-other", hidden: true });
    this.words = html("div", { class: "lk-versus", role: "status", hidden: true });
    this.name = html("span", { class: "lk-run-name" });
    this.own = html("span", { class: "lk-run-name", hidden: true });
  }

  get on() {
    return Boolean(this.other);
  }

  /** @param {import("./trace.js").Trace | null} other @param {{name?: string, own?: string, shared?: number}} [about] */
  with(other, { name = "the other run", own = "this run", shared = 0 } = {}) {
    this.other = other;
    this.shared = shared;
    this.key = "";
    this.canvas.hidden = !other;
    this.words.hidden = !other;
    this.own.hidden = !other;
    if (!other) return;
    setText(this.name, name);
    setText(this.own, own);
    this.picture = new Picture(other, { onnode: () => {}, onmessage: () => {}, onclear: () => {}, onsplit: () => {}, maySplit: () => false });
    set(this.picture.element, "aria-label", `The cluster in ${name}`);
    refill(this.canvas, this.name, this.picture.element);
  }

  resize() {
    const box = this.canvas.getBoundingClientRect();
    if (this.other && box.width) this.picture.resize(Math.round(box.width), Math.round(box.height));
  }

  /** @param {any} emphasis as for the first picture */
  draw(emphasis) {
    const { player, other } = this;
    if (!other) return;
    const { trace, time, count, speed } = player;
    const key = `${trace.length} ${other.length}`;
    if (key !== this.key) {
      this.key = key;
      this.differs = firstDifference(trace, other, this.shared);
      this._say();
    }
    const shown = scene(other, Math.min(time, other.now), { count: count < this.differs ? count : other.countAt(time), fade: 0.1 * speed, noted: 1.3 * speed });
    this.picture.draw(shown, { ...emphasis, selected: null, pending: new Map(), ticked: new Set(), markedNodes: new Set(), markedFlights: new Set() });
    this.canvas.classList.toggle("lk-over", time > other.now + 1e-9);
  }

  _say() {
    const { player, other, differs } = this;
    const { trace } = player;
    const same = differs >= trace.length && differs >= other.length;
    const at = Math.min(trace.time[differs] ?? Infinity, other.time[differs] ?? Infinity);
    refill(this.words,
      html("b", {}, same ? "No difference" : `They differ from event ${differs + 1} on, at ${seconds(at)}`),
      same ? html("span", {}, "both runs are the same so far") : html("span", {}, `left: ${eventWords(trace, differs)} · right: ${eventWords(other, differs)}`),
      same ? null : button({ text: "Show", title: "Go to the first difference", kind: "lk-tiny", onclick: () => this.show() }),
      button({ text: "End comparison", title: "Show one run alone", kind: "lk-tiny", onclick: () => player.compare(null) }));
  }

  /** To the first difference, which one run may not have. */
  show() {
    const { player, other, differs } = this;
    const own = differs < player.trace.length && player.trace.time[differs] <= (other.time[differs] ?? Infinity);
    if (own) player.goTo(differs);
    else {
      player.pause();
      player.seek(Math.min(other.time[differs], player.trace.now));
    }
  }
}
