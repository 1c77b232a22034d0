/* Every node's public state, a row a node; what changed is marked by shade and by a dot. */
import { html, refill, set, setText } from "../dom.js";
import { brief, repr } from "../words.js";

const FIRST = ["role", "term"];
const COLUMNS_AT_MOST = 12;

class StateTable {
  /** @param {import("../trace.js").Trace} trace @param {{onnode: (id: string) => void}} handlers */
  constructor(trace, { onnode }) {
    this.trace = trace;
    this.head = html("tr");
    this.body = html("tbody");
    this.columns = "";
    this.rows = new Map(trace.nodes.map((id) => {
      const row = html("tr", { onclick: () => onnode(id) });
      row.append(html("th", { scope: "row" }, id));
      this.body.append(row);
      return [id, row];
    }));
    this.element = html("div", { class: "lk-table lk-panel", tabindex: 0, role: "region", "aria-label": "State of every node" },
      html("table", {}, html("thead", {}, this.head), this.body));
  }

  /** @param {import("../scene.js").Scene} scene @param {string | null} selected */
  draw(scene, selected) {
    const names = this._columns();
    for (const node of scene.nodes) {
      const row = this.rows.get(node.id);
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
      refill(this.head, ...["node", ...names].map((name) => html("th", { scope: "col", title: name }, name === "role" && !hasRole ? "status" : name.replaceAll("_", " "))));
      for (const row of this.rows.values()) {
        while (row.children.length > 1) row.lastChild.remove();
        row.append(...names.map(() => html("td")));
      }
    }
    return names;
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
  make(trace, { select }) {
    const states = new StateTable(trace, { onnode: (id) => select({ type: "node", id }) });
    return { element: states.element, draw: (scene, { selected }) => states.draw(scene, selected?.type === "node" ? String(selected.id) : null) };
  },
};
