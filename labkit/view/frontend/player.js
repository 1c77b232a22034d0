/* The player: one time cursor that drives the views, the inspector and the scrubber. */
import { Controls, HELP } from "./controls.js";
import { html, refill, setText } from "./dom.js";
import { Frame } from "./frame.js";
import { glyphs } from "./glyphs.js";
import { Inspector } from "./inspector.js";
import { keepFresh, watchSight, watchSize } from "./page.js";
import { legend, pillRow } from "./legend.js";
import { scene } from "./scene.js";
import { Timeline } from "./timeline.js";
import { upperBound } from "./trace.js";
import { momentWords, pills, seconds, sentence } from "./words.js";

const REDUCED_STEP = 0.45;
const STEPS_TRIED_AT_MOST = 25;

/**
 * @typedef {object} Port  the way to a running cluster; a recording has none
 * @property {(to: number) => void} advance  asks for the run to go on to this virtual time
 * @property {(action: string, args: any[]) => void} fault
 * @property {() => void} settled  play has paused or ended, or a fault was done while paused
 * @property {string} faults  everything done by hand, as Python
 * @property {number} faultCount
 */

export class Player {
  /**
   * @param {HTMLElement} root
   * @param {import("./trace.js").Trace} trace
   * @param {{port?: Port | null, speed?: number, height?: number | null, reducedMotion?: boolean, views?: string[] | null, onviews?: (names: string[]) => void}} [options]
   */
  constructor(root, trace, { port = null, speed = 0.1, height = null, reducedMotion, views = null, onviews = () => {} } = {}) {
    this.root = root;
    this.trace = trace;
    this.port = port;
    this.speed = speed;
    this.time = 0;
    this.count = 0;
    this.playing = false;
    this.asking = false;
    this.selected = null;
    this.ticked = new Set();
    this.splitting = false;
    this.pending = new Map();
    this.still = reducedMotion ?? matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.disposals = [];
    this._parts(height, views, onviews);
    const { palette, dispose } = keepFresh(root, () => this.refresh());
    this.palette = palette;
    this.disposals.push(dispose, watchSize(this.frame.element, () => this._resize()), watchSight(root, (seen) => {
      this.outOfSight = !seen;
      if (seen) this.refresh();
    }));
    this._resize();
    this.refresh();
  }

  _parts(height, views, onviews) {
    const { trace } = this;
    const palette = () => this.palette();
    this.inspector = new Inspector(trace, {
      live: Boolean(this.port), fault: (action, args) => this.fault(action, args), faultsOff: () => this.faultsOff(), onclose: () => this.select(null),
      onseek: (seq) => this.goTo(seq), onmessage: (seq) => this.select({ type: "message", id: seq }),
    });
    this.timeline = new Timeline(trace, { onseek: (time) => this.seek(time), palette });
    this.controls = new Controls(this);
    this.frame = new Frame(trace, {
      seek: (time) => this.seek(time), goTo: (seq) => this.goTo(seq), select: (selected) => this.select(selected), refresh: () => this.refresh(), palette,
      node: (id) => this._node(id), fault: (action, args) => this.fault(action, args), faultsOff: () => this.faultsOff(), tools: this.controls.faultRow,
    }, { names: views, inspector: this.inspector.element, onchange: onviews });
    this.title = html("b", { class: "lk-title" }, trace.title || "Cluster");
    this.facts = html("span", { class: "lk-facts" });
    this.pills = html("span", { class: "lk-pills" });
    this.clock = html("span", { class: "lk-clock" });
    this.banner = html("div", { class: "lk-banner", role: "status", hidden: true });
    this.alert = html("div", { class: "lk-alert", role: "alert", hidden: true });
    this.aloud = html("div", { class: "lk-aloud", "aria-live": "polite" });
    this.legend = html("div", { class: "lk-legend" });
    if (height) this.root.style.setProperty("--lk-stage-height", `${height}px`);
    refill(this.root,
      html("header", { class: "lk-header" }, this.title, this.facts, this.pills, this.clock, this.frame.menu),
      this.alert, this.banner,
      this.frame.element,
      html("div", { class: "lk-bottom" }, this.controls.element, this.timeline.element),
      this.legend, this.aloud);
    this.root.setAttribute("role", "group");
    this.root.setAttribute("aria-label", `${trace.title || "Cluster"}: the run, moment by moment. ${HELP}`);
    this.root.setAttribute("data-lm-suppress-shortcuts", "true");
    this.root.tabIndex = -1;
    this._keydown = (event) => this.controls.key(event);
    this.root.addEventListener("keydown", this._keydown);
    this.disposals.push(() => this.root.removeEventListener("keydown", this._keydown));
  }

