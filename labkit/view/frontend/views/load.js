/* Load: how much waits at each server and how much it serves, now and over the run; a server that is slow, paused or down. */
import { Levels } from "../bins.js";
import { html, refill, set, setText } from "../dom.js";
import { gather, nameOf } from "../gather.js";
import { requestOf } from "../glyphs.js";
import { Strips, nameLine } from "../strip.js";
import { upperBound } from "../trace.js";
import { plural } from "../words.js";

const BOXES_AT_MOST = 10; /* requests drawn one by one; more become a bar */

/**
 * @typedef {object} Server
 * @property {number[]} seqs  of what changed its load
 * @property {number[]} waiting
 * @property {number[]} active
 * @property {Levels} levels  of both together
 * @property {{seq: number, word: string}[]} troubles  "slow" and "paused", and "" when it is over
 * @property {Set<number>} door  messages that have reached it and wait, by their sends
 * @property {Object<string, number>} named  what its attributes say
 * @property {Map<string, number>} open  what it was asked and has not answered
 * @property {boolean} slow
 * @property {boolean} paused
 * @property {boolean} serves  whether it ever said what it has to do, or was asked something
 */

/** How many a value stands for: the length of a list, a number itself, one for anything else that is not nothing. @param {any} value */
function amount(value) {
  if (value == null || value === false) return 0;
  if (typeof value === "number") return Math.max(0, value);
  if (Array.isArray(value)) return value.length;
  return typeof value === "object" && !value.$ ? Object.keys(value).length : 1;
}

/** What waits at every server and what it serves: from its attributes; else what it was asked and has not answered. */
class Queues {
  /** @param {Map<string, string>} answered  type of a reply -> the type that it answers */
  constructor(answered) {
    this.answered = answered;
    this.asking = new Set(answered.values());
    /** @type {Map<string, Server>} */
    this.of = new Map();
    this.any = this.byAttributes = false;
  }

  /** @returns {Server} */
  _server(id) {
    if (!this.of.has(id)) this.of.set(id, { seqs: [], waiting: [], active: [], levels: new Levels(), troubles: [], door: new Set(), named: {}, open: new Map(), slow: false, paused: false, serves: false });
    return this.of.get(id);
  }

  take(trace, seq) {
    const kind = trace.kind[seq];
    const id = trace.node[seq];
    if (!trace.spans.has(id)) return;
    const server = this._server(id);
    if (kind === "state") this._state(trace, id, trace.data[seq], server);
    else if (kind === "wait" && trace.data[seq] !== "clog") server.door.add(trace.match[seq]);
    else if (kind === "deliver" || kind === "drop") {
      server.door.delete(trace.match[seq]);
      if (kind === "deliver") this._asked(trace, seq, server);
    } else if (kind === "send") this._answered(trace, seq, server);
    else if (kind === "start" || kind === "crash") {
      server.named = {};
      server.open.clear();
      if (kind === "crash") server.paused = false;
      server.troubles.push({ seq, word: kind === "crash" ? "crashed" : server.slow ? "slow" : "" });
    } else if (kind === "slow" || kind === "pause" || kind === "resume") {
      if (kind === "slow") server.slow = trace.data[seq].seconds != null;
      else server.paused = kind === "pause";
      server.troubles.push({ seq, word: server.paused ? "paused" : server.slow ? "slow" : "" });
    }
    this._note(trace, seq, server);
  }

  _state(trace, id, data, server) {
    for (const what of ["waiting", "active"]) {
      const name = nameOf(trace, id, data, what);
      if (name === null) continue;
      server.named[what] = amount(data[name]);
      this.byAttributes = server.serves = true;
    }
  }

  /** Who asks what: of a client all is one, as it sends nothing but requests. */
  _key(trace, name, peer) {
    return trace.spans.has(peer) ? `${peer} ${name}` : peer;
  }

  _asked(trace, seq, { open }) {
    const [name, peer] = [trace.name(seq), trace.peer[seq]];
    if (trace.spans.has(peer) && !this.asking.has(name)) return;
    const key = this._key(trace, name, peer);
    open.set(key, (open.get(key) ?? 0) + 1);
  }

  _answered(trace, seq, { open }) {
    const key = this._key(trace, this.answered.get(trace.name(seq)), trace.peer[seq]);
    const left = (open.get(key) ?? 0) - 1;
    if (left > 0) open.set(key, left);
    else if (left === 0) open.delete(key);
  }

  _note(trace, seq, server) {
    const { named, door, open, seqs } = server;
    let unanswered = 0;
    for (const count of open.values()) unanswered += count;
    const byAttributes = "waiting" in named || "active" in named;
    const waiting = (named.waiting ?? 0) + door.size;
    const active = byAttributes ? named.active ?? 0 : unanswered;
    if ((server.waiting.at(-1) ?? 0) === waiting && (server.active.at(-1) ?? 0) === active) return;
    this.any = server.serves = true;
    seqs.push(seq);
    server.waiting.push(waiting);
    server.active.push(active);
    server.levels.set(trace.time[seq], waiting + active);
  }
}

/* A class for each set of replies, as `gather` takes one without arguments. */
const queueKinds = new Map();

/** @param {import("../trace.js").Trace} trace @returns {Queues} */
function queues(trace) {
  const names = [...trace.types.keys()];
  const key = names.join(" ");
  if (!queueKinds.has(key)) {
    const answered = new Map();
    for (const name of names) if (requestOf(name, names)) answered.set(name, requestOf(name, names));
    queueKinds.set(key, class extends Queues {
      constructor() {
        super(answered);
      }
    });
  }
  return gather(trace, queueKinds.get(key));
}

