/* What views read out of the trace: attributes by their meaning, and what is gathered from event to event as the trace grows. */

/* The names under which public attributes are known. A node class with other names says so: `drawn = {"log": "journal"}`. */
const NAMES = {
  role: ["role"],
  term: ["term", "current_term", "currentTerm", "epoch"],
  vote: ["voted_for", "votedFor", "vote"],
  log: ["log", "entries"],
  commit: ["commit_index", "commitIndex", "commit", "committed"],
  applied: ["last_applied", "lastApplied", "applied"],
  promised: ["promised", "promised_n", "max_promised"],
  accepted: ["accepted_n", "accepted_number", "accepted_ballot"],
  value: ["accepted_value"],
  tried: ["tried", "proposal_number", "ballot"],
  chosen: ["chosen", "decided", "learned"],
  waiting: ["waiting", "queue", "backlog", "inbox"],
  active: ["active", "in_service", "serving", "running"],
  rumour: ["rumours", "rumors", "rumour", "rumor", "known", "heard", "seen", "infected", "version"],
  replica: ["value", "replica", "state", "store", "data", "counter", "elements", "items", "registers"],
  tokens: ["tokens", "token", "positions", "position"],
  keys: ["keys"],
  space: ["ring_size", "space"],
};

/** The name of the attribute that holds something, among those a record has; null if none does.
 * @param {import("./trace.js").Trace} trace @param {string} id @param {Object<string, any>} record @param {string} what */
export function nameOf(trace, id, record, what) {
  const own = trace.drawn[id]?.[what];
  if (own !== undefined) return own in record ? own : null;
  return NAMES[what].find((name) => name in record) ?? null;
}

/** The value of what an attribute stands for: `read(trace, "n1", state, "commit")`; undefined where there is none.
 * @param {import("./trace.js").Trace} trace @param {string} id @param {Object<string, any>} record @param {string} what @returns {any} */
export function read(trace, id, record, what) {
  const name = nameOf(trace, id, record, what);
  return name === null ? undefined : record[name];
}

/** @type {WeakMap<import("./trace.js").Trace, Map<Function, any>>} */
const gathered = new WeakMap();

/** One object of a class for each trace, which has been given every event once, in order, through its `take(trace, seq)`. So a view
 * looks things up where it would have to search, and pays for new events only.
 * @template {{take: (trace: import("./trace.js").Trace, seq: number) => void}} T
 * @param {import("./trace.js").Trace} trace @param {new () => T} Kind @returns {T} */
export function gather(trace, Kind) {
  if (!gathered.has(trace)) gathered.set(trace, new Map());
  const all = gathered.get(trace);
  if (!all.has(Kind)) all.set(Kind, { one: new Kind(), taken: 0 });
  const held = all.get(Kind);
  while (held.taken < trace.length) {
    held.one.take(trace, held.taken);
    held.taken += 1;
  }
  return held.one;
}