  /** Takes everything down. */
  dispose() {
    this.disposed = true;
    this.playing = false;
    cancelAnimationFrame(this.request);
    this.frame.dispose();
    for (const dispose of this.disposals) dispose();
    this.root.replaceChildren();
  }

  _resize() {
    this.frame.resize();
    this.timeline.resize(this.timeline.element.clientWidth);
    this.refresh();
  }

  /* --- the cursor --- */

  get atNow() {
    return this.count >= this.trace.length && this.time >= this.trace.now - 1e-9;
  }

  /** Why faults cannot be done now, or null. */
  faultsOff() {
    if (!this.port) return "this is a recording";
    const atHorizon = this.atNow || this.pausedLive || (this.playing && this.asking && this.trace.now - this.time < 0.5 * this.speed);
    return atHorizon ? null : "this is the past: go to now first";
  }

  /** @param {number} time @param {number} [count] events that have happened, when the cursor stops within an instant */
  seek(time, count) {
    this.time = Math.max(0, Math.min(time, this.trace.now));
    this.count = count ?? this.trace.countAt(this.time);
    this.pausedLive = false;
    this.refresh();
  }

  /** Stops at the end of the step that holds an event. @param {number} seq */
  goTo(seq) {
    if (!this.trace.length) return;
    this.pause();
    this.seek(this.trace.time[seq], this.trace.stepEnd(seq));
  }

  /** @param {1 | -1} direction */
  step(direction) {
    this.pause();
    const count = this.trace.stepFrom(this.count, direction);
    if (count === this.count && direction > 0 && this.port) {
      this.stepsTried = 0;
      this._askForStep();
      return;
    }
    if (count === this.count) this.seek(direction > 0 ? this.trace.now : 0, count);
    else this.seek(count ? this.trace.time[count - 1] : 0, count);
    this._tell(sentence(this.trace, this.trace.stepAt(this.count)));
  }

  /** At now, a step forward makes the cluster run on until something happens. */
  _askForStep() {
    this.stepsTried += 1;
    this.port.advance(this.trace.now + 0.02 * this.stepsTried);
  }

  /** Jumps to where something notable happens. @param {1 | -1} direction */
  jump(direction) {
    const { moments, marks } = this.trace;
    const seqs = [...moments.map(({ seq }) => seq), ...marks.map(({ seq }) => seq)].sort((a, b) => a - b);
    const from = this.trace.stepAt(this.count)[0];
    const index = upperBound(seqs, direction > 0 ? this.count - 1 : from - 1);
    const seq = seqs[direction > 0 ? index : index - 1];
    if (seq === undefined) {
      this._tell(direction > 0 ? "Nothing more to jump to" : "Nothing earlier to jump to");
      if (direction > 0) this.goNow();
      return;
    }
    this.goTo(seq);
    const mark = marks.find((one) => one.seq === seq);
    this._tell(mark ? mark.label : momentWords(this.trace, moments.find((moment) => moment.seq === seq)));
  }

  goNow() {
    this.seek(this.trace.now, this.trace.length);
  }

