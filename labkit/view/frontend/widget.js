/* The live view: plays what it has, and asks the kernel for more when the cursor nears the horizon. */
import { html } from "./dom.js";
import { speak } from "./language.js";
import { Session } from "./session.js";

/** Hides a saved recording of this very run that stands elsewhere on the page. @param {string} run @returns {() => void} */
function foldRecordings(run) {
  const listen = (event) => {
    if (event.data?.labkit !== "replay" || event.data.run !== run) return;
    for (const frame of document.querySelectorAll("iframe")) {
      if (frame.contentWindow === event.source) frame.closest(".labkit-replay")?.setAttribute("hidden", "");
    }
  };
  globalThis.addEventListener("message", listen);
  return () => globalThis.removeEventListener("message", listen);
}

export default {
  render({ model, el }) {
    speak(model.get("language"), document.documentElement.lang);
    const root = html("div", { class: "labkit-view labkit-live" });
    el.append(root);
    const session = new Session(model, root);
    const unfold = foldRecordings(session.header.run);
    return () => {
      unfold();
      session.close();
      root.remove();
    };
  },
};
