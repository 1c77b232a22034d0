/* The run in words: pills, sentences, and values as Python writes them. */
import { t } from "./language.js";

/** @param {number} time @param {number} [digits] */
export function seconds(time, digits = 3) {
  return `${time.toFixed(digits)} s`;
}

/** @param {number} count @param {string} noun */
export function plural(count, noun) {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** A JSON value as Python writes it, messages as calls of their class. @param {any} value @returns {string} */
export function repr(value) {
  if (value === null || value === undefined) return "None";
  if (value === true) return "True";
  if (value === false) return "False";
  if (typeof value === "number") return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(6)));
  if (typeof value === "string") return value.includes("'") ? JSON.stringify(value) : `'${value.replaceAll("\n", "\\n")}'`;
  if (Array.isArray(value)) return `[${value.map(repr).join(", ")}]`;
  if (value.$) return `${value.$}(${fields(value).map(([name, field]) => `${name}=${repr(field)}`).join(", ")})`;
  return `{${Object.entries(value).map(([key, item]) => `${repr(key)}: ${repr(item)}`).join(", ")}}`;
}

/** A value short enough for a table: words without quotes, long lists as their length and end.
 * @param {any} value @param {number} [length] @returns {string} */
export function brief(value, length = 22) {
  if (value === null || value === undefined) return "—";
  if (typeof value === "string") return clip(value.replaceAll("\n", " "), length);
  const text = repr(value);
  if (text.length <= length) return text;
  if (Array.isArray(value)) return t(plural(value.length, "item"));
  if (typeof value === "object" && !value.$) return t(plural(Object.keys(value).length, "key"));
  return clip(text, length);
}

const WIDE_LETTERS = /[\u2e80-\u9fff\uf900-\ufaff\uff00-\uff60]/; /* letters as wide as two */

/** @param {string} text @param {number} length  in letters of Latin @returns {string} */
export function clip(text, length) {
  if (!WIDE_LETTERS.test(text)) return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
  let room = length;
  const letters = [...text];
  const end = letters.findIndex((letter) => (room -= WIDE_LETTERS.test(letter) ? 2 : 1) < 0);
  return end < 0 ? text : `${letters.slice(0, Math.max(0, end - 1)).join("")}…`;
}

/** A name short enough for its place: the ends of names tell more than their middles. @param {string} id @param {number} length */
export function shortName(id, length) {
  const head = Math.ceil((length - 1) * 0.55);
  return id.length <= length ? id : `${id.slice(0, head)}…${id.slice(id.length - Math.max(0, length - 1 - head))}`;
}

/** The fields of a message. @param {any} data @returns {[string, any][]} */
export function fields(data) {
  if (data === null || typeof data !== "object" || Array.isArray(data)) return data == null ? [] : [["value", data]];
  return Object.entries(data).filter(([name]) => name !== "$");
}

const BOOKKEEPING = new Set(["serial", "id", "client", "request", "seq"]);

/** What a message asks for, without its bookkeeping: "Put x 3". @param {any} value @returns {string} */
export function call(value) {
  if (value === null || typeof value !== "object") return typeof value === "string" ? value : repr(value);
  return [value.$, told(value)].filter(Boolean).join(" ");
}

/** The values in a message, without its name and its bookkeeping: "x 3". @param {any} value @returns {string} */
export function told(value) {
  if (value === null || typeof value !== "object") return typeof value === "string" ? value : repr(value);
  const values = Array.isArray(value) ? value : fields(value).filter(([name]) => !BOOKKEEPING.has(name)).map(([, one]) => one);
  return values.map((one) => (typeof one === "string" ? one : repr(one))).join(" ");
}

const REASONS = {
  loss: "the network lost it", partition: "the partition stopped it", cut: "the link is cut", down: "the receiver was not running",
  corrupt: "its checksum did not match", fault: "it was dropped by hand", queue: "the link's queue was full",
};

const WAITS = { pause: "the node is paused", slow: "the node is busy", disk: "the node waits for its disk", clog: "the link is clogged" };

const DAMAGES = { torn: "was half written", lost: "was never written", misdirected: "was overwritten by another value", rotten: "has changed by itself" };

/** Why a message did not arrive. @param {string} reason */
export function whyLost(reason) {
  return REASONS[reason] ?? reason ?? "lost";
}

/** @param {string[][]} groups */
export function groupWords(groups) {
  return groups.map((group) => (group.length > 6 ? `${group.length} nodes` : group.join(" "))).join(" | ");
}

/** @param {Object<string, any>} options */
function settings(options) {
  return Object.entries(options).map(([name, value]) => `${name} ${repr(value)}`).join(", ");
}

