/* Spread of a rumour: the nodes in the order in which it reached them, round by round, and the share that knows it over time. */
import { Choice, choiceRow } from "../choice.js";
import { html, refill, set, setText } from "../dom.js";
import { gather, nameOf } from "../gather.js";
import { Carriers, knows, spreadOf } from "../spread.js";
import { Strip, StripAxis } from "../strip.js";
import { clip, plural, seconds } from "../words.js";

const OFFERED_AT_MOST = 60;
const NOT_RUMOURS = new Set(["role", "term", "voted_for"]);

/** What the reader can choose among: attributes that several nodes have, and the types of messages. @param {import("../trace.js").Trace} trace */
function offered(trace) {
  const { all } = gather(trace, Carriers);
  const attributes = [...all].filter(([name, { nodes }]) => nodes.size > 1 && !NOT_RUMOURS.has(name)).map(([name]) => name);
  return [...attributes.map((name) => ({ value: name, text: name })), ...[...trace.types.keys()].map((name) => ({ value: `> ${name}`, text: `message ${name}` }))];
}

/** What is shown if the reader chose nothing: the attribute that is named as rumours are, else one that holds lists, else a type of message. */
function usual(trace, options) {
  const { all } = gather(trace, Carriers);
  const record = Object.fromEntries([...all].filter(([, { nodes }]) => nodes.size > 1));
  for (const id of trace.nodes) {
    const name = nameOf(trace, id, record, "rumour");
    if (name !== null && options.some(({ value }) => value === name)) return name;
  }
  return (options.find(({ value }) => all.get(value)?.list) ?? options.find(({ value }) => value.startsWith("> ")) ?? options[0]).value;
}

