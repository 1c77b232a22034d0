/* Atomic commitment: what coordinator and participants know of each transaction at the cursor, and below it one transaction along time: the
   votes as they come, how long each participant is in doubt, and what was decided. */
import { html, setText, svg } from "../dom.js";
import { gather } from "../gather.js";
import { Grid } from "../grid.js";
import { Lanes } from "../lanes.js";
import { t } from "../language.js";
import { clip, plural, seconds } from "../words.js";

/**
 * @typedef {object} Mark  from then on a node knows this of a transaction
 * @property {number} seq
 * @property {string} word  its own word for it
 * @property {string} look  doubt, pre, commit, abort, asks, down or none
 */
/**
 * @typedef {object} Transaction
 * @property {string} id
 * @property {number} seq  of the first event in it
 * @property {number} last  of the last
 * @property {Map<string, Mark[]>} marks  by node
 * @property {{seq: number, node: string, voter: string}[]} votes  as they reach the coordinator
 */

/** @type {[string, RegExp][]} */
const LOOKS = [
  ["doubt", /^(yes|ready|prepared|uncertain|voted|voted.yes|in.doubt)$/i], ["pre", /^pre.?commit(ted)?$/i],
  ["commit", /^(commit|committed|end|done)$/i], ["abort", /^(abort|aborted|no|voted.no)$/i],
];
const ONE = new Set(["state", "status", "phase", "decision", "outcome", "vote"]); /* attributes of a node that knows a single transaction */
const NOT = new Set(["store", "writes", "sessions", "data", "kv"]);
const SIGNS = { doubt: "?", pre: "◐", commit: "✓", abort: "✗", asks: "…", down: "×", none: "" };
const SAID = { doubt: "in doubt", pre: "ready to commit", commit: "commit", abort: "abort", asks: "collects votes", down: "crashed", none: "no record" };

const lookOf = (word) => (typeof word === "string" ? LOOKS.find(([, pattern]) => pattern.test(word))?.[0] : undefined);
const isRecord = (value) => value !== null && typeof value === "object" && !Array.isArray(value) && !value.$;

class Transactions {
  constructor() {
    /** @type {Transaction[]} in order of appearance */ this.all = [];
    /** @type {Map<string, Transaction>} */ this.by = new Map();
    this.coordinators = new Set();
    this.words = new Map();
    this.votes = new Map();
    this.back = new Set(); /* nodes that have started, and not yet shown what they still know */
  }

  _transaction(id, seq) {
    if (!this.by.has(id)) {
      const made = { id, seq, last: seq, marks: new Map(), votes: [] };
      this.by.set(id, made);
      this.all.push(made);
    }
    return this.by.get(id);
  }

  /** @param {string} node @param {string} id @param {number} seq @param {string} word @param {string} look */
  _mark(node, id, seq, word, look) {
    const transaction = this._transaction(id, seq);
    if (!transaction.marks.has(node)) transaction.marks.set(node, []);
    const marks = transaction.marks.get(node);
    if (marks.at(-1)?.look === look) return;
    if (marks.at(-1)?.seq === seq && look !== "asks") marks.pop();
    marks.push({ seq, word, look });
    transaction.last = seq;
  }

  take(trace, seq) {
    const node = trace.node[seq];
    if (trace.kind[seq] === "crash") {
      for (const { id, marks } of this.all) {
        const last = marks.get(node)?.at(-1)?.look;
        if (last && !["commit", "abort", "none"].includes(last)) this._mark(node, id, seq, "crashed", "down");
      }
      this.words.delete(node);
    }
    if (trace.kind[seq] === "start") this.back.add(node);
    if (trace.kind[seq] !== "state") return;
    const known = this.words.get(node) ?? {};
    this.words.set(node, known);
    for (const [name, value] of Object.entries(trace.data[seq])) {
      if (NOT.has(name)) continue;
      if (ONE.has(name) && lookOf(value)) this._mark(node, "", seq, value, lookOf(value));
      if (!isRecord(value)) continue;
      if (/vote/i.test(name)) this._votes(node, value, seq);
      else {
        for (const [id, word] of Object.entries(value)) {
          const look = known[`${name} ${id}`] === word ? undefined : lookOf(word);
          if (!look) continue;
          known[`${name} ${id}`] = word;
          this._mark(node, id, seq, word, look);
        }
      }
    }
    if (this.back.delete(node)) {
      for (const { id, marks } of this.all) if (marks.get(node)?.at(-1)?.look === "down") this._mark(node, id, seq, "no record", "none");
    }
  }

