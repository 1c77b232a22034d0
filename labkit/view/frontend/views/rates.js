/* Message rates: how many of each type over time, what was lost and what came twice; and how long flights and operations take. */
import { Bins, percentiles } from "../bins.js";
import { html, refill, set, setText, svg } from "../dom.js";
import { gather } from "../gather.js";
import { outline } from "../glyphs.js";
import { t } from "../language.js";
import { Strips, nameLine } from "../strip.js";
import { upperBound } from "../trace.js";
import { clip, plural, seconds } from "../words.js";

const TYPES_DRAWN = 8;
const WINDOWS_AT_MOST = 80; /* of the whole run: enough to see its course, and each with enough to count */
const TAKEN = ["flights", "operations"];
const PERCENTS = [50, 95, 99];

/** What was sent, lost and doubled, and what took how long: by event, and in windows of time. */
class Traffic {
  constructor() {
    /** @type {Map<string, number[]>} type -> the seqs of its sends */
    this.sent = new Map();
    this.lost = [];
    this.doubled = [];
    /** @type {Object<string, {seqs: number[], took: number[]}>} of messages that arrived, and of operations that were answered */
    this.taken = { flights: { seqs: [], took: [] }, operations: { seqs: [], took: [] } };
    this.open = new Map();
    this.unanswered = [];
    this.bins = new Bins(() => ({ sent: new Map(), flights: [], operations: [] }), (one, next) => {
      const sent = new Map(one.sent);
      for (const [name, count] of next.sent) sent.set(name, (sent.get(name) ?? 0) + count);
      return { sent, flights: one.flights.concat(next.flights), operations: one.operations.concat(next.operations) };
    }, WINDOWS_AT_MOST);
  }

  take(trace, seq) {
    const kind = trace.kind[seq];
    if (kind === "send") {
      const name = trace.name(seq);
      if (!this.sent.has(name)) this.sent.set(name, []);
      this.sent.get(name).push(seq);
      const { sent } = this.bins.at(trace.time[seq]);
      sent.set(name, (sent.get(name) ?? 0) + 1);
    } else if (kind === "duplicate") this.doubled.push(seq);
    else if (kind === "drop") this.lost.push(seq);
    else if (kind === "deliver" && trace.match[seq] >= 0) this._took(trace, seq, "flights", trace.match[seq]);
    else if (kind === "invoke") this.open.set(`${trace.node[seq]} ${trace.id[seq]}`, seq);
    else if (kind === "ok" || kind === "info") {
      const call = `${trace.node[seq]} ${trace.id[seq]}`;
      if (kind === "info") this.unanswered.push(seq);
      else if (this.open.has(call)) this._took(trace, seq, "operations", this.open.get(call));
      this.open.delete(call);
    }
  }

  _took(trace, seq, what, from) {
    const took = trace.time[seq] - trace.time[from];
    this.taken[what].seqs.push(seq);
    this.taken[what].took.push(took);
    this.bins.at(trace.time[seq])[what].push(took);
  }
}

/** The window of time in which the rate of now is counted: a power of ten, about a tenth of the run. @param {number} now */
function recent(now) {
  return 10 ** Math.max(-3, Math.floor(Math.log10(Math.max(now, 0.001) / 5)));
}

/** @param {number} rate  a second */
function perSecond(rate) {
  return `${rate >= 100 ? Math.round(rate).toLocaleString("en") : Number(rate.toPrecision(2))}/s`;
}

/** @param {number} time  seconds */
function milliseconds(time) {
  return time >= 1 ? `${time.toFixed(2)} s` : `${(time * 1000).toPrecision(3).replace(/\.0+$/, "")} ms`;
}

