/* Ballots of Paxos: a column for each ballot, a line for each process: who promised, who accepted what, and what was chosen by it. */
import { html } from "../dom.js";
import { gather, read } from "../gather.js";
import { Grid } from "../grid.js";
import { clip, plural, repr, seconds } from "../words.js";

/**
 * @typedef {object} Ballot
 * @property {any} number
 * @property {number} seq  of the first event in it
 * @property {string | null} proposer
 * @property {Map<string, {seq: number, had: {number: any, value: any} | null}>} promised  and the proposal that each had accepted before
 * @property {Map<string, {seq: number, value: any}>} accepted
 */

const shown = (value) => (typeof value === "string" ? value : repr(value));
const real = (number) => number !== null && number !== undefined && number !== 0 && number !== -1;

/** Ballot numbers may be pairs of a round and a node. */
function before(one, other) {
  if (!Array.isArray(one) || !Array.isArray(other)) return one < other;
  const i = one.findIndex((part, k) => part !== other[k]);
  return i >= 0 && (i >= other.length || one[i] < other[i]);
}

/** Every ballot, from the public attributes promised, accepted_n, accepted_value, tried and chosen. */
class Ballots {
  constructor() {
    /** @type {Ballot[]} by number */ this.all = [];
    this.by = new Map();
    this.now = new Map();
    /** @type {{node: string, value: any, seq: number}[]} who learned what, and when */ this.learned = [];
    this.any = false;
  }

  _ballot(number, seq) {
    const key = JSON.stringify(number);
    if (!this.by.has(key)) {
      const made = { number, seq, proposer: null, promised: new Map(), accepted: new Map() };
      const place = this.all.findIndex((other) => before(number, other.number));
      this.all.splice(place < 0 ? this.all.length : place, 0, made);
      this.by.set(key, made);
    }
    return this.by.get(key);
  }

  take(trace, seq) {
    const id = trace.node[seq];
    if (trace.kind[seq] === "crash") this.now.delete(id);
    if (trace.kind[seq] !== "state") return;
    const old = this.now.get(id) ?? {};
    const now = { ...old };
    const data = trace.data[seq];
    for (const what of ["promised", "accepted", "value", "tried", "chosen"]) {
      const value = read(trace, id, data, what);
      if (value !== undefined) now[what] = value;
    }
    this.now.set(id, now);
    if (now.promised === undefined && now.accepted === undefined) return;
    const news = (what) => real(now[what]) && JSON.stringify(now[what]) !== JSON.stringify(old[what]);
    if (news("tried")) this._ballot(now.tried, seq).proposer ??= id;
    const had = real(old.accepted) ? { number: old.accepted, value: old.value } : null;
    if (news("promised")) {
      const ballot = this._ballot(now.promised, seq);
      if (!ballot.promised.has(id)) ballot.promised.set(id, { seq, had });
    }
    if (news("accepted")) {
      const ballot = this._ballot(now.accepted, seq);
      if (!ballot.accepted.has(id)) ballot.accepted.set(id, { seq, value: now.value });
    }
    if (now.chosen !== null && now.chosen !== undefined && JSON.stringify(now.chosen) !== JSON.stringify(old.chosen)) this.learned.push({ node: id, value: now.chosen, seq });
    this.any ||= this.all.length > 0;
  }
}

/** Where a ballot stands when so many events have happened. @param {Ballot} ballot @param {number} count @param {number} majority */
function standing(ballot, count, majority) {
  const accepts = [...ballot.accepted.values()].filter(({ seq }) => seq < count);
  const promises = [...ballot.promised].filter(([id, { seq }]) => seq < count && !(ballot.accepted.get(id)?.seq === seq)).length;
  const chosen = accepts.length >= majority;
  return { promises, accepts: accepts.length, value: accepts[0]?.value, chosen, at: chosen ? accepts.map(({ seq }) => seq).sort((a, b) => a - b)[majority - 1] : null };
}