  play() {
    if (this.playing || this.disposed) return;
    if (!this.port && this.atNow) this.seek(0, 0);
    this.alert.hidden = true;
    this.playing = true;
    this.asking = Boolean(this.port);
    this.stamp = undefined;
    this.ask();
    this.refresh();
  }

  /** Plays what was recorded, and asks for no more. */
  follow() {
    if (this.playing || this.disposed) return;
    if (this.still) {
      this.goNow();
      return;
    }
    this.playing = true;
    this.asking = false;
    this.stamp = undefined;
    this.refresh();
  }

  pause() {
    if (!this.playing) return;
    this.pausedLive = this.asking && this.trace.now - this.time < 0.5 * this.speed;
    this.playing = false;
    this.asking = false;
    this.port?.settled();
    this.refresh();
  }

  toggle() {
    if (this.playing) this.pause();
    else this.play();
  }

  setSpeed(speed) {
    this.speed = speed;
    this.refresh();
  }

  ask() {
    if (this.playing && this.asking && this.trace.now - this.time < this.speed * 0.15) this.port.advance(this.time + this.speed * 0.25);
  }

  /* --- the cluster's side --- */

  /** New events came. @param {Object<string, any[]>} columns @param {number} now @param {number} skip */
  grow(columns, now, skip) {
    const end = this.atNow || (this.pausedLive && this.pending.size > 0);
    const before = this.trace.length;
    this.trace.append(columns, now, skip);
    for (const [key, { action, id, seq }] of this.pending) {
      if (seq !== undefined) continue;
      for (let i = before; i < this.trace.length; i += 1) {
        const kind = this.trace.kind[i] === "start" ? "restart" : this.trace.kind[i];
        if (kind === action && (id === null || this.trace.node[i] === id)) this.pending.get(key).seq = i;
      }
    }
    if (end && !this.playing && this.pending.size) this.goNow();
    if (this.stepsTried) {
      if (this.trace.length > before) this.stepsTried = 0;
      if (this.trace.length > before) this.step(1);
      else if (this.stepsTried < STEPS_TRIED_AT_MOST) this._askForStep();
    }
    this.refresh();
  }

  /** The cluster has done what was asked, or had nothing to do. */
  settlePending() {
    for (const [key, { seq }] of this.pending) if (seq === undefined) this.pending.delete(key);
    this.refresh();
  }

  /** @param {string} action @param {any[]} args */
  fault(action, args) {
    const off = this.faultsOff();
    if (off) {
      this.say(`Nothing was done: ${off}.`);
      return;
    }
    const single = action === "crash" || action === "restart";
    this.pending.set(`${action} ${single ? args[0] : ""}`, { action, id: single ? args[0] : null, seq: undefined });
    this.splitting = false;
    this.ticked.clear();
    this.port.fault(action, args);
    this.refresh();
  }

  /** A sentence for the reader, above the picture. @param {string | null} text */
  say(text) {
    this.alert.hidden = !text;
    setText(this.alert, text ?? "");
  }

  _tell(text) {
    this.spokenAt = performance.now();
    setText(this.aloud, text);
  }

  /* --- choosing --- */

  /** @param {import("./cluster.js").Selection | null} selected */
  select(selected) {
    this.selected = selected;
    this.refresh();
  }

  _node(id) {
    if (this.splitting) {
      if (!this.ticked.delete(id)) this.ticked.add(id);
      this.refresh();
      return;
    }
    this.select({ type: "node", id });
    this.draw(true);
    this.inspector.element.querySelector(".lk-row button, .lk-close")?.focus({ preventScroll: true });
  }

  /* --- frames --- */

  refresh() {
    if (this.disposed || this.request) return;
    this.request = requestAnimationFrame((stamp) => this._frame(stamp));
  }

  _frame(stamp) {
    this.request = 0;
    if (this.disposed) return;
    if (this.playing) {
      const elapsed = Math.min(0.1, (stamp - (this.stamp ?? stamp)) / 1000);
      this.stamp = stamp;
      this._go(elapsed);
    }
    if (this.playing) this.refresh();
    if (!this.outOfSight) this.draw(!this.playing, stamp);
  }

