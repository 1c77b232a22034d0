/* The cluster at one moment, as the events so far leave it: nodes, messages in flight, partition, links. Records are
   replaced, never changed in place, so a checkpoint is a shallow copy. */

/**
 * @typedef {object} NodeRecord
 * @property {string} id
 * @property {boolean} up
 * @property {number} boot  0 before the first start, 1 after it, 2 after a restart ...
 * @property {Object<string, any>} state  the public attributes
 * @property {Object<string, number>} changedAt  attribute -> seq of its last change
 * @property {Object<string, {name: string, set: number, due: number}>} timers  the pending ones, by id
 * @property {Object<string, any>} disk
 * @property {{text: string, seq: number, time: number} | null} note
 * @property {{error: string, where: string, seq: number} | null} error
 * @property {string | null} why  why it is down: "fault" or "error"
 * @property {boolean} paused
 * @property {Object<string, any> | null} faulty  what its disk was set to
 * @property {any} slow  seconds that it takes for each event
 * @property {{offset?: number, rate?: number} | null} clock
 */

/** @param {string} id @returns {NodeRecord} */
function blankNode(id) {
  return {
    id, up: false, boot: 0, state: {}, changedAt: {}, timers: {}, disk: {}, note: null, error: null, why: null, clock: null, paused: false, faulty: null, slow: null,
  };
}

export class World {
  /** @param {string[]} ids */
  constructor(ids) {
    /** @type {Map<string, NodeRecord>} */
    this.nodes = new Map(ids.map((id) => [id, blankNode(id)]));
    /** @type {Set<number>} seqs of the sends and duplicates that are in flight */
    this.flying = new Set();
    /** @type {string[][] | null} */
    this.groups = null;
    /** @type {Map<string, any>} "from>to" -> what the link was set to; "*" stands for any node */
    this.links = new Map();
  }

  copy() {
    const other = new World([]);
    other.nodes = new Map(this.nodes);
    other.flying = new Set(this.flying);
    other.groups = this.groups;
    other.links = new Map(this.links);
    return other;
  }

  /** Replaces some properties of one node. Clients have no record, and need none.
   * @param {string} id @param {Partial<NodeRecord>} properties */
  put(id, properties) {
    const node = this.nodes.get(id);
    if (node) this.nodes.set(id, { ...node, ...properties });
  }

  /** @param {import("./trace.js").Trace} trace @param {number} seq */
  apply(trace, seq) {
    const id = trace.node[seq];
    const data = trace.data[seq];
    const node = this.nodes.get(id);
    switch (trace.kind[seq]) {
      case "start":
        if (node) this.nodes.set(id, { ...blankNode(id), up: true, boot: trace.id[seq] ?? node.boot + 1, disk: node.disk, clock: node.clock, paused: node.paused, faulty: node.faulty, slow: node.slow });
        break;
      case "send":
      case "duplicate":
        this.flying.add(seq);
        break;
      case "deliver":
      case "drop":
        this.flying.delete(trace.match[seq]);
        break;
      case "set":
        if (node) this.put(id, { timers: { ...node.timers, [trace.id[seq]]: { name: data, set: trace.time[seq], due: trace.due[seq] } } });
        break;
      case "cancel":
      case "timer":
        if (node && trace.id[seq] in node.timers) {
          const { [trace.id[seq]]: _gone, ...timers } = node.timers;
          this.put(id, { timers });
        }
        break;
      case "state":
        if (node) {
          const changedAt = { ...node.changedAt };
          for (const attribute in data) changedAt[attribute] = seq;
          this.put(id, { state: { ...node.state, ...data }, changedAt });
        }
        break;
      case "disk":
        if (node) this.put(id, { disk: { ...node.disk, ...data } });
        break;
      case "damage":
        if (node) this.put(id, { disk: { ...node.disk, ...data.disk } });
        break;
      case "pause":
      case "resume":
        this.put(id, { paused: trace.kind[seq] === "pause" });
        break;
      case "slow":
        this.put(id, { slow: data.seconds });
        break;
      case "faulty":
        this.put(id, { faulty: { ...node?.faulty, ...data } });
        break;
      case "note":
        this.put(id, { note: { text: String(data), seq, time: trace.time[seq] } });
        break;
      case "error":
        this.put(id, { error: { ...data, seq } });
        break;
      case "crash":
        if (node) this.put(id, { up: false, paused: false, why: data, state: {}, changedAt: {}, timers: {}, note: null });
        break;
      case "clock":
        this.put(id, { clock: data });
        break;
      case "partition":
        this.groups = data;
        break;
      case "heal":
        this.groups = null;
        for (const [link, settings] of this.links) this.links.set(link, { ...settings, cut: false, clog: false });
        break;
      case "link": {
        const [from, to] = [id ?? "*", trace.peer[seq] ?? "*"];
        for (const link of data.one_way ? [`${from}>${to}`] : [`${from}>${to}`, `${to}>${from}`]) {
          this.links.set(link, { ...this.links.get(link), ...data });
        }
        break;
      }
    }
  }
}
