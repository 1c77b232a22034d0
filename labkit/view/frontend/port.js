/* The way to a running cluster in the kernel. Everything it says is a small message; everything it hears is a batch of
   events. */

import { spokenLanguage } from "./language.js";

const ASKS_AT_MOST = 2;
const PATIENCE = 6000;

export class KernelPort {
  /** @param {any} model @param {HTMLElement} root @param {number} run  of the view's runs */
  constructor(model, root, run) {
    this.model = model;
    this.root = root;
    this.run = run;
    this.faults = "";
    this.faultCount = 0;
    this.outstanding = 0;
    this.pulling = false;
    this.asked = 0;
    this.length = 0;
    this._heard = (message) => this._receive(message);
  }

  /** @param {import("./player.js").Player} player */
  open(player) {
    this.player = player;
    this.outstanding = 0;
    this.asked = 0;
    const first = this.run === 0 && !this.length;
    this.pulling = !first;
    this.model.on("msg:custom", this._heard);
    this._send(first ? { type: "hello", language: spokenLanguage() } : { type: "pull" });
  }

  /** Says and hears nothing until it is opened again. */
  rest() {
    clearTimeout(this.timer);
    this.model.off("msg:custom", this._heard);
  }

  _send(message) {
    this.model.send({ run: this.run, have: this.player.trace.length, ...message });
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this._alive(false), PATIENCE);
  }

  advance(to) {
    if (this.outstanding >= ASKS_AT_MOST || to <= this.asked) return;
    this.asked = to;
    this.outstanding += 1;
    this._send({ type: "advance", to });
  }

  fault(action, args, options) {
    this._send({ type: "fault", action, args, options });
  }

  settled() {
    this.model.send({ type: "settled", run: this.run, at: this.player.time });
  }

  /** The reader chose other views: the recording shows them too. @param {string[]} names */
  views(names) {
    this.model.set("views", names);
    this.model.save_changes();
    this.settled();
  }

  _pull() {
    if (this.pulling) return;
    this.pulling = true;
    this._send({ type: "pull" });
  }

  /** Without an answer the recording below takes this view's place. @param {boolean} alive */
  _alive(alive) {
    if (!this.player || this.player.disposed) return;
    this.root.classList.toggle("labkit-live", alive);
    if (alive === this.silent) this.player.say(alive ? null : "The kernel does not answer: it is busy, or gone. What was recorded can still be played.");
    this.silent = !alive;
  }

  _receive(message) {
    if ((message.run ?? 0) !== this.run) return;
    if (message.type === "more") {
      this._alive(true);
      this.length = Math.max(this.length, message.length);
      if (this.length > this.player.trace.length) this._pull();
      else if (message.now > this.player.trace.now) this._add({ time: [] }, message.now, 0);
      return;
    }
    if (message.type !== "events") return;
    clearTimeout(this.timer);
    this._alive(true);
    if (message.answers === "advance") this.outstanding = Math.max(0, this.outstanding - 1);
    if (message.answers === "pull" || message.answers === "hello") this.pulling = false;
    this.faults = message.faults ?? this.faults;
    this.faultCount = message.fault_count ?? this.faultCount;
    if (message.marks) this.player.trace.marks = message.marks;
    this._events(message);
    if (message.error) this._failed(message.error);
  }

  _events({ start, columns, now, length, answers, open_at: openAt, stay = false }) {
    const { player } = this;
    const { trace } = player;
    const skip = trace.length - start;
    if (openAt !== undefined) {
      this.openAt = openAt;
      this.stay = stay;
    }
    this.length = Math.max(this.length, length);
    const more = answers !== "advance" && answers !== "fault";
    if (skip >= 0) {
      const whole = start + columns.time.length >= length;
      this._add(columns, whole ? now : undefined, Math.min(skip, columns.time.length), more);
    }
    this.asked = Math.min(this.asked, Math.max(now, trace.now)); /* a slice of the kernel's time may end before the moment asked for */
    if (trace.length < this.length) this._pull();
    else if (answers === "fault") {
      player.settlePending();
      if (!player.playing) this.settled();
    }
    player.ask();
  }

  /** @param {Object<string, any[]>} columns @param {number | undefined} now @param {number} skip @param {boolean} [fromOutside] the run went on by other hands */
  _add(columns, now, skip, fromOutside = true) {
    const { player } = this;
    const wasAtEnd = player.atNow;
    player.grow(columns, now, skip);
    if (this.openAt !== undefined) {
      if (player.trace.now >= this.openAt) {
        player.seek(this.openAt);
        this.openAt = undefined;
        if (!player.atNow && !this.stay) player.follow();
      }
    } else if (fromOutside && wasAtEnd && !player.atNow) player.follow();
  }

  _failed(sentence) {
    this.player.pending.clear();
    this.player.pause();
    this.player.goNow();
    this.player.say(sentence);
  }
}
