/* What the space-time diagram paints on its canvas: of any part of the time that it shows, so that new events cost no more than themselves. */
import { clockOf, Happenings, pastOf, relation } from "./causality.js";
import { gather } from "./gather.js";
import { flightEnd } from "./scene.js";
import { leads, upperBound } from "./trace.js";

export const MESSAGES_DRAWN_AT_MOST = 700; /* in a window */
const EVENTS_MARKED_AT_MOST = 260;
const CLOCKS_AT_MOST = 70;
const NODES_WITH_CLOCKS = 7;
const MOMENT_SIGNS = { crash: "×", error: "!", restart: "↑", pause: "‖", resume: "▸" };

/**
 * @typedef {object} Sheet  what is painted on
 * @property {CanvasRenderingContext2D} ctx
 * @property {import("./trace.js").Trace} trace
 * @property {(time: number) => number} x
 * @property {string[]} rows
 * @property {Map<string, number>} rowOf  the height of each line, in pixels from the top
 * @property {number} rowHeight
 * @property {number} left  pixels, where the time begins
 * @property {number} bottom  pixels, where the lines end
 * @property {number} scale  pixels of the screen in one
 * @property {number} span  seconds in the window
 * @property {number} stride  one of so many messages is drawn
 * @property {boolean} dense  messages are drawn paler
 * @property {Object<string, string>} ink
 * @property {Map<string, import("./glyphs.js").Glyph>} glyphs
 * @property {Set<number>} strong  messages that are drawn strongly
 * @property {import("./causality.js").Light | null} light
 * @property {{seq: number} | null} mark  the violation at this moment
 */

/** How many messages are sent between two times. @param {import("./trace.js").Trace} trace @param {number} from @param {number} to */
export function sentBetween({ sends, time }, from, to) {
  return upperBound(sends, to, (seq) => time[seq]) - upperBound(sends, from, (seq) => time[seq]);
}

/** Paints all between two times. @param {Sheet} sheet @param {number} from @param {number} to */
export function paintSpan(sheet, from, to) {
  const { ctx, x, bottom, scale } = sheet;
  const [left, right] = [Math.floor(x(from) * scale) / scale, Math.ceil(x(to) * scale) / scale]; /* whole pixels: else the edge is seen */
  ctx.save();
  ctx.beginPath();
  ctx.rect(left, 0, right - left, bottom + 40);
  ctx.clip();
  ctx.clearRect(left, 0, right - left, bottom + 40);
  ctx.textBaseline = "middle";
  if (sheet.light) paintLight(sheet, to);
  paintPartitions(sheet, from, to);
  paintRoles(sheet, from, to);
  paintMessages(sheet, from, to);
  if (sheet.light) paintEvents(sheet, from, to);
  paintMoments(sheet, from, to);
  ctx.restore();
}

/** What an event could know, to its left, and what could know of it, to its right. @param {Sheet} sheet @param {number} to */
function paintLight({ ctx, trace, x, rowOf, rowHeight, left, ink, light }, to) {
  const half = Math.min(9, rowHeight * 0.4);
  for (const [id, seq] of light.past) {
    if (!rowOf.has(id)) continue;
    ctx.globalAlpha = 0.2;
    ctx.fillStyle = ink.blue;
    ctx.fillRect(left, rowOf.get(id) - half, x(trace.time[seq]) - left, 2 * half);
  }
  ctx.setLineDash([4, 3]);
  ctx.lineWidth = 1;
  for (const [id, seq] of light.future) {
    if (!rowOf.has(id)) continue;
    ctx.fillStyle = ctx.strokeStyle = ink.green;
    ctx.globalAlpha = 0.15;
    ctx.fillRect(x(trace.time[seq]), rowOf.get(id) - half, x(to) + 9 - x(trace.time[seq]), 2 * half);
    ctx.globalAlpha = 0.8;
    ctx.strokeRect(x(trace.time[seq]), rowOf.get(id) - half, x(to) + 9 - x(trace.time[seq]), 2 * half);
  }
  ctx.setLineDash([]);
  ctx.globalAlpha = 1;
}