/** @param {Server} server @param {number} count  events that have happened */
function loadAt(server, count) {
  const place = upperBound(server.seqs, count - 1) - 1;
  const trouble = upperBound(server.troubles, count - 1, ({ seq }) => seq) - 1;
  return {
    waiting: place < 0 ? 0 : server.waiting[place], active: place < 0 ? 0 : server.active[place],
    trouble: trouble < 0 ? "" : server.troubles[trouble].word,
  };
}

/** The server's load as boxes: filled for what it serves, striped for what waits. @param {HTMLElement} element */
function drawBoxes(element, { waiting, active }, most) {
  const key = `${waiting} ${active} ${most}`;
  if (element.dataset.drawn === key) return;
  element.dataset.drawn = key;
  const parts = [["lk-box-active", active], ["lk-box-waiting", waiting]];
  if (most <= BOXES_AT_MOST) refill(element, parts.map(([kind, count]) => Array.from({ length: Math.ceil(Number(count)) }, () => html("i", { class: `lk-box ${kind}` }))));
  else refill(element, parts.map(([kind, count]) => (count ? html("i", { class: `lk-box lk-box-bar ${kind}`, style: `width:${((Number(count) / most) * 100).toFixed(1)}%` }) : null)));
}

/** @type {import("../views.js").View} */
export const load = {
  name: "load",
  title: "Load of every server",
  wants: (trace) => (queues(trace).any ? null
    : "No server has anything to do yet: a public attribute `queue` (or `waiting`), a list or a number, and `active` for what is being served; or requests that are answered, as `Get` is by `GetReply`. Run the cluster on, or name yours: `drawn = {\"waiting\": \"my_list\"}`."),
  make(trace, { seek, select }) {
    const strips = new Strips({ label: "Load of every server over time", onseek: seek, onname: (id) => select({ type: "node", id }) });
    const note = html("p", { class: "lk-note" });
    const element = html("div", { class: "lk-charts" }, strips.element, note);
    const words = ({ waiting, active }) => (waiting || active ? [active ? `${active} served` : "", waiting ? `${waiting} waiting` : ""].filter(Boolean).join(", ") : "idle");
    return {
      element,
      resize: (width) => strips.resize(width),
      draw(scene) {
        const all = queues(trace);
        const shown = scene.nodes.filter(({ id }) => all.of.get(id)?.serves);
        const dense = shown.length > 12;
        element.classList.toggle("lk-charts-dense", dense);
        strips.fit(shown.map(({ id }) => id), dense ? 17 : 28);
        const most = Math.max(1, ...trace.nodes.map((id) => all.of.get(id)?.levels.most ?? 0));
        shown.forEach((node) => {
          const { name, words: said, strip } = strips.lines.get(node.id);
          const server = all.of.get(node.id);
          const now = loadAt(server, scene.count);
          nameLine(name, node.id, node.up ? now.trouble : node.boot ? "✕ crashed" : "not started");
          name.classList.toggle("lk-in-trouble", !node.up || Boolean(now.trouble));
          if (said.children.length !== 2) refill(said, html("span", { class: "lk-boxes", "aria-hidden": "true" }), html("span", {}));
          const boxes = /** @type {HTMLElement} */ (said.children[0]);
          boxes.hidden = !now.waiting && !now.active;
          drawBoxes(boxes, now, most);
          setText(said.children[1], node.up ? words(now) : "");
          strip.draw(trace, scene.time, String(most), () => [
            { kind: "lk-area lk-area-load", d: strip.steps(server.levels.highest(), server.levels.width, most) },
            ...troubleSpans(trace, strip, server),
          ], `${node.id}: ${words(now)}`);
        });
        strips.drawAxis(Math.max(trace.now, 1e-6));
        set(note, "data-top", most);
        setText(note, `Filled: being served · striped: waiting. Over time both together, full height ${most} · dashed line: slow or paused · ×××: crashed${all.byAttributes ? "" : " · from the messages: what a server was asked and has not answered"}`);
      },
      text(scene) {
        const all = queues(trace);
        const busy = trace.nodes.filter((id) => all.of.get(id)?.serves).map((id) => ({ id, now: loadAt(all.of.get(id), scene.count) }));
        return `${plural(busy.length, "server")}: ${busy.map(({ id, now }) => `${id} ${now.trouble === "crashed" ? "crashed" : `${words(now)}${now.trouble ? `, ${now.trouble}` : ""}`}`).join("; ")}`;
      },
    };
  },
};

/** When a server was slow or paused, and when it was down. */
function troubleSpans(trace, strip, { troubles }) {
  const held = { "lk-span-trouble": "", "lk-span-down": "" };
  troubles.forEach(({ seq, word }, i) => {
    if (!word) return;
    const from = strip.x(trace.time[seq]);
    const to = strip.x(i + 1 < troubles.length ? trace.time[troubles[i + 1].seq] : trace.now);
    if (word !== "crashed") held["lk-span-trouble"] += `M${from.toFixed(1)} 2H${to.toFixed(1)}`;
    else for (let x = from + 3; x < Math.max(to, from + 4); x += 8) held["lk-span-down"] += `M${(x - 2.5).toFixed(1)} ${strip.height - 8}l5 5m-5 0l5 -5`;
  });
  return Object.entries(held).map(([kind, d]) => ({ kind, d }));
}