/** @type {import("../views.js").View} */
export const rates = {
  name: "rates",
  title: "Message rates and latencies",
  wants: (trace) => (trace.sends.length ? null : "No message was sent yet: run the cluster on."),
  make(trace, { seek }) {
    const counts = new Strips({ label: "Messages sent, by type", tall: 22, onseek: seek });
    const times = new Strips({ label: "Latencies", tall: 54, onseek: seek });
    const note = html("p", { class: "lk-note" });
    const heading = html("h4", { class: "lk-strips-head" }, "Latency");
    const element = html("div", { class: "lk-charts" }, counts.element, note, heading, times.element);
    /* how many of these had happened before the cursor */
    const past = (seqs, count) => upperBound(seqs, count - 1);
    const rows = () => {
      const traffic = gather(trace, Traffic);
      const names = [...traffic.sent.keys()].sort((a, b) => traffic.sent.get(b).length - traffic.sent.get(a).length);
      return [...names.slice(0, TYPES_DRAWN), ...(traffic.lost.length ? ["\u00d7 lost"] : []), ...(traffic.doubled.length ? ["\u2016 doubled"] : [])];
    };
    /* percentiles of all that were over before the cursor; sorted once for each place of it */
    const sorted = {};
    const percentilesAt = (what, count) => {
      const { seqs, took } = gather(trace, Traffic).taken[what];
      const upTo = past(seqs, count);
      if (sorted[what]?.upTo !== upTo) sorted[what] = { upTo, values: percentiles(Float64Array.from(took.slice(0, upTo)).sort(), PERCENTS) };
      return { count: upTo, values: sorted[what].values };
    };
    const latency = (what, count) => {
      const { count: done, values } = percentilesAt(what, count);
      const lines = values.map((value, i) => `p${PERCENTS[i]} ${milliseconds(value)}`);
      return done ? `${lines.join(" · ")} of ${what === "flights" ? plural(done, "flight") : plural(done, "operation")}` : `no ${what} ended yet`;
    };
    const reasons = (seqs, count) => {
      const by = new Map();
      for (const seq of seqs.slice(0, past(seqs, count))) by.set(trace.data[seq], (by.get(trace.data[seq]) ?? 0) + 1);
      return [...by].sort((a, b) => b[1] - a[1]).map(([reason, many]) => `${reason} ${many}`).join(", ");
    };
    const drawTimes = (what, { bins, taken, unanswered }, scene) => {
      const { name, words, strip } = times.lines.get(what);
      const unknown = what === "operations" ? past(unanswered, scene.count) : 0;
      const { count, values } = percentilesAt(what, scene.count);
      nameLine(name, what, count ? `${count.toLocaleString("en")} so far${unknown ? `, ${unknown} unknown` : ""}` : "none so far");
      if (words.children.length !== 3) refill(words, PERCENTS.map((percent) => html("span", { class: `lk-key lk-key-p${percent}` })));
      PERCENTS.forEach((percent, i) => setText(words.children[i], `p${percent} ${count ? milliseconds(values[i]) : "–"}`));
      strip.draw(trace, scene.time, String(taken[what].seqs.length), () => {
        const found = bins.all.map((bin) => (bin[what].length ? percentiles(Float64Array.from(bin[what]).sort(), PERCENTS) : null));
        const most = Math.max(...found.map((all) => all?.[2] ?? 0));
        set(strip.element, "data-top", milliseconds(most));
        set(name.children[1], "title", `Full height: ${milliseconds(most)}`);
        return PERCENTS.map((percent, i) => ({ kind: `lk-curve lk-curve-p${percent}`, d: percentileLine(strip, found.map((all) => all?.[i]), bins.width, most) }));
      }, `Latency of ${what}: ${latency(what, scene.count)}`);
    };
    return {
      element,
      resize(width) {
        counts.resize(width);
        times.resize(width);
      },
      draw(scene, { glyphs }) {
        const traffic = gather(trace, Traffic);
        const { bins } = traffic;
        const span = recent(trace.now);
        const from = trace.countAt(scene.time - span);
        const shown = rows();
        const most = Math.max(1, ...bins.all.map(({ sent }) => Math.max(0, ...sent.values())));
        counts.fit(shown);
        for (const name of shown) {
          const line = counts.lines.get(name);
          const seqs = traffic.sent.get(name);
          if (seqs) {
            const glyph = glyphs.get(name);
            if (line.name.dataset.drawn !== name) {
              line.name.dataset.drawn = name;
              refill(line.name, svg("svg", { viewBox: "-10 -10 20 20", width: 15, height: 15, "aria-hidden": "true" },
                svg("g", { class: `lk-flight lk-${glyph.color} ${glyph.hollow ? "lk-hollow" : ""}` }, svg("path", { class: "lk-glyph", d: outline(glyph.shape, 6) }))), html("span", { title: name }, name));
            }
            const rate = (past(seqs, scene.count) - past(seqs, from)) / span;
            setText(line.words, `${past(seqs, scene.count).toLocaleString("en")} · ${perSecond(rate)}`);
            line.strip.draw(trace, scene.time, String(most), () => [{
              kind: `lk-area lk-${glyph.color} ${glyph.hollow ? "lk-area-hollow" : ""}`, d: line.strip.steps(bins.all.map(({ sent }) => sent.get(name) ?? 0), bins.width, most),
            }], `${name}: ${plural(past(seqs, scene.count), "message")} so far`);
          } else {
            const lost = name.endsWith("lost");
            const all = lost ? traffic.lost : traffic.doubled;
            if (line.name.dataset.drawn !== name) {
              line.name.dataset.drawn = name;
              refill(line.name, html("b", { class: "lk-line-sign" }, name[0]), html("span", {}, name.slice(2)));
            }
            const why = lost ? t(reasons(all, scene.count)) : "";
            setText(line.words, `${past(all, scene.count)}${why ? ` · ${clip(why, 26)}` : ""}`);
            set(line.words, "title", why);
            line.strip.draw(trace, scene.time, "", () => {
              const at = all.map((seq) => trace.time[seq]);
              return [{ kind: "lk-fault-sign", d: line.strip.signs(at, lost ? (x) => `M${x - 3} 8L${x + 3} 14M${x - 3} 14L${x + 3} 8` : (x) => `M${x - 1.5} 6V16M${x + 1.5} 6V16`) }];
            }, `${past(all, scene.count)} messages ${name.slice(2)} so far`);
          }
        }
        counts.drawAxis(Math.max(trace.now, 1e-6));
        const others = traffic.sent.size - Math.min(TYPES_DRAWN, traffic.sent.size);
        setText(note, `Sent so far · rate in the last ${span} s. Full height: ${perSecond(most / bins.width)}, in windows of ${seconds(bins.width)}${others ? ` · ${plural(others, "rarer type")} not drawn` : ""}`);
        const kinds = TAKEN.filter((what) => traffic.taken[what].seqs.length);
        times.fit(kinds);
        heading.hidden = times.element.hidden = !kinds.length;
        for (const what of kinds) drawTimes(what, traffic, scene);
        times.drawAxis(Math.max(trace.now, 1e-6));
      },
      text(scene) {
        const { sent, lost, doubled } = gather(trace, Traffic);
        const by = [...sent].map(([name, seqs]) => `${past(seqs, scene.count)} ${name}`).join(", ");
        return `${by} sent; ${past(lost, scene.count)} lost, ${past(doubled, scene.count)} doubled. Flights: ${latency("flights", scene.count)}. Operations: ${latency("operations", scene.count)}`;
      },
    };
  },
};

/** A line through the windows that have a value, broken where they have none. */
function percentileLine(strip, values, wide, most) {
  let open = false;
  return values.map((value, i) => {
    if (value === undefined) {
      open = false;
      return "";
    }
    const y = strip.y(value, most).toFixed(1);
    const part = `${open ? "L" : "M"}${strip.x(i * wide).toFixed(1)} ${y}H${strip.x((i + 1) * wide).toFixed(1)}`;
    open = true;
    return part;
  }).join("");
}
