/* What happened before what (Lamport 1978): the causal past and future of an event, and its vector clock (Fidge 1988, Mattern 1989).
   The past of an event is, of each node, all up to some event; its future all from some event on. */
import { gather } from "./gather.js";
import { upperBound } from "./trace.js";

/* What is no event of a node: what happens in the network, and timers that are set. The log for ShiViz leaves out the same. */
const NO_EVENTS = new Set(["set", "cancel", "retime", "duplicate", "corrupt", "wait", "drop", "partition", "heal", "link"]);

/** The events of each node, and the arrivals, which alone join the nodes. */
export class Happenings {
  constructor() {
    /** @type {Map<string, number[]>} node -> seqs */
    this.of = new Map();
    /** @type {number[]} seqs of the messages delivered */
    this.arrivals = [];
    /** @type {number[]} and of their sendings */
    this.sendings = [];
  }

  take(trace, seq) {
    if (!isEvent(trace, seq)) return;
    const id = trace.node[seq];
    if (!this.of.has(id)) this.of.set(id, []);
    this.of.get(id).push(seq);
    const sending = trace.kind[seq] === "deliver" ? sendingOf(trace, trace.match[seq]) : -1;
    if (sending < 0) return;
    this.arrivals.push(seq);
    this.sendings.push(sending);
  }
}

/** What a node has sent: of a copy that the network made, maybe later, the message itself. @param {import("./trace.js").Trace} trace @param {number} seq */
function sendingOf(trace, seq) {
  if (seq < 0 || trace.kind[seq] === "send") return seq;
  const data = JSON.stringify(trace.data[seq]);
  for (let i = seq - 1; i >= 0; i -= 1) {
    if (trace.kind[i] === "send" && trace.node[i] === trace.node[seq] && trace.peer[i] === trace.peer[seq] && JSON.stringify(trace.data[i]) === data) return i;
  }
  return seq;
}

/** Whether an event is one that is ordered with others. @param {import("./trace.js").Trace} trace @param {number} seq */
export function isEvent(trace, seq) {
  const kind = trace.kind[seq];
  return trace.node[seq] != null && !NO_EVENTS.has(kind) && !(kind === "state" && !Object.keys(trace.data[seq]).length);
}

/** Of each node the last event that happened before one, or is it. @param {import("./trace.js").Trace} trace @param {number} seq @returns {Map<string, number>} */
export function pastOf(trace, seq) {
  const { node } = trace;
  const { arrivals, sendings } = gather(trace, Happenings);
  const last = new Map([[node[seq], seq]]);
  for (let i = upperBound(arrivals, seq) - 1; i >= 0; i -= 1) {
    const [arrival, send] = [arrivals[i], sendings[i]];
    if (arrival <= last.get(node[arrival]) && !(send <= last.get(node[send]))) last.set(node[send], send);
  }
  return last;
}

/** Of each node the first event that happened after one, or is it. @param {import("./trace.js").Trace} trace @param {number} seq @returns {Map<string, number>} */
export function futureOf(trace, seq) {
  const { node } = trace;
  const { arrivals, sendings } = gather(trace, Happenings);
  const first = new Map([[node[seq], seq]]);
  for (let i = upperBound(arrivals, seq); i < arrivals.length; i += 1) {
    const [arrival, send] = [arrivals[i], sendings[i]];
    if (send >= first.get(node[send]) && !(arrival >= first.get(node[arrival]))) first.set(node[arrival], arrival);
  }
  return first;
}

/** The vector clock of an event, from its past: of each node how many of its events have happened before. Nodes at 0 are left out.
 * @param {import("./trace.js").Trace} trace @param {Map<string, number>} past @returns {Map<string, number>} */
export function clockOf(trace, past) {
  const { of } = gather(trace, Happenings);
  return new Map([...past].map(([id, seq]) => [id, upperBound(of.get(id) ?? [], seq)]));
}

/**
 * @typedef {object} Light  an event with what it could know, and what could know of it
 * @property {number} seq
 * @property {Map<string, number>} past
 * @property {Map<string, number>} future
 * @property {Map<string, number>} clock
 * @property {{past: number, future: number, apart: number}} counts  events before it, after it, and neither
 */

/** @param {import("./trace.js").Trace} trace @param {number} seq @returns {Light} */
export function lightUp(trace, seq) {
  const [past, future] = [pastOf(trace, seq), futureOf(trace, seq)];
  const clock = clockOf(trace, past);
  const counts = { past: -1, future: -1, apart: 0 };
  for (const [id, seqs] of gather(trace, Happenings).of) {
    const before = clock.get(id) ?? 0;
    const after = future.has(id) ? seqs.length - upperBound(seqs, future.get(id) - 1) : 0;
    counts.past += before;
    counts.future += after;
    counts.apart += seqs.length - before - after;
  }
  counts.apart += 1; /* the event itself is in its past and in its future */
  return { seq, past, future, clock, counts };
}

/** Where an event stands to the one that is lit. @param {import("./trace.js").Trace} trace @param {Light} light @param {number} seq
 * @returns {"here" | "past" | "future" | "apart"} */
export function relation(trace, { seq: here, past, future }, seq) {
  if (seq === here) return "here";
  const id = trace.node[seq];
  return seq <= past.get(id) ? "past" : seq >= future.get(id) ? "future" : "apart";
}
