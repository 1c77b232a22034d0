/* The picture of the cluster at one moment: nodes, links, messages in flight, partition. SVG, reusing its elements. */
import { set, setText, svg } from "./dom.js";
import { Flights } from "./flights.js";
import { enclose, place, within } from "./layout.js";
import { NodeShape } from "./nodes.js";

const LINKS_DRAWN_AT_MOST = 130;
const FLIGHTS_NAMED_AT_MOST = 8;

/** @typedef {{type: "node" | "message" | "link", id: string | number}} Selection  a link's id: "n1>n2", or "*>*" for all */
/**
 * @typedef {object} Emphasis
 * @property {Selection | null} selected
 * @property {Map<string, string>} pending  node -> the word for what was asked of it
 * @property {Set<string>} ticked  nodes chosen for one side of a partition
 * @property {Set<string>} markedNodes
 * @property {Set<number>} markedFlights  seqs of sends
 * @property {boolean} still  draw each flight as an arrow that does not move
 * @property {Map<string, import("./glyphs.js").Glyph>} glyphs
 */

export class Picture {
  /** @param {import("./trace.js").Trace} trace
   * @param {{onnode: (id: string) => void, onmessage: (seq: number) => void, onclear: () => void,
   *   onlink?: (link: string) => void, onsplit: (groups: string[][]) => void, maySplit: () => boolean, palette: () => Object<string, string>}} handlers */
  constructor(trace, handlers) {
    this.trace = trace;
    this.handlers = handlers;
    this.layers = Object.fromEntries(["links", "hulls", "nodes", "clients", "labels", "bubbles", "cut"].map(
      (name) => [name, svg("g", { class: `lk-${name}` })]));
    this.element = svg("svg", { class: "lk-picture", role: "group", "aria-label": "The cluster" }, Object.values(this.layers));
    this.shapes = new Map(trace.nodes.map((id) => [id, new NodeShape(id, { onopen: handlers.onnode })]));
    this.layers.nodes.append(...[...this.shapes.values()].map((shape) => shape.body));
    this.layers.bubbles.append(...[...this.shapes.values()].map((shape) => shape.bubble));
    this.flights = new Flights(handlers.palette);
    /** @type {[HTMLCanvasElement, SVGElement]} what stands in a page, the messages below the rest */
    this.parts = [this.flights.canvas, this.element];
    this.names = [];
    this.size = { width: 0, height: 0 };
    this.clientCount = 0;
    this._cutting();
  }

  /** @param {number} width @param {number} height */
  resize(width, height) {
    this.size = { width, height };
    set(this.element, "viewBox", `0 0 ${width} ${height}`);
    this.flights.resize(width, height);
    this._place();
  }

  _place() {
    const { width, height } = this.size;
    if (!width) return;
    this.clientCount = this.trace.clients.length;
    const { places, clientPlaces, r, gap } = place(this.trace.positions, width, height, this.clientCount);
    this.r = r;
    this.gap = gap;
    this.at = new Map(this.trace.nodes.map((id, i) => [id, places[i]]));
    this.trace.clients.forEach((id, i) => this.at.set(id, clientPlaces[i]));
    for (const [id, shape] of this.shapes) {
      const at = this.at.get(id);
      const room = Math.floor((2 * Math.min(gap / 2 - 2, at.x - 3, width - at.x - 3)) / 6.2);
      shape.move(at, r, at.y < height * 0.36, Math.max(4, Math.min(36, room)));
    }
    this.layers.clients.replaceChildren(...this.trace.clients.map((id) => {
      const { x, y } = this.at.get(id);
      return svg("g", { class: "lk-client", transform: `translate(${x} ${y})` },
        svg("rect", { x: -19, y: -12, width: 38, height: 24, rx: 5 }), svg("text", { dy: "0.35em" }, id.slice(0, 5)));
    }));
    const ids = this.trace.nodes;
    const pairs = this.trace.edges ?? ids.flatMap((a, i) => ids.slice(i + 1).map((b) => [a, b]));
    const drawn = this.trace.edges || pairs.length <= LINKS_DRAWN_AT_MOST ? pairs : [];
    this.links = drawn.filter(([a, b]) => this.at.has(a) && this.at.has(b)).map(([a, b]) => {
      const [p, q] = [this.at.get(a), this.at.get(b)];
      const ends = { x1: p.x, y1: p.y, x2: q.x, y2: q.y };
      const hit = svg("line", { ...ends, class: "lk-link-hit", onclick: (event) => {
        if (this.justCut || !this.handlers.onlink) return;
        event.stopPropagation();
        this.handlers.onlink(`${a}>${b}`);
      } }, svg("title", {}, `${a} – ${b}`));
      return { a, b, hit, element: svg("line", { ...ends, class: "lk-link" }) };
    });
    this.layers.links.replaceChildren(...this.links.flatMap((link) => [link.element, link.hit]));
    this.hullKey = null;
  }

