/* The recorded run as columns that grow at the end, with the indices that find any moment quickly. */
import { World } from "./world.js";

const CHECKPOINT_EVERY = 256;
/* Events that begin a step: what the cluster does by itself or has done to it. What follows at the same instant
   (state, sends, timers set) is the node's answer, and belongs to the same step. */
const CAUSES = new Set(["start", "deliver", "timer", "crash", "partition", "heal", "link", "clock", "pause", "resume", "slow", "faulty", "wait", "invoke", "retime"]);
const FAULTS = new Set(["crash", "partition", "heal", "link", "clock", "pause", "resume", "slow", "faulty", "retime"]);
const LEADING = new Set(["leader", "primary", "coordinator", "master"]);

/** @param {any} role @returns {boolean} */
export function leads(role) {
  return LEADING.has(role);
}

/** The first index in `values` (ascending by `key`) whose value is above `bound`.
 * @template T @param {T[]} values @param {number} bound @param {(value: T) => number} [key] */
export function upperBound(values, bound, key = Number) {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (key(values[middle]) <= bound) low = middle + 1;
    else high = middle;
  }
  return low;
}

export class Trace {
  /** @param {any} header the document without its events */
  constructor(header) {
    this.title = header.title ?? "";
    this.seed = header.seed;
    /** @type {string[]} */
    this.nodes = header.nodes ?? [];
    /** @type {[string, string][] | null} */
    this.edges = header.edges ?? null;
    /** @type {[number, number][]} one place a node, in the square from -1 to 1 */
    this.positions = header.positions ?? [];
    /** @type {{seq: number, time: number, label: string, kind: string}[]} */
    this.marks = [...(header.marks ?? [])].sort((a, b) => a.time - b.time);
    /** @type {Object<string, Object<string, string>>} node -> how its class says that it is drawn */
    this.drawn = header.drawn ?? {};
    /** @type {{consistency: string, model: string, outcome: string, why: string, orders: {key: any, operations: number[]}[], wrong: number | null} | null}
     *   what a checker found in the history; operations by the seqs of their invocations */
    this.evidence = header.evidence ?? null;
    /** @type {{events: number, until: number} | null} what a recording lacks of its beginning */
    this.leftOut = header.left_out ?? null;
    this.now = header.now ?? 0;
    /** @type {number[]} */ this.time = [];
    /** @type {string[]} */ this.kind = [];
    /** @type {string[]} */ this.node = [];
    /** @type {string[]} */ this.peer = [];
    /** @type {number[]} */ this.id = [];
    /** @type {number[]} */ this.due = [];
    /** @type {any[]} */ this.data = [];
    /** @type {number[]} for a send its arrival, for an arrival its send; -1 when there is none (yet) */
    this.match = [];
    /** @type {Map<number, number>} send -> when it reached a node, or a link, that made it wait */ this.landed = new Map();
    /** @type {Map<number, number>} send -> when a fault lets it arrive */ this.retimed = new Map();
    /** @type {number[]} seqs where steps begin */ this.steps = [];
    /** @type {number[]} seqs of sends and duplicates */ this.sends = [];
    /** @type {number[]} seqs of drops */ this.drops = [];
    /** @type {{seq: number, kind: string}[]} what is worth jumping to */ this.moments = [];
    /** @type {Map<string, number>} message type -> how many were sent, in order of first appearance */ this.types = new Map();
    /** @type {Map<string, {time: number, role: string | null, up: boolean}[]>} */
    this.spans = new Map(this.nodes.map((id) => [id, []]));
    /** @type {Set<string>} roles that a node ever had */ this.roles = new Set();
    /** @type {string[]} clients, in order of appearance */ this.clients = [];
    /** @type {string[]} attributes that ever had a value, in order of appearance */ this.attributes = [];
    /** the longest planned flight */ this.longest = 0;
    this._open = new Map();
    this._known = new Set(this.nodes);
    this._tip = new World(this.nodes);
    /** @type {{count: number, world: World}[]} */
    this._checkpoints = [{ count: 0, world: this._tip.copy() }];
    this._passing = { count: 0, world: this._tip.copy() };
    this._attributes = new Set();
  }

  get length() {
    return this.time.length;
  }

  /** Adds events at the end. @param {Object<string, any[]>} columns @param {number} [now] @param {number} [skip] leading events to pass over */
  append(columns, now, skip = 0) {
    for (let i = skip; i < columns.time.length; i += 1) {
      const seq = this.length;
      for (const name of ["time", "kind", "node", "peer", "id", "due", "data"]) this[name].push(columns[name][i]);
      this.match.push(-1);
      this._index(seq);
      this._tip.apply(this, seq);
      this._checkpoint(seq + 1);
    }
    const last = this.length ? this.time[this.length - 1] : 0;
    this.now = Math.max(now ?? this.now, last);
  }

  /** The first events, as columns. @param {number} count @returns {Object<string, any[]>} */
  columns(count) {
    return Object.fromEntries(["time", "kind", "node", "peer", "id", "due", "data"].map((name) => [name, this[name].slice(0, count)]));
  }

