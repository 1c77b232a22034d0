/* The runs of one live view: each with its trace and its way to the kernel; one of them is shown. */
import { KernelPort } from "./port.js";
import { Player } from "./player.js";
import { Trace } from "./trace.js";

export class Session {
  /** @param {any} model @param {HTMLElement} root */
  constructor(model, root) {
    this.model = model;
    this.root = root;
    this.header = model.get("header");
    /** @type {import("./runs.js").RunEntry[]} */
    this.runs = [{ run: 0, parent: null, at: 0, count: 0, what: "" }];
    /** @type {import("./bookmarks.js").Bookmark[]} */
    this.bookmarks = [];
    this.current = 0;
    /** @type {number | null} */ this.compared = null;
    this.traces = new Map();
    this.ports = new Map();
    this._heard = (message) => this._receive(message);
    model.on("msg:custom", this._heard);
    this._open(0, { speed: model.get("speed") });
  }

  close() {
    this.model.off("msg:custom", this._heard);
    for (const port of this.ports.values()) port.rest();
    this.model.send({ type: "bye" });
    this.player.dispose();
  }

  /** The trace of a run; of one not seen yet, what it shares with its parent. @param {number} run @returns {Trace} */
  trace(run) {
    let trace = this.traces.get(run);
    if (!trace) {
      trace = new Trace({ ...this.header, now: 0 });
      if (run) {
        const { parent, count, at } = this.runs[run];
        trace.append(this.trace(parent).columns(count), at);
      }
      this.traces.set(run, trace);
    }
    return trace;
  }

  _open(run, options) {
    this.ports.get(this.current)?.rest();
    this.current = run;
    let port = this.ports.get(run);
    if (!port) {
      port = new KernelPort(this.model, this.root, run);
      this.ports.set(run, port);
    }
    const trace = this.trace(run);
    this.player = new Player(this.root, trace, {
      port, session: this, bookmarks: this.bookmarks, onbookmarks: () => this._tellBookmarks(), height: this.model.get("height"),
      views: this.model.get("views"), onviews: (names) => port.views(names), ...options,
    });
    port.open(this.player);
    return this.player;
  }

  /** Shows another run, at the same moment if it has come that far. @param {number} run @param {{time?: number, count?: number, toEnd?: boolean}} [where] */
  show(run, { time = this.player.time, count, toEnd = false } = {}) {
    if (run === this.current && !toEnd) return;
    const { speed, selected, unit, trace, count: before } = this.player;
    const within = this.root.contains(document.activeElement);
    const held = document.activeElement?.getAttribute("data-run");
    const last = this.current;
    this.player.dispose();
    const player = this._open(run, { speed });
    player.unit = unit;
    player.select(selected);
    const shared = trace !== player.trace && this._shared(last, run);
    if (toEnd) player.goNow();
    else player.seek(time, count ?? (shared && before <= shared ? before : undefined));
    if (this.compared === run) this.compared = null;
    this.compare(this.compared);
    if (within) {
      player.draw(true);
      (held === null || held === undefined ? player.root : this.root.querySelector(`[data-run="${run}"]`) ?? player.root).focus({ preventScroll: true });
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

  /** Asks for what a run has more than is known here. @param {number} run */
  _fetch(run) {
    if (!this.ports.has(run)) this.model.send({ type: "pull", run, have: this.trace(run).length });
  }

  fork(message) {
    this.model.send({ type: "fork", run: this.current, ...message });
  }

  _tellBookmarks() {
    this.model.send({ type: "bookmarks", run: this.current, bookmarks: this.bookmarks, at: this.player.time });
  }

  _receive(message) {
    if (message.runs) {
      const known = this.runs;
      this.runs = message.runs.map((entry) => ({ ...entry, now: known[entry.run]?.now }));
      this.player?.refresh();
    }
    if (message.type === "events" && message.bookmarks && !this.bookmarks.length) this.bookmarks.push(...message.bookmarks);
    if (message.type === "events" || message.type === "more") {
      const entry = this.runs[message.run ?? 0];
      if (entry) entry.now = message.now;
    }
    if (message.type === "events" && (message.run ?? 0) !== this.current) this._keep(message);
    if (message.type === "forked") {
      if (message.error) {
        this.player.pending.clear();
        this.player.say(message.error);
      } else this.show(message.run, { toEnd: true });
    }
  }

  /** Events of a run that is not shown, for a comparison. */
  _keep({ run = 0, start, columns, length, now }) {
    const trace = this.trace(run);
    const skip = trace.length - start;
    if (skip < 0) return;
    trace.append(columns, start + columns.time.length >= length ? now : undefined, Math.min(skip, columns.time.length));
    if (trace.length < length) this.model.send({ type: "pull", run, have: trace.length });
    if (this.compared === run) this.player.refresh();
  }
}
