/* Elections: a column for each term, a line for each node: who stood, who voted for whom, who won, and when. */
import { gather, read } from "../gather.js";
import { html } from "../dom.js";
import { Grid } from "../grid.js";
import { leads, upperBound } from "../trace.js";
import { plural, seconds } from "../words.js";

/**
 * @typedef {object} Term
 * @property {number} term
 * @property {number} seq  of the first event in it
 * @property {Map<string, number>} stood  candidate -> seq
 * @property {{voter: string, candidate: string, seq: number}[]} votes
 * @property {{node: string, seq: number}[]} won
 */

/** Every term, from the public attributes role, term and voted_for. */
class Terms {
  constructor() {
    /** @type {Term[]} by number */
    this.all = [];
    /** @type {number[]} the seqs at which a term was first seen, and its number */
    this.seen = [];
    this.now = new Map();
  }

  /** @param {number} number @param {number} seq */
  _term(number, seq) {
    const place = upperBound(this.all, number, (one) => one.term) - 1;
    if (this.all[place]?.term === number) return this.all[place];
    const made = { term: number, seq, stood: new Map(), votes: [], won: [] };
    this.all.splice(place + 1, 0, made);
    return made;
  }

  take(trace, seq) {
    const id = trace.node[seq];
    const kind = trace.kind[seq];
    if (kind === "start" || kind === "crash") this.now.delete(id);
    if (kind !== "state") return;
    const before = this.now.get(id) ?? {};
    const data = trace.data[seq];
    const now = { ...before };
    for (const what of ["role", "term", "vote"]) {
      const value = read(trace, id, data, what);
      if (value !== undefined) now[what] = value;
    }
    this.now.set(id, now);
    if (typeof now.term !== "number" || (now.term === 0 && !leads(now.role))) return;
    const term = this._term(now.term, seq);
    const entered = now.term !== before.term;
    if (/candidate/i.test(now.role ?? "") && (entered || now.role !== before.role) && !term.stood.has(id)) term.stood.set(id, seq);
    if (typeof now.vote === "string" && !term.votes.some(({ voter, candidate }) => voter === id && candidate === now.vote)) term.votes.push({ voter: id, candidate: now.vote, seq });
    if (leads(now.role) && (entered || now.role !== before.role)) {
      if (!term.stood.has(id)) term.stood.set(id, seq);
      term.won.push({ node: id, seq });
    }
  }
}

/** @param {Term} term @param {number} count  events that have happened */
function termAt(term, count) {
  const past = ({ seq }) => seq < count;
  const won = term.won.filter(past).map(({ node }) => node);
  return { won: [...new Set(won)], votes: term.votes.filter(past), stood: [...term.stood].filter(([, seq]) => seq < count).map(([id]) => id) };
}

