/* Who knows what, and since when: for one attribute or one type of message, every rumour with the nodes that it reached. */
import { gather } from "./gather.js";
import { upperBound } from "./trace.js";
import { repr } from "./words.js";

/**
 * @typedef {object} Knowing
 * @property {number[]} seqs  when it was learnt, forgotten, learnt again ...: even places learnt, odd places forgotten
 * @property {string | null} from  who told it; null if nobody did
 * @property {number} round  how many hops from where it began
 */
/**
 * @typedef {object} Rumour
 * @property {string} key
 * @property {string} text
 * @property {Map<string, Knowing>} by  node -> since when it knows, in the order of learning
 */

/** Follows one attribute: of a list or a set the items are rumours, of a number every value that it reaches, of anything else each value. */
export class Spread {
  /** @param {string} attribute  or the name of a type of message after "> " */
  constructor(attribute) {
    this.attribute = attribute;
    this.type = attribute.startsWith("> ") ? attribute.slice(2) : null;
    /** @type {Map<string, Rumour>} in order of first appearance */
    this.rumours = new Map();
    /** @type {Map<string, {from: string, seq: number}>} node -> who sent what it received last */
    this.told = new Map();
    /** @type {Map<string, Set<string>>} node -> the rumours that it knows */
    this.held = new Map();
    /** @type {number[]} */ this.numbers = [];
    /** @type {Map<string, number>} node -> its number */ this.now = new Map();
  }

  take(trace, seq) {
    const id = trace.node[seq];
    const kind = trace.kind[seq];
    if (!trace.spans.has(id)) return;
    if (kind === "deliver") this.told.set(id, { from: trace.peer[seq], seq });
    if (this.type !== null) {
      if ((kind === "deliver" || kind === "send") && trace.name(seq) === this.type) this._learn(trace, seq, id, this.type, this.type);
    } else if (kind === "state" && this.attribute in trace.data[seq]) this._state(trace, seq, id, trace.data[seq][this.attribute]);
    if (kind !== "crash") return;
    for (const key of [...this._held(id)]) this._forget(seq, id, key);
    this.now.delete(id);
  }

  _held(id) {
    if (!this.held.has(id)) this.held.set(id, new Set());
    return this.held.get(id);
  }

  _state(trace, seq, id, value) {
    const held = this._held(id);
    if (typeof value === "number") {
      this._number(trace, seq, id, value);
      return;
    }
    const items = Array.isArray(value) ? value : value && typeof value === "object" && !value.$ ? Object.keys(value) : value == null || value === false ? [] : [value];
    const keys = new Map(items.map((item) => [typeof item === "string" ? item : JSON.stringify(item), item]));
    for (const [key, item] of keys) if (!held.has(key)) this._learn(trace, seq, id, key, typeof item === "string" ? item : item === true ? this.attribute : repr(item));
    if (held.size > keys.size) for (const key of [...held]) if (!keys.has(key)) this._forget(seq, id, key);
  }

  /** Who has a number has every smaller one too. */
  _number(trace, seq, id, value) {
    const before = this.now.get(id) ?? -Infinity;
    this.now.set(id, value);
    const place = upperBound(this.numbers, value);
    if (this.numbers[place - 1] !== value) {
      this.numbers.splice(place, 0, value);
      const higher = this.rumours.get(String(this.numbers[place + 1]));
      const by = new Map([...higher?.by ?? []].map(([node, { seqs, ...rest }]) => [node, { seqs: [...seqs], ...rest }]));
      for (const node of by.keys()) if (this._held(node).has(higher.key)) this._held(node).add(String(value));
      this.rumours.set(String(value), { key: String(value), text: `${this.attribute} ${value}`, by });
    }
    const [low, high] = [Math.min(before, value), Math.max(before, value)];
    for (let i = upperBound(this.numbers, low); i < this.numbers.length && this.numbers[i] <= high; i += 1) {
      const key = String(this.numbers[i]);
      if (value > before) this._learn(trace, seq, id, key, key);
      else if (this._held(id).has(key)) this._forget(seq, id, key);
    }
  }

  _learn(trace, seq, id, key, text) {
    const held = this._held(id);
    if (held.has(key)) return;
    held.add(key);
    if (!this.rumours.has(key)) this.rumours.set(key, { key, text, by: new Map() });
    const { by } = this.rumours.get(key);
    if (by.has(id)) {
      by.get(id).seqs.push(seq);
      return;
    }
    const told = this.told.get(id);
    const heard = told && told.seq >= trace.steps[upperBound(trace.steps, seq) - 1] ? told.from : null;
    const from = heard !== null && by.has(heard) ? heard : null;
    by.set(id, { seqs: [seq], from, round: from === null ? 0 : by.get(from).round + 1 });
  }

  _forget(seq, id, key) {
    this._held(id).delete(key);
    this.rumours.get(key).by.get(id).seqs.push(seq);
  }
}

/** The attributes that could carry rumours: to how many nodes each has spread, and whether it is a list. */
export class Carriers {
  constructor() {
    /** @type {Map<string, {nodes: Set<string>, list: boolean, changes: number}>} */
    this.all = new Map();
  }

  take(trace, seq) {
    if (trace.kind[seq] !== "state") return;
    for (const [name, value] of Object.entries(trace.data[seq])) {
      if (value == null) continue;
      if (!this.all.has(name)) this.all.set(name, { nodes: new Set(), list: false, changes: 0 });
      const one = this.all.get(name);
      one.nodes.add(trace.node[seq]);
      one.changes += 1;
      one.list ||= Array.isArray(value);
    }
  }
}

const spreadKinds = new Map();

/** @param {import("./trace.js").Trace} trace @param {string} attribute @returns {Spread} */
export function spreadOf(trace, attribute) {
  if (!spreadKinds.has(attribute)) {
    spreadKinds.set(attribute, class extends Spread {
      constructor() {
        super(attribute);
      }
    });
  }
  return gather(trace, spreadKinds.get(attribute));
}

/** Whether a node knows at a moment. @param {Knowing | undefined} knowing @param {number} count  events that have happened */
export function knows(knowing, count) {
  return knowing !== undefined && upperBound(knowing.seqs, count - 1) % 2 === 1;
}