  /** @param {number} elapsed real seconds */
  _go(elapsed) {
    if (this.still) {
      this.wait = (this.wait ?? 0) + elapsed;
      if (this.wait < REDUCED_STEP / Math.max(0.25, Math.sqrt(this.speed * 4))) return;
      this.wait = 0;
      const count = this.trace.stepFrom(this.count, 1);
      if (count > this.count) [this.count, this.time] = [count, this.trace.time[count - 1]];
      else this.time = this.trace.now;
    } else {
      this.time = Math.min(this.time + elapsed * this.speed, this.trace.now);
      this.count = this.trace.countAt(this.time);
    }
    this.ask();
    if (this.atNow && !this.asking) this.pause();
  }

  /** @param {boolean} all  draw the slower parts too @param {number} [stamp] */
  draw(all, stamp = performance.now()) {
    const { trace, speed, selected } = this;
    if (!this.palette) return;
    const shown = scene(trace, this.time, { count: this.count, fade: 0.1 * speed, recent: this.playing ? 0.35 * speed : 0, noted: 1.3 * speed });
    this.scene = shown;
    if (this.glyphCount !== trace.types.size) {
      this.glyphCount = trace.types.size;
      this.glyphs = glyphs(trace.types.keys());
    }
    for (const [key, { seq }] of this.pending) if (seq !== undefined && seq < this.count) this.pending.delete(key);
    const words = { crash: "crashing…", restart: "starting…" };
    const pending = new Map([...this.pending.values()].filter(({ id }) => id).map(({ action, id }) => [id, words[action]]));
    this.timeline.draw(this.time);
    setText(this.clock, seconds(this.time));
    const emphasis = { selected, pending, ticked: this.ticked, still: this.still, glyphs: this.glyphs, marked: this._marked(shown) };
    if (!this.frame.draw(shown, emphasis, all, stamp)) return;
    this.inspector.draw(shown, selected);
    this.controls.draw();
    pillRow(this.pills, pills(shown));
    setText(this.facts, `${trace.nodes.length} nodes${trace.seed == null ? "" : ` · seed ${trace.seed}`}`);
    legend(this.legend, trace, this.glyphs, shown);
    this._violation(shown);
    if (this.playing && stamp - (this.spokenAt ?? -5000) > 2500) this._tell(pills(shown).map(({ text }) => text).join(", "));
  }

  /** The nodes and messages that a violation is about. */
  _marked(shown) {
    const nodes = new Set();
    const flights = new Set();
    if (shown.mark) {
      const { trace } = this;
      const { seq, label } = shown.mark;
      const named = new Set(label.split(/[^\w.-]+/));
      for (const id of [trace.node[seq], trace.peer[seq], ...trace.nodes.filter((id) => named.has(id))]) if (id) nodes.add(id);
      const [from] = shown.step;
      for (let i = from; i < shown.count; i += 1) {
        if (trace.kind[i] === "send") flights.add(i);
        else if (trace.match[i] >= 0) flights.add(trace.match[i]);
      }
    }
    return { nodes, flights };
  }

  _violation(shown) {
    const mark = shown.mark ?? this.trace.marks[0];
    this.banner.hidden = !mark;
    if (!mark) return;
    const here = mark === shown.mark;
    const key = `${mark.seq} ${here}`;
    if (key === this.bannerKey) return;
    this.bannerKey = key;
    this.banner.classList.toggle("lk-here", here);
    refill(this.banner, html("b", {}, here ? "Violated here" : `Violated at ${seconds(mark.time)}`), html("span", {}, mark.label),
      here ? null : html("button", { type: "button", class: "lk-button lk-tiny", onclick: () => this.goTo(mark.seq) }, "Show"));
  }
}
