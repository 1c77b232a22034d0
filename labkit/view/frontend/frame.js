/* The frame: the views that are shown, in their order, on the player's one cursor, and the menu that adds and removes them. */
import { button, html, refill, set, setText } from "./dom.js";
import { t } from "./language.js";
import { USUAL, VIEWS } from "./views.js";

const SLOW = 90; /* milliseconds between two drawings of what is not drawn in every frame */

/** One view on the page: a heading, and below it the view itself, or a sentence that says why it has nothing to show. */
class Place {
  /** @param {import("./views.js").View} view @param {import("./trace.js").Trace} trace @param {() => import("./views.js").Handlers} handlers
   * @param {() => void} onclose @param {boolean} [twin]  it stands beside the same view of another run */
  constructor(view, trace, handlers, onclose, twin = false) {
    this.twin = twin;
    this.view = view;
    this.trace = trace;
    this.handlers = handlers;
    this.empty = html("p", { class: "lk-empty" });
    this.said = html("p", { class: "lk-said" });
    this.head = html("div", { class: "lk-view-head" }, html("h3", {}, view.title),
      button({ icon: "close", title: `Remove this view: ${view.title}`, kind: "lk-tiny", onclick: onclose }));
    this.element = html("div", { class: `lk-view lk-view-${view.name} ${view.bare ? "lk-bare" : "lk-panel"}`, role: "group", "aria-label": view.title, "data-view": view.name },
      view.bare ? null : this.head, this.empty, this.said);
  }

  /** Makes the view as soon as it has something to show. @returns {boolean} */
  ready() {
    if (this.panel) return true;
    if (this.asked === this.trace.length) return false;
    this.asked = this.trace.length;
    const missing = this.view.wants(this.trace);
    refill(this.empty, ...t(missing ?? "").split("`").map((part, i) => (i % 2 ? html("code", { translate: "no" }, part) : part)));
    this.empty.hidden = !missing;
    if (missing) return false;
    this.panel = this.view.make(this.trace, this.handlers());
    this.element.append(this.panel.element);
    if (this.twin) for (const one of this.element.querySelectorAll("[role=region]")) set(one, "role", "group"); /* one region of each name */
    this.resize(true);
    return true;
  }

  /** @param {boolean} [anyway] */
  resize(anyway = false) {
    const { clientWidth: width, clientHeight: height } = this.panel?.element ?? this.element;
    const size = `${width} ${this.view.place === "stage" ? height : ""}`;
    if (!this.panel || !width || (size === this.size && !anyway)) return;
    this.size = size;
    this.panel.resize?.(width);
  }

  /** @param {import("./scene.js").Scene} scene @param {import("./views.js").Emphasis} emphasis @param {boolean} all */
  draw(scene, emphasis, all) {
    if (!(all || this.view.quick) || !this.ready()) return;
    this.panel.draw(scene, emphasis);
    if (all && this.panel.text) setText(this.said, this.panel.text(scene));
  }
}

/** Keeps a view as high as it has been, so that what stands below it does not jump while time goes on; until the page's width changes. */
class Heights {
  constructor() {
    /** @type {WeakMap<Element, {width: number, height: number}>} */
    this.known = new WeakMap();
    this.observer = new ResizeObserver((entries) => {
      for (const { target, borderBoxSize: [{ inlineSize: width, blockSize: height }] } of entries) this._keep(/** @type {HTMLElement} */ (target), width, height);
    });
  }

  /** @param {HTMLElement} element */
  watch(element) {
    this.observer.observe(element);
  }

  /** @param {HTMLElement} element @param {number} width @param {number} height */
  _keep(element, width, height) {
    const known = this.known.get(element);
    if (known && width === known.width && height <= known.height) return;
    const anew = known && width !== known.width;
    element.style.minHeight = anew ? "" : `${height}px`;
    this.known.set(element, { width, height: anew ? 0 : height });
  }
}

