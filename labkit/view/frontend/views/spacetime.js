/* The space-time diagram: who sent what to whom, and when. */
import { SpaceTime } from "../spacetime.js";
import { upperBound } from "../trace.js";
import { plural } from "../words.js";

/** @type {import("../views.js").View} */
export const spacetime = {
  name: "spacetime",
  title: "Space-time diagram",
  bare: true,
  quick: true,
  wants: () => null,
  make(trace, { seek, select, refresh, palette }) {
    const diagram = new SpaceTime(trace, {
      onseek: seek, onmessage: (seq) => select({ type: "message", id: seq }), palette, onhover: refresh, onzoom: refresh,
    });
    return {
      element: diagram.element,
      resize: (width) => diagram.resize(width),
      draw: (scene, { selected, marked, glyphs, playing }) => diagram.draw(scene, {
        selected: selected?.type === "message" ? Number(selected.id) : null, node: selected?.type === "node" ? String(selected.id) : null, marked: marked.flights, glyphs, playing,
      }),
      light: () => diagram.toggleCauses(),
      text: (scene) => `${plural(upperBound(trace.sends, scene.count - 1), "message")} sent so far among ${plural(trace.nodes.length, "node")}`,
    };
  },
};