  /** @param {import("./scene.js").Scene} scene @param {Emphasis} emphasis */
  draw(scene, emphasis) {
    if (!this.size.width) return;
    if (this.trace.clients.length !== this.clientCount) this._place();
    const crossing = this._hulls(scene);
    const labelled = this.gap > 58;
    for (const node of scene.nodes) {
      this.shapes.get(node.id)?.draw(node, {
        selected: emphasis.selected?.type === "node" && emphasis.selected.id === node.id,
        ticked: emphasis.ticked.has(node.id),
        pending: emphasis.pending.get(node.id),
        marked: emphasis.markedNodes.has(node.id),
        side: crossing && node.group >= 0 ? String.fromCharCode(65 + node.group) : "",
        labelled,
      });
    }
    for (const node of scene.nodes) {
      if (!node.note && this.shapes.get(node.id).bubble.style.display) continue;
      this.shapes.get(node.id).say([...this.at].filter(([id]) => id !== node.id).map(([, at]) => at), this.size.width, this.size.height);
    }
    const down = new Set(scene.nodes.filter((node) => !node.up).map((node) => node.id));
    const side = new Map(scene.nodes.map((node) => [node.id, node.group]));
    for (const { a, b, element } of this.links) {
      const severed = side.get(a) !== side.get(b) || scene.links.get(`${a}>${b}`)?.cut || scene.links.get(`${b}>${a}`)?.cut;
      const settings = scene.links.get(`${a}>${b}`) ?? scene.links.get(`${b}>${a}`) ?? scene.links.get("*>*");
      const troubled = settings && ["loss", "latency", "duplicate", "reorder", "corrupt", "clog", "bandwidth"].some((name) => settings[name]);
      const chosen = emphasis.selected?.type === "link" && (emphasis.selected.id === `${a}>${b}` || emphasis.selected.id === `${b}>${a}` || emphasis.selected.id === "*>*");
      set(element, "class", `lk-link ${troubled ? "lk-troubled" : ""} ${chosen ? "lk-chosen" : ""} ${severed ? "lk-severed" : down.has(a) || down.has(b) ? "lk-idle" : ""}`);
    }
    this._flights(scene, emphasis);
  }

  /** Encloses each side of a partition. @param {import("./scene.js").Scene} scene @returns {boolean} whether enclosures overlap */
  _hulls(scene) {
    const key = JSON.stringify(scene.groups);
    if (key === this.hullKey) return this.crossing;
    this.hullKey = key;
    this.crossing = false;
    const groups = (scene.groups ?? []).map((group) => group.filter((id) => this.at.has(id)));
    const shapes = groups.filter((group) => group.length).map((group, i) => {
      const points = group.map((id) => this.at.get(id));
      this.crossing ||= groups.some((other, j) => j !== i && other.some((id) => within(this.at.get(id), points)));
      return svg("path", { class: `lk-hull lk-hull-${i % 4}`, d: enclose(points, this.r + (this.gap > 70 ? 17 : 8)) });
    });
    this.layers.hulls.replaceChildren(...shapes);
    return this.crossing;
  }

  /** @param {import("./scene.js").Scene} scene @param {Emphasis} emphasis */
  _flights(scene, emphasis) {
    this.flights.draw(scene.flights, this.at, this.r, emphasis);
    const said = new Set();
    let names = 0;
    for (const { x, y, down, name, from } of scene.flights.length <= FLIGHTS_NAMED_AT_MOST && this.gap > 58 ? this.flights.spots : []) {
      if (said.has(`${name} ${from}`) || !this._hasRoom(x, y, name)) continue;
      said.add(`${name} ${from}`);
      this._name(names, x, y, down, name);
      names += 1;
    }
    for (let i = names; i < this.names.length; i += 1) this.names[i].style.display = "none";
  }