/** @type {import("../views.js").View} */
export const elections = {
  name: "elections",
  title: "Elections by term",
  wants: (trace) => (gather(trace, Terms).all.length ? null
    : "No election yet: no node has a public attribute `term` above 0 with a `role` or `voted_for`. Run the cluster on, or name yours: `drawn = {\"vote\": \"my_vote\"}`."),
  make(trace, { goTo, select, refresh }) {
    const terms = gather(trace, Terms);
    let shown = [];
    const grid = new Grid({
      label: "Elections by term", corner: "term", wide: 92, onturn: refresh, onrow: (id) => select({ type: "node", id }),
      onpick: (i, j) => {
        const term = shown[j];
        const id = trace.nodes[i];
        goTo(i < 0 ? (term.won[0]?.seq ?? term.seq) : term.won.find(({ node }) => node === id)?.seq ?? term.votes.find(({ voter }) => voter === id)?.seq ?? term.stood.get(id) ?? term.seq);
      },
    });
    grid.element.append(html("p", { class: "lk-note" }, "♛ won · ▲ stood for election · → voted for · ‼ a second vote in one term, or a second winner"));
    const outcome = ({ won, stood, votes }) => {
      if (won.length > 1) return `${won.join(", ")}: ${won.length} winners!`;
      if (won.length) return `${won[0]} won`;
      if (!stood.length && !votes.length) return "to come";
      return stood.length > 1 ? `${stood.length} stand` : stood.length ? `${stood[0]} stands` : "open";
    };
    return {
      element: grid.element,
      resize: (width) => grid.resize(width),
      draw(scene) {
        gather(trace, Terms);
        let at = terms.all.length - 1;
        while (at > 0 && terms.all[at].seq >= scene.count) at -= 1;
        const [from, to] = grid.window(terms.all.length, at);
        shown = terms.all.slice(from, to);
        const tallies = shown.map((term) => termAt(term, scene.count));
        const columns = shown.map((term, j) => {
          const tally = tallies[j];
          const open = !tally.won.length && shown[j + 1]?.seq < scene.count;
          const said = open && tally.stood.length ? "nobody won" : outcome(tally);
          const when = seconds(trace.time[tally.won.length ? term.won[0].seq : term.seq]);
          return {
            text: `term ${term.term}\n${said}\n${when}`, goes: true, title: `Go to term ${term.term}: ${said}`,
            kind: `${tally.won.length > 1 ? "lk-is-alarm" : tally.won.length ? "lk-is-won" : ""} ${from + j === at ? "lk-is-here" : ""} ${term.seq >= scene.count ? "lk-is-future" : ""}`,
          };
        });
        const rows = scene.nodes.map((node) => ({ id: node.id, sub: node.up ? node.role ?? "" : node.boot ? "crashed" : "", kind: `lk-row-${node.look}` }));
        grid.draw(rows, columns, (i, j) => {
          const { id } = scene.nodes[i];
          const { won, votes, stood } = tallies[j];
          const mine = votes.filter(({ voter }) => voter === id);
          const twice = mine.length > 1;
          const cast = votes.filter(({ candidate }) => candidate === id).length;
          const future = shown[j].seq >= scene.count ? " lk-is-future" : "";
          if (won.includes(id)) return { sign: won.length > 1 ? "‼♛" : "♛", text: plural(cast, "vote"), kind: `${won.length > 1 ? "lk-is-alarm" : "lk-is-winner"}${future}`, title: `${id} won term ${shown[j].term} with ${plural(cast, "vote")}`, goes: true };
          if (twice) return { sign: "‼", text: `→ ${mine.map(({ candidate }) => candidate).join(", ")}`, kind: "lk-is-alarm", title: `${id} voted ${mine.length} times in term ${shown[j].term}`, goes: true };
          if (stood.includes(id)) return { sign: "▲", text: plural(cast, "vote"), kind: `lk-is-stood${future}`, title: `${id} stood in term ${shown[j].term}: ${plural(cast, "vote")}, its own included`, goes: true };
          if (mine.length) return { text: `→ ${mine[0].candidate}`, kind: `${won.includes(mine[0].candidate) ? "lk-is-voted" : "lk-is-lost"}${future}`, title: `${id} voted for ${mine[0].candidate} in term ${shown[j].term}, at ${seconds(trace.time[mine[0].seq])}`, goes: true };
          return { text: "·", kind: `lk-is-none${future}` };
        }, {
          before: from ? plural(from, "earlier term") : "",
          after: to < terms.all.length ? plural(terms.all.length - to, "later term") : "",
        });
      },
      text(scene) {
        const past = terms.all.filter((term) => term.seq < scene.count);
        const last = past.slice(-3).map((term) => {
          const tally = termAt(term, scene.count);
          const votes = tally.votes.map(({ voter, candidate }) => `${voter} for ${candidate}`).join(", ");
          return `term ${term.term}: ${outcome(tally)}${votes ? `, votes ${votes}` : ""}`;
        });
        return `${plural(past.length, "term")} so far. ${last.join(". ")}`;
      },
    };
  },
};