  /** @param {number} seq */
  _index(seq) {
    const kind = this.kind[seq];
    const flight = kind === "send" || kind === "duplicate";
    if (flight) {
      this._open.set(this.id[seq], seq);
      this.sends.push(seq);
      const name = this.name(seq);
      this.types.set(name, (this.types.get(name) ?? 0) + 1);
      if (this.due[seq] != null) this.longest = Math.max(this.longest, this.due[seq] - this.time[seq]);
    } else if (kind === "deliver" || kind === "drop") {
      const send = this._open.get(this.id[seq]) ?? -1;
      this._open.delete(this.id[seq]);
      this.match[seq] = send;
      if (send >= 0) this.match[send] = seq;
      if (kind === "drop") this.drops.push(seq);
    } else if (kind === "wait" || kind === "corrupt" || kind === "retime") {
      this.match[seq] = this._open.get(this.id[seq]) ?? -1;
      if (kind === "retime" && this.match[seq] >= 0) this.retimed.set(this.match[seq], this.due[seq]);
      if (kind === "wait" && !this.landed.has(this.match[seq])) this.landed.set(this.match[seq], this.time[seq]);
    }
    for (const id of [this.node[seq], this.peer[seq]]) {
      if (id != null && !this._known.has(id) && kind !== "link") {
        this._known.add(id);
        this.clients.push(id);
      }
    }
    if (this._beginsStep(seq)) this.steps.push(seq);
    this._indexRoles(seq);
  }

  /** @param {number} seq */
  _beginsStep(seq) {
    if (seq === 0 || this.time[seq] !== this.time[seq - 1]) return true;
    const kind = this.kind[seq];
    if (kind === "crash") return this.kind[seq - 1] !== "error";
    if (kind === "drop") return this.match[seq] < 0 || this.time[this.match[seq]] !== this.time[seq];
    return CAUSES.has(kind);
  }

  /** Keeps the spans of roles and the moments worth jumping to. @param {number} seq */
  _indexRoles(seq) {
    const kind = this.kind[seq];
    const spans = this.spans.get(this.node[seq]);
    const last = spans?.[spans.length - 1];
    if (kind === "state") {
      for (const [attribute, value] of Object.entries(this.data[seq])) {
        if (value !== null && !this._attributes.has(attribute)) {
          this._attributes.add(attribute);
          this.attributes.push(attribute);
        }
      }
      const role = this.data[seq][this.drawn[this.node[seq]]?.role ?? "role"];
      if (typeof role === "string" && spans && last?.role !== role) {
        this.roles.add(role);
        if (last && last.time === this.time[seq]) last.role = role;
        else spans.push({ time: this.time[seq], role, up: true });
        if (leads(role)) this.moments.push({ seq, kind: "leader" });
      }
    } else if (kind === "start") {
      spans?.push({ time: this.time[seq], role: null, up: true });
      if (this.id[seq] > 1) this.moments.push({ seq, kind: "restart" });
    } else if (kind === "crash") {
      spans?.push({ time: this.time[seq], role: null, up: false });
      if (this.data[seq] !== "error") this.moments.push({ seq, kind: "crash" });
    } else if (kind === "error" || FAULTS.has(kind) || (kind === "drop" && this.data[seq] === "fault")) {
      this.moments.push({ seq, kind });
    }
  }

  /** The type of a message. @param {number} seq of a send or an arrival */
  name(seq) {
    const data = this.data[this.match[seq] >= 0 && this.match[seq] < seq ? this.match[seq] : seq];
    return (data && typeof data === "object" && data.$) || (data && data.type) || "message";
  }

  /** How many events have happened by `time`. @param {number} time */
  countAt(time) {
    return upperBound(this.time, time);
  }

  /** The events [from, to) of the step that ends with the first `count` events. @param {number} count @returns {[number, number]} */
  stepAt(count) {
    if (count <= 0) return [0, 0];
    const index = upperBound(this.steps, count - 1) - 1;
    return [this.steps[index], count];
  }

  /** How many events have happened after one more step, or one less. @param {number} count @param {1 | -1} direction */
  stepFrom(count, direction) {
    if (direction > 0) {
      const index = upperBound(this.steps, count);
      return index < this.steps.length ? this.steps[index] : this.length;
    }
    const index = upperBound(this.steps, count - 1) - 1;
    return index < 0 ? 0 : this.steps[index];
  }

  /** How many events have happened at the end of the step that holds `seq`. @param {number} seq */
  stepEnd(seq) {
    const index = upperBound(this.steps, seq);
    return index < this.steps.length ? this.steps[index] : this.length;
  }

  /** Keeps the world now and then: as often as a copy of it costs no more than the events since the last one. @param {number} count */
  _checkpoint(count) {
    const { nodes, flying } = this._tip;
    const since = count - this._checkpoints[this._checkpoints.length - 1].count;
    if (since >= Math.max(CHECKPOINT_EVERY, nodes.size + flying.size)) this._checkpoints.push({ count, world: this._tip.copy() });
  }

  /** The world after the first `count` events. It goes on with the next call: keep nothing of it. @param {number} count @returns {World} */
  world(count) {
    const index = upperBound(this._checkpoints, count, (checkpoint) => checkpoint.count) - 1;
    const checkpoint = this._checkpoints[index];
    if (this._passing.count > count || this._passing.count < checkpoint.count) this._passing = { count: checkpoint.count, world: checkpoint.world.copy() };
    const { world } = this._passing;
    for (let seq = this._passing.count; seq < count; seq += 1) world.apply(this, seq);
    this._passing.count = count;
    return world;
  }
}
