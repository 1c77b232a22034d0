/* Small tools for making elements. Whatever takes the focus keeps JupyterLab's shortcuts away. */

import { t } from "./language.js";

const SVG = "http://www.w3.org/2000/svg";

const SPOKEN = new Set(["title", "aria-label", "aria-valuetext", "placeholder", "label"]); /* attributes that are words */

/** @param {Element} element @param {Object<string, any>} attributes @param {any[]} children */
function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value == null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : SPOKEN.has(name) ? t(String(value)) : String(value));
  }
  if ("tabindex" in attributes || /^(button|select|input)$/i.test(element.tagName)) {
    element.setAttribute("data-lm-suppress-shortcuts", "true");
  }
  element.append(...visible(children, attributes.translate === "no"));
  return element;
}

/** What of these is put on the page: texts in the reader's language, unless they are code. @param {any[]} children @param {boolean} [code] */
function visible(children, code = false) {
  return children.flat(Infinity).filter((child) => child != null && child !== false).map((child) => (typeof child === "string" && !code ? t(child) : child));
}

/** @param {string} tag @param {Object<string, any>} [attributes] @param {...any} children @returns {any} */
export function html(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

/** @param {string} tag @param {Object<string, any>} [attributes] @param {...any} children @returns {any} */
export function svg(tag, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

/** Sets an attribute only when it differs, which is what keeps a frame cheap.
 * @param {Element} element @param {string} name @param {any} value */
export function set(element, name, value) {
  const text = SPOKEN.has(name) ? t(String(value)) : String(value);
  if (element.getAttribute(name) !== text) element.setAttribute(name, text);
}

/** @param {Element} element @param {string} text */
export function setText(element, text) {
  text = t(text);
  if (element.textContent !== text) element.textContent = text;
}

const ICONS = {
  play: "M4 2.5v11l9-5.5z",
  pause: "M4 2.5h3v11H4zM9.5 2.5h3v11h-3z",
  back: "M10.5 3v10L4.5 8z M3 3h1.4v10H3z",
  forward: "M5.5 3v10l6-5z M11.6 3H13v10h-1.4z",
  previous: "M8 3v10L2.5 8z M13.5 3v10L8 8z",
  next: "M8 3v10l5.5-5z M2.5 3v10L8 8z",
  live: "M8 4.2a3.8 3.8 0 1 0 0 7.6a3.8 3.8 0 1 0 0-7.6z",
  copy: "M5.5 1.5h7v9h-7z M3 4.5v9h7",
  split: "M8 1v14 M1.5 5h4v6h-4z M10.5 5h4v6h-4z",
  heal: "M8 2.5v11 M2.5 8h11",
  views: "M2 2.5h5v5H2z M9 2.5h5v5H9z M2 9.5h12v4H2z",
  bookmark: "M4 2h8v12l-4-3.4L4 14z",
  close: "M3.5 3.5l9 9 M12.5 3.5l-9 9",
};
const DRAWN_AS_LINES = new Set(["copy", "split", "heal", "close", "views"]);

/** @param {string} name @returns {SVGElement} */
export function icon(name) {
  const lines = DRAWN_AS_LINES.has(name);
  return svg("svg", { class: "lk-icon", viewBox: "0 0 16 16", width: 14, height: 14, "aria-hidden": "true" }, svg("path", {
    d: ICONS[name], fill: lines ? "none" : "currentColor", stroke: lines ? "currentColor" : "none", "stroke-width": 1.5,
    "stroke-linejoin": "round", "stroke-linecap": "round",
  }));
}

/** A button with an icon, a word, or both. @param {{icon?: string, text?: string, title?: string, label?: string, kind?: string, onclick: () => void}} options */
export function button({ icon: name, text, title, label, kind = "", onclick }) {
  return html("button", { type: "button", class: `lk-button ${kind}`, title, "aria-label": label ?? (text ? null : title), onclick },
    name ? icon(name) : null, text ? html("span", {}, text) : null);
}

/** Empties an element and fills it anew. @param {Element} element @param {...any} children */
export function refill(element, ...children) {
  element.replaceChildren(...visible(children));
}