/** @param {Sheet} sheet @param {number} from @param {number} to */
function paintPartitions({ ctx, trace, x, bottom, ink }, from, to) {
  const { moments, kind, time } = trace;
  if (!moments.length) return;
  const first = Math.max(0, upperBound(moments, from, (moment) => time[moment.seq]) - 1);
  let open = null;
  for (let i = first; i >= 0; i -= 1) {
    if (kind[moments[i].seq] === "heal") break;
    if (kind[moments[i].seq] === "partition") {
      open = moments[i].seq;
      break;
    }
  }
  const paint = (begin, end) => {
    ctx.fillStyle = ink.fault;
    ctx.globalAlpha = 0.08;
    ctx.fillRect(x(begin), 2, x(end) - x(begin), bottom - 4);
    ctx.globalAlpha = 1;
  };
  for (let i = first; i < moments.length && time[moments[i].seq] < to; i += 1) {
    const { seq } = moments[i];
    if (kind[seq] === "partition" && open === null) open = seq;
    if (kind[seq] === "heal" && open !== null) {
      paint(time[open], time[seq]);
      open = null;
    }
  }
  if (open !== null) paint(time[open], trace.now);
}

/** Roles as thick spans, a crash as a gap. @param {Sheet} sheet @param {number} from @param {number} to */
function paintRoles({ ctx, trace, x, rows, rowOf, rowHeight, left, span, ink }, from, to) {
  const colors = { down: ink.fault, leader: ink.blue, candidate: ink.amber, member: ink.line };
  const widths = { down: 1.2, leader: Math.min(6, rowHeight * 0.5), candidate: Math.min(4.5, rowHeight * 0.4), member: 1.4 };
  const dashes = { down: [1.5, 5], candidate: [4, 2.5] };
  /** @type {Map<string, number[][]>} */
  const lines = new Map();
  for (const id of rows) {
    const spans = trace.spans.get(id);
    const y = rowOf.get(id);
    for (let i = spans ? Math.max(0, upperBound(spans, from, (one) => one.time) - 1) : 0; spans && i < spans.length && spans[i].time < to; i += 1) {
      const { role, up } = spans[i];
      const look = !up ? "down" : leads(role) ? "leader" : role === "candidate" ? "candidate" : "member";
      if (!lines.has(look)) lines.set(look, []);
      lines.get(look).push([x(Math.max(spans[i].time, from - span)), x(Math.min(spans[i + 1]?.time ?? trace.now, to)), y]);
    }
  }
  for (const [look, parts] of lines) strokeLines(ctx, colors[look], widths[look], dashes[look] ?? [], parts.map(([x1, x2, y]) => [x1, y, x2, y]));
  strokeLines(ctx, ink.line, 1, [2, 3], rows.filter((row) => !trace.spans.has(row)).map((row) => [left, rowOf.get(row), x(trace.now), rowOf.get(row)]));
}

/** @param {CanvasRenderingContext2D} ctx @param {string} color @param {number} width @param {number[]} dash @param {number[][]} lines */
function strokeLines(ctx, color, width, dash, lines) {
  if (!lines.length) return;
  ctx.strokeStyle = color;
  ctx.lineWidth = width;
  ctx.setLineDash(dash);
  ctx.beginPath();
  for (const [x1, y1, x2, y2] of lines) {
    ctx.moveTo(x1, y1);
    ctx.lineTo(x2, y2);
  }
  ctx.stroke();
  ctx.setLineDash([]);
}

