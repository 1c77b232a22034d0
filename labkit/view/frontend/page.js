/* What the page tells the player: its colours, light or dark, and its size. */
import { html } from "./dom.js";

const COLORS = ["text", "muted", "line", "panel", "bars", "blue", "green", "pink", "sky", "amber", "ink", "fault"];

/** The colours of the theme for a canvas, kept up with the page's theme.
 * @param {HTMLElement} root @param {() => void} onchange */
export function keepFresh(root, onchange) {
  const probe = html("span", { hidden: true });
  root.append(probe);
  let colors = null;
  const stale = () => {
    colors = null;
    onchange();
  };
  const media = matchMedia("(prefers-color-scheme: dark)");
  media.addEventListener("change", stale);
  root.addEventListener("themechange", stale);
  const observer = new MutationObserver(stale);
  observer.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-light", "data-jp-theme-name", "class"] });
  const palette = () => {
    colors ??= Object.fromEntries(COLORS.map((name) => {
      probe.style.color = `var(--lk-${name})`;
      return [name, getComputedStyle(probe).color];
    }));
    return colors;
  };
  return {
    palette,
    dispose: () => {
      media.removeEventListener("change", stale);
      observer.disconnect();
    },
  };
}

/** @param {HTMLElement} element @param {() => void} onchange @returns {() => void} */
export function watchSize(element, onchange) {
  let last = "";
  const observer = new ResizeObserver(([entry]) => {
    const { width, height } = entry.contentRect;
    const size = `${Math.round(width)} ${Math.round(height)}`;
    if (size !== last && width > 0) {
      last = size;
      onchange();
    }
  });
  observer.observe(element);
  return () => observer.disconnect();
}

/** Tells when an element comes into sight and when it leaves. @param {HTMLElement} element @param {(seen: boolean) => void} onchange @returns {() => void} */
export function watchSight(element, onchange) {
  const observer = new IntersectionObserver((entries) => onchange(entries[entries.length - 1].isIntersecting));
  observer.observe(element);
  return () => observer.disconnect();
}
