/* The picture of the cluster: nodes, links, messages in flight, and what can be done to them. */
import { Picture } from "../cluster.js";
import { Crowd } from "../crowd.js";
import { html } from "../dom.js";
import { plural } from "../words.js";

const DRAWN_ONE_BY_ONE = 120; /* nodes; more are a crowd of dots */

/** The picture of very many nodes. @param {import("../trace.js").Trace} trace @param {import("../views.js").Handlers} handlers @returns {import("../views.js").Panel} */
function crowd(trace, { node, select, palette, refresh, tools }) {
  const dots = new Crowd(trace, { onnode: node, onmessage: (seq) => select({ type: "message", id: seq }), onclear: () => select(null), palette, refresh });
  const holder = html("div", { class: "lk-canvas" }, dots.element);
  return {
    element: html("div", { class: "lk-stage lk-panel" }, holder, tools),
    resize: () => dots.resize(Math.round(holder.clientWidth), Math.round(holder.clientHeight)),
    draw: (scene, emphasis) => dots.draw(scene, emphasis),
    text: ({ counts }) => `${plural(counts.nodes, "node")}, ${counts.crashed} crashed, ${plural(counts.flying, "message")} in flight`,
    focus: () => {
      dots.finder.focus({ preventScroll: true });
      return true;
    },
  };
}

/** @type {import("../views.js").View} */
export const cluster = {
  name: "cluster",
  title: "Cluster",
  place: "stage",
  bare: true,
  quick: true,
  wants: () => null,
  make(trace, handlers) {
    if (trace.nodes.length > DRAWN_ONE_BY_ONE) return crowd(trace, handlers);
    const { node, select, fault, faultsOff, tools, palette } = handlers;
    const picture = new Picture(trace, {
      onnode: node, onmessage: (seq) => select({ type: "message", id: seq }), onclear: () => select(null),
      onlink: (link) => select({ type: "link", id: link }), onsplit: (groups) => fault("partition", groups), maySplit: () => !faultsOff(), palette,
    });
    const canvas = html("div", { class: "lk-canvas" }, picture.parts);
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