/** The messages on their way at some time between two, as lines. @param {Pick<Sheet, "trace" | "x" | "rowOf" | "stride">} sheet @param {number} from @param {number} to */
export function messagesIn({ trace, x, rowOf, stride }, from, to) {
  const { sends, time, node, peer } = trace;
  const first = upperBound(sends, from - trace.longest, (seq) => time[seq]);
  const last = upperBound(sends, to, (seq) => time[seq]);
  const lines = [];
  for (let i = Math.ceil(first / stride) * stride; i < last; i += stride) {
    const seq = sends[i];
    const [y1, y2] = [rowOf.get(node[seq]), rowOf.get(peer[seq])];
    if (y1 === undefined || y2 === undefined) continue;
    const { end, stop, lost } = flightEnd(trace, seq);
    if (end >= from) lines.push({ seq, x1: x(time[seq]), y1, x2: x(end), y2: y1 + (y2 - y1) * stop, lost });
  }
  return lines;
}

/** @param {Sheet} sheet @param {number} from @param {number} to */
function paintMessages(sheet, from, to) {
  const { ctx, trace, ink, glyphs, strong, light, dense } = sheet;
  const all = messagesIn(sheet, from, to);
  const looks = new Map();
  for (const line of all) {
    const { color, hollow } = glyphs.get(trace.name(line.seq));
    const part = !light ? "" : relation(trace, light, line.seq) === "future" || line.seq === light.seq ? "future" : line.seq <= light.past.get(trace.node[line.seq])
      && trace.match[line.seq] >= 0 && trace.match[line.seq] <= light.past.get(trace.peer[line.seq]) ? "past" : "apart";
    const look = `${color} ${hollow ? "-" : ""} ${part}`;
    if (!looks.has(look)) looks.set(look, []);
    looks.get(look).push([line.x1, line.y1, line.x2, line.y2]);
  }
  for (const [look, lines] of looks) {
    const [color, hollow, part] = look.split(" ");
    ctx.globalAlpha = part === "apart" ? 0.16 : part ? 0.95 : dense ? 0.5 : 0.85;
    strokeLines(ctx, ink[color], part === "past" || part === "future" ? 1.8 : 1.1, hollow ? [5, 2] : [], lines);
  }
  ctx.globalAlpha = 1;
  strokeLines(ctx, ink.fault, 1.3, [], all.filter(({ lost }) => lost).flatMap(({ x2, y2 }) => [[x2 - 3, y2 - 3, x2 + 3, y2 + 3], [x2 + 3, y2 - 3, x2 - 3, y2 + 3]]));
  for (const { seq, x1, y1, x2, y2 } of all) {
    if (!strong.has(seq)) continue;
    const color = ink[glyphs.get(trace.name(seq)).color];
    strokeLines(ctx, color, 3, [], [[x1, y1, x2, y2]]);
    ctx.fillStyle = color;
    ctx.beginPath();
    ctx.arc(x2, y2, 3.5, 0, 7);
    ctx.fill();
  }
}

