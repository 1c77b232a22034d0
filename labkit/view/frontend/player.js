/* The player: one time cursor that drives the views, the inspector and the scrubber. */
import { Banner, marked } from "./banner.js";
import { Bookmarks } from "./bookmarks.js";
import { Comparison } from "./compare.js";
import { Controls } from "./controls.js";
import { html, refill, set, setText } from "./dom.js";
import { Frame } from "./frame.js";
import { glyphs } from "./glyphs.js";
import { Inspector } from "./inspector.js";
import { HELP, press } from "./keys.js";
import { keepNames } from "./language.js";
import { keepFresh, watchSight, watchSize } from "./page.js";
import { legend, pillRow } from "./legend.js";
import { Pending } from "./pending.js";
import { RunStrip } from "./runs.js";
import { scene } from "./scene.js";
import { Steps } from "./steps.js";
import { Timeline } from "./timeline.js";
import { facts, pills, seconds } from "./words.js";

const REDUCED_STEP = 0.45;

/**
 * @typedef {object} Port  the way to a running cluster; a recording has none
 * @property {(to: number) => void} advance  asks for the run to go on to this virtual time
 * @property {number} run  which of the view's runs
 * @property {(action: string, args: any[], options: Object<string, any>) => void} fault
 * @property {() => void} settled  play has paused or ended, or a fault was done while paused
 * @property {string} faults  everything done by hand, as Python
 * @property {number} faultCount
 */

export class Player extends Steps {
  /**
   * @param {HTMLElement} root
   * @param {import("./trace.js").Trace} trace
   * @param {{port?: Port | null, run?: number, session?: any, speed?: number, height?: number | null, reducedMotion?: boolean, views?: string[] | null,
   *   onviews?: (names: string[]) => void, bookmarks?: import("./bookmarks.js").Bookmark[], onbookmarks?: (list: import("./bookmarks.js").Bookmark[]) => void}} [options]
   */
  constructor(root, trace, { port = null, run = 0, session = null, speed = 0.1, height = null, reducedMotion, views = null, onviews = () => {}, bookmarks = [], onbookmarks = () => {} } = {}) {
    super(trace, port);
    this.root = root;
    this.session = session;
    keepNames((text) => trace.spans.has(text) || trace.types.has(text) || trace.roles.has(text) || trace.clients.includes(text));
    this.runNumber = run;
    this.bookmarks = new Bookmarks(this, bookmarks, onbookmarks);
    this.speed = speed;
    this.playing = false;
    this.asking = false;
    this.selected = null;
    this.ticked = new Set();
    this.splitting = false;
    this.pending = new Pending();
    this.still = reducedMotion ?? matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.disposals = [];
    this._parts(height, views, onviews);
    const { palette, dispose } = keepFresh(root, () => this.refresh());
    this.palette = palette;
    this.disposals.push(dispose, watchSize(this.frame.element, () => this._resize()), watchSize(this.timeline.element, () => this._resizeTimeline()), watchSight(root, (seen) => {
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
      live: Boolean(this.port), fault: (action, args, options) => this.fault(action, args, options), past: () => this.inPast(), onclose: () => this.select(null),
      onlink: (link) => this.select({ type: "link", id: link }), onchange: (name, node, direction) => this.stepBy({ kind: "change", name, node }, direction),
      onunit: (unit, direction) => this.stepBy(unit, direction),
      onseek: (seq) => this.goTo(seq), onmessage: (seq) => this.select({ type: "message", id: seq }),
    });
    this.timeline = new Timeline(trace, { onseek: (time) => this.seek(time), palette });
    this.timeline.element.append(this.bookmarks.flags);
    this.controls = new Controls(this);
    this.comparison = new Comparison(this);
    this.runs = this.session ? new RunStrip(this.session) : null;
    this.frame = new Frame(trace, {
      seek: (time) => this.seek(time), goTo: (seq) => this.goTo(seq), select: (selected) => this.select(selected), refresh: () => this.refresh(), palette,
      node: (id) => this._node(id), fault: (action, args) => this.fault(action, args), faultsOff: () => this.faultsOff(), tools: this.controls.faultRow,
      stepBy: (unit, direction) => this.stepBy(unit, direction),
    }, { names: views, inspector: this.inspector.element, onchange: onviews });
    this.title = html("b", { class: "lk-title", title: trace.title, translate: trace.title ? "no" : null }, trace.title || "Cluster");
    this.facts = html("span", { class: "lk-facts" });
    this.pills = html("span", { class: "lk-pills" });
    this.clock = html("span", { class: "lk-clock" });
    this.banner = new Banner(trace, (seq) => this.goTo(seq));
    this.alert = html("div", { class: "lk-alert", role: "alert", hidden: true });
    this.aloud = html("div", { class: "lk-aloud", "aria-live": "polite" });
    this.legend = html("div", { class: "lk-legend" });
    if (height) this.root.style.setProperty("--lk-stage-height", `${height}px`);
    refill(this.root,
      html("div", { class: "lk-header" }, this.title, this.facts, this.pills, this.clock, this.frame.menu),
      this.alert, this.banner.element, this.comparison.words,
      this.frame.element,
      html("div", { class: "lk-bottom" }, this.controls.element, this.timeline.element),
      this.runs?.element ?? "",
      this.legend, this.aloud);
    this.root.setAttribute("role", "group");
    set(this.root, "aria-label", `${trace.title || "Cluster"}: the run, moment by moment. ${HELP}`);
    this.root.setAttribute("data-lm-suppress-shortcuts", "true");
    this.root.tabIndex = -1;
    this._keydown = (event) => press(this, event);
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
    this._resizeTimeline();
  }

  /** The timeline has what the controls leave of their line. */
  _resizeTimeline() {
    this.timeline.resize(this.timeline.element.clientWidth);
    this.refresh();
  }

  /* --- the cursor --- */

  get atNow() {
    return this.count >= this.trace.length && this.time >= this.trace.now - 1e-9;
  }

  /** Why faults cannot be done, or null. */
  faultsOff() {
    return this.port ? null : "this is a recording";
  }

  /** Whether the cursor stands in the past, so that whatever is done begins another run. */
  inPast() {
    return !(this.atNow || this.pausedLive || (this.playing && this.asking && this.trace.now - this.time < 0.5 * this.speed));
  }

  /** @param {number} time @param {number} [count] events that have happened, when the cursor stops within an instant @override */
  seek(time, count) {
    this.time = Math.max(0, Math.min(time, this.trace.now));
    this.count = count ?? this.trace.countAt(this.time);
    this.pausedLive = false;
    this.refresh();
  }

  /** @override */
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

  /** @override */
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
    this.pending.find(this.trace, before);
    if (end && !this.playing && this.pending.size) this.goNow();
    if (this.stepsTried) {
      this._tryOn(before);
    }
    this.refresh();
  }

