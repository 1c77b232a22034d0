/* Where nodes stand in a picture of a given size, and the shapes that enclose groups of them. */

/** @typedef {{x: number, y: number}} Point */

/**
 * @param {[number, number][]} positions  in the square from -1 to 1
 * @param {number} width @param {number} height
 * @param {number} clients  how many clients need a place at the left
 * @returns {{places: Point[], clientPlaces: Point[], r: number, gap: number}}  `gap`: the least distance between two nodes
 */
export function place(positions, width, height, clients) {
  const left = clients ? 64 : 0;
  const [cx, cy] = [left + (width - left) / 2, height / 2 + (positions.length > 24 ? 0 : 7)];
  const scale = (r) => {
    const high = Math.max(30, height / 2 - r - (r < 19 ? 18 : 33));
    return [Math.min(Math.max(30, (width - left) / 2 - r - 26), high * (positions.length > 8 ? 2.1 : 1.55)), high];
  };
  const closest = (/** @type {number[]} */ [sx, sy]) => {
    let least = Infinity;
    for (let i = 0; i < positions.length; i += 1) {
      for (let j = i + 1; j < positions.length; j += 1) {
        least = Math.min(least, Math.hypot((positions[i][0] - positions[j][0]) * sx, (positions[i][1] - positions[j][1]) * sy));
      }
    }
    return least;
  };
  let r = 30;
  while (r > 8 && closest(scale(r)) < r * (r > 18 ? 3 : 2.35)) r -= 1;
  const [sx, sy] = scale(r);
  return {
    places: positions.map(([x, y]) => ({ x: cx + x * sx, y: cy + y * sy })),
    clientPlaces: Array.from({ length: clients }, (_, i) => ({ x: 34, y: (height * (i + 1)) / (clients + 1) })),
    r,
    gap: closest([sx, sy]),
  };
}

/** The corners of the convex hull. @param {Point[]} points @returns {Point[]} */
export function hull(points) {
  const sorted = [...points].sort((a, b) => a.x - b.x || a.y - b.y);
  const cross = (o, a, b) => (a.x - o.x) * (b.y - o.y) - (a.y - o.y) * (b.x - o.x);
  const half = (list) => {
    const chain = [];
    for (const point of list) {
      while (chain.length > 1 && cross(chain[chain.length - 2], chain[chain.length - 1], point) <= 0) chain.pop();
      chain.push(point);
    }
    return chain.slice(0, -1);
  };
  return sorted.length < 3 ? sorted : [...half(sorted), ...half(sorted.reverse())];
}

/** A rounded path at distance `margin` around a group. @param {Point[]} points @param {number} margin @returns {string} */
export function enclose(points, margin) {
  const corners = hull(points);
  if (corners.length === 1) {
    const [{ x, y }] = corners;
    return `M${x - margin} ${y}a${margin} ${margin} 0 1 1 ${2 * margin} 0a${margin} ${margin} 0 1 1 ${-2 * margin} 0Z`;
  }
  const parts = corners.map((corner, i) => {
    const next = corners[(i + 1) % corners.length];
    const length = Math.hypot(next.x - corner.x, next.y - corner.y) || 1;
    const [nx, ny] = [((next.y - corner.y) / length) * margin, (-(next.x - corner.x) / length) * margin];
    return [corner.x + nx, corner.y + ny, next.x + nx, next.y + ny].map((value) => value.toFixed(1));
  });
  return `${parts.map(([x1, y1, x2, y2], i) => `${i ? `A${margin} ${margin} 0 0 1 ${x1} ${y1}` : `M${x1} ${y1}`}L${x2} ${y2}`).join("")}A${margin} ${margin} 0 0 1 ${parts[0][0]} ${parts[0][1]}Z`;
}

/** Whether a point lies within the hull of a group. @param {Point} point @param {Point[]} group */
export function within(point, group) {
  const corners = hull(group);
  return corners.length > 2 && corners.every((corner, i) => {
    const next = corners[(i + 1) % corners.length];
    return (next.x - corner.x) * (point.y - corner.y) - (next.y - corner.y) * (point.x - corner.x) >= 0;
  });
}

/** The line from one node's edge to another's, a little to its right, so that the two directions do not cover each other.
 * @param {Point} from @param {Point} to @param {number} r */
export function lane(from, to, r) {
  const length = Math.hypot(to.x - from.x, to.y - from.y) || 1;
  const [ux, uy] = [(to.x - from.x) / length, (to.y - from.y) / length];
  const edge = Math.min(r + (r > 19 ? 13 : 9), length * 0.4);
  const side = Math.min(4, r * 0.2);
  return {
    x1: from.x + ux * edge - uy * side, y1: from.y + uy * edge + ux * side,
    x2: to.x - ux * edge - uy * side, y2: to.y - uy * edge + ux * side, ux, uy,
  };
}
