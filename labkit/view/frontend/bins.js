/* Values over time in a number of windows of equal length, which doubles as the run goes on: what a small picture of a whole run needs. */

const BINS_AT_MOST = 240;
const FIRST_WINDOW = 0.001; /* seconds of a window at first */

/** @template T */
export class Bins {
  /** @param {() => T} make  an empty window @param {(one: T, next: T) => T} join  two windows as one @param {number} [most]  windows */
  constructor(make, join, most = BINS_AT_MOST) {
    this.limit = most;
    this.make = make;
    this.join = join;
    this.width = FIRST_WINDOW;
    /** @type {T[]} */
    this.all = [];
  }

  /** The window that holds a time. @param {number} time @returns {T} */
  at(time) {
    while (time / this.width >= this.limit) {
      const { all } = this;
      this.all = Array.from({ length: Math.ceil(all.length / 2) }, (_, i) => (2 * i + 1 < all.length ? this.join(all[2 * i], all[2 * i + 1]) : all[2 * i]));
      this.width *= 2;
    }
    const place = Math.floor(time / this.width);
    while (this.all.length <= place) this.all.push(this.make());
    return this.all[place];
  }
}

/** A value that holds until it changes: the highest and the last of each window. */
export class Levels extends Bins {
  constructor() {
    super(() => ({ most: -1, last: -1 }), (one, next) => ({ most: Math.max(one.most, next.most), last: next.last < 0 ? one.last : next.last }));
    this.most = 0;
  }

  /** @param {number} time @param {number} value  from then on, not negative */
  set(time, value) {
    const bin = this.at(time);
    bin.most = Math.max(bin.most, value);
    bin.last = value;
    this.most = Math.max(this.most, value);
  }

  /** The highest value in each window, with what was carried into it. @returns {number[]} */
  highest() {
    let held = 0;
    return this.all.map(({ most, last }) => {
      const highest = Math.max(most, held);
      if (last >= 0) held = last;
      return highest;
    });
  }
}

/** Percentiles by the nearest rank. @param {ArrayLike<number>} sorted  ascending @param {number[]} percents @returns {number[]} */
export function percentiles(sorted, percents) {
  return percents.map((percent) => sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)]);
}
