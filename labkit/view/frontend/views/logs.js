/* Replicated logs: a line for each node, a column for each index, a box for each entry with its term. How far a node has committed and
   applied is a mark on the box; an entry that the leader's log does not have at this place has another shape. */
import { html, setText } from "../dom.js";
import { gather, read } from "../gather.js";
import { Grid } from "../grid.js";
import { t } from "../language.js";
import { call, clip, plural, repr, told } from "../words.js";

const WIDE = 92; /* pixels of a box with the command */
const SMALL = 27; /* pixels of a box with the term alone, where a log is long */

/** Where each node's entries came from: for every node the events that changed its log. */
class LogChanges {
  constructor() {
    this.any = false;
    /** @type {Map<string, number[]>} node -> seqs */
    this.of = new Map();
  }

  take(trace, seq) {
    if (trace.kind[seq] !== "state") return;
    const id = trace.node[seq];
    if (!Array.isArray(read(trace, id, trace.data[seq], "log"))) return;
    this.any ||= true;
    if (!this.of.has(id)) this.of.set(id, []);
    this.of.get(id).push(seq);
  }
}

/** @param {any} entry @returns {number | null} */
function termOf(entry) {
  if (typeof entry?.term === "number") return entry.term;
  return Array.isArray(entry) && typeof entry[0] === "number" && entry.length > 1 ? entry[0] : null;
}

/** What an entry says, without its term and its bookkeeping: "Put x 3". @param {any} entry */
function commandOf(entry) {
  if (entry === null || typeof entry !== "object") return repr(entry);
  if (Array.isArray(entry)) return termOf(entry) === null ? told(entry) : told(entry.slice(1));
  if ("command" in entry) return entry.command === null ? t("(none)") : call(entry.command);
  const { term: _term, index: _index, ...rest } = entry;
  return call(rest);
}

/** Whether two entries are equal. @param {any} one @param {any} other @returns {boolean} */
function same(one, other) {
  if (one === other) return one !== undefined;
  if (one === null || other === null || typeof one !== "object" || typeof other !== "object") return false;
  const names = Object.keys(one);
  return names.length === Object.keys(other).length && names.every((name) => same(one[name], other[name]));
}

/** Each node's log at a moment; of a node that is down, what its disk holds. */
function logsAt(trace, scene) {
  return scene.nodes.map((node) => {
    const source = node.up ? node.attributes : node.record.disk;
    const log = read(trace, node.id, source, "log");
    const entries = Array.isArray(log) ? log : [];
    const number = (what) => {
      const value = read(trace, node.id, node.attributes, what);
      return typeof value === "number" ? value : null;
    };
    return { node, entries, commit: number("commit"), applied: number("applied") };
  });
}

/** The log to compare with: the newest leader's, or else the most up-to-date one. */
function reference(logs) {
  const better = (one, other) => Number(one.node.look === "leader") - Number(other.node.look === "leader") || (one.node.term ?? 0) - (other.node.term ?? 0)
    || (termOf(one.entries.at(-1)) ?? 0) - (termOf(other.entries.at(-1)) ?? 0) || one.entries.length - other.entries.length;
  return logs.reduce((best, one) => (better(one, best) > 0 ? one : best));
}

