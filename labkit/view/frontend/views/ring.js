/* Hash ring: the nodes' tokens on the circle, the stretch that each owns, the keys where they lie, and what changed hands last. */
import { html, refill, set, setText, svg } from "../dom.js";
import { gather, read } from "../gather.js";
import { Members, arcs, circleSize, handedOver, keysIn, ownerOf, shares } from "../hashring.js";
import { clip, plural, seconds } from "../words.js";

const R = 100; /* radius of the circle, in the picture's own units */
const LABELS_AT_MOST = 26;
const KEYS_NAMED_AT_MOST = 26;

const percent = (share) => `${(100 * share).toFixed(1)} %`;

/** A place on the circle, position 0 at the top, clockwise. */
function spot(position, size, radius) {
  const angle = (2 * Math.PI * position) / size;
  return [radius * Math.sin(angle), -radius * Math.cos(angle)];
}

/** @param {{from: number, to: number}} arc @param {number} size @param {number} radius */
function arcPath({ from, to }, size, radius) {
  const point = (position) => spot(position, size, radius).map((v) => v.toFixed(2)).join(" ");
  const whole = to - from > size * 0.9999;
  const middle = (from + to) / 2;
  const large = to - from > size / 2 && !whole ? 1 : 0;
  return whole ? `M${point(from)}A${radius} ${radius} 0 0 1 ${point(middle)}A${radius} ${radius} 0 0 1 ${point(to)}` : `M${point(from)}A${radius} ${radius} 0 ${large} 1 ${point(to)}`;
}

/** Puts a label at the first of these radii where it covers no other. @param {{left: number, y: number, wide: number}[]} taken
 * @returns {{x: number, y: number, anchor: string, radius: number}} */
function roomFor(taken, text, letterWide, position, size, radii, inward) {
  const wide = text.length * letterWide;
  const tries = radii.map((radius) => {
    const [x, y] = spot(position, size, radius);
    const side = Math.abs(x) < 14 && !inward ? 0 : (x > 0) === inward ? -1 : 1;
    const dot = inward ? 11 : 0; /* the sign of a key stands before its name */
    return { x, y, radius, dot, left: side === 0 ? x - wide / 2 : side > 0 ? x - dot : x - wide, anchor: ["end", "middle", "start"][side + 1] };
  });
  const free = tries.find(({ left, y, dot }) => taken.every((other) => Math.abs(other.y - y) > 9 || other.left > left + wide + dot || left > other.left + other.wide)) ?? tries[0];
  taken.push({ left: free.left - 2, y: free.y, wide: wide + free.dot + 4 });
  return free;
}

/** Who gives how much to whom, the largest first. */
function transfers(moved, size) {
  const by = new Map();
  for (const { from, to, giver, taker } of moved) by.set(`${giver} → ${taker}`, (by.get(`${giver} → ${taker}`) ?? 0) + (to - from) / size);
  return [...by].sort((a, b) => b[1] - a[1]);
}

function transferWords(moved, size) {
  const all = transfers(moved, size);
  const shown = all.slice(0, 4).map(([pair, share]) => `${pair} ${percent(share)}`).join(", ");
  return all.length > 4 ? `${shown} and ${all.length - 4} more` : shown;
}

/** Every key that is stored, and where. @param {import("../trace.js").Trace} trace @param {Iterable<import("../world.js").NodeRecord>} records
 * @returns {Map<string, {key: string, at: number | null, holders: string[]}>} */
function keysOf(trace, records) {
  const stored = new Map();
  for (const { id, up, state } of records) {
    for (const { key, at } of up ? keysIn(read(trace, id, state, "keys")) : []) {
      if (!stored.has(key)) stored.set(key, { key, at, holders: [] });
      stored.get(key).holders.push(id);
    }
  }
  return stored;
}

/** All there is to say of the circle at a moment. @param {import("../trace.js").Trace} trace @param {import("../scene.js").Scene} scene */
function circleAt(trace, scene) {
  const members = gather(trace, Members);
  const tokens = members.at(scene.count);
  const stored = keysOf(trace, scene.nodes.map(({ record }) => record));
  const size = circleSize(members, Math.max(0, ...[...stored.values()].map(({ at }) => at ?? 0)));
  const keys = [...stored.values()].map((one) => ({ ...one, owner: one.at === null ? null : ownerOf(tokens, one.at) }))
    .map((one) => ({ ...one, wrong: one.owner !== null && !one.holders.includes(one.owner) }));
  const changed = members.lastChange(trace, scene.count);
  const before = changed === null ? [] : members.at(changed);
  const moved = handedOver(before, tokens, size);
  const had = changed === null ? new Map() : keysOf(trace, trace.world(changed).nodes.values());
  const [was, is] = [new Set(before.map(({ node }) => node)), new Set(tokens.map(({ node }) => node))];
  return { tokens, size, keys, had, stored, changed, before, moved, joined: [...is].filter((id) => before.length && !was.has(id)), left: [...was].filter((id) => !is.has(id)) };
}

