/* A recording that plays by itself: in an exported page, or in the frame of a saved output. */
import { html } from "./dom.js";
import { speak } from "./language.js";
import { Trace } from "./trace.js";
import { RunTree } from "./tree.js";

/** @param {string} packed base64 of deflated JSON @returns {Promise<any>} */
function unpack(packed) {
  const bytes = Uint8Array.from(atob(packed), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Response(stream).json();
}

/** In a frame, takes the theme from the last digit of its height, where the host's style sheet has put it. @param {HTMLElement} root */
function followHost(root) {
  const follow = () => {
    const digit = globalThis.innerHeight % 10;
    root.style.colorScheme = digit === 9 || digit <= 1 ? "light" : digit >= 3 && digit <= 5 ? "dark" : "";
    root.dispatchEvent(new Event("themechange"));
  };
  window.addEventListener("resize", follow);
  follow();
}

/** The runs of a recording. Each but the one that it opens with goes the same way as another, its base, for some events. */
class RecordedTree extends RunTree {
  /** @param {HTMLElement} root @param {any} recording */
  constructor(root, { events, speed, views, bookmarks, runs, shown, ...header }) {
    super(root, (runs ?? [{ run: 0, parent: null, at: 0, count: 0, what: "" }]).map(({ run, parent, at, count, what, now }) => ({ run, parent, at, count, what, now })));
    this.header = header;
    /** @type {{base: number, from: number, events: Object<string, any[]>, now: number, marks: any[]}[]} by the number of the run */
    this.parts = runs;
    this.events = events;
    this.first = shown ?? 0;
    this.bookmarks = bookmarks ?? [];
    this._open(this.first, { speed, views });
  }

  /** @param {number} run @override */
  _begin(run) {
    if (run === this.first) {
      const first = new Trace(this.header);
      first.append(this.events, this.header.now);
      return first;
    }
    const { base, from, events, now, marks } = this.parts[run];
    const trace = new Trace({ ...this.header, now, marks, evidence: null, left_out: null });
    trace.append(this.trace(base).columns(from), 0);
    trace.append(events, now);
    return trace;
  }
}

async function replay() {
  const holder = document.getElementById("labkit-run");
  const recording = await unpack(holder.textContent.trim());
  const { at, run, language, other, ...header } = recording;
  speak(language, document.documentElement.lang);
  const root = html("div", { class: "labkit-view" });
  document.body.classList.add("labkit-page");
  document.getElementById("labkit-poster")?.remove();
  (document.querySelector("main") ?? document.body).append(root);
  if (window.parent !== window) followHost(root);
  const tree = new RecordedTree(root, header);
  const { player } = tree;
  if (other) {
    const second = new Trace({ ...header, ...other });
    second.append(player.trace.columns(other.from), 0);
    second.append(other.events, other.now);
    player.compare(second, { ...other.names, shared: other.from });
  }
  const open = () => {
    const asked = /^#t=(\d+(\.\d+)?(e-?\d+)?)$/.exec(location.hash);
    if (asked) tree.player.seek(Number(asked[1]));
    else if (at.seq !== null) tree.player.goTo(at.seq);
    else tree.player.seek(at.time);
  };
  open();
  window.addEventListener("hashchange", open);
  if (window.parent !== window) window.parent.postMessage({ labkit: "replay", run }, "*");
}

replay();
