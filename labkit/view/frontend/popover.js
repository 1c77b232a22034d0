/* A small window over the player: the keys, the bookmarks, the faults as Python. */
import { button, html, setText } from "./dom.js";

/** Opens a window, or closes it if it stands open. Escape closes it, and the focus goes back.
 * @param {HTMLElement} root @param {string} name @param {string} title @param {...any} children @returns {HTMLElement | null} */
export function popover(root, name, title, ...children) {
  const open = /** @type {HTMLElement | null} */ (root.querySelector(".lk-popover"));
  if (open) {
    const same = open.dataset.name === name;
    closePopover(root);
    if (same) return null;
  }
  const back = /** @type {HTMLElement} */ (document.activeElement);
  const element = html("div", { class: "lk-popover", role: "dialog", "aria-label": title, tabindex: -1, "data-name": name },
    html("header", {}, html("b", {}, title), button({ icon: "close", title: "Close (Esc)", kind: "lk-tiny lk-close", onclick: () => closePopover(root) })), children);
  backs.set(element, back);
  root.append(element);
  const first = /** @type {HTMLElement | null} */ (element.querySelector("input, select, .lk-first") ?? element);
  first?.focus({ preventScroll: true });
  return element;
}

const backs = new WeakMap();

/** @param {HTMLElement} root @returns {boolean} whether one was open */
export function closePopover(root) {
  const open = root.querySelector(".lk-popover");
  if (!open) return false;
  const within = open.contains(document.activeElement);
  open.remove();
  if (within) backs.get(open)?.focus?.({ preventScroll: true });
  return true;
}

/** A text to copy, with a button that says whether it worked. @param {string} text @param {string} [label] */
export function copyRow(text, label = "Copy") {
  const field = html("pre", { class: "lk-code", tabindex: 0, translate: "no", "aria-label": "Python" }, text);
  const made = button({ icon: "copy", text: label, kind: "lk-first", onclick: async () => {
    let words = "Copied";
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      getSelection()?.selectAllChildren(field);
      words = "Selected: press Ctrl+C";
    }
    setText(made.lastChild, words);
  } });
  return [field, html("div", { class: "lk-row" }, made)];
}