  /** The votes that a coordinator has counted so far, by transaction. */
  _votes(node, value, seq) {
    for (const [id, cast] of Object.entries(value)) {
      const voters = Array.isArray(cast) ? cast : isRecord(cast) ? Object.keys(cast) : null;
      if (!voters) continue;
      this.coordinators.add(node);
      const key = `${node} ${id}`;
      const before = this.votes.get(key) ?? new Set();
      if (!this.votes.has(key)) this._mark(node, id, seq, "asks", "asks");
      for (const voter of voters) if (!before.has(voter)) this._transaction(id, seq).votes.push({ seq, node, voter });
      this.votes.set(key, new Set(voters));
    }
  }
}

/** @param {Transaction} transaction @param {string} node @param {number} count @returns {Mark | undefined} */
const known = (transaction, node, count) => transaction.marks.get(node)?.findLast(({ seq }) => seq < count);
const title = ({ id }) => (id === "" ? "the transaction" : `T${id}`);

/** What a transaction has come to. */
function outcome(transaction, count) {
  const looks = new Set([...transaction.marks.keys()].map((node) => known(transaction, node, count)?.look).filter(Boolean));
  if (looks.has("commit") && looks.has("abort")) return { look: "alarm", text: "‼ commit and abort" };
  if (looks.has("commit")) return { look: "commit", text: looks.has("doubt") ? "✓ commit, not all know" : "✓ commit" };
  if (looks.has("abort")) return { look: "abort", text: looks.has("doubt") ? "✗ abort, not all know" : "✗ abort" };
  return { look: "doubt", text: looks.size ? "? undecided" : "to come" };
}

