/* Every node's public state, a row a node; what changed is marked by shade and by a line. */
import { html, refill, set, setText } from "../dom.js";
import { brief, repr } from "../words.js";

const FIRST = ["role", "term"];
const COLUMNS_AT_MOST = 12;
const ROWS_AT_MOST = 60; /* of more nodes, only those in sight have a row */

class StateTable {
  /** @param {import("../trace.js").Trace} trace @param {{onnode: (id: string) => void, oncolumn: (name: string) => void, onscroll: () => void}} handlers */
  constructor(trace, { onnode, oncolumn, onscroll }) {
    this.trace = trace;
    this.oncolumn = oncolumn;
    this.head = html("tr");
    this.body = html("tbody");
    this.columns = "";
    this.ids = trace.nodes;
    this.onnode = onnode;
    this.rows = new Map();
    this._fill(trace.nodes.slice(0, ROWS_AT_MOST));
    this.element = html("div", { class: "lk-table lk-panel", tabindex: 0, role: "region", "aria-label": "State of every node" },
      html("table", {}, html("thead", {}, this.head), this.body));
    if (this.ids.length > ROWS_AT_MOST) {
      this.scrolled = true;
      this.element.addEventListener("scroll", () => { this.scrolled = true; onscroll(); }, { passive: true });
    }
  }

  /** One row for each of these nodes. @param {string[]} ids */
  _fill(ids) {
    this.rows = new Map(ids.map((id) => [id, this.rows.get(id) ?? html("tr", { onclick: () => this.onnode(id) }, html("th", { scope: "row" }, id))]));
    refill(this.body, ...this.rows.values());
    this.columns = "";
  }

  /** Of very many nodes, the rows that can be seen; the rest is empty space of the same height. */
  _window() {
    if (this.ids.length <= ROWS_AT_MOST || !this.scrolled) return;
    this.scrolled = false; /* to ask where it stands makes the browser lay out the page: only when it has moved */
    const high = this.rows.values().next().value.offsetHeight || 26;
    const half = Math.floor(ROWS_AT_MOST / 2);
    const first = Math.max(0, Math.min(Math.floor(this.element.scrollTop / high / 10) * 10 - half + 10, this.ids.length - ROWS_AT_MOST));
    if (first === this.first) return;
    this.first = first;
    this._fill(this.ids.slice(first, first + ROWS_AT_MOST));
    const space = (rows) => html("tr", { class: "lk-spare", "aria-hidden": "true" }, html("td", { colspan: 99, style: `height:${rows * high}px` }));
    if (first) this.body.prepend(space(first));
    this.body.append(space(this.ids.length - ROWS_AT_MOST - first));
  }

  /** @param {import("../scene.js").Scene} scene @param {string | null} selected */
  draw(scene, selected) {
    this._window();
    const names = this._columns();
    for (const node of scene.nodes) {
      const row = this.rows.get(node.id);
      if (!row) continue;
      set(row, "class", `lk-row-${node.look}${selected === node.id ? " lk-selected" : ""}`);
      names.forEach((name, i) => {
        const cell = row.children[i + 1];
        if (name === "role") this._role(cell, node);
        else {
          const value = node.attributes[name];
          const text = brief(value);
          if (cell.textContent !== text) {
            cell.textContent = text;
            cell.title = value == null ? "" : repr(value);
          }
        }
        set(cell, "class", node.changed.has(name) ? "lk-changed" : "");
      });
    }
  }

  _columns() {
    const known = this.trace.attributes;
    const names = ["role", ...FIRST.slice(1).filter((name) => known.includes(name)), ...known.filter((name) => !FIRST.includes(name))].slice(0, COLUMNS_AT_MOST);
    const key = names.join("\n");
    if (key !== this.columns) {
      this.columns = key;
      const hasRole = known.includes("role");
      refill(this.head, ...["node", ...names].map((name) => html("th", { scope: "col", title: name }, this._headOf(name, hasRole))));
      for (const row of this.rows.values()) {
        while (row.children.length > 1) row.lastChild.remove();
        row.append(...names.map(() => html("td")));
      }
    }
    return names;
  }

  /** The head of a column leads to the variable's next change. */
  _headOf(name, hasRole) {
    if (name === "node" || (name === "role" && !hasRole)) return name === "role" ? "status" : name;
    return html("button", { type: "button", class: "lk-head", title: `To the next change of ${name}; then the arrows step by its changes`, translate: "no", onclick: () => this.oncolumn(name) }, name.replaceAll("_", " "));
  }

  /** @param {HTMLElement} cell @param {import("../scene.js").SceneNode} node */
  _role(cell, node) {
    if (!cell.firstChild) cell.append(html("i", { class: "lk-dot" }), html("span"));
    set(cell.children[0], "class", `lk-dot lk-dot-${node.look}`);
    const words = { down: node.error ? "error" : "crashed", new: "not started" };
    setText(cell.children[1], words[node.look] ?? (node.paused ? "paused" : node.role ?? "up"));
  }
}

/** @type {import("../views.js").View} */
export const table = {
  name: "table",
  title: "State of every node",
  place: "side",
  bare: true,
  wants: () => null,
  make(trace, { select, stepBy, refresh }) {
    const states = new StateTable(trace, { onnode: (id) => select({ type: "node", id }), oncolumn: (name) => stepBy({ kind: "change", name }, 1), onscroll: refresh });
    return { element: states.element, draw: (scene, { selected }) => states.draw(scene, selected?.type === "node" ? String(selected.id) : null) };
  },
};