  /** A message is named where the name covers no node, nor what stands above or below it. */
  _hasRoom(x, y, name) {
    const [left, right] = [x + 6, x + 16 + name.length * 6];
    if (right > this.size.width) return false;
    for (const { x: nx, y: ny } of this.at.values()) {
      if (nx + this.r + 8 > left && nx - this.r - 8 < right && Math.abs(ny - y) < this.r + 38) return false;
    }
    return true;
  }

  _name(index, x, y, down, text) {
    let label = this.names[index];
    if (!label) {
      label = svg("text", { class: "lk-flight-name", "pointer-events": "none" });
      this.names.push(label);
      this.layers.labels.append(label);
    }
    label.style.display = "";
    setText(label, text);
    label.setAttribute("x", (x + 11).toFixed(1));
    label.setAttribute("y", (y + (down ? 12 : -4)).toFixed(1));
  }

  /** Where the pointer is, in the picture's pixels. @param {MouseEvent} event */
  _point(event) {
    const box = this.element.getBoundingClientRect();
    return { x: ((event.clientX - box.left) * this.size.width) / box.width, y: ((event.clientY - box.top) * this.size.height) / box.height };
  }

  /** The message under the pointer, unless a node is. @param {MouseEvent} event */
  _flightAt(event) {
    if (/** @type {Element} */ (event.target).closest(".lk-node")) return null;
    const { x, y } = this._point(event);
    return this.flights.near(x, y);
  }

  /** A line drawn across the picture splits the network in two; a click chooses the message that is there. */
  _cutting() {
    const line = svg("line", { class: "lk-cut-line" });
    const text = svg("text", { class: "lk-cut-text" });
    let from = null;
    let sides = null;
    const stop = () => {
      from = null;
      sides = null;
      this.layers.cut.replaceChildren();
    };
    this.element.addEventListener("pointerdown", (event) => {
      if (event.target.closest(".lk-node") || event.button || !this.handlers.maySplit()) return;
      from = this._point(event);
    });
    this.element.addEventListener("pointermove", (event) => {
      if (!from) {
        this.element.style.cursor = this._flightAt(event) ? "pointer" : "";
        return;
      }
      const to = this._point(event);
      if (Math.hypot(to.x - from.x, to.y - from.y) < 24) return;
      if (!this.element.hasPointerCapture(event.pointerId)) this.element.setPointerCapture(event.pointerId);
      const nodes = this.trace.nodes.map((id) => ({ id, ...this.at.get(id) }));
      const left = nodes.filter(({ x, y }) => (to.x - from.x) * (y - from.y) - (to.y - from.y) * (x - from.x) > 0).map(({ id }) => id);
      const right = this.trace.nodes.filter((id) => !left.includes(id));
      sides = left.length && right.length ? [left, right] : null;
      for (const [name, value] of Object.entries({ x1: from.x, y1: from.y, x2: to.x, y2: to.y })) line.setAttribute(name, String(value));
      text.setAttribute("x", String(Math.min(Math.max(to.x, 70), this.size.width - 70)));
      text.setAttribute("y", String(Math.max(14, to.y - 10)));
      setText(text, sides ? `${left.length} | ${right.length}` : "draw between nodes");
      if (!line.isConnected) this.layers.cut.replaceChildren(line, text);
    });
    this.element.addEventListener("pointerup", () => {
      if (sides) this.handlers.onsplit(sides);
      this.justCut = Boolean(sides);
      stop();
    });
    this.element.addEventListener("pointercancel", stop);
    this.element.addEventListener("click", (event) => {
      const flight = this.justCut ? null : this._flightAt(event);
      if (flight) {
        event.stopImmediatePropagation();
        this.handlers.onmessage(flight.seq);
      }
    }, { capture: true });
    this.element.addEventListener("click", () => {
      if (!this.justCut) this.handlers.onclear();
      this.justCut = false;
    });
  }
}