export class Frame {
  /** @param {import("./trace.js").Trace} trace @param {import("./views.js").Handlers} handlers
   * @param {{names?: string[] | null, inspector: HTMLElement, onchange: (names: string[]) => void}} options */
  constructor(trace, handlers, { names, inspector, onchange }) {
    this.trace = trace;
    this.handlers = handlers;
    this.inspector = inspector;
    this.onchange = onchange;
    /** @type {Map<string, Place>} */
    this.places = new Map();
    /** @type {Map<string, Place>} the same views of another run, beside these */
    this.twins = new Map();
    /** @type {{trace: import("./trace.js").Trace, own: string, name: string, handlers: import("./views.js").Handlers} | null} */
    this.other = null;
    this.heights = new Heights();
    this.element = html("div", { class: "lk-views" });
    this.outside = (event) => { if (!this.menu.contains(event.target)) this._open(false); };
    this.menu = this._menu();
    this.show(names?.length ? names : USUAL);
  }

  /** The names of the views that are shown, in their order. */
  get names() {
    return [...this.places.keys()];
  }

  /** Shows these views and no others. Those that stay keep what they are. @param {string[]} names */
  show(names) {
    const known = names.filter((name) => VIEWS.has(name));
    this.places = new Map(known.map((name) => [name, this.places.get(name) ?? new Place(VIEWS.get(name), this.trace, () => this.handlers, () => this.toggle(name))]));
    const all = [...this.places.values()];
    if (this.other) {
      this._pair(all);
      return;
    }
    const stage = all.find(({ view }) => view.place === "stage");
    const beside = stage ? all.filter(({ view }) => view.place === "side") : [];
    const top = stage ? html("div", { class: "lk-top" }, stage.element, html("div", { class: "lk-side" }, beside.map((place) => place.element), this.inspector)) : null;
    for (const place of all) if (place !== stage && !beside.includes(place)) this.heights.watch(place.element);
    refill(this.element, ...all.filter((place) => !beside.includes(place)).map((place) => (place === stage ? top : place.element)), stage ? null : this.inspector);
    this.resize();
    this._tick();
    this.handlers.refresh();
  }

  /** Puts the views of another run beside these, or ends that.
   * @param {import("./trace.js").Trace | null} trace @param {{own: string, name: string}} [names] @param {(seq: number) => void} [goTo]  to an event of that run */
  compare(trace, { own, name } = { own: "", name: "" }, goTo = () => {}) {
    const nothing = () => {};
    this.twins = new Map();
    this.other = trace && {
      trace, own, name, handlers: {
        ...this.handlers, goTo, node: (id) => this.handlers.select({ type: "node", id }), fault: nothing, stepBy: nothing, faultsOff: () => "this is the other run", tools: html("div", { hidden: true }),
      },
    };
    this.show(this.names);
  }

  /** Lays every view beside its twin. @param {Place[]} all */
  _pair(all) {
    const { trace, own, name, handlers } = this.other;
    this.twins = new Map(all.map(({ view }) => [view.name, this.twins.get(view.name) ?? new Place(view, trace, () => handlers, () => this.toggle(view.name), true)]));
    refill(this.element,
      html("div", { class: "lk-twins lk-twin-names" }, html("b", { class: "lk-run-name" }, own), html("b", { class: "lk-run-name" }, name)),
      all.map((place) => html("div", { class: "lk-twins" },
        html("div", { class: "lk-twin", "data-name": t(own) }, place.element),
        html("div", { class: "lk-twin lk-other", "data-name": t(name), role: "group", "aria-label": name }, this.twins.get(place.view.name).element))),
      this.inspector);
    this.resize();
    this._tick();
    this.handlers.refresh();
  }

  /** Adds a view at the end, or removes it. @param {string} name */
  toggle(name) {
    this.show(this.places.has(name) ? this.names.filter((other) => other !== name) : [...this.names, name]);
    this.onchange(this.names);
    if (!this.element.parentElement?.contains(document.activeElement)) this.opener.focus();
  }

