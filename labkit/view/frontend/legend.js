/* The rows of small signs: the story's pills, and what each shape stands for. */
import { html, refill, svg } from "./dom.js";
import { outline } from "./glyphs.js";

const TYPES_AT_MOST = 8;
const keys = new WeakMap();

/** Fills an element only when what it shows differs. */
function whenNew(element, key, make) {
  if (keys.get(element) === key) return;
  keys.set(element, key);
  refill(element, make());
}

/** @param {HTMLElement} element @param {{text: string, kind: string}[]} list */
export function pillRow(element, list) {
  whenNew(element, JSON.stringify(list), () => list.map(({ text, kind }) => html("span", { class: `lk-pill ${kind ? `lk-pill-${kind}` : ""}` },
    kind === "leader" ? svg("svg", { viewBox: "-16 -15 32 16", width: 15, height: 9, "aria-hidden": "true" }, svg("path", { d: "M-13 0L-15 -11L-6.5 -5L0 -14L6.5 -5L15 -11L13 0Z", fill: "currentColor" })) : null, text)));
}

/** @param {HTMLElement} element @param {import("./trace.js").Trace} trace @param {Map<string, import("./glyphs.js").Glyph>} glyphs
 * @param {import("./scene.js").Scene} scene */
export function legend(element, trace, glyphs, scene) {
  const timers = [...new Set(scene.nodes.filter((node) => node.timer).map((node) => node.timer.name))].slice(0, 2);
  const names = [...glyphs.keys()];
  whenNew(element, `${names} ${timers} ${scene.hidden}`, () => {
    const sign = (drawing, text, kind = "") => html("span", { class: `lk-sign ${kind}` }, svg("svg", { viewBox: "-10 -10 20 20", width: 16, height: 16, "aria-hidden": "true" }, drawing), text);
    const items = names.slice(0, TYPES_AT_MOST).map((name) => {
      const { shape, color, hollow } = glyphs.get(name);
      return sign(svg("g", { class: `lk-flight lk-${color} ${hollow ? "lk-hollow" : ""}` }, svg("path", { class: "lk-glyph", d: outline(shape, 6) })), name);
    });
    if (names.length > TYPES_AT_MOST) items.push(html("span", { class: "lk-sign", title: names.slice(TYPES_AT_MOST).join(", ") }, `and ${names.length - TYPES_AT_MOST} more`));
    if (names.length) items.push(sign(svg("path", { d: "M-5 -5L5 5M5 -5L-5 5", class: "lk-x-sign" }), "lost"));
    if (timers.length) items.push(sign(svg("path", { d: "M0 -7A7 7 0 1 1 -6.5 -2.5", class: "lk-arc", fill: "none" }), `timer: ${timers.join(", ")}`));
    if (trace.attributes.length) items.push(html("span", { class: "lk-sign" }, html("i", { class: "lk-swatch" }), "changed in this step"));
    if (scene.hidden) items.push(html("span", { class: "lk-sign lk-muted" }, `${scene.hidden} more messages in flight are not drawn`));
    return items;
  });
}
