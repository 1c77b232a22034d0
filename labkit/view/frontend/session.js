/* The runs of one live view: each with its trace and its way to the kernel; one of them is shown. */
import { KernelPort } from "./port.js";
import { Trace } from "./trace.js";
import { RunTree } from "./tree.js";

export class Session extends RunTree {
  /** @param {any} model @param {HTMLElement} root */
  constructor(model, root) {
    super(root, [{ run: 0, parent: null, at: 0, count: 0, what: "" }]);
    this.model = model;
    this.header = model.get("header");
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

  /** @param {number} run @override */
  _begin(run) {
    const trace = new Trace({ ...this.header, now: 0 });
    if (run) {
      const { parent, count, at } = this.runs[run];
      trace.append(this.trace(parent).columns(count), at);
    }
    return trace;
  }

  /** @param {number} run @override */
  _options(run) {
    if (!this.ports.has(run)) this.ports.set(run, new KernelPort(this.model, this.root, run));
    const port = this.ports.get(run);
    return {
      port, onbookmarks: () => this._tellBookmarks(), height: this.model.get("height"),
      views: this.model.get("views"), onviews: (names) => port.views(names),
    };
  }

  /** @param {number} run @override */
  _leave(run) {
    this.ports.get(run)?.rest();
  }

  /** @override */
  _open(run, options) {
    const player = super._open(run, options);
    this.ports.get(run).open(player);
    return player;
  }

  /** Asks for what a run has more than is known here. @param {number} run @override */
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
