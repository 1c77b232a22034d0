/* A shape and a colour for each type of message, in order of first appearance. A reply has its request's shape, hollow. */

export const SHAPES = ["circle", "diamond", "triangle", "square", "hexagon", "wedge", "star", "pill"];
const HUES = ["blue", "green", "pink", "sky", "amber", "ink"];
const REPLY = /(Reply|Response|Result|Acknowledgement|Acknowledged|Ack|Ok|OK|ed)$/;

/** @typedef {{shape: string, color: string, hollow: boolean}} Glyph */

/** The type that a type of replies answers, by its name: "GetReply" answers "Get". @param {string} name @param {Iterable<string>} names @returns {string | null} */
export function requestOf(name, names) {
  const stem = name.replace(REPLY, "");
  return stem === name || stem.length < 3 ? null : [...names].find((other) => other !== name && other.startsWith(stem)) ?? null;
}

/** @param {Iterable<string>} names types in order of first appearance @returns {Map<string, Glyph>} */
export function glyphs(names) {
  /** @type {Map<string, Glyph>} */
  const result = new Map();
  let next = 0;
  for (const name of names) {
    const request = requestOf(name, result.keys());
    if (request) result.set(name, { ...result.get(request), hollow: true });
    else {
      result.set(name, { shape: SHAPES[next % SHAPES.length], color: HUES[next % HUES.length], hollow: false });
      next += 1;
    }
  }
  return result;
}

/** The outline of a shape around the origin. @param {string} shape @param {number} r @returns {string} */
export function outline(shape, r) {
  const polygon = (corners, radius, turn = -Math.PI / 2) => `M${Array.from({ length: corners }, (_, i) => {
    const size = Array.isArray(radius) ? radius[i % radius.length] : radius;
    const angle = turn + (2 * Math.PI * i) / corners;
    return `${(size * Math.cos(angle)).toFixed(2)} ${(size * Math.sin(angle)).toFixed(2)}`;
  }).join("L")}Z`;
  switch (shape) {
    case "diamond": return polygon(4, r * 1.2);
    case "triangle": return polygon(3, r * 1.3);
    case "square": return polygon(4, r * 1.25, Math.PI / 4);
    case "hexagon": return polygon(6, r * 1.12);
    case "wedge": return polygon(3, r * 1.3, Math.PI / 2);
    case "star": return polygon(10, [r * 1.4, r * 0.65]);
    case "pill": return `M${-r * 1.3} ${-r * 0.6}H${r * 1.3}V${r * 0.6}H${-r * 1.3}Z`;
    default: return `M${-r} 0A${r} ${r} 0 1 1 ${r} 0A${r} ${r} 0 1 1 ${-r} 0Z`;
  }
}