/** The events with where they stand to the one that is lit: a square before it, a diamond after it, hollow if neither; and their clocks, where there is room. */
function paintEvents({ ctx, trace, x, rows, rowOf, rowHeight, span, ink, light }, from, to) {
  const { of } = gather(trace, Happenings);
  const { time } = trace;
  const here = light.seq;
  /** @type {Map<string, number>} of all at one node and instant: the one that is lit, else the last that is before or after it, else the last */
  const shown = new Map();
  for (const id of rows) {
    const seqs = of.get(id) ?? [];
    for (let i = upperBound(seqs, from, (seq) => time[seq]); i < seqs.length && time[seqs[i]] <= to; i += 1) {
      const key = `${id} ${time[seqs[i]]}`;
      const before = shown.get(key);
      if (before !== here && (before === undefined || relation(trace, light, before) === "apart" || relation(trace, light, seqs[i]) !== "apart")) shown.set(key, seqs[i]);
    }
  }
  const share = (to - from) / span;
  const marked = [...shown.values()].filter((seq) => shown.size <= EVENTS_MARKED_AT_MOST * share || seq === here);
  const r = Math.min(4, Math.max(2, rowHeight * 0.16));
  for (const seq of marked) {
    const stands = relation(trace, light, seq);
    const [ex, ey] = [x(time[seq]), rowOf.get(trace.node[seq])];
    ctx.beginPath();
    ctx.fillStyle = ctx.strokeStyle = { here: ink.fault, past: ink.blue, future: ink.green, apart: ink.muted }[stands];
    ctx.lineWidth = 1.2;
    if (stands === "past") ctx.rect(ex - r, ey - r, 2 * r, 2 * r);
    else if (stands === "future") {
      for (const [dx, dy] of [[0, -1.5], [1.5, 0], [0, 1.5], [-1.5, 0]]) ctx.lineTo(ex + dx * r, ey + dy * r);
      ctx.closePath();
    } else ctx.arc(ex, ey, stands === "here" ? r + 2 : r * 0.9, 0, 7);
    if (stands === "apart") {
      ctx.fillStyle = ink.panel;
      ctx.fill();
      ctx.stroke();
    } else ctx.fill();
    if (stands !== "here") continue;
    ctx.lineWidth = 2;
    ctx.beginPath();
    ctx.arc(ex, ey, r + 5, 0, 7);
    ctx.stroke();
  }
  if (trace.nodes.length > NODES_WITH_CLOCKS || rowHeight < 22 || marked.length > CLOCKS_AT_MOST * share) return;
  ctx.font = "10px system-ui, sans-serif";
  const free = new Map();
  for (const seq of marked) {
    const clock = clockOf(trace, pastOf(trace, seq));
    const text = trace.nodes.map((id) => clock.get(id) ?? 0).join(" ");
    const [ex, ey] = [x(time[seq]) + 4, rowOf.get(trace.node[seq]) - Math.min(10, rowHeight * 0.4)];
    if (ex < (free.get(ey) ?? -Infinity)) continue;
    free.set(ey, ex + text.length * 5.3 + 6);
    ctx.fillStyle = ink.panel;
    ctx.globalAlpha = 0.75;
    ctx.fillRect(ex - 1, ey - 6, text.length * 5.3 + 2, 12);
    ctx.globalAlpha = 1;
    ctx.fillStyle = relation(trace, light, seq) === "apart" ? ink.muted : ink.text;
    ctx.fillText(text, ex, ey);
  }
}

/** @param {Sheet} sheet @param {number} from @param {number} to */
function paintMoments({ ctx, trace, x, rowOf, rowHeight, bottom, span, ink, mark }, from, to) {
  const { moments, time, node } = trace;
  ctx.textAlign = "center";
  const r = Math.min(8, Math.max(4, rowHeight * 0.34));
  const near = span * 0.02;
  for (let i = upperBound(moments, from - near, (moment) => time[moment.seq]); i < moments.length && time[moments[i].seq] <= to + near; i += 1) {
    const { seq, kind } = moments[i];
    const at = x(time[seq]);
    if (kind === "partition" || kind === "heal") strokeLines(ctx, ink.fault, 1.2, kind === "heal" ? [2, 4] : [5, 3], [[at, 2, at, bottom]]);
    else if (MOMENT_SIGNS[kind] && rowOf.has(node[seq])) {
      ctx.fillStyle = ink.panel;
      ctx.strokeStyle = kind === "restart" || kind === "resume" ? ink.green : ink.fault;
      ctx.lineWidth = 1.4;
      ctx.beginPath();
      ctx.arc(at, rowOf.get(node[seq]), r, 0, 7);
      ctx.fill();
      ctx.stroke();
      ctx.fillStyle = ctx.strokeStyle;
      ctx.font = `bold ${Math.round(r * 1.6)}px system-ui, sans-serif`;
      ctx.fillText(MOMENT_SIGNS[kind], at, rowOf.get(node[seq]) + 0.5);
    }
  }
  for (const one of trace.marks) {
    if (one.time < from - near || one.time > to + near) continue;
    ctx.strokeStyle = ink.fault;
    ctx.lineWidth = one.seq === mark?.seq ? 2.5 : 1.5;
    ctx.strokeRect(x(one.time) - 3, 1.5, 6, bottom - 3);
  }
  ctx.textAlign = "left";
}
