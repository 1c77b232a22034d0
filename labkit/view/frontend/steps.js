/* Moving the cursor by steps: of one event or one message, to the next change of a variable, violation or bookmark. */
import { find, unitWords } from "./stepper.js";
import { upperBound } from "./trace.js";
import { momentWords, seconds, sentence } from "./words.js";

const STEPS_TRIED_AT_MOST = 25;

/** The part of the player that steps. What it needs of the rest is declared here, and done by the player. */
export class Steps {
  /** @param {import("./trace.js").Trace} trace @param {import("./player.js").Port | null} port */
  constructor(trace, port) {
    this.trace = trace;
    this.port = port;
    this.time = 0;
    this.count = 0;
    /** @type {import("./stepper.js").Unit} what the arrows step by */
    this.unit = { kind: "event" };
    /** @type {import("./stepper.js").Unit | null} what the cluster runs on for */
    this.wanted = null;
    this.stepsTried = 0;
    /** @type {import("./bookmarks.js").Bookmarks} */
    this.bookmarks = undefined;
  }

  pause() {}

  refresh() {}

  goNow() {}

  /** @param {string} _text */
  tell(_text) {}

  /** @param {number} _time @param {number} [_count] */
  seek(_time, _count) {}

  /** @param {import("./cluster.js").Selection | null} _selected */
  select(_selected) {}

  /** Stops at the end of the step that holds an event; of one that has not come from the kernel yet, at the last that has. @param {number} wanted */
  goTo(wanted) {
    if (!this.trace.length) return;
    const seq = Math.min(wanted, this.trace.length - 1);
    this.pause();
    this.seek(this.trace.time[seq], this.trace.stepEnd(seq));
  }

  /** Steps by the unit that was chosen. @param {1 | -1} direction */
  step(direction) {
    if (this.unit.kind === "event") this.stepEvent(direction);
    else this.stepOnce(this.unit, direction);
  }

  /** Chooses what the arrows step by, and steps if a direction is given. @param {import("./stepper.js").Unit} unit @param {1 | -1} [direction] */
  stepBy(unit, direction) {
    this.unit = unit;
    this.refresh();
    if (direction) this.step(direction);
    else this.tell(`Stepping by ${unitWords(unit)}`);
  }

  /** @param {import("./stepper.js").Unit} unit @param {1 | -1} direction */
  stepOnce(unit, direction) {
    if (unit.kind === "moment") {
      this.jump(direction);
      return;
    }
    this.pause();
    if (unit.kind === "bookmark") {
      this.bookmarks.step(direction);
      return;
    }
    const seq = unit.kind === "violation" ? this._violationFrom(direction) : find(this.trace, unit, this.count, direction);
    if (seq >= 0) {
      this.wanted = null;
      this.goTo(seq);
      const about = unit.kind === "violation" ? this.trace.marks.find((mark) => mark.seq === seq).label : sentence(this.trace, this.trace.stepAt(this.count));
      if (unit.kind === "message") this.select({ type: "message", id: this.trace.match[seq] >= 0 && this.trace.match[seq] < seq ? this.trace.match[seq] : seq });
      this.tell(about);
    } else if (direction > 0 && this.port && unit.kind !== "violation" && !this.wanted) {
      this.goNow();
      this.wanted = unit;
      this.stepsTried = 0;
      this._askForStep();
    } else if (!this.wanted || direction < 0) this.tell(`No ${direction > 0 ? "later" : "earlier"}: ${unitWords(unit)}`);
  }

  _violationFrom(direction) {
    const [from] = this.trace.stepAt(this.count);
    const seqs = this.trace.marks.map((mark) => mark.seq).sort((a, b) => a - b);
    return (direction > 0 ? seqs.find((seq) => seq >= this.count) : seqs.findLast((seq) => seq < from)) ?? -1;
  }

  /** @param {1 | -1} direction */
  stepEvent(direction) {
    this.pause();
    const count = this.trace.stepFrom(this.count, direction);
    if (count === this.count && direction > 0 && this.port) {
      this.stepsTried = 0;
      this._askForStep();
      return;
    }
    if (count === this.count) this.seek(direction > 0 ? this.trace.now : 0, count);
    else this.seek(count ? this.trace.time[count - 1] : 0, count);
    this.tell(sentence(this.trace, this.trace.stepAt(this.count)));
  }

  /** At now, a step forward makes the cluster run on until something happens. */
  _askForStep() {
    this.stepsTried += 1;
    this.port.advance(this.trace.now + 0.02 * this.stepsTried);
  }

  /** Jumps to where something notable happens. @param {1 | -1} direction */
  jump(direction) {
    const { moments, marks } = this.trace;
    const seqs = [...moments.map(({ seq }) => seq), ...marks.map(({ seq }) => seq)].sort((a, b) => a - b);
    const from = this.trace.stepAt(this.count)[0];
    const index = upperBound(seqs, direction > 0 ? this.count - 1 : from - 1);
    const seq = seqs[direction > 0 ? index : index - 1];
    if (seq === undefined) {
      this.tell(direction > 0 ? "Nothing more to jump to" : "Nothing earlier to jump to");
      if (direction > 0) this.goNow();
      return;
    }
    this.goTo(seq);
    const mark = marks.find((one) => one.seq === seq);
    this.tell(mark ? mark.label : momentWords(this.trace, moments.find((moment) => moment.seq === seq)));
  }

  /** A step forward had to wait for the cluster to run on. @param {number} before events that there were */
  _tryOn(before) {
    if (this.wanted && find(this.trace, this.wanted, before, 1) >= 0) {
      const { wanted } = this;
      this.stepsTried = 0;
      this.wanted = null;
      this.seek(before ? this.trace.time[before - 1] : 0, before);
      this.stepOnce(wanted, 1);
    } else if (!this.wanted && this.trace.length > before) {
      this.stepsTried = 0;
      this.stepEvent(1);
    } else if (this.stepsTried < STEPS_TRIED_AT_MOST) this._askForStep();
    else if (this.wanted) {
      this.tell(`The cluster ran on to ${seconds(this.trace.now)} without: ${unitWords(this.wanted)}`);
      this.wanted = null;
      this.stepsTried = 0;
      this.goNow();
    }
  }
}
