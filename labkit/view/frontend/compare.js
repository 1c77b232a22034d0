/* Two runs side by side on one time cursor, from where they first differ. */
import { marked } from "./banner.js";
import { button, html, refill } from "./dom.js";
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
    this.words = html("div", { class: "lk-versus", role: "status", hidden: true });
  }

  get on() {
    return Boolean(this.other);
  }

  /** @param {import("./trace.js").Trace | null} other @param {{name?: string, own?: string, shared?: number}} [about] */
  with(other, { name = "the other run", own = "this run", shared = 0 } = {}) {
    this.other = other;
    this.shared = shared;
    this.key = "";
    this.words.hidden = !other;
    this.player.frame.compare(other, { own, name }, (seq) => this._goTo(seq));
  }

  /** What there is to see of the other run at the cursor. @param {import("./views.js").Emphasis} emphasis as for this one */
  moment(emphasis) {
    const { player, other } = this;
    if (!other) return null;
    const { trace, time, count, speed } = player;
    const key = `${trace.length} ${other.length}`;
    if (key !== this.key) {
      this.key = key;
      this.differs = firstDifference(trace, other, this.shared);
      this._say();
    }
    const shown = scene(other, Math.min(time, other.now), { count: count < this.differs ? count : other.countAt(time), fade: 0.1 * speed, noted: 1.3 * speed });
    const { selected } = emphasis;
    const same = selected?.type === "node" || (selected?.type === "message" && Number(selected.id) < this.differs);
    return {
      scene: shown, over: time > other.now + 1e-9,
      emphasis: { ...emphasis, selected: same ? selected : null, pending: new Map(), ticked: new Set(), marked: marked(other, shown) },
    };
  }

  /** Moves the cursor to an event of the other run. @param {number} seq */
  _goTo(seq) {
    this.player.pause();
    this.player.seek(Math.min(this.other.time[seq], this.player.trace.now));
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
    else this._goTo(differs);
  }
}
