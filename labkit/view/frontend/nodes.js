/* One node of the picture: its role by shape and word, its term, its timer's arc, its note, its badge. */
import { set, setText, svg } from "./dom.js";
import { clip } from "./words.js";

const CROWN = "M-13 0L-15 -11L-6.5 -5L0 -14L6.5 -5L15 -11L13 0Z";

/** How a node is told aloud. @param {import("./scene.js").SceneNode} node */
export function spoken(node) {
  const parts = [node.id];
  if (node.look === "down") parts.push(node.error ? `crashed with an error: ${node.error.error}` : "crashed");
  else if (node.look === "new") parts.push("not started");
  else {
    if (node.role) parts.push(node.role);
    if (node.term !== null) parts.push(`term ${node.term}`);
  }
  if (node.note) parts.push(`notes: ${node.note}`);
  return parts.join(", ");
}

/** The word under a node. @param {import("./scene.js").SceneNode} node */
function roleWord(node) {
  if (node.look === "down") return node.error ? "error" : "crashed";
  return node.look === "new" ? "" : node.role ?? "";
}

export class NodeShape {
  /** @param {string} id @param {{onopen: (id: string) => void}} handlers */
  constructor(id, { onopen }) {
    this.id = id;
    this.arc = svg("path", { class: "lk-arc", fill: "none" });
    this.ring = svg("circle", { class: "lk-ring" });
    this.focus = svg("circle", { class: "lk-focus" });
    this.crown = svg("path", { class: "lk-crown", d: CROWN });
    this.cross = svg("path", { class: "lk-cross" });
    this.name = svg("text", { class: "lk-name" });
    this.sub = svg("text", { class: "lk-sub" });
    this.word = svg("text", { class: "lk-word" });
    this.badge = svg("g", { class: "lk-badge" }, svg("circle", { r: 8 }), svg("text", { dy: "0.35em" }));
    this.tick = svg("g", { class: "lk-tick" }, svg("circle", { r: 8 }), svg("path", { d: "M-4 0l3 3l5 -6" }));
    this.title = svg("title");
    this.body = svg("g", {
      class: "lk-node", tabindex: 0, role: "button", "data-node": id,
      onclick: (event) => { event.stopPropagation(); onopen(id); },
      onkeydown: (event) => { if (event.key === "Enter") { event.preventDefault(); onopen(id); } },
    }, this.title, this.focus, this.arc, this.ring, this.crown, this.cross, this.name, this.sub, this.word, this.badge, this.tick);
    this.bubble = svg("g", { class: "lk-bubble", "pointer-events": "none" }, svg("path"), svg("text", { dy: "0.35em" }));
    this.bubble.style.display = "none";
  }

  /** @param {{x: number, y: number}} at @param {number} r @param {boolean} high  its word stands above it, out of the way of the messages */
  move(at, r, high) {
    this.high = high;
    this.r = r;
    this.at = at;
    this.small = r < 19;
    set(this.body, "transform", `translate(${at.x.toFixed(1)} ${at.y.toFixed(1)})`);
    set(this.ring, "r", r);
    set(this.focus, "r", r + 8);
    const k = r * 0.72;
    set(this.cross, "d", `M${-k} ${-k}L${k} ${k}M${k} ${-k}L${-k} ${k}`);
    set(this.crown, "transform", `translate(0 ${-r - 2}) scale(${(r / 28 + 0.1).toFixed(2)})`);
    set(this.badge, "transform", `translate(${(r * 0.78).toFixed(1)} ${(-r * 0.78).toFixed(1)})`);
    set(this.tick, "transform", `translate(${(-r * 0.78).toFixed(1)} ${(-r * 0.78).toFixed(1)})`);
  }

  /** @param {import("./scene.js").SceneNode} node
   * @param {{selected: boolean, ticked: boolean, pending: string | undefined, marked: boolean, side: string, labelled: boolean}} extra */
  draw(node, { selected, ticked, pending, marked, side, labelled }) {
    const { r } = this;
    const outside = this.id.length * (r < 14 ? 5.4 : 8.2) > 2 * r - 4 && r < 60;
    const flags = [selected && "selected", marked && "marked", ticked && "ticked", pending && "pending", node.error && "failed", this.small && "small", outside && "outside"];
    set(this.body, "class", `lk-node lk-${node.look} ${flags.filter(Boolean).map((flag) => `lk-${flag}`).join(" ")}`);
    set(this.body, "aria-label", `${spoken(node)}${pending ? `, ${pending}` : ""}`);
    setText(this.title, `${spoken(node)}${node.timer ? `\n${node.timer.name} in ${node.timer.left.toFixed(3)} s` : ""}`);
    this._arc(node.timer?.fraction ?? 0);
    const term = node.term !== null && !this.small ? `term ${node.term}` : "";
    const down = node.look === "down";
    const word = pending ?? (labelled || pending ? roleWord(node) : "");
    const fits = Math.max(3, Math.floor((2 * r - 6) / 7.2));
    setText(this.name, outside ? "" : clip(this.id, Math.max(fits, this.id.length)));
    set(this.name, "y", term && !down ? -3 : 0);
    set(this.name, "dy", term && !down ? "0" : "0.35em");
    setText(this.sub, down ? "" : term);
    set(this.sub, "y", outside ? 4 : 12);
    setText(this.word, outside ? `${clip(this.id, 14)}${word ? ` · ${word}` : ""}` : word);
    set(this.word, "y", this.high ? -r - (node.look === "leader" ? 24 : this.small ? 6 : 11) : r + (this.small ? 11 : 19));
    const badge = node.error ? "!" : side;
    this.badge.style.display = badge ? "" : "none";
    set(this.badge, "class", `lk-badge ${node.error ? "lk-alarm" : ""}`);
    setText(this.badge.lastChild, badge);
    this._bubble(node.note);
  }

  /** @param {number} fraction of the timer that is left */
  _arc(fraction) {
    const r = this.r + (this.small ? 3 : 5);
    if (fraction <= 0.004) {
      set(this.arc, "d", "");
      return;
    }
    const turn = 2 * Math.PI * Math.min(fraction, 0.9999);
    const end = `${(r * Math.sin(turn)).toFixed(2)} ${(-r * Math.cos(turn)).toFixed(2)}`;
    set(this.arc, "d", `M0 ${-r}A${r} ${r} 0 ${turn > Math.PI ? 1 : 0} 1 ${end}`);
  }

  /** @param {string | null} note */
  _bubble(note) {
    this.bubble.style.display = note ? "" : "none";
    if (!note) return;
    const text = clip(note, 34);
    const width = text.length * 6.1 + 14;
    const x = Math.min(Math.max(this.at.x, width / 2 + 4), (this.width ?? 9999) - width / 2 - 4);
    const above = !this.high;
    const y = above ? this.at.y - this.r - 30 : this.at.y + this.r + 24;
    const tip = above ? 10 : -10;
    setText(this.bubble.lastChild, text);
    set(this.bubble, "transform", `translate(${x.toFixed(1)} ${y.toFixed(1)})`);
    const to = Math.min(Math.max(this.at.x - x, -width / 2 + 8), width / 2 - 8);
    set(this.bubble.firstChild, "d", `M${-width / 2 + 6} -10H${width / 2 - 6}q6 0 6 6v8q0 6 -6 6H${to + 5}${above ? `L${to} ${10 + tip * 0.8}L${to - 5} 10` : ""}H${-width / 2 + 6}q-6 0 -6 -6v-8q0 -6 6 -6Z`);
  }
}
