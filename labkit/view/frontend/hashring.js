/* Consistent hashing (Karger and others 1997): positions on a circle, who owns what, and what changes hands. A position belongs to the
   first token at or after it, clockwise. */
import { nameOf, read } from "./gather.js";
import { upperBound } from "./trace.js";

/** @typedef {{at: number, node: string}} Token */
/** @typedef {{from: number, to: number, node: string}} Arc  from after `from` up to `to`, clockwise */

/** The positions that an attribute gives: one number, or a list of them. @param {any} value @returns {number[]} */
function positionsIn(value) {
  const list = Array.isArray(value) ? value : value == null ? [] : [value];
  return list.map(Number).filter((position) => Number.isFinite(position) && position >= 0);
}

/** When each node has had which tokens; a node that is down has none. */
export class Members {
  constructor() {
    /** @type {Map<string, {seqs: number[], tokens: number[][]}>} */
    this.of = new Map();
    /** @type {number[]} the seqs of all changes */
    this.seqs = [];
    this.highest = 0;
    this.size = 0;
  }

  take(trace, seq) {
    const kind = trace.kind[seq];
    const id = trace.node[seq];
    if (kind === "crash" && this.of.get(id)?.tokens.at(-1).length) this._put(seq, id, []);
    if (kind !== "state") return;
    const space = read(trace, id, trace.data[seq], "space");
    if (typeof space === "number") this.size = Math.max(this.size, space);
    const name = nameOf(trace, id, trace.data[seq], "tokens");
    if (name === null) return;
    const tokens = positionsIn(trace.data[seq][name]);
    if (JSON.stringify(tokens) !== JSON.stringify(this.of.get(id)?.tokens.at(-1) ?? [])) this._put(seq, id, tokens);
  }

  _put(seq, id, tokens) {
    if (!this.of.has(id)) this.of.set(id, { seqs: [], tokens: [] });
    this.of.get(id).seqs.push(seq);
    this.of.get(id).tokens.push(tokens);
    this.seqs.push(seq);
    for (const at of tokens) this.highest = Math.max(this.highest, at);
  }

  /** The tokens on the circle after so many events, in their order. @param {number} count @returns {Token[]} */
  at(count) {
    const tokens = [];
    for (const [node, { seqs, tokens: all }] of this.of) {
      const place = upperBound(seqs, count - 1) - 1;
      if (place >= 0) for (const at of all[place]) tokens.push({ at, node });
    }
    return tokens.sort((a, b) => a.at - b.at || (a.node < b.node ? -1 : 1));
  }

  /** The last instant at which tokens came or went: its first seq; null if nobody had tokens before. @param {import("./trace.js").Trace} trace @param {number} count */
  lastChange(trace, count) {
    let place = upperBound(this.seqs, count - 1) - 1;
    if (place < 0) return null;
    const time = trace.time[this.seqs[place]];
    while (place > 0 && trace.time[this.seqs[place - 1]] === time) place -= 1;
    return place === 0 ? null : this.seqs[place];
  }
}

/** How many positions there are: as the nodes say, else 1 for fractions, else the power of two above all that is there.
 * @param {Members} members @param {number} highest  position of a key */
export function circleSize(members, highest) {
  if (members.size) return members.size;
  const most = Math.max(members.highest, highest);
  return most <= 1 ? 1 : 2 ** Math.ceil(Math.log2(most + 1));
}

/** @param {Token[]} tokens @param {number} position @returns {string | null} who owns it */
export function ownerOf(tokens, position) {
  if (!tokens.length) return null;
  const place = upperBound(tokens, position, ({ at }) => at);
  const before = place > 0 && tokens[place - 1].at === position ? tokens.findIndex(({ at }) => at === position) : place;
  return tokens[before % tokens.length].node;
}

/** Every stretch of the circle with its owner. @param {Token[]} tokens @param {number} size @returns {Arc[]} */
export function arcs(tokens, size) {
  return tokens.map(({ at, node }, i) => ({ from: i ? tokens[i - 1].at : tokens[tokens.length - 1].at - size, to: at, node })).filter(({ from, to }) => to > from);
}

/** Each node's share of the circle, from 0 to 1. @param {Token[]} tokens @param {number} size @returns {Map<string, number>} */
export function shares(tokens, size) {
  const by = new Map();
  for (const { from, to, node } of arcs(tokens, size)) by.set(node, (by.get(node) ?? 0) + (to - from) / size);
  return by;
}

/** The stretches that change hands from one circle to another. @param {Token[]} before @param {Token[]} after @param {number} size
 * @returns {{from: number, to: number, giver: string, taker: string}[]} */
export function handedOver(before, after, size) {
  if (!before.length || !after.length) return [];
  const edges = [...new Set([...before, ...after].map(({ at }) => at))].sort((a, b) => a - b);
  return edges.map((to, i) => ({ from: i ? edges[i - 1] : edges[edges.length - 1] - size, to, giver: ownerOf(before, to), taker: ownerOf(after, to) }))
    .filter(({ from, to, giver, taker }) => giver !== taker && to > from);
}

/** The keys that a node says it stores, with their positions: {key: position}, [[key, position]], or keys alone; a number is its own position.
 * @param {any} value @returns {{key: string, at: number | null}[]} */
export function keysIn(value) {
  const pairs = Array.isArray(value) ? value.map((item) => (Array.isArray(item) ? item : [item, item])) : value && typeof value === "object" ? Object.entries(value) : [];
  return pairs.map(([key, at]) => ({ key: String(key), at: typeof at === "number" && Number.isFinite(at) ? at : null }));
}
