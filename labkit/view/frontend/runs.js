/* The tree of runs: each a line from where it forked to where it has come, in the order in which they were begun. */
import { button, html, refill } from "./dom.js";
import { seconds } from "./words.js";

/** @typedef {{run: number, parent: number | null, at: number, count: number, what: string, now?: number}} RunEntry */

export class RunStrip {
  /** @param {{runs: RunEntry[], current: number, show: (run: number) => void, compare: (run: number | null) => void, compared: number | null}} session */
  constructor(session) {
    this.session = session;
    this.element = html("div", { class: "lk-runs lk-panel", role: "group", "aria-label": "Runs", hidden: true });
    this.key = "";
  }

  /** @param {RunEntry} entry */
  static title({ run, what }) {
    return run ? `${run} · ${what}` : "the first run";
  }

  next() {
    const { runs, current } = this.session;
    if (runs.length > 1) this.session.show((current + 1) % runs.length);
  }

  /** The runs as a tree, children under their parents. @returns {{entry: RunEntry, depth: number}[]} */
  _rows() {
    const rows = [];
    const add = (run, depth) => {
      rows.push({ entry: this.session.runs[run], depth });
      for (const other of this.session.runs) if (other.parent === run) add(other.run, depth + 1);
    };
    add(0, 0);
    return rows;
  }

  draw() {
    const { runs, current, compared } = this.session;
    this.element.hidden = runs.length < 2;
    if (runs.length < 2) return;
    const end = Math.max(1e-6, ...runs.map(({ now, at }) => Math.max(now ?? 0, at)));
    const key = JSON.stringify([runs, current, compared]);
    if (key === this.key) return;
    this.key = key;
    const held = this.element.contains(document.activeElement) ? document.activeElement.getAttribute("data-run") : null;
    refill(this.element, this._rows().map(({ entry, depth }) => {
      const { run, parent, at, what, now } = entry;
      const shown = run === current;
      const from = (100 * (run ? at : 0)) / end;
      const to = Math.max(from + 0.6, (100 * Math.max(now ?? at, at)) / end);
      const title = run ? `From ${seconds(at)} of ${parent ? `run ${parent}` : "the first run"}: ${what}` : "The run of the cluster itself";
      return html("div", { class: "lk-run" },
        html("button", { type: "button", class: "lk-run-button", "data-run": run, "aria-pressed": String(shown), title, onclick: () => this.session.show(run) },
          html("span", { style: `padding-left:${Math.min(depth, 6) * 12}px` }, run ? `↳ ${seconds(at)}  ${what}` : "the first run"),
          html("i", { class: "lk-lane" }, html("i", { style: `left:${from.toFixed(2)}%;width:${(to - from).toFixed(2)}%` }))),
        shown ? html("span", { class: "lk-here-word" }, "shown") : button({ text: compared === run ? "Compared" : "Compare", kind: "lk-tiny", title: `Beside the run that is shown: ${RunStrip.title(entry)}`, onclick: () => this.session.compare(compared === run ? null : run) }));
    }));
    if (held !== null) /** @type {HTMLElement | null} */ (this.element.querySelector(`[data-run="${held}"]`))?.focus({ preventScroll: true });
  }
}
