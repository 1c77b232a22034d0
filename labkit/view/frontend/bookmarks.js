/* Moments with a name: kept in the view, shown on the timeline, saved with the recording. And a link to a moment. */
import { button, html, refill } from "./dom.js";
import { t } from "./language.js";
import { closePopover, copyRow, popover } from "./popover.js";
import { clip, seconds, sentence } from "./words.js";

/** @typedef {{name: string, time: number, count: number, run?: number}} Bookmark */

/** A time that finds the same moment again, as short as can be. @param {import("./trace.js").Trace} trace @param {number} time @param {number} count */
export function shortTime(trace, time, count) {
  for (let digits = 3; digits < 12; digits += 1) {
    const unit = 10 ** digits;
    const found = [Math.round(time * unit) / unit, digits > 4 ? Math.ceil(time * unit) / unit : Infinity].find((near) => near <= trace.now && trace.countAt(near) === count);
    if (found !== undefined) return found;
  }
  return time;
}

export class Bookmarks {
  /** @param {any} player @param {Bookmark[]} list @param {(list: Bookmark[]) => void} onchange */
  constructor(player, list, onchange) {
    this.player = player;
    this.list = list;
    this.onchange = onchange;
    this.flags = html("div", { class: "lk-flags", "aria-hidden": "true" });
  }

  /** The bookmarks of the run that is shown, in order of time. */
  get here() {
    const run = this.player.runNumber ?? 0;
    return this.list.filter((one) => (one.run ?? 0) === run).sort((a, b) => a.count - b.count);
  }

  /** @param {string} name */
  add(name) {
    const { time, count, runNumber } = this.player;
    this.list.push({ name: name.trim() || seconds(time), time, count, ...(runNumber ? { run: runNumber } : {}) });
    this._changed();
  }

  /** @param {Bookmark} one */
  remove(one) {
    this.list.splice(this.list.indexOf(one), 1);
    this._changed();
  }

  _changed() {
    this.onchange(this.list);
    this.player.refresh();
  }

  /** @param {Bookmark} one */
  go(one) {
    this.player.pause();
    this.player.seek(one.time, one.count);
    this.player.tell(`Bookmark: ${one.name}`);
  }

  /** @param {1 | -1} direction */
  step(direction) {
    const { count, time } = this.player;
    const list = this.here;
    const next = direction > 0
      ? list.find((one) => one.count > count || (one.count === count && one.time > time + 1e-9))
      : list.findLast((one) => one.count < count || (one.count === count && one.time < time - 1e-9));
    if (next) this.go(next);
    else this.player.tell(list.length ? `No bookmark ${direction > 0 ? "after" : "before"} this moment` : "There is no bookmark: B makes one");
  }

  /** The code, or the address, that leads here. */
  link() {
    const { port, trace, time, count } = this.player;
    const short = shortTime(trace, time, count);
    if (port) return `cluster.view(at=${short})`;
    if (window.parent === window && /^(file|https?):/.test(location.protocol)) return `${location.href.split("#")[0]}#t=${short}`;
    return trace.countAt(short) === count ? `Replay(cluster.trace, at=${Number.isInteger(short) ? `${short}.0` : short})` : `Replay(cluster.trace, at=${count - 1})`;
  }

  open() {
    const { player } = this;
    player.pause();
    const words = clip(t(sentence(player.trace, player.trace.stepAt(player.count))) || seconds(player.time), 60);
    const name = html("input", { class: "lk-input lk-wide", "aria-label": "Name of this moment", maxlength: 80, value: words });
    const keep = () => {
      this.add(name.value);
      player.tell("Bookmark kept");
      closePopover(player.root);
    };
    name.addEventListener("keydown", (event) => { if (event.key === "Enter") keep(); });
    const list = html("ul", { class: "lk-bookmarks" });
    const fill = () => refill(list, this.here.map((one) => html("li", {},
      button({ text: `${seconds(one.time)}  ${one.name}`, kind: "lk-chip", title: "Go to this moment", onclick: () => { closePopover(player.root); this.go(one); } }),
      button({ icon: "close", title: `Forget ${one.name}`, kind: "lk-tiny", onclick: () => { this.remove(one); fill(); name.focus(); } }))));
    fill();
    popover(player.root, "bookmarks", "Bookmarks", html("div", { class: "lk-row" }, name, button({ text: "Keep", title: "Keep this moment (Enter)", kind: "lk-primary", onclick: keep })),
      list, html("h4", {}, "Link to this moment"), ...copyRow(this.link(), "Copy the link"));
    name.select();
  }

  /** Little flags over the timeline. @param {number} end @param {number} pad */
  draw(end, pad) {
    const key = `${end} ${this.here.map(({ name, time }) => `${name}${time}`)}`;
    if (key === this.key) return;
    this.key = key;
    refill(this.flags, this.here.map(({ name, time }) => html("i", { title: name, style: `left:calc(${pad}px + (100% - ${2 * pad}px) * ${Math.min(1, time / end).toFixed(5)})` })));
  }
}