  /** The cluster has done what was asked, or had nothing to do. */
  settlePending() {
    this.pending.settle();
    this.refresh();
  }

  /** Does something to the cluster; in the past, to another run that begins there.
   * @param {string} action @param {any[]} args @param {Object<string, any>} [options] */
  fault(action, args, options = {}) {
    const off = this.faultsOff();
    if (off) {
      this.say(`Nothing was done: ${off}.`);
      return;
    }
    if (this.inPast()) {
      this._fork(action, args, options);
      return;
    }
    this.pending.add(action, args);
    this.splitting = false;
    this.ticked.clear();
    this.port.fault(action, args, options);
    this.refresh();
  }

  _fork(action, args, options) {
    this.pause();
    this.splitting = false;
    this.ticked.clear();
    this.tell("Another run begins here");
    this.session.fork({ time: this.time, count: this.count, action, args, options });
  }

  /** Puts another run beside this one, or ends that. @param {import("./trace.js").Trace | null} other @param {any} [about] */
  compare(other, about) {
    this.comparison.with(other, about);
    this.glyphCount = -1;
    if (!other && this.session) this.session.compared = null;
    this.frame.resize(true);
    this.refresh();
  }

  /** A sentence for the reader, above the picture. @param {string | null} text */
  say(text) {
    this.alert.hidden = !text;
    setText(this.alert, text ?? "");
  }

  /** Says something to those who listen. @param {string} text @override */
  tell(text) {
    this.spokenAt = performance.now();
    setText(this.aloud, text);
  }

  /* --- choosing --- */

  /** @param {import("./cluster.js").Selection | null} selected @override */
  select(selected) {
    this.selected = selected;
    this.refresh();
  }

  escape() {
    if (this.splitting) {
      this.splitting = false;
      this.ticked.clear();
    }
    const { selected } = this;
    this.select(null);
    if (selected?.type === "node") this.frame.focus(String(selected.id));
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

  /** @override */
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
    const types = this.comparison.on ? new Set([...trace.types.keys(), ...this.comparison.other.types.keys()]) : trace.types;
    if (this.glyphCount !== types.size) {
      this.glyphCount = types.size;
      this.glyphs = glyphs(types.keys());
    }
    this.timeline.draw(this.time);
    setText(this.clock, seconds(this.time));
    const emphasis = { selected, pending: this.pending.words(this.count), ticked: this.ticked, still: this.still, playing: this.playing, glyphs: this.glyphs, marked: marked(trace, shown) };
    if (!this.frame.draw(shown, emphasis, all, stamp, this.comparison.moment(emphasis))) return;
    this.inspector.draw(shown, selected);
    this.controls.draw();
    this.runs?.draw();
    this.bookmarks.draw(Math.max(trace.now, 1e-6), 8);
    pillRow(this.pills, pills(shown));
    setText(this.facts, facts(trace));
    legend(this.legend, trace, this.glyphs, shown);
    this.banner.draw(shown);
    if (this.playing && stamp - (this.spokenAt ?? -5000) > 2500) this.tell(pills(shown).map(({ text }) => text).join(", "));
  }
}