/** @type {import("../views.js").View} */
export const ballots = {
  name: "ballots",
  title: "Ballots",
  wants: (trace) => (gather(trace, Ballots).any ? null
    : "No ballot yet: no node has a public attribute `promised` or `accepted_n` that is set. Run the cluster on, or name yours: `drawn = {\"promised\": \"my_promise\"}`."),
  make(trace, { goTo, select, refresh }) {
    const all = gather(trace, Ballots);
    const majority = Math.floor(trace.nodes.length / 2) + 1;
    let columns = [];
    const grid = new Grid({
      label: "Ballots", corner: "ballot", wide: 118, onturn: refresh, onrow: (id) => select({ type: "node", id }),
      onpick: (i, j) => {
        const ballot = columns[j];
        const id = trace.nodes[i];
        goTo(i < 0 ? ballot.seq : ballot.accepted.get(id)?.seq ?? ballot.promised.get(id)?.seq ?? ballot.seq);
      },
    });
    grid.element.append(html("p", { class: "lk-note" }, `○ promised, “had 3”: it had accepted ballot 3 and said so · ● accepted · ✓ chosen: accepted by a majority (${majority} of ${trace.nodes.length})`));
    const head = (ballot, scene, at) => {
      const { promises, accepts, value, chosen } = standing(ballot, scene.count, majority);
      const future = ballot.seq >= scene.count;
      const outbid = !chosen && all.all[at] !== ballot && !future;
      const state = future ? "to come" : chosen ? `✓ ${clip(shown(value), 9)} chosen` : outbid ? `outbid: ${accepts || promises} ${accepts ? "accepted" : "promised"}` : accepts ? `${accepts} of ${majority} accepted` : promises ? `${promises} of ${majority} promised` : "asks";
      return {
        text: `ballot ${clip(shown(ballot.number), 9)}\n${ballot.proposer ? `by ${ballot.proposer}` : "by ?"}${value === undefined ? "" : ` · ${clip(shown(value), 9)}`}\n${state}`,
        goes: true, title: `Go to ballot ${shown(ballot.number)}${value === undefined ? "" : `: ${shown(value)}`}, ${state}`,
        kind: `${chosen ? "lk-is-won" : ""} ${all.all[at] === ballot ? "lk-is-here" : ""} ${future ? "lk-is-future" : ""}`,
      };
    };
    return {
      element: grid.element,
      resize: (width) => grid.resize(width),
      draw(scene) {
        gather(trace, Ballots);
        let at = all.all.length - 1;
        while (at > 0 && all.all[at].seq >= scene.count) at -= 1;
        const [from, to] = grid.window(all.all.length, at);
        columns = all.all.slice(from, to);
        const standings = columns.map((ballot) => standing(ballot, scene.count, majority));
        const values = new Set(all.all.map((ballot) => standing(ballot, scene.count, majority)).filter(({ chosen }) => chosen).map(({ value }) => JSON.stringify(value)));
        const rows = scene.nodes.map(({ id, look, attributes, up }) => {
          const chosen = read(trace, id, attributes, "chosen");
          const promised = read(trace, id, attributes, "promised");
          return { id, kind: `lk-row-${look}`, sub: !up ? "crashed" : chosen !== null && chosen !== undefined ? `✓ ${clip(shown(chosen), 12)}` : real(promised) ? `promised ${shown(promised)}` : "" };
        });
        grid.draw(rows, columns.map((ballot) => {
          const made = head(ballot, scene, at);
          return values.size > 1 && standing(ballot, scene.count, majority).chosen ? { ...made, kind: `${made.kind} lk-is-alarm`, title: "Two different values were chosen!" } : made;
        }), (i, j) => {
          const { id } = scene.nodes[i];
          const accept = columns[j].accepted.get(id);
          const promise = columns[j].promised.get(id);
          if (accept && accept.seq < scene.count) {
            return {
              sign: "●", text: clip(shown(accept.value), 13), goes: true, kind: standings[j].chosen ? "lk-is-winner" : "lk-is-voted",
              title: `${id} accepted ballot ${shown(columns[j].number)}: ${shown(accept.value)}, at ${seconds(trace.time[accept.seq])}`,
            };
          }
          if (promise && promise.seq < scene.count) {
            const told = promise.had ? `had ${shown(promise.had.number)}: ${shown(promise.had.value)}` : "promised";
            return { sign: "○", text: clip(told, 14), goes: true, kind: "lk-is-stood", title: `${id} promised ballot ${shown(columns[j].number)} at ${seconds(trace.time[promise.seq])}${promise.had ? `; it ${told}` : ""}` };
          }
          return { text: "·", kind: `lk-is-none ${columns[j].seq >= scene.count ? "lk-is-future" : ""}` };
        }, { before: from ? plural(from, "earlier ballot") : "", after: to < all.all.length ? plural(all.all.length - to, "later ballot") : "" });
      },
      text(scene) {
        const past = all.all.filter(({ seq }) => seq < scene.count);
        const words = past.slice(-3).map((ballot) => {
          const { promises, accepts, value, chosen } = standing(ballot, scene.count, majority);
          return `ballot ${shown(ballot.number)} by ${ballot.proposer ?? "?"}: ${chosen ? `${shown(value)} chosen by ${accepts}` : `${promises} promised, ${accepts} accepted${value === undefined ? "" : ` ${shown(value)}`}`}`;
        });
        const learned = all.learned.filter(({ seq }) => seq < scene.count).map(({ node, value }) => `${node} learned ${shown(value)}`);
        return `${plural(past.length, "ballot")} so far. ${[...words, ...learned].join("; ")}`;
      },
    };
  },
};
