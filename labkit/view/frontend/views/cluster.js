/* The picture of the cluster: nodes, links, messages in flight, and what can be done to them. */
import { Picture } from "../cluster.js";
import { html } from "../dom.js";
import { plural } from "../words.js";

/** @type {import("../views.js").View} */
export const cluster = {
  name: "cluster",
  title: "Cluster",
  place: "stage",
  bare: true,
  quick: true,
  wants: () => null,
  make(trace, { node, select, fault, faultsOff, tools }) {
    const picture = new Picture(trace, {
      onnode: node, onmessage: (seq) => select({ type: "message", id: seq }), onclear: () => select(null),
      onsplit: (groups) => fault("partition", groups), maySplit: () => !faultsOff(),
    });
    const canvas = html("div", { class: "lk-canvas" }, picture.element);
    return {
      element: html("div", { class: "lk-stage lk-panel" }, canvas, tools),
      resize: () => picture.resize(Math.round(canvas.clientWidth), Math.round(canvas.clientHeight)),
      draw: (scene, { marked, ...emphasis }) => picture.draw(scene, { ...emphasis, markedNodes: marked.nodes, markedFlights: marked.flights }),
      text: ({ counts }) => `${plural(counts.nodes, "node")}, ${counts.crashed} crashed, ${plural(counts.flying, "message")} in flight`,
      focus: (id) => {
        const shape = picture.shapes.get(id);
        shape?.body.focus({ preventScroll: true });
        return Boolean(shape);
      },
    };
  },
};
