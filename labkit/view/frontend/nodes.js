/* One node of the picture: its role by shape and word, its term, its timer's arc, its note, its badge. */
import { set, setText, svg } from "./dom.js";
import { clip, shortName } from "./words.js";

const CROWN = "M-13 0L-15 -11L-6.5 -5L0 -14L6.5 -5L15 -11L13 0Z";

/** How a node is told aloud. @param {import("./scene.js").SceneNode} node */
export function spoken(node) {
  const parts = [node.id];
  if (node.look === "down") parts.push(node.error ? `crashed with an error: ${node.error.error}` : "crashed");
  else if (node.look === "new") parts.push("not started");
  else {
    if (node.role) parts.push(node.role);
    if (node.label) parts.push(node.label);
    if (node.badge) parts.push(`badge ${node.badge}`);
    if (node.paused) parts.push("paused");
  }
  if (node.note) parts.push(`notes: ${node.note}`);
  return parts.join(", ");
}

/** The word under a node. @param {import("./scene.js").SceneNode} node */
function roleWord(node) {
  if (node.look === "down") return node.error ? "error" : "crashed";
  return node.look === "new" ? "" : [node.role, node.paused ? "paused" : null].filter(Boolean).join(" · ");
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
    /** @type {number} */ this.wide = this.id.length + 0.6 * this.id.replace(/[^mwMW]/g, "").length; /* letters, of usual width */
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

  /** @param {{x: number, y: number}} at @param {number} r @param {boolean} high  its word stands above it, out of the way of the messages
   * @param {number} room  letters that a name beside it may have */
  move(at, r, high, room) {
    this.high = high;
    this.room = room;
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
    const outside = this.wide * (this.small ? 5.9 : 8.2) > 2 * r - 3;
    const flags = [selected && "selected", marked && "marked", ticked && "ticked", pending && "pending", node.error && "failed", this.small && "small", r < 25 && "middling", outside && "outside"];
    set(this.body, "class", `lk-node lk-${node.look} ${flags.filter(Boolean).map((flag) => `lk-${flag}`).join(" ")}`);
    set(this.body, "aria-label", `${spoken(node)}${pending ? `, ${pending}` : ""}`);
    setText(this.title, `${spoken(node)}${node.timer ? `\n${node.timer.name} in ${node.timer.left.toFixed(3)} s` : ""}`);
    this._arc(node.timer?.fraction ?? 0);
    const term = this.small ? "" : node.short && node.label.length * 5.4 > 2 * r - 4 ? node.short : node.label;
    const down = node.look === "down";
    const word = pending ?? (labelled || pending ? roleWord(node) : "");
    setText(this.name, outside ? "" : this.id);
    set(this.name, "y", term && !down ? -3 : 0);
    set(this.name, "dy", term && !down ? "0" : "0.35em");
    setText(this.sub, down ? "" : term);
    set(this.sub, "y", outside ? 4 : 12);
    const left = this.room - word.length - 3; /* letters of the name, if the word stands beside it */
    setText(this.word, !outside ? word : word && left >= Math.min(7, this.id.length) ? `${shortName(this.id, left)} · ${word}` : shortName(this.id, this.room));
    set(this.word, "y", this.high ? -r - (node.look === "leader" ? 21 : this.small ? 6 : 11) : r + (this.small ? 11 : 19));
    const badge = node.error ? "!" : side || node.badge;
    this.badge.style.display = badge ? "" : "none";
    set(this.badge, "class", `lk-badge ${node.error ? "lk-alarm" : side ? "" : "lk-own"}`);
    set(this.badge.children[0], "r", badge.length > 1 ? 5 + 3 * badge.length : 8);
    setText(this.badge.children[1], badge);
    this.note = node.note;
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

  /** Says the note, where the bubble covers the least. @param {{x: number, y: number}[]} others @param {number} width @param {number} height */
  say(others, width, height) {
    this.bubble.style.display = this.note ? "" : "none";
    if (!this.note) return;
    const text = clip(this.note, 34);
    const key = `${text} ${this.at.x} ${this.at.y} ${width}`;
    if (key === this.said) return;
    this.said = key;
    const half = (text.length * 6.1 + 16) / 2;
    const { x, y } = this.at;
    const kept = (value) => Math.min(Math.max(value, half + 2), width - half - 2);
    const spots = [[0, -this.r - 32], [0, this.r + 34], [half + this.r + 10, 0], [-half - this.r - 10, 0], [half * 0.8, -this.r - 32], [-half * 0.8, -this.r - 32]];
    const covered = (/** @type {number[]} */ [dx, dy]) => {
      const [bx, by] = [kept(x + dx), y + dy];
      const outside = Math.abs(bx - x) > half + this.r + 12 || (dy === 0 && Math.abs(bx - x) < half + this.r) || by < 12 || by > height - 12 ? 3 : 0;
      return outside + others.filter((other) => Math.abs(other.x - bx) < half + this.r && Math.abs(other.y - by) < 12 + this.r).length;
    };
    const [dx, dy] = spots.reduce((best, spot) => (covered(spot) < covered(best) ? spot : best));
    const bx = kept(x + dx);
    const by = y + dy;
    setText(this.bubble.lastChild, text);
    set(this.bubble, "transform", `translate(${bx.toFixed(1)} ${by.toFixed(1)})`);
    const to = Math.min(Math.max(x - bx, -half + 12), half - 12);
    const above = dy > 0 ? `H${to - 5}L${to} -17L${to + 5} -10` : "";
    const below = dy < 0 ? `H${to + 5}L${to} 17L${to - 5} 10` : "";
    set(this.bubble.firstChild, "d", `M${-half + 6} -10${above}H${half - 6}q6 0 6 6v8q0 6 -6 6${below}H${-half + 6}q-6 0 -6 -6v-8q0 -6 6 -6Z`);
  }
}
