/* The history: what clients asked, each operation a bar from its invocation to its answer. With a checker's verdict: the instant at which each
   operation seems to take effect, in order; or how far an order gets, and the operation that has no place in it. */
import { html, refill, setText, svg } from "../dom.js";
import { gather } from "../gather.js";
import { Lanes } from "../lanes.js";
import { upperBound } from "../trace.js";
import { call, clip, plural, seconds, told } from "../words.js";

/** @typedef {{client: string, invoked: number, completed: number | null, kind: "pending" | "ok" | "info"}} Operation  seqs of the two events */

/** Every operation of every client. */
class Operations {
  constructor() {
    /** @type {Operation[]} in the order of their invocations */
    this.all = [];
    /** @type {Map<number, Operation>} by the seq of the invocation */
    this.by = new Map();
    this.clients = [];
    this.open = new Map();
    this.longest = 0;
    this.spent = 0;
    this.done = 0;
  }

  take(trace, seq) {
    const kind = trace.kind[seq];
    if (kind !== "invoke" && kind !== "ok" && kind !== "info") return;
    const client = trace.node[seq];
    const key = `${client} ${trace.id[seq]}`;
    if (kind === "invoke") {
      if (!this.clients.includes(client)) this.clients.push(client);
      /** @type {Operation} */
      const operation = { client, invoked: seq, completed: null, kind: "pending" };
      this.all.push(operation);
      this.by.set(seq, operation);
      this.open.set(key, operation);
      return;
    }
    const operation = this.open.get(key);
    if (!operation) return;
    this.open.delete(key);
    Object.assign(operation, { completed: seq, kind });
    const lasted = trace.time[seq] - trace.time[operation.invoked];
    this.longest = Math.max(this.longest, lasted);
    if (kind === "ok") {
      this.spent += lasted;
      this.done += 1;
    }
  }
}

/** When each operation of an order takes effect: within what its neighbours leave it, those with the same room evenly spread.
 * @param {import("../trace.js").Trace} trace @param {Operation[]} order @returns {number[]} */
function instants(trace, order) {
  const earliest = [];
  order.forEach(({ invoked }, i) => earliest.push(Math.max(trace.time[invoked], earliest[i - 1] ?? 0)));
  const latest = new Array(order.length);
  for (let i = order.length - 1; i >= 0; i -= 1) {
    const { completed, kind, invoked } = order[i];
    const end = kind === "ok" ? trace.time[completed] : Math.max(earliest[i], trace.time[invoked]) + 0.02;
    latest[i] = Math.min(end, latest[i + 1] ?? Infinity);
  }
  const times = [];
  for (let i = 0, end; i < order.length; i = end) {
    for (end = i + 1; end < order.length && earliest[end] === earliest[i] && latest[end] === latest[i]; end += 1);
    const room = Math.max(0, latest[i] - earliest[i]) / (end - i + 1);
    for (let k = i; k < end; k += 1) times.push(Math.max(times[k - 1] ?? 0, earliest[k] + room * (k - i + 1)));
  }
  return times;
}

/** What a verdict says of the operations: for each its place and instant. */
function places(trace, operations) {
  const { evidence } = trace;
  const points = new Map();
  const orders = (evidence?.orders ?? []).map(({ key, operations: seqs }) => {
    const order = seqs.map((seq) => operations.by.get(seq)).filter(Boolean);
    const times = instants(trace, order);
    order.forEach((operation, i) => points.set(operation, { number: i + 1, time: times[i], key }));
    return order;
  });
  return { points, orders, wrong: evidence?.wrong == null ? null : operations.by.get(evidence.wrong) ?? null };
}

