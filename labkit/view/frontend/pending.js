/* What was asked of the cluster by hand, and is not seen on the picture yet. */

const WORDS = { crash: "crashing…", restart: "starting…" };

export class Pending {
  constructor() {
    /** @type {Map<string, {action: string, id: string | null, seq: number | undefined}>} `seq`: the event that did it, once it is known */
    this.asked = new Map();
  }

  get size() {
    return this.asked.size;
  }

  /** @param {string} action @param {any[]} args */
  add(action, args) {
    const id = action === "crash" || action === "restart" ? args[0] : null;
    this.asked.set(`${action} ${id ?? ""}`, { action, id, seq: undefined });
  }

  clear() {
    this.asked.clear();
  }

  /** Whether something is being done, such as "partition". @param {string} action */
  has(action) {
    return [...this.asked.values()].some((one) => one.action === action);
  }

  /** Looks for what was asked among new events. @param {import("./trace.js").Trace} trace @param {number} from */
  find(trace, from) {
    for (const one of this.asked.values()) {
      for (let seq = from; seq < trace.length && one.seq === undefined; seq += 1) {
        const kind = trace.kind[seq] === "start" ? "restart" : trace.kind[seq];
        if (kind === one.action && (one.id === null || trace.node[seq] === one.id)) one.seq = seq;
      }
    }
  }

  /** The cluster has done what was asked, or had nothing to do. */
  settle() {
    for (const [key, { seq }] of this.asked) if (seq === undefined) this.asked.delete(key);
  }

  /** What the picture has come to is pending no more. Returns the words for the nodes that still wait. @param {number} count events that have happened */
  words(count) {
    for (const [key, { seq }] of this.asked) if (seq !== undefined && seq < count) this.asked.delete(key);
    return new Map([...this.asked.values()].filter(({ id }) => id).map(({ action, id }) => [id, WORDS[action]]));
  }
}
