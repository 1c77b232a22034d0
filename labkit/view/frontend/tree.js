/* Several runs, each but the first forked from another: one of them is shown, and a second may stand beside it. */
import { Player } from "./player.js";

export class RunTree {
  /** @param {HTMLElement} root @param {import("./runs.js").RunEntry[]} runs */
  constructor(root, runs) {
    this.root = root;
    this.runs = runs;
    /** @type {import("./bookmarks.js").Bookmark[]} */
    this.bookmarks = [];
    this.current = 0;
    /** @type {number | null} */ this.compared = null;
    /** @type {Map<number, import("./trace.js").Trace>} */
    this.traces = new Map();
    /** @type {Player} */ this.player = undefined;
  }

  /** The trace of a run: of one not seen yet, what is known of it. @param {number} run @returns {import("./trace.js").Trace} */
  trace(run) {
    if (!this.traces.has(run)) this.traces.set(run, this._begin(run));
    return this.traces.get(run);
  }

  /** @param {number} _run @returns {import("./trace.js").Trace} */
  _begin(_run) {
    throw new Error("a tree knows its traces");
  }

  /** What a player of this run is made with. @param {number} _run @returns {Object<string, any>} */
  _options(_run) {
    return {};
  }

  /** A run is shown no more. @param {number} _run */
  _leave(_run) {}

  /** All of a run is wanted. @param {number} _run */
  _fetch(_run) {}

  /** @param {number} run @param {Object<string, any>} options  of the player @returns {Player} */
  _open(run, options) {
    this._leave(this.current);
    this.current = run;
    this.player = new Player(this.root, this.trace(run), { run, session: this, bookmarks: this.bookmarks, ...this._options(run), ...options });
    return this.player;
  }

  /** Shows another run, at the same moment if it has come that far. @param {number} run @param {{time?: number, count?: number, toEnd?: boolean}} [where] */
  show(run, { time = this.player.time, count, toEnd = false } = {}) {
    if (run === this.current && !toEnd) return;
    const { speed, selected, unit, trace, count: before } = this.player;
    const within = this.root.contains(document.activeElement);
    const held = document.activeElement?.getAttribute("data-run");
    const last = this.current;
    const { names } = this.player.frame;
    this.player.dispose();
    const player = this._open(run, { speed, views: names });
    player.unit = unit;
    player.select(selected);
    const shared = trace !== player.trace && this._shared(last, run);
    if (toEnd) player.goNow();
    else player.seek(time, count ?? (shared && before <= shared ? before : undefined));
    if (this.compared === run) this.compared = null;
    this.compare(this.compared);
    if (within) {
      player.draw(true);
      const line = /** @type {HTMLElement | null} */ (held ? this.root.querySelector(`[data-run="${run}"]`) : null);
      (line ?? player.root).focus({ preventScroll: true });
    }
  }

  /** How many events two runs share. @param {number} a @param {number} b */
  _shared(a, b) {
    const way = new Map();
    for (let run = a, count = Infinity; run !== null; run = this.runs[run].parent) {
      way.set(run, count);
      count = Math.min(count, this.runs[run].count);
    }
    for (let run = b, count = Infinity; run !== null; run = this.runs[run].parent) {
      if (way.has(run)) return Math.min(count, way.get(run));
      count = Math.min(count, this.runs[run].count);
    }
    return 0;
  }

  /** Puts another run beside the one that is shown. @param {number | null} run */
  compare(run) {
    this.compared = run;
    if (run === null) this.player.compare(null);
    else {
      this._fetch(run);
      const name = (one) => (one ? `run ${one}: ${this.runs[one].what}` : "the first run");
      this.player.compare(this.trace(run), { name: name(run), own: name(this.current), shared: Math.min(this._shared(this.current, run), this.trace(run).length, this.player.trace.length) });
    }
  }
}