  /** @param {boolean} [anyway] */
  resize(anyway = false) {
    for (const place of [...this.places.values(), ...this.twins.values()]) place.resize(anyway);
  }

  /** @param {import("./scene.js").Scene} scene @param {import("./views.js").Emphasis} emphasis @param {boolean} all  draw the slower views too
   * @param {number} stamp @param {{scene: import("./scene.js").Scene, emphasis: import("./views.js").Emphasis, over: boolean} | null} [other]  the other run's, and whether
   * it has not come that far @returns {boolean} whether all was drawn */
  draw(scene, emphasis, all, stamp, other = null) {
    const whole = all || stamp - (this.drawn ?? -1000) >= SLOW;
    if (whole) this.drawn = stamp;
    for (const place of this.places.values()) place.draw(scene, emphasis, whole);
    if (other) for (const twin of this.twins.values()) twin.draw(other.scene, other.emphasis, whole);
    if (other) this.element.classList.toggle("lk-over", other.over);
    return whole;
  }

  dispose() {
    this._open(false);
    this.heights.observer.disconnect();
  }

  /** Takes the focus to a node, where one of the views can. @param {string} id */
  focus(id) {
    return [...this.places.values()].some(({ panel }) => panel?.focus?.(id));
  }

  /** Lights up what an event could know, in the view that can; false if it is not shown. */
  light() {
    const panel = [...this.places.values()].map((place) => place.panel).find((one) => one?.light);
    panel?.light();
    return Boolean(panel);
  }

  _menu() {
    this.opener = button({ icon: "views", text: "Views", title: "Choose what is shown", onclick: () => this._open(this.list.hidden) });
    set(this.opener, "aria-expanded", "false");
    this.boxes = new Map([...VIEWS.values()].map(({ name }) => [name, html("input", { type: "checkbox", onchange: () => this.toggle(name) })]));
    this.reasons = new Map([...VIEWS.keys()].map((name) => [name, html("small", {})]));
    this.list = html("div", { class: "lk-menu", role: "group", "aria-label": "Views", tabindex: -1, hidden: true },
      [...VIEWS.values()].map(({ name, title }) => html("label", {}, this.boxes.get(name), html("span", {}, title, html("code", { translate: "no" }, name), this.reasons.get(name)))));
    const menu = html("div", { class: "lk-menu-holder" }, this.opener, this.list);
    menu.addEventListener("keydown", (event) => this._key(event));
    menu.addEventListener("focusout", (event) => {
      if (event.relatedTarget && !menu.contains(/** @type {Node} */ (event.relatedTarget))) this._open(false);
    });
    return menu;
  }

  _open(open) {
    this.list.hidden = !open;
    set(this.opener, "aria-expanded", String(open));
    document[open ? "addEventListener" : "removeEventListener"]("pointerdown", this.outside);
    if (!open) return;
    for (const [name, { wants }] of VIEWS) setText(this.reasons.get(name), (wants(this.trace) ?? "").split(/[:.]/)[0]);
    this.boxes.values().next().value.focus();
  }

  /** The arrows walk through the menu; the player's keys rest while it has the focus. @param {KeyboardEvent} event */
  _key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    event.stopPropagation();
    const boxes = [...this.boxes.values()];
    const here = boxes.findIndex((box) => box === event.target);
    const to = { ArrowDown: here + 1, ArrowUp: here - 1, Home: 0, End: boxes.length - 1 }[event.key];
    if (event.key === "Escape") {
      this._open(false);
      this.opener.focus();
    } else if (to === undefined || this.list.hidden) return;
    else boxes[(to + boxes.length) % boxes.length].focus();
    event.preventDefault();
  }

  _tick() {
    for (const [name, box] of this.boxes) box.checked = this.places.has(name);
  }
}