/** @type {import("../views.js").View} */
export const gossip = {
  name: "gossip",
  title: "Spread of a rumour",
  wants: (trace) => (offered(trace).length ? null
    : "Nothing spreads yet: a public attribute that several nodes have, a set such as `rumours` or a number such as `version`; or a message. Run the cluster on, or name yours: `drawn = {\"rumour\": \"facts\"}`."),
  make(trace, { seek, goTo, refresh, select }) {
    const what = new Choice("What", refresh);
    const which = new Choice("Rumour", refresh);
    const curve = new Strip({ height: 84, onseek: seek });
    const axis = new StripAxis();
    const summary = html("p", { class: "lk-summary" });
    const share = html("div", { class: "lk-curve-holder" }, html("span", { class: "lk-curve-top" }, "all know"), curve.element, axis.element);
    const rounds = html("div", { class: "lk-rounds" });
    const element = html("div", { class: "lk-charts" }, choiceRow(what, which), summary, share, rounds,
      html("p", { class: "lk-note" }, "Round: hops from where it began · filled: knows · dashed: does not know yet · struck out: knew and forgot · ✕ crashed"));
    /** @type {import("../spread.js").Rumour | null} */
    let rumour = null;
    const find = () => {
      const options = offered(trace);
      const spread = spreadOf(trace, what.offer(options, usual(trace, options)));
      const all = [...spread.rumours.values()];
      const shown = all.slice(-OFFERED_AT_MOST);
      const widest = shown.reduce((best, one) => (best === null || one.by.size > best.by.size ? one : best), null);
      which.element.hidden = shown.length < 2;
      rumour = shown.length ? spread.rumours.get(which.offer(shown.map(({ key, text }) => ({ value: key, text: clip(text, 34) })), widest.key)) : null;
    };
    /** Every change of how many know: seq and the number after it. */
    const changes = () => {
      const steps = [...rumour.by.values()].flatMap(({ seqs }) => seqs.map((seq, i) => ({ seq, by: i % 2 ? -1 : 1 }))).sort((a, b) => a.seq - b.seq);
      let know = 0;
      return steps.map(({ seq, by }) => ({ seq, know: know += by }));
    };
    const told = (id, { from, seqs }) => `${id} learnt it at ${seconds(trace.time[seqs[0]])}${from === null ? ", by itself" : ` from ${from}`}`;
    const at = (count) => trace.nodes.filter((id) => knows(rumour?.by.get(id), count));
    const milestones = (count) => {
      const reached = (share) => changes().find(({ seq, know }) => seq < count && know >= share * trace.nodes.length);
      return [{ share: 0.5, word: "half" }, { share: 1, word: "all" }].map(({ share, word }) => ({ word, found: reached(share) })).filter(({ found }) => found)
        .map(({ word, found }) => `${word} at ${seconds(trace.time[found.seq])}`);
    };
    const said = (scene) => {
      if (!rumour) return "Nobody has anything to tell yet.";
      const knowing = at(scene.count);
      const first = [...rumour.by].find(([, { seqs }]) => seqs[0] < scene.count);
      const began = first ? `began at ${first[0]}, ${seconds(trace.time[first[1].seqs[0]])}` : "nobody knows it yet";
      return `${knowing.length} of ${plural(trace.nodes.length, "node")} know ${clip(rumour.text, 40)} (${Math.round((100 * knowing.length) / trace.nodes.length)} %) · ${[began, ...milestones(scene.count)].join(" · ")}`;
    };
    const drawRounds = (scene) => {
      const groups = new Map();
      for (const [id, knowing] of rumour?.by ?? []) {
        if (knowing.seqs[0] >= scene.count) continue;
        if (!groups.has(knowing.round)) groups.set(knowing.round, []);
        groups.get(knowing.round).push([id, knowing]);
      }
      const rest = scene.nodes.filter(({ id }) => !(rumour?.by.get(id)?.seqs[0] < scene.count)).map(({ id }) => [id, null]);
      const lines = [...[...groups].sort((a, b) => a[0] - b[0]).map(([round, members]) => [`round ${round}`, members]), ...(rest.length ? [["not yet", rest]] : [])];
      const down = new Set(scene.nodes.filter((node) => !node.up && node.boot).map(({ id }) => id));
      const key = JSON.stringify(lines.map(([name, members]) => [name, members.map(([id, knowing]) => [id, down.has(id), knowing && knows(knowing, scene.count)])]));
      if (rounds.dataset.key === key && rounds.dataset.rumour === rumour?.key) return;
      [rounds.dataset.key, rounds.dataset.rumour] = [key, rumour?.key];
      refill(rounds, lines.map(([name, members]) => html("div", { class: "lk-round", "data-round": name }, html("b", {}, name), html("span", {}, plural(members.length, "node")), html("div", {}, members.map(([id, knowing]) => {
        const kind = knowing === null ? "lk-unknowing" : knows(knowing, scene.count) ? "lk-knowing" : "lk-forgot";
        const words = knowing === null ? `${id} does not know it` : `${told(id, knowing)}${kind === "lk-forgot" ? "; it has forgotten it since" : ""}`;
        return html("button", { type: "button", class: `lk-chip-node ${kind}`, "data-node": id, title: words, onclick: () => (knowing ? goTo(knowing.seqs[0]) : select({ type: "node", id })) },
          `${down.has(id) ? "✕ " : ""}${id}`, knowing === null ? null : html("small", {}, `${seconds(trace.time[knowing.seqs[0]])}${knowing.from === null ? "" : ` ← ${knowing.from}`}`));
      })))));
    };
    return {
      element,
      resize(width) {
        curve.resize(width - 30);
      },
      draw(scene) {
        find();
        setText(summary, said(scene));
        const most = trace.nodes.length;
        curve.draw(trace, scene.time, `${what.list.value} ${rumour?.key}`, () => {
          if (!rumour) return [];
          let line = `M0 ${curve.y(0, most).toFixed(1)}`;
          const points = changes().map(({ seq, know }) => [curve.x(trace.time[seq]).toFixed(1), curve.y(know, most).toFixed(1)]);
          for (const [x, y] of points) line += `H${x}V${y}`;
          line += `H${curve.width}`;
          return [
            { kind: "lk-half-line", d: `M0 ${curve.y(most / 2, most).toFixed(1)}H${curve.width}` },
            { kind: "lk-area lk-area-spread", d: `${line}V${curve.height}H0Z` },
            { kind: "lk-curve lk-curve-spread", d: line },
            { kind: "lk-points", d: points.length > 80 ? "" : points.map(([x, y]) => `M${x} ${y}m-2.6 0a2.6 2.6 0 1 0 5.2 0a2.6 2.6 0 1 0 -5.2 0`).join("") },
          ];
        }, `Share of nodes that know: ${said(scene)}`);
        axis.draw(Math.max(trace.now, 1e-6), curve.width);
        set(share, "data-nodes", most);
        drawRounds(scene);
      },
      text(scene) {
        find();
        return `${said(scene)}. ${at(scene.count).map((id) => told(id, rumour.by.get(id))).slice(0, 12).join("; ")}`;
      },
    };
  },
};
