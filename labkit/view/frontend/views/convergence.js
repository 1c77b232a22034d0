/* Convergence of replicas: which hold the same value, how many different values there are over time, and since when all agree. */
import { Levels } from "../bins.js";
import { Choice, choiceRow } from "../choice.js";
import { html, refill, set, setText, svg } from "../dom.js";
import { gather, nameOf } from "../gather.js";
import { SHAPES, outline } from "../glyphs.js";
import { Carriers } from "../spread.js";
import { Strips, nameLine } from "../strip.js";
import { upperBound } from "../trace.js";
import { clip, plural, repr, seconds } from "../words.js";

const GROUPS_DRAWN = 10;
const NEVER_REPLICAS = new Set(["role", "term", "voted_for"]);

/** A value as one text, the same for equal values: the order of keys does not count. @param {any} value @returns {string} */
function canonical(value) {
  if (value === null || typeof value !== "object") return JSON.stringify(value) ?? "null";
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  return `{${Object.keys(value).sort().map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`).join()}}`;
}

/** Follows one attribute at every node that is up: the values, and how many different ones there are. */
class Replicas {
  /** @param {string} attribute */
  constructor(attribute) {
    this.attribute = attribute;
    /** @type {Map<string, number>} a value as text -> its number */
    this.numbers = new Map();
    /** @type {Map<string, {seqs: number[], values: number[]}>} node -> the numbers of its values; -1 while it has none */
    this.of = new Map();
    this.holders = new Map();
    /** @type {number[]} */ this.seqs = [];
    /** @type {number[]} how many different values after each of `seqs` */ this.distinct = [];
    /** @type {number[]} how many replicas have one */ this.members = [];
    this.levels = new Levels();
  }

  take(trace, seq) {
    const kind = trace.kind[seq];
    const id = trace.node[seq];
    if (kind === "crash" && this.of.has(id)) this._put(trace, seq, id, -1);
    if (kind !== "state" || !(this.attribute in trace.data[seq])) return;
    const value = trace.data[seq][this.attribute];
    const key = canonical(value);
    if (value !== null && !this.numbers.has(key)) this.numbers.set(key, this.numbers.size);
    this._put(trace, seq, id, value === null ? -1 : this.numbers.get(key));
  }

  _put(trace, seq, id, number) {
    if (!this.of.has(id)) this.of.set(id, { seqs: [], values: [] });
    const one = this.of.get(id);
    const before = one.values.at(-1) ?? -1;
    if (before === number) return;
    one.seqs.push(seq);
    one.values.push(number);
    for (const [value, by] of [[before, -1], [number, 1]]) {
      if (value < 0) continue;
      const count = (this.holders.get(value) ?? 0) + by;
      if (count) this.holders.set(value, count);
      else this.holders.delete(value);
    }
    this.seqs.push(seq);
    this.distinct.push(this.holders.size);
    this.members.push((this.members.at(-1) ?? 0) + Number(number >= 0) - Number(before >= 0));
    this.levels.set(trace.time[seq], this.holders.size);
  }
}

const replicaKinds = new Map();

/** @param {import("../trace.js").Trace} trace @param {string} attribute @returns {Replicas} */
function replicas(trace, attribute) {
  if (!replicaKinds.has(attribute)) {
    replicaKinds.set(attribute, class extends Replicas {
      constructor() {
        super(attribute);
      }
    });
  }
  return gather(trace, replicaKinds.get(attribute));
}

/** The attributes that several nodes have. @param {import("../trace.js").Trace} trace */
function shared(trace) {
  return [...gather(trace, Carriers).all].filter(([name, { nodes }]) => nodes.size > 1 && !NEVER_REPLICAS.has(name)).map(([name, { changes }]) => ({ name, changes }));
}

/** What is compared if the reader chose nothing: what is named as replicas are, else what changes most. */
function mostLikely(trace, all) {
  const record = Object.fromEntries(all.map(({ name, changes }) => [name, changes]));
  for (const id of trace.nodes) {
    const name = nameOf(trace, id, record, "replica");
    if (name !== null) return name;
  }
  return all.reduce((best, one) => (one.changes > best.changes ? one : best)).name;
}

/** The badge of a group: a shape and a letter. @param {number} place */
function badge(place) {
  return svg("svg", { class: `lk-badge-sign lk-hue-${place % 6}`, viewBox: "-13 -13 26 26", width: 28, height: 28, "aria-hidden": "true" },
    svg("path", { d: outline(SHAPES[place % SHAPES.length], 9.5) }), svg("text", { y: 3.8 }, groupLetter(place)));
}

const groupLetter = (place) => (place < 26 ? String.fromCharCode(65 + place) : String(place + 1));

/** @type {import("../views.js").View} */
export const convergence = {
  name: "convergence",
  title: "Convergence of replicas",
  wants: (trace) => (shared(trace).length ? null
    : "No two nodes have a value to compare yet: a public attribute that all replicas have, such as `value`. Run the cluster on, or name yours: `drawn = {\"replica\": \"counts\"}`."),
  make(trace, { goTo, seek, refresh, select }) {
    const what = new Choice("Attribute", refresh);
    const summary = html("p", { class: "lk-summary" });
    const since = html("button", { type: "button", class: "lk-button lk-tiny", onclick: () => goTo(Number(since.dataset.seq)) });
    const cards = html("div", { class: "lk-groups" });
    const strips = new Strips({ label: "Different values over time", tall: 46, onseek: seek });
    const element = html("div", { class: "lk-charts" }, choiceRow(what), html("div", { class: "lk-row" }, summary, since), cards, strips.element,
      html("p", { class: "lk-note" }, "Same shape and letter: the same value; A is the most common one now. Thick line below: all replicas that run agree."));
    const look = (scene) => {
      const all = shared(trace);
      const attribute = what.offer(all.map(({ name }) => ({ value: name, text: name })), mostLikely(trace, all));
      const followed = replicas(trace, attribute);
      const groups = new Map();
      const without = [];
      for (const node of scene.nodes) {
        const one = followed.of.get(node.id);
        const place = one ? upperBound(one.seqs, scene.count - 1) - 1 : -1;
        const number = place < 0 ? -1 : one.values[place];
        if (number < 0) without.push(node);
        else {
          if (!groups.has(number)) groups.set(number, { value: node.attributes[attribute], ids: [], number });
          groups.get(number).ids.push(node.id);
        }
      }
      return { attribute, followed, without, groups: [...groups.values()].sort((a, b) => b.ids.length - a.ids.length) };
    };
    /** Since when there is one value only. */
    const agreedSince = ({ seqs, distinct }, count) => {
      let place = upperBound(seqs, count - 1) - 1;
      if (place < 0 || distinct[place] !== 1) return null;
      while (place > 0 && distinct[place - 1] === 1) place -= 1;
      return seqs[place];
    };
    const said = ({ groups, without, attribute }) => {
      const absent = without.length ? ` · without one: ${without.map(({ id }) => id).join(", ")}` : "";
      if (!groups.length) return `No replica has \`${attribute}\` now${absent}`;
      const count = groups.reduce((sum, { ids }) => sum + ids.length, 0);
      return `${groups.length > 1 ? `${groups.length} different values of ${attribute} at ${count} replicas` : count > 1 ? `All ${count} replicas agree on ${attribute}` : `One replica has ${attribute}`}${absent}`;
    };
    return {
      element,
      resize: (width) => strips.resize(width),
      draw(scene) {
        const found = look(scene);
        const { groups, without, followed } = found;
        setText(summary, said(found));
        const agreed = agreedSince(followed, scene.count);
        since.hidden = agreed === null;
        if (agreed !== null) {
          set(since, "data-seq", agreed);
          setText(since, `since ${seconds(trace.time[agreed])}`);
        }
        const key = JSON.stringify([groups.map(({ ids, number }) => [number, ids]), without.map(({ id, up }) => [id, up]), found.attribute]);
        if (cards.dataset.key !== key) {
          cards.dataset.key = key;
          const chip = (id) => html("button", { type: "button", class: "lk-chip-node lk-knowing", "data-node": id, onclick: () => select({ type: "node", id }) }, id);
          const shown = groups.slice(0, GROUPS_DRAWN);
          const rest = groups.slice(GROUPS_DRAWN).flatMap(({ ids }) => ids);
          refill(cards, shown.map(({ ids, value }, place) => html("div", { class: "lk-group", "data-group": groupLetter(place) }, badge(place),
            html("div", {}, html("code", { title: clip(repr(value), 600) }, clip(repr(value), 90)), html("div", { class: "lk-group-ids" }, ids.map(chip))))),
          rest.length ? html("div", { class: "lk-group", "data-group": "more" }, html("div", {}, `${plural(groups.length - GROUPS_DRAWN, "more value")}, each at few: `, rest.map(chip))) : null,
          without.length ? html("div", { class: "lk-group lk-group-none", "data-group": "none" }, html("b", { class: "lk-line-sign" }, "✕"), html("div", {}, without.map(({ id, up, boot }) => `${id} ${up ? "has none" : boot ? "crashed" : "not started"}`).join(", "))) : null);
        }
        strips.fit(["distinct"]);
        const { name, words, strip } = strips.lines.get("distinct");
        nameLine(name, "values", `different; at most ${followed.levels.most}`);
        setText(words, groups.length === 1 ? "1: all agree" : String(groups.length));
        const most = Math.max(2, followed.levels.most);
        strip.draw(trace, scene.time, found.attribute, () => [
          { kind: "lk-area lk-area-load", d: strip.steps(followed.levels.highest(), followed.levels.width, most) },
          { kind: "lk-agree", d: agreement(trace, strip, followed) },
        ], said(found));
        strips.drawAxis(Math.max(trace.now, 1e-6));
      },
      text(scene) {
        const found = look(scene);
        const agreed = agreedSince(found.followed, scene.count);
        return `${said(found)}${agreed === null ? "" : `, since ${seconds(trace.time[agreed])}`}. ${found.groups.slice(0, 5).map(({ ids, value }, place) => `${groupLetter(place)}: ${ids.join(", ")} hold ${clip(repr(value), 60)}`).join("; ")}`;
      },
    };
  },
};

/** A line at the base wherever all agree. */
function agreement(trace, strip, { seqs, distinct, members }) {
  const parts = [];
  seqs.forEach((seq, i) => {
    if (distinct[i] !== 1 || members[i] < 2) return;
    const [from, to] = [strip.x(trace.time[seq]), strip.x(i + 1 < seqs.length ? trace.time[seqs[i + 1]] : trace.now)];
    if (to - from > 0.4) parts.push(`M${from.toFixed(1)} ${strip.height - 2}H${to.toFixed(1)}`);
  });
  return parts.join("");
}
