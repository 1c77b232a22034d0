/* What there is to see at one moment. A pure function of the trace and the time: the same live, saved and exported. */
import { leads, upperBound } from "./trace.js";
import { brief } from "./words.js";

const DRAWN_AT_MOST = 300;
const LIKE_AN_ELECTION = /elect|timeout|expire|suspect|lease|fail/i;
const CANDIDATES = new Set(["candidate", "precandidate", "pre-candidate", "proposer", "campaigning"]);

/**
 * @typedef {object} SceneNode
 * @property {string} id
 * @property {boolean} up
 * @property {number} boot
 * @property {boolean} paused
 * @property {"leader" | "candidate" | "member" | "down" | "new"} look  how it is drawn
 * @property {string | null} role
 * @property {number | null} term
 * @property {string} label  what stands below its name
 * @property {string} short  the same in fewer letters: without its name
 * @property {string} badge  what stands on its badge
 * @property {Object<string, any>} attributes
 * @property {Set<string>} changed  attributes that changed in this step, or a moment ago
 * @property {{name: string, due: number, left: number, fraction: number} | null} timer
 * @property {string | null} note
 * @property {{error: string, where: string} | null} error
 * @property {number} group  its side of the partition; -1 when there is none
 * @property {import("./world.js").NodeRecord} record
 */
/**
 * @typedef {object} Flight
 * @property {number} seq  of the send
 * @property {string} from
 * @property {string} to
 * @property {string} name
 * @property {number} progress  0 at the sender, 1 at the receiver
 * @property {boolean} lost  it will not arrive
 * @property {number} fading  0 while it flies; from 0 to 1 while the cross of a lost message fades
 * @property {boolean} duplicate
 */
/**
 * @typedef {object} Scene
 * @property {number} time
 * @property {number} count  events that have happened
 * @property {[number, number]} step  the events of the last step
 * @property {SceneNode[]} nodes
 * @property {Flight[]} flights
 * @property {number} hidden  flights that are not among them, to keep the picture quick
 * @property {string[][] | null} groups
 * @property {Map<string, any>} links
 * @property {{id: string, term: number | null}[]} leaders
 * @property {{nodes: number, crashed: number, cutOff: number, flying: number}} counts
 * @property {{seq: number, time: number, label: string, kind: string} | null} mark  the violation shown at this step
 */

/**
 * @param {import("./trace.js").Trace} trace
 * @param {number} time
 * @param {{count?: number, fade?: number, recent?: number, noted?: number}} [options]  `count`: events that have happened, when the cursor stands
 *   between events of one instant; `fade`: virtual seconds in which a lost message's cross fades; `recent` and `noted`: virtual
 *   seconds for which a change stays marked and a note stays up
 * @returns {Scene}
 */
export function scene(trace, time, { count = trace.countAt(time), fade = 0.02, recent = 0, noted = 0.3 } = {}) {
  const world = trace.world(count);
  const step = trace.stepAt(count);
  const groups = sidesOf(world.groups, trace.nodes);
  const nodes = [...world.nodes.values()].map((record) => sceneNode(trace, record, time, step, { recent, noted }, groups));
  const { flights, hidden, flying } = flightsAt(trace, world, time, count, fade);
  const largest = groups ? Math.max(...groups.map((group) => group.length)) : 0;
  const main = groups ? groups.findIndex((group) => group.length === largest) : -1;
  return {
    time, count, step, nodes, flights, hidden, groups,
    links: world.links,
    leaders: nodes.filter((node) => node.look === "leader").map(({ id, term }) => ({ id, term })),
    counts: {
      nodes: nodes.length,
      crashed: nodes.filter((node) => node.look === "down").length,
      cutOff: nodes.filter((node) => node.up && node.group >= 0 && node.group !== main).length,
      flying,
    },
    mark: trace.marks.find((mark) => mark.seq >= step[0] && mark.seq < step[1]) ?? null,
  };
}

/** Every node on one side: who is in no group stands alone with the others who are in none.
 * @param {string[][] | null} groups @param {string[]} ids @returns {string[][] | null} */
function sidesOf(groups, ids) {
  if (!groups) return null;
  const named = new Set(groups.flat());
  const rest = ids.filter((id) => !named.has(id));
  return rest.length ? [...groups, rest] : groups;
}