/** @type {import("../views.js").View} */
export const logs = {
  name: "logs",
  title: "Replicated logs",
  wants: (trace) => (gather(trace, LogChanges).any ? null
    : "No node has a log yet: a public attribute `log`, a list of entries. Run the cluster on, or say which attribute it is: `drawn = {\"log\": \"my_log\"}`."),
  make(trace, { goTo, select, refresh }) {
    let all = [];
    let first = 0;
    let count = 0;
    const grid = new Grid({
      label: "Replicated logs", corner: "index", wide: WIDE, onturn: refresh, onrow: (id) => select({ type: "node", id }),
      onpick: (i, j) => {
        const seq = origin(all[i].node.id, first + j, all[i].entries[first + j]);
        if (seq !== undefined) goTo(seq);
      },
    });
    const legend = html("p", { class: "lk-note" });
    grid.element.append(legend);
    let compared = null;
    let differing = [];
    let looked = null;
    const look = (scene) => {
      if (scene === looked) return;
      looked = scene;
      all = logsAt(trace, scene);
      compared = reference(all);
      differing = all.map(({ entries }) => {
        const from = entries.findIndex((entry, i) => !same(entry, compared.entries[i]));
        return from < 0 ? entries.length : from;
      });
    };
    /** The event that put an entry into a log. */
    const origin = (id, index, entry) => {
      const changes = gather(trace, LogChanges).of.get(id) ?? [];
      let found;
      for (let i = changes.length - 1; i >= 0; i -= 1) {
        if (changes[i] >= count) continue;
        if (!same(read(trace, id, trace.data[changes[i]], "log")[index], entry)) break;
        found = changes[i];
      }
      return found;
    };
    return {
      element: grid.element,
      resize: (width) => grid.resize(width),
      draw(scene) {
        look(scene);
        const longest = Math.max(...all.map(({ entries }) => entries.length));
        const small = longest > grid.fits(WIDE);
        grid.widen(small ? SMALL : WIDE);
        const [from, to] = grid.window(longest, longest - 1);
        [first, count] = [from, scene.count];
        const columns = Array.from({ length: to - from }, (_, j) => ({ text: String(from + j + 1) }));
        const rows = all.map(({ node, entries, commit }, i) => ({
          id: node.id,
          kind: `lk-row-${node.look}`,
          sub: !node.up ? (entries.length ? "crashed, on disk" : "crashed") : `${node === compared.node && node.look === "leader" ? "♛ " : ""}${commit === null ? "" : `commit ${commit}`}${differing[i] < entries.length ? " · differs" : ""}`,
        }));
        grid.draw(rows, columns, (i, j) => {
          const { node, entries, commit, applied } = all[i];
          const index = from + j;
          if (index >= entries.length) return j === 0 && entries.length ? { text: small ? `…${entries.length}` : `ends at ${entries.length}`, title: `${node.id}'s log ends at ${entries.length}`, kind: "lk-is-short" } : null;
          const entry = entries[index];
          const [done, sure, other] = [applied !== null && index < applied, commit !== null && index < commit, index >= differing[i]];
          const term = termOf(entry);
          const state = `${done ? "applied" : sure ? "committed" : "stored"}${other ? `, differs from the log of ${compared.node.id}` : ""}`;
          return {
            sign: `${other ? "≠" : ""}${small ? "" : done ? "✓✓" : sure ? "✓" : ""}`,
            text: small ? String(term ?? "•") : `${term === null ? "" : `${term} `}${clip(commandOf(entry), other ? 8 : 9)}`,
            kind: `lk-is-entry ${done ? "lk-is-done" : ""} lk-is-hue-${(term ?? 0) % 6} ${sure ? "lk-is-sure" : ""} ${other ? "lk-is-other" : ""} ${node.changed.has("log") && index === entries.length - 1 ? "lk-is-new" : ""}`,
            title: `${node.id}, index ${index + 1}${term === null ? "" : `, term ${term}`}: ${commandOf(entry)}\n${state}\n${clip(repr(entry), 300)}`,
            goes: true,
          };
        }, {
          before: from ? `${from} earlier ${from === 1 ? "entry" : "entries"}` : "",
          after: to < longest ? `${longest - to} later` : "",
        });
        setText(legend, `Number: the entry's term · dashed: only stored · ${small ? "solid: committed · with a bar: applied" : "✓ committed · ✓✓ applied"} · ≠ and slanted: not what ${compared.node.id}${compared.node.look === "leader" ? ", the leader," : ""} has at this index`);
      },
      text(scene) {
        look(scene);
        return all.map(({ node, entries, commit }, i) => `${node.id}: ${plural(entries.length, "entry").replace("entrys", "entries")}${commit === null ? "" : `, ${commit} committed`}${differing[i] < entries.length
          ? `, differs from ${compared.node.id} from index ${differing[i] + 1}` : ""}`).join("; ");
      },
    };
  },
};