/** @type {import("../views.js").View} */
export const commit = {
  name: "commit",
  title: "Atomic commitment",
  quick: true,
  wants: (trace) => (gather(trace, Transactions).all.length ? null
    : "No transaction yet: no node has a public attribute that says yes, commit or abort of one, such as `log = {1: \"yes\"}` or `decision = {1: \"commit\"}`. Run the cluster on."),
  make(trace, { goTo, seek, refresh, select }) {
    const all = gather(trace, Transactions);
    const participants = trace.nodes;
    /** @type {Transaction[]} */ let columns = [];
    /** @type {Transaction | null} */ let current = null;
    let drawn = "";
    let fitted = 0;
    const grid = new Grid({
      label: "What every node knows of each transaction", corner: "transaction", wide: 104, onturn: refresh, onrow: (id) => select({ type: "node", id }),
      onpick: (i, j) => {
        const marks = columns[j].marks.get(trace.nodes[i]);
        drawn = "";
        goTo(i < 0 ? columns[j].seq : known(columns[j], trace.nodes[i], trace.length)?.seq ?? marks?.[0].seq ?? columns[j].seq);
        chosen = columns[j];
      },
    });
    /** @type {Transaction | null} chosen by the reader; else the last that has begun */ let chosen = null;
    const head = html("p", { class: "lk-note" });
    const paint = (area) => {
      if (!current) return [];
      const half = Math.min(9, area.high * 0.36);
      return participants.map((node, row) => {
        const marks = current.marks.get(node) ?? [];
        const y = area.y(row);
        const bars = marks.map(({ seq, word, look }, i) => {
          const x = area.x(trace.time[seq]);
          const done = look === "commit" || look === "abort" || look === "none";
          const end = i + 1 < marks.length ? trace.time[marks[i + 1].seq] : trace.now;
          const wide = Math.max(3, Math.min(area.x(end) - x, done ? 74 : Infinity));
          const room = Math.floor((wide - 8) / 6.1);
          const text = t(`${SIGNS[look]} ${look === "doubt" ? `${word}, in doubt` : SAID[look]}`.trim());
          return svg("g", { class: `lk-phase lk-phase-${look} lk-goes`, onclick: () => goTo(seq) },
            svg("rect", { x, y: y - half, width: wide, height: 2 * half, rx: 3 }),
            half > 6 && room > 1 ? svg("text", { x: x + 5, y, dy: "0.35em" }, clip(text, room)) : null,
            svg("title", {}, `${node}: ${SAID[look]}${word === look || ["down", "asks", "none"].includes(look) ? "" : ` (“${word}”)`} from ${seconds(trace.time[seq])}`));
        });
        const votes = current.votes.filter((vote) => vote.node === node).map(({ seq, voter }) => svg("g", { class: "lk-phase-vote lk-goes", onclick: () => goTo(seq) },
          svg("path", { d: `M${area.x(trace.time[seq])} ${y - half - 3}v${2 * half + 6}` }), svg("title", {}, `the vote of ${voter} arrives at ${seconds(trace.time[seq])}`)));
        return [...bars, ...votes];
      });
    };
    const lanes = new Lanes(trace, {
      label: "One transaction along time", rows: () => participants, seek, refresh, paint, onrow: (id) => select({ type: "node", id }),
      version: () => `${current?.id} ${current?.last}`, high: (rows) => (rows <= 8 ? 26 : rows <= 20 ? 17 : 9), wish: () => 0.4,
    });
    const legend = html("p", { class: "lk-note" }, "… collects votes, a tick for each that comes · ? voted yes, in doubt: can neither commit nor abort · ◐ ready to commit · ✓ commit · ✗ abort · × crashed");
    const overview = (scene, at) => {
      const [from, to] = grid.window(all.all.length, at);
      columns = all.all.slice(from, to);
      const heads = columns.map((transaction) => {
        const { look, text } = transaction.seq < scene.count ? outcome(transaction, scene.count) : { look: "", text: "to come" };
        return {
          text: `${title(transaction)}\n${text}`, goes: true, title: `Go to ${title(transaction)}`,
          kind: `${look === "alarm" ? "lk-is-alarm" : ""} ${transaction === current ? "lk-is-here" : ""} ${transaction.seq >= scene.count ? "lk-is-future" : ""}`,
        };
      });
      const rows = scene.nodes.map(({ id, look, up }) => ({ id, kind: `lk-row-${look}`, sub: `${all.coordinators.has(id) ? "coordinator" : "participant"}${up ? "" : ", down"}` }));
      grid.draw(rows, heads, (i, j) => {
        const { id, up } = scene.nodes[i];
        const mark = known(columns[j], id, scene.count);
        if (!mark) return { text: "·", kind: "lk-is-none" };
        const votes = columns[j].votes.filter((vote) => vote.node === id && vote.seq < scene.count).length;
        const text = mark.look === "asks" ? `${votes} of ${trace.nodes.length - 1} yes` : SAID[mark.look];
        const kinds = { doubt: "lk-is-stood", pre: "lk-is-voted", commit: "lk-is-winner", abort: "lk-is-abort", asks: "lk-is-stood", down: "lk-is-none", none: "lk-is-none" };
        return { sign: SIGNS[mark.look], text, kind: `${kinds[mark.look]} ${up ? "" : "lk-is-future"}`, goes: true, title: `${id}, ${title(columns[j])}: ${SAID[mark.look]} since ${seconds(trace.time[mark.seq])}` };
      }, { before: from ? plural(from, "earlier transaction") : "", after: to < all.all.length ? plural(all.all.length - to, "later transaction") : "" });
    };
    return {
      element: html("div", {}, grid.element, html("div", { class: "lk-history" }, head, lanes.element, legend)),
      resize(width) {
        grid.resize(width);
        lanes.resize(width);
      },
      draw(scene) {
        gather(trace, Transactions);
        let at = all.all.length - 1;
        while (at > 0 && all.all[at].seq >= scene.count) at -= 1;
        if (chosen && (scene.count <= chosen.seq || scene.time > trace.time[chosen.last] + 0.05)) chosen = null;
        const before = current;
        current = chosen ?? all.all[at];
        const key = `${scene.count} ${trace.length} ${current.id} ${grid.turned} ${grid.room}`;
        if (key !== drawn) overview(scene, chosen ? all.all.indexOf(chosen) : at);
        drawn = key;
        const open = [...current.marks.values()].some((marks) => marks.at(-1).look === "doubt" || marks.at(-1).look === "asks");
        const end = Math.max(open ? trace.now : trace.time[current.last], trace.time[current.seq] + 0.01);
        if (current !== before || end > fitted * 1.1) lanes.fit(trace.time[current.seq], fitted = end);
        setText(head, `${title(current)} along time: ${current.seq < scene.count ? outcome(current, scene.count).text : "to come"}`);
        lanes.draw(scene, scene.time < end);
      },
      text(scene) {
        const past = all.all.filter(({ seq }) => seq < scene.count);
        const words = past.slice(-3).map((transaction) => `${title(transaction)}: ${outcome(transaction, scene.count).text} (${participants.map((node) => ({ node, mark: known(transaction, node, scene.count) }))
          .filter(({ mark }) => mark).map(({ node, mark }) => `${node} ${SAID[mark.look]}`).join(", ")})`);
        return `${plural(past.length, "transaction")} so far. ${words.join("; ")}`;
      },
    };
  },
};
