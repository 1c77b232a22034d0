/* The messages in flight, on a canvas below the picture: hundreds of shapes that move in every frame, which as elements would be laid out anew. */
import { html } from "./dom.js";
import { outline } from "./glyphs.js";
import { lane } from "./layout.js";

const TRAILS_AT_MOST = 100; /* of more messages, only the shapes are drawn */
const REACH = 14; /* pixels from a message to a click on it */
const TRAIL = 26;

/** @typedef {{seq: number, x: number, y: number, down: boolean, name: string, from: string}} Spot  where a message is drawn, and whether it flies downwards */

export class Flights {
  /** @param {() => Object<string, string>} palette */
  constructor(palette) {
    this.palette = palette;
    this.canvas = html("canvas", { class: "lk-flights", "aria-hidden": "true" });
    /** @type {Map<string, Path2D>} */
    this.outlines = new Map();
    /** @type {Spot[]} */
    this.spots = this.canvas.spots = [];
  }

  /** @param {number} width @param {number} height */
  resize(width, height) {
    this.scale = Math.min(2, globalThis.devicePixelRatio || 1);
    this.canvas.width = Math.round(width * this.scale);
    this.canvas.height = Math.round(height * this.scale);
  }

  /** @param {string} shape @param {number} size */
  _outline(shape, size) {
    const key = `${shape} ${size}`;
    if (!this.outlines.has(key)) this.outlines.set(key, new Path2D(outline(shape, size)));
    return this.outlines.get(key);
  }

  /** @param {import("./scene.js").Flight[]} flights @param {Map<string, import("./layout.js").Point>} at @param {number} r  of a node
   * @param {import("./cluster.js").Emphasis} emphasis */
  draw(flights, at, r, { glyphs, still, markedFlights, selected }) {
    const ctx = this.canvas.getContext("2d");
    const ink = this.palette();
    const { scale } = this;
    ctx.setTransform(1, 0, 0, 1, 0, 0);
    ctx.clearRect(0, 0, this.canvas.width, this.canvas.height);
    const size = r > 20 ? 6.5 : r > 13 ? 5 : 4;
    const chosen = selected?.type === "message" ? selected.id : null;
    ctx.lineJoin = ctx.lineCap = "round";
    this.spots.length = 0;
    for (const flight of flights) {
      const [from, to] = [at.get(flight.from), at.get(flight.to)];
      if (!from || !to) continue;
      const { x1, y1, x2, y2, ux, uy } = lane(from, to, r);
      const progress = still ? (flight.lost ? 0.5 : 0.55) : flight.progress;
      const [x, y] = [x1 + (x2 - x1) * progress, y1 + (y2 - y1) * progress];
      this.spots.push({ seq: flight.seq, x, y, down: uy > 0, name: flight.name, from: flight.from });
      const { shape, color, hollow } = glyphs.get(flight.name);
      const dying = flight.lost && (flight.fading > 0 || flight.progress >= 1 || still);
      const strength = 1 - flight.fading;
      ctx.setTransform(scale, 0, 0, scale, x * scale, y * scale);
      ctx.strokeStyle = ctx.fillStyle = ink[color];
      if (flights.length <= TRAILS_AT_MOST) {
        const behind = Math.min(still ? Infinity : TRAIL, Math.hypot(x - x1, y - y1));
        ctx.globalAlpha = 0.4 * strength;
        ctx.lineWidth = 2;
        ctx.beginPath();
        ctx.moveTo(0, 0);
        ctx.lineTo(-ux * behind, -uy * behind);
        ctx.stroke();
      }
      ctx.globalAlpha = (dying ? 0.45 : 1) * strength;
      if (hollow || flight.duplicate) {
        if (hollow) ctx.fillStyle = ink.panel;
        if (flight.duplicate) ctx.setLineDash([2, 1.5]);
        ctx.lineWidth = 2;
        ctx.fill(this._outline(shape, size));
        ctx.stroke(this._outline(shape, size));
        ctx.setLineDash([]);
      } else ctx.fill(this._outline(shape, size + 0.8));
      ctx.globalAlpha = strength;
      if (dying) this._sign(ctx, ink.fault, 2.4, "M-6 -6L6 6M6 -6L-6 6");
      if (markedFlights.has(flight.seq)) this._sign(ctx, ink.fault, 2.4, "M11 0A11 11 0 1 1 -11 0A11 11 0 1 1 11 0Z");
      if (flight.seq === chosen) this._sign(ctx, ink.text, 1.8, "M11 0A11 11 0 1 1 -11 0A11 11 0 1 1 11 0Z");
    }
    ctx.globalAlpha = 1;
  }

  _sign(ctx, color, width, path) {
    if (!this.outlines.has(path)) this.outlines.set(path, new Path2D(path));
    ctx.strokeStyle = color;
    ctx.lineWidth = width;
    ctx.stroke(this.outlines.get(path));
  }

  /** The message at a place, the nearest. @param {number} x @param {number} y @returns {Spot | null} */
  near(x, y) {
    let best = null;
    let least = REACH;
    for (const spot of this.spots) {
      const distance = Math.hypot(spot.x - x, spot.y - y);
      if (distance < least) [best, least] = [spot, distance];
    }
    return best;
  }
}