/** @returns {SceneNode} */
function sceneNode(trace, record, time, step, { recent, noted }, groups) {
  const { id, up, boot, state, changedAt } = record;
  const drawn = trace.drawn[id] ?? {};
  const said = state[drawn.role ?? "role"];
  const role = typeof said === "string" ? said : null;
  const term = state[drawn.term ?? "term"];
  const since = time - recent;
  const changed = new Set(Object.keys(changedAt).filter(
    (name) => changedAt[name] >= step[0] || (recent > 0 && trace.time[changedAt[name]] > since)));
  const showNote = record.note && (record.note.seq >= step[0] || record.note.time > time - noted);
  /** @type {SceneNode["look"]} */
  let look = "member";
  if (!up) look = boot ? "down" : "new";
  else if (leads(role)) look = "leader";
  else if (role && CANDIDATES.has(role.toLowerCase())) look = "candidate";
  return {
    id, up, boot, look, role, changed, record, paused: up && record.paused,
    term: typeof term === "number" ? term : null,
    label: !(drawn.label in state) ? (typeof term === "number" ? `term ${term}` : "")
      : state[drawn.label] === "" ? "" : `${drawn.label.replaceAll("_", " ")} ${brief(state[drawn.label], 8)}`,
    short: drawn.label in state ? brief(state[drawn.label], 8) : "",
    badge: drawn.badge in state ? brief(state[drawn.badge], 3) : "",
    attributes: state,
    timer: pendingTimer(record, time),
    note: showNote ? record.note.text : null,
    error: record.error,
    group: groups ? groups.findIndex((group) => group.includes(id)) : -1,
  };
}

/** The timer worth an arc: the one that looks like an election timeout, else the next to fire. */
function pendingTimer(record, time) {
  let best = null;
  for (const id in record.timers) {
    const timer = record.timers[id];
    const weight = LIKE_AN_ELECTION.test(timer.name) ? 1 : 0;
    if (!best || weight > best.weight || (weight === best.weight && timer.due < best.due)) best = { ...timer, weight };
  }
  if (!best || best.due == null) return null;
  const left = Math.max(0, best.due - time);
  return { name: best.name, due: best.due, left, fraction: best.due > best.set ? Math.min(1, left / (best.due - best.set)) : 0 };
}

/** When a flight ends, and whether it ends in nothing. @param {import("./trace.js").Trace} trace @param {number} seq of the send
 * @returns {{end: number, stop: number, lost: boolean}} `stop`: how far it gets, from 0 to 1 */
export function flightEnd(trace, seq) {
  const arrival = trace.match[seq];
  const due = trace.retimed.get(seq) ?? trace.due[seq] ?? trace.time[seq] + Math.max(trace.longest, 0.02);
  if (arrival < 0) return { end: due, stop: 1, lost: false };
  const at = trace.time[arrival];
  const lost = trace.kind[arrival] === "drop";
  if (lost && at === trace.time[seq] && due > at) return { end: (at + due) / 2, stop: 0.5, lost };
  return { end: at, stop: 1, lost };
}

function flightsAt(trace, world, time, count, fade) {
  const flights = [];
  const candidates = [...world.flying];
  for (let i = upperBound(trace.drops, count - 1) - 1; i >= 0; i -= 1) {
    const drop = trace.drops[i];
    if (trace.time[drop] < time - trace.longest - fade || candidates.length > 4 * DRAWN_AT_MOST) break;
    if (trace.match[drop] >= 0) candidates.push(trace.match[drop]);
  }
  for (const seq of candidates) {
    const { end, stop, lost } = flightEnd(trace, seq);
    const sent = trace.time[seq];
    const there = Math.min(end, trace.landed.get(seq) ?? end);
    const flown = there > sent ? Math.min(1, Math.max(0, (time - sent) / (there - sent))) : 1;
    const fading = lost && time >= end ? (time - end) / Math.max(fade, 1e-9) : 0;
    if (fading >= 1) continue;
    const arrived = trace.match[seq] >= 0 && trace.match[seq] < count;
    flights.push({
      seq, from: trace.node[seq], to: trace.peer[seq], name: trace.name(seq), progress: flown * stop,
      lost: lost && (arrived || stop < 1), fading, duplicate: trace.kind[seq] === "duplicate",
    });
  }
  const flying = flights.length;
  if (flying <= DRAWN_AT_MOST) return { flights, hidden: 0, flying };
  const share = DRAWN_AT_MOST / flying;
  const drawn = flights.filter((flight) => (Math.imul(flight.seq, 2654435761) >>> 0) / 4294967296 < share).slice(0, DRAWN_AT_MOST);
  return { flights: drawn, hidden: flying - drawn.length, flying };
}