/** The last change in words; "" if there was none. */
function changeWords(trace, { changed, before, tokens, moved, size, had, stored, joined, left }) {
  if (changed === null || !before.length) return "";
  const who = [joined.length ? `${joined.join(", ")} joined` : "", left.length ? `${left.join(", ")} left` : ""].filter(Boolean).join(", ") || "tokens moved";
  const total = moved.reduce((sum, { from, to }) => sum + (to - from) / size, 0);
  const keys = [...had.values()];
  const away = keys.filter(({ at }) => at !== null && ownerOf(before, at) !== ownerOf(tokens, at)).length;
  const gone = keys.filter(({ key }) => !stored.has(key)).map(({ key }) => key);
  return `${who} at ${seconds(trace.time[changed])}: ${percent(total)} of the ring changed hands${moved.length ? ` (${transferWords(moved, size)})` : ""}, with ${away} of ${plural(keys.length, "key")}${gone.length ? `; ${gone.length} of them stored nowhere now: ${clip(gone.join(", "), 40)}` : ""}`;
}

/** @type {import("../views.js").View} */
export const ring = {
  name: "ring",
  title: "Hash ring and keys",
  wants: (trace) => (gather(trace, Members).seqs.length ? null
    : "No node is on a ring yet: a public attribute `tokens`, its positions on the circle (one or more numbers), and `keys`, what it stores, as {key: position}. Run the cluster on, or name yours: `drawn = {\"tokens\": \"vnodes\"}`."),
  make(trace, { select, goTo }) {
    const picture = svg("svg", { class: "lk-circle", viewBox: "-175 -150 350 300", role: "img" });
    const list = html("div", { class: "lk-shares" });
    const change = html("button", { type: "button", class: "lk-summary lk-summary-button", onclick: () => goTo(Number(change.dataset.seq)) });
    const left = html("p", { class: "lk-summary" });
    const element = html("div", { class: "lk-charts" }, change, left, html("div", { class: "lk-circle-holder" }, picture, list),
      html("p", { class: "lk-note" }, "A position belongs to the next token clockwise · tick: a token · dot: a key at its owner · ✕: its owner does not have it · dashed band outside: changed hands last"));
    const places = new Map(trace.nodes.map((id, i) => [id, i]));
    const look = (id) => `lk-hue-${places.get(id) % 6} lk-dash-${Math.floor(places.get(id) / 6) % 3}`;
    const drawCircle = ({ tokens, size, keys, moved }, selected) => {
      const all = arcs(tokens, size);
      const longest = new Map();
      for (const arc of all) if (!longest.has(arc.node) || arc.to - arc.from > longest.get(arc.node).to - longest.get(arc.node).from) longest.set(arc.node, arc);
      const named = tokens.length <= LABELS_AT_MOST ? all : longest.size <= LABELS_AT_MOST ? [...longest.values()] : all.filter(({ node }) => node === selected);
      const many = tokens.length > 60;
      set(picture, "viewBox", named.length ? "-175 -150 350 300" : "-125 -125 250 250");
      const kind = (id) => `${look(id)} ${selected && places.has(selected) && selected !== id ? "lk-faint" : ""}`;
      const [outside, inside] = [[], []];
      const label = (text, position, extra) => {
        const { x, y, anchor } = roomFor(outside, text, 6.2, position, size, [R + 23, R + 34, R + 45], false);
        return svg("text", { class: extra, x: x.toFixed(1), y: (y + 3).toFixed(1), "text-anchor": anchor }, text);
      };
      const known = keys.filter(({ at }) => at !== null);
      const ordered = [...known].sort((a, b) => a.at - b.at);
      refill(picture,
        all.map((arc) => svg("path", { class: `lk-owned ${kind(arc.node)}`, "data-node": arc.node, d: arcPath(arc, size, R), onclick: () => select({ type: "node", id: arc.node }) },
          svg("title", {}, `${arc.node} owns ${percent((arc.to - arc.from) / size)}, up to ${Number(arc.to.toPrecision(6))}`))),
        moved.map((arc) => svg("path", { class: "lk-handed", d: arcPath(arc, size, R + 14) }, svg("title", {}, `${arc.giver} → ${arc.taker}: ${percent((arc.to - arc.from) / size)}`))),
        tokens.map(({ at }) => {
          const [[x1, y1], [x2, y2]] = many ? [spot(at, size, R - 6), spot(at, size, R + 6)] : [spot(at, size, R - 10), spot(at, size, R + 10)];
          return svg("line", { class: many ? "lk-token lk-token-thin" : "lk-token", x1: x1.toFixed(1), y1: y1.toFixed(1), x2: x2.toFixed(1), y2: y2.toFixed(1) });
        }),
        named.map((arc) => label(clip(arc.node, 9), named.length === tokens.length ? arc.to : (arc.from + arc.to) / 2, `lk-arc-name ${kind(arc.node)}`)),
        ordered.map(({ key, at, wrong, owner, holders }) => {
          const text = known.length <= KEYS_NAMED_AT_MOST ? clip(key, 10) : "";
          const radii = text ? [81, 68, 55, 42, 29].map((radius) => radius - 6) : [75];
          const place = text ? roomFor(inside, text, 4.6, at, size, radii, true) : null;
          const [x, y] = spot(at, size, (place?.radius ?? 75) + 6);
          const title = svg("title", {}, `${key} at ${Number(at.toPrecision(6))}: belongs to ${owner ?? "nobody"}, stored at ${holders.join(", ")}`);
          const sign = wrong ? svg("path", { class: "lk-key-wrong", d: `M${x - 3.4} ${y - 3.4}L${x + 3.4} ${y + 3.4}M${x + 3.4} ${y - 3.4}L${x - 3.4} ${y + 3.4}` }, title) : svg("circle", { class: "lk-key-dot", cx: x.toFixed(1), cy: y.toFixed(1), r: known.length > 60 ? 1.6 : 3 }, title);
          return [sign, place ? svg("text", { class: "lk-key-name", x: place.x.toFixed(1), y: (place.y + 2.6).toFixed(1), "text-anchor": place.anchor }, text) : null];
        }));
    };
    const drawShares = ({ tokens, size, keys }, scene, selected) => {
      const share = shares(tokens, size);
      const widest = Math.max(0.0001, ...share.values());
      list.classList.toggle("lk-charts-dense", scene.nodes.length > 12);
      if (list.children.length !== scene.nodes.length) {
        refill(list, scene.nodes.map(({ id }) => html("button", { type: "button", class: "lk-share", "data-node": id, onclick: () => select({ type: "node", id }) },
          html("b", {}), html("span", { class: "lk-share-bar" }, html("i", { class: look(id) })), html("span", {}))));
      }
      scene.nodes.forEach(({ id, up, boot }, i) => {
        const [name, bar, words] = list.children[i].children;
        const mine = share.get(id);
        const held = keys.filter(({ holders }) => holders.includes(id));
        setText(name, id);
        set(bar.firstChild, "style", `width:${(100 * (mine ?? 0) / widest).toFixed(1)}%`);
        setText(words, mine === undefined ? (up ? "not on the ring" : boot ? "✕ crashed" : "not started") : `${percent(mine)} · ${plural(held.length, "key")}`);
        set(list.children[i], "title", `${id}: ${plural(tokens.filter(({ node }) => node === id).length, "token")}, ${words.textContent}`);
        list.children[i].classList.toggle("lk-selected", selected === id);
      });
    };
    const balance = ({ tokens, size, keys }) => {
      const share = [...shares(tokens, size).values()];
      const wrong = keys.filter((one) => one.wrong);
      const unplaced = keys.filter(({ at }) => at === null).length;
      return [`${plural(share.length, "node")} with ${plural(tokens.length, "token")}`, share.length ? `the largest share is ${(Math.max(...share) * share.length).toFixed(2)} times the fair one` : "",
        plural(keys.length, "key"), wrong.length ? `${wrong.length} not at their owner: ${clip(wrong.map(({ key }) => key).join(", "), 40)}` : "",
        unplaced ? `${unplaced} without a position` : ""].filter(Boolean).join(" · ");
    };
    /** What would happen if the chosen node left. */
    const without = ({ tokens, size }, id) => {
      const moved = handedOver(tokens, tokens.filter(({ node }) => node !== id), size);
      return moved.length ? ` · if ${id} left: ${transferWords(moved, size)}` : "";
    };
    let drawn = "";
    return {
      element,
      draw(scene, emphasis) {
        const selected = emphasis.selected?.type === "node" ? String(emphasis.selected.id) : null;
        const key = JSON.stringify([scene.count, trace.length, selected]);
        if (key === drawn) return;
        drawn = key;
        const circle = circleAt(trace, scene);
        const words = changeWords(trace, circle);
        change.hidden = !words;
        if (circle.changed !== null) set(change, "data-seq", circle.changed);
        setText(change, words);
        setText(left, `${balance(circle)}${selected && circle.tokens.some(({ node }) => node === selected) ? without(circle, selected) : ""}`);
        drawCircle(circle, selected);
        drawShares(circle, scene, selected);
        set(picture, "aria-label", balance(circle));
      },
      text(scene) {
        const circle = circleAt(trace, scene);
        const share = [...shares(circle.tokens, circle.size)].map(([id, part]) => `${id} owns ${percent(part)}`).join(", ");
        return [balance(circle), share, changeWords(trace, circle)].filter(Boolean).join(". ");
      },
    };
  },
};