/** One event as a short clause. @param {import("./trace.js").Trace} trace @param {number} seq @returns {string} */
export function clause(trace, seq) {
  const [node, peer, data] = [trace.node[seq], trace.peer[seq], trace.data[seq]];
  switch (trace.kind[seq]) {
    case "start": return trace.id[seq] > 1 ? `${node} restarts` : `${node} starts`;
    case "send": return `sends ${trace.name(seq)} to ${peer}`;
    case "duplicate": return `the network copies ${trace.name(seq)} for ${peer}`;
    case "deliver": return `${node} receives ${trace.name(seq)} from ${peer}`;
    case "drop": return `${trace.name(seq)} from ${peer} to ${node} is lost: ${whyLost(data)}`;
    case "wait": return `${trace.name(seq)} from ${peer} to ${node} waits: ${WAITS[data] ?? data}`;
    case "retime": return data === "deliver" ? `${trace.name(seq)} from ${peer} to ${node} is delivered now` : `${trace.name(seq)} from ${peer} to ${node} is delayed to ${seconds(trace.due[seq])}`;
    case "corrupt": return `${trace.name(seq)} is altered on its way to ${peer}: ${clip(repr(data), 60)}`;
    case "timer": return `${node}'s timer ${data} fires`;
    case "state": return Object.entries(data).map(([name, value]) => `${name} = ${clip(repr(value), 60)}`).join(", ");
    case "disk": return `writes ${Object.keys(data).join(", ")} to disk`;
    case "damage": return `on ${node}'s disk, ${Object.keys(data.disk).join(", ")} ${DAMAGES[data.how] ?? data.how}`;
    case "buggify": return `takes the rare path ${data}`;
    case "note": return `notes “${clip(String(data), 80)}”`;
    case "error": return `${node} fails: ${data.error}`;
    case "crash": return `${node} crashes`;
    case "pause": return `${node} pauses`;
    case "resume": return `${node} goes on`;
    case "slow": return data.seconds ? `${node} takes ${repr(data.seconds)} s for each event` : `${node} is no longer slow`;
    case "faulty": return `${node}'s disk is set: ${settings(data)}`;
    case "partition": return `the network splits${trace.id[seq] ? " one way" : ""}: ${groupWords(data)}`;
    case "heal": return "the network heals";
    case "link": return `the link ${node ?? "any"} – ${peer ?? "any"} is set: ${settings(data)}`;
    case "clock": return `${node}'s clock is set: ${settings(data)}`;
    case "invoke": return `${node} asks ${peer} for ${brief(data, 40)}`;
    case "ok": return `${node} gets ${brief(data, 40)}`;
    case "info": return `${node} does not know the outcome: ${data}`;
    default: return "";
  }
}

/** The last step in one sentence. @param {import("./trace.js").Trace} trace @param {[number, number]} step @returns {string} */
export function sentence(trace, [from, to]) {
  const clauses = [];
  /** @type {Map<string, string[]>} */
  const sent = new Map();
  for (let seq = from; seq < to && clauses.length < 7; seq += 1) {
    const kind = trace.kind[seq];
    if (kind === "send") {
      const name = trace.name(seq);
      if (!sent.has(name)) clauses.push(name);
      sent.set(name, [...(sent.get(name) ?? []), trace.peer[seq]]);
    } else if (!["set", "cancel", "duplicate"].includes(kind) && !(kind === "crash" && trace.kind[seq - 1] === "error")) {
      if (kind !== "drop" || trace.match[seq] < from) clauses.push(clause(trace, seq));
    }
  }
  return clauses.map((text) => {
    const receivers = sent.get(text);
    if (!receivers) return text;
    return `sends ${text} to ${receivers.length > 4 ? `${receivers.length} nodes` : receivers.join(", ")}`;
  }).filter(Boolean).join("; ");
}

/** What a jump to a moment lands on, in words. @param {import("./trace.js").Trace} trace @param {{seq: number, kind: string}} moment */
export function momentWords(trace, { seq, kind }) {
  if (kind !== "leader") return clause(trace, seq);
  return `${trace.node[seq]} becomes ${trace.data[seq][trace.drawn[trace.node[seq]]?.role ?? "role"]}`;
}

/** What a run is of, beside its title. @param {import("./trace.js").Trace} trace */
export function facts({ nodes, seed, leftOut }) {
  return [plural(nodes.length, "node"), seed == null ? "" : `seed ${seed}`, leftOut ? `${leftOut.events} events before ${seconds(leftOut.until)} are left out` : ""].filter(Boolean).join(" · ");
}

/** The story so far, as pills. @param {import("./scene.js").Scene} scene @returns {{text: string, kind: string}[]} */
export function pills(scene) {
  const result = [];
  const { leaders, counts, groups } = scene;
  const withTerm = ({ id, term }) => (term === null ? `${id} leads` : `${id} leads term ${term}`);
  if (leaders.length === 1) result.push({ text: withTerm(leaders[0]), kind: "leader" });
  else if (leaders.length > 1) {
    result.push({ text: `${leaders.length} leaders! ${leaders.map(({ id, term }) => (term === null ? id : `${id} in term ${term}`)).join(", ")}`, kind: "alarm" });
  } else if (scene.nodes.some((node) => node.look === "candidate")) {
    const standing = scene.nodes.filter((node) => node.look === "candidate");
    result.push({ text: standing.length > 3 ? `${standing.length} candidates` : `${standing.map((node) => node.id).join(", ")} ${standing.length === 1 ? "stands" : "stand"} for election`, kind: "candidate" });
  } else if (scene.nodes.some((node) => node.role === "follower")) result.push({ text: "no leader", kind: "" });
  const broken = [];
  if (counts.crashed) broken.push(`${counts.crashed} crashed`);
  if (counts.cutOff) broken.push(`${counts.cutOff} cut off`);
  if (broken.length) result.push({ text: broken.join(" · "), kind: "fault" });
  else if (groups) result.push({ text: `split: ${groupWords(groups)}`, kind: "fault" });
  const cut = new Set([...scene.links].filter(([, link]) => link.cut).map(([link]) => link.split(">").sort().join(">"))).size;
  if (cut) result.push({ text: `${plural(cut, "link")} cut`, kind: "fault" });
  const paused = scene.nodes.filter((node) => node.paused).map((node) => node.id);
  if (paused.length) result.push({ text: `${paused.length > 4 ? plural(paused.length, "node") : paused.join(", ")} paused`, kind: "fault" });
  const failed = scene.nodes.filter((node) => node.error);
  if (failed.length) result.push({ text: `${failed.map((node) => node.id).slice(0, 4).join(", ")} raised an error`, kind: "alarm" });
  return result;
}
