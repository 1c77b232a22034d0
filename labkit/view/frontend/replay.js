/* A recording that plays by itself: in an exported page, or in the frame of a saved output. */
import { html } from "./dom.js";
import { speak } from "./language.js";
import { Player } from "./player.js";
import { Trace } from "./trace.js";

/** @param {string} packed base64 of deflated JSON @returns {Promise<any>} */
function unpack(packed) {
  const bytes = Uint8Array.from(atob(packed), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Response(stream).json();
}

/** In a frame, takes the theme from the last digit of its height, where the host's style sheet has put it. @param {HTMLElement} root */
function followHost(root) {
  const follow = () => {
    const digit = globalThis.innerHeight % 10;
    root.style.colorScheme = digit === 9 || digit <= 1 ? "light" : digit >= 3 && digit <= 5 ? "dark" : "";
    root.dispatchEvent(new Event("themechange"));
  };
  window.addEventListener("resize", follow);
  follow();
}

async function replay() {
  const holder = document.getElementById("labkit-run");
  const { events, at, speed, run, views, language, bookmarks, other, ...header } = await unpack(holder.textContent.trim());
  const trace = new Trace(header);
  trace.append(events, header.now);
  speak(language, document.documentElement.lang);
  const root = html("div", { class: "labkit-view" });
  document.body.classList.add("labkit-page");
  document.getElementById("labkit-poster")?.remove();
  (document.querySelector("main") ?? document.body).append(root);
  if (window.parent !== window) followHost(root);
  const player = new Player(root, trace, { speed, views, bookmarks: bookmarks ?? [] });
  if (other) {
    const second = new Trace({ ...header, ...other });
    second.append(trace.columns(other.from), 0);
    second.append(other.events, other.now);
    player.compare(second, { ...other.names, shared: other.from });
  }
  const open = () => {
    const asked = /^#t=(\d+(\.\d+)?(e-?\d+)?)$/.exec(location.hash);
    if (asked) player.seek(Number(asked[1]));
    else if (at.seq !== null) player.goTo(at.seq);
    else player.seek(at.time);
  };
  open();
  window.addEventListener("hashchange", open);
  if (window.parent !== window) window.parent.postMessage({ labkit: "replay", run }, "*");
}

replay();