/** @type {import("../views.js").View} */
export const history = {
  name: "history",
  title: "History of the clients",
  quick: true,
  wants: (trace) => (gather(trace, Operations).all.length ? null
    : "No client has asked for anything yet: `cluster.client(\"c1\").call(\"n1\", request)` makes an operation."),
  make(trace, { goTo, seek, refresh, select }) {
    const operations = gather(trace, Operations);
    let seen = -1;
    let placed = places(trace, operations);
    let chosen = null;
    let now = 0;
    const words = (operation) => {
      const request = call(trace.data[operation.invoked]);
      if (operation.kind === "ok") return `${request}${answer(operation)}`;
      return `${request} → ?`;
    };
    const answer = ({ completed }) => {
      const text = told(trace.data[completed]);
      return text ? ` → ${text}` : "";
    };
    const choose = (operation) => {
      const again = operation === chosen && operation.completed !== null && now > operation.invoked && now <= operation.completed;
      chosen = operation;
      goTo(again ? operation.completed : operation.invoked);
    };
    const step = (direction) => {
      const index = upperBound(operations.all, now - 1, ({ invoked }) => invoked);
      const next = direction > 0 ? index : (chosen && operations.all[index - 1] === chosen ? index - 2 : index - 1);
      const operation = operations.all[direction > 0 && chosen === operations.all[index] ? index + 1 : next];
      if (operation) choose(operation);
    };
    const bar = (operation, area, rows) => {
      const [from, to] = [trace.time[operation.invoked], operation.completed === null ? Math.max(trace.now, trace.time[operation.invoked]) : trace.time[operation.completed]];
      const x = area.x(from);
      const wide = Math.max(3, area.x(to) - x);
      const y = area.y(rows.get(operation.client));
      const half = Math.min(11, area.high * 0.36);
      const wrong = operation === placed.wrong;
      const point = placed.points.get(operation);
      const room = Math.floor((wide - (wrong ? 20 : 8)) / 6.1);
      const text = words(operation);
      return svg("g", {
        class: `lk-op lk-op-${operation.kind} lk-goes ${wrong ? "lk-op-wrong" : ""} ${operation === chosen ? "lk-op-chosen" : ""}`, "data-op": operation.invoked, onclick: () => choose(operation),
      },
      svg("rect", { x, y: y - half, width: wide, height: 2 * half, rx: 4 }),
      operation.kind === "ok" ? null : svg("path", { d: `M${x + wide} ${y}h14m-4 -4l4 4l-4 4`, class: "lk-op-open" }),
      half > 6 && room > 3 ? svg("text", { x: x + 5, y: y - (point ? half * 0.3 : 0), dy: "0.35em" }, `${wrong ? "✗ " : ""}${clip(text, room)}`) : wrong ? svg("text", { x: x + wide + 4, y, dy: "0.35em" }, "✗") : null,
      svg("title", {}, `${operation.client}: ${text}`));
    };
    const paint = (area) => {
      const rows = new Map(operations.clients.map((id, i) => [id, i]));
      const first = upperBound(operations.all, area.from - operations.longest - 1e-9, ({ invoked }) => trace.time[invoked]);
      const last = upperBound(operations.all, area.to, ({ invoked }) => trace.time[invoked]);
      const open = operations.all.slice(0, first).filter((operation) => operation.completed === null);
      const shown = [...open, ...operations.all.slice(first, last)].slice(-400);
      const drawn = shown.map((operation) => bar(operation, area, rows));
      const spot = (operation) => {
        const { time } = placed.points.get(operation);
        return [area.x(time), area.y(rows.get(operation.client)) + Math.min(11, area.high * 0.36)];
      };
      const lines = placed.orders.map((order, i) => {
        const near = order.filter((operation) => placed.points.get(operation).time > area.from - operations.longest && placed.points.get(operation).time < area.to).slice(0, 400);
        return near.length > 1 ? svg("polyline", { class: "lk-op-order", "stroke-dasharray": ["2 3", "6 3", "1 4", "8 2 2 2"][i % 4], points: near.map((operation) => spot(operation).map((v) => v.toFixed(1)).join(",")).join(" ") }) : null;
      });
      const numbers = shown.filter((operation) => placed.points.has(operation)).map((operation) => {
        const [x, y] = spot(operation);
        return svg("g", { class: "lk-op-point" }, svg("circle", { cx: x, cy: y, r: 7.5 }), svg("text", { x, y, dy: "0.35em" }, placed.points.get(operation).number));
      });
      return [...drawn, ...lines, ...numbers];
    };
    const lanes = new Lanes(trace, {
      label: "The operations of the clients", rows: () => operations.clients, seek, refresh, paint, onrow: (id) => select({ type: "node", id }),
      version: () => `${chosen?.invoked} ${seen}`,
      high: (rows) => (rows <= 6 ? 40 : rows <= 16 ? 30 : rows <= 30 ? 16 : 9),
      wish: (pixels) => (operations.done ? (operations.spent / operations.done) * Math.max(4, pixels / 120) : 1),
    });
    const verdict = html("p", { class: "lk-verdict" });
    const detail = html("p", { class: "lk-note", "aria-live": "polite" });
    const turn = (text, title, onclick) => html("button", { type: "button", class: "lk-button lk-tiny", title, onclick }, text);
    const { evidence } = trace;
    if (evidence) {
      const signs = { holds: "✓ ", violated: "✗ ", unknown: "? " };
      verdict.classList.add(`lk-verdict-${evidence.outcome}`);
      refill(verdict, html("b", {}, `${signs[evidence.outcome] ?? ""}${evidence.outcome === "violated" ? "not " : ""}${evidence.consistency} (${evidence.model})`), " ", html("span", { translate: "no" }, evidence.why), " ",
        placed.wrong ? turn("Show", "Go to the operation that has no place", () => choose(placed.wrong)) : null);
    } else verdict.hidden = true;
    return {
      element: html("div", { class: "lk-history" }, verdict, lanes.element,
        html("div", { class: "lk-row lk-op-row" }, turn("‹ operation", "Go to the operation before", () => step(-1)), turn("operation ›", "Go to the next operation", () => step(1)), detail)),
      resize: (width) => lanes.resize(width),
      draw(scene) {
        gather(trace, Operations);
        now = scene.count;
        if (seen !== operations.all.length) {
          seen = operations.all.length;
          placed = places(trace, operations);
        }
        lanes.draw(scene);
        const point = chosen && placed.points.get(chosen);
        setText(detail, chosen ? [`${chosen.client} asks ${trace.peer[chosen.invoked]}: ${words(chosen)}`, `from ${seconds(trace.time[chosen.invoked])}`,
          chosen.kind === "ok" ? `answered after ${seconds(trace.time[chosen.completed] - trace.time[chosen.invoked])}` : chosen.kind === "info" ? "outcome unknown" : "no answer yet",
          chosen === placed.wrong ? "it has no place in any order" : point ? `takes effect as number ${point.number}` : ""].filter(Boolean).join(" · ")
          : `${plural(upperBound(operations.all, now - 1, ({ invoked }) => invoked), "operation")} so far.${evidence ? " Numbered points: the order in which they take effect." : " Give a verdict to see where each takes effect: Replay(trace, evidence=verdict)."}`);
      },
      text(scene) {
        const past = operations.all.slice(0, upperBound(operations.all, scene.count - 1, ({ invoked }) => invoked));
        const last = past.slice(-4).map((operation) => `${operation.client} ${words(operation)}`).join("; ");
        return `${plural(past.length, "operation")} so far${last ? `: ${past.length > 4 ? "… " : ""}${last}` : ""}.${evidence ? ` ${evidence.outcome}: ${evidence.why}` : ""}`;
      },
    };
  },
};
