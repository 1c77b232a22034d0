/* The buttons and the keys: play, steps, jumps, speed, and the faults that can be done by hand. */
import { button, html, icon, refill, set } from "./dom.js";
import { HELP, showKeys } from "./keys.js";
import { copyRow, popover } from "./popover.js";
import { Stepper } from "./stepper.js";
import { groupWords } from "./words.js";

const SPEEDS = [0.02, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10];

export class Controls {
  /** @param {import("./player.js").Player} player */
  constructor(player) {
    this.player = player;
    const { port } = player;
    this.playButton = button({ icon: "play", title: "Play (Space)", kind: "lk-play lk-primary", onclick: () => player.toggle() });
    this.speed = html("select", { class: "lk-button", title: "Virtual seconds in one real second", "aria-label": "Speed", onchange: () => player.setSpeed(Number(this.speed.value)) },
      [...new Set([...SPEEDS, player.speed])].sort((a, b) => a - b).map((speed) => html("option", { value: speed, selected: speed === player.speed }, `${speed}×`)));
    this.stepper = new Stepper(player.trace, { onchoose: (unit) => player.stepBy(unit) });
    this.now = button({ icon: "live", text: port ? "now" : "end", title: port ? "Go to now (L)" : "Go to the end (End)", kind: "lk-now", onclick: () => player.goNow() });
    this.element = html("div", { class: "lk-controls", role: "toolbar", "aria-label": "Player", title: HELP },
      button({ icon: "previous", title: "Previous change (P)", onclick: () => player.jump(-1) }),
      button({ icon: "back", title: "Step back (←)", onclick: () => player.step(-1) }),
      this.playButton,
      button({ icon: "forward", title: "Step forward (→)", onclick: () => player.step(1) }),
      button({ icon: "next", title: "Next change: leader, fault, error, violation (N)", onclick: () => player.jump(1) }),
      this.speed, this.stepper.element, this.now,
      button({ icon: "bookmark", title: "Bookmarks, and a link to this moment (B)", onclick: () => player.bookmarks.open() }),
      button({ text: "?", title: "Keys (?)", label: "Keys", onclick: () => showKeys(player.root) }));
    this.faultRow = html("div", { class: "lk-fault-row", role: "toolbar", "aria-label": "Faults", hidden: !port });
    this.rowKey = "";
  }

  draw() {
    const { player } = this;
    const playing = player.playing ? "pause" : "play";
    if (this.shown !== playing) {
      this.shown = playing;
      refill(this.playButton, icon(playing));
      set(this.playButton, "title", player.playing ? "Pause (Space)" : "Play (Space)");
      set(this.playButton, "aria-label", player.playing ? "Pause" : "Play");
    }
    this.stepper.draw(player.unit);
    set(this.now, "aria-pressed", String(player.atNow || player.asking));
    if (player.port) this._faults();
  }

  _faults() {
    const { player } = this;
    const past = player.inPast();
    const split = player.scene?.groups || [...(player.scene?.links.values() ?? [])].some((link) => link.cut || link.loss);
    const ticked = [...player.ticked];
    const key = `${past} ${Boolean(split)} ${player.splitting} ${ticked} ${player.port.faultCount} ${player.pending.has("partition")}`;
    if (key === this.rowKey) return;
    this.rowKey = key;
    const held = /** @type {HTMLElement | null} */ (this.faultRow.querySelector(":focus"))?.dataset.name;
    const made = (name, options) => {
      const one = button(options);
      one.dataset.name = name;
      return one;
    };
    const others = player.trace.nodes.filter((id) => !player.ticked.has(id));
    refill(this.faultRow,
      ...(player.splitting ? [
        html("span", { class: "lk-hint" }, ticked.length ? groupWords([ticked, others]) : "Click the nodes of one side"),
        ticked.length && others.length ? made("apply", { text: "Split", kind: "lk-primary", title: "Split the network so", onclick: () => this._split() }) : null,
        made("cancel", { text: "Cancel", title: "Keep the network whole (Esc)", onclick: () => this._stopSplitting() }),
      ] : [
        made("split", { icon: "split", text: "Partition", title: "Split the network: choose the nodes of one side, or draw a line across the picture", onclick: () => {
          player.splitting = true;
          player.refresh();
        } }),
        made("links", { text: "All links", title: "Loss, delay and the like for every link", onclick: () => player.select({ type: "link", id: "*>*" }) }),
        split ? made("heal", { icon: "heal", text: "Heal", title: "Join the network again", onclick: () => player.fault("heal", []) }) : null,
      ]),
      player.port.faultCount ? made("copy", { icon: "copy", text: `${player.port.faultCount} fault${player.port.faultCount === 1 ? "" : "s"} as Python`, title: "What was done to this run, as Python to paste", onclick: () => this._python() }) : null,
      past ? html("small", { class: "lk-forks" }, "Here, in the past, whatever you do begins another run") : null);
    if (held) (this.faultRow.querySelector(`[data-name="${held}"]`) ?? this.faultRow.querySelector("button"))?.focus();
  }

  _split() {
    const { ticked, trace } = this.player;
    const sides = [[...ticked], trace.nodes.filter((id) => !ticked.has(id))];
    if (sides.every((side) => side.length)) this.player.fault("partition", sides);
  }

  _stopSplitting() {
    this.player.splitting = false;
    this.player.ticked.clear();
    this.player.refresh();
  }

  /** What was done to this run, to paste into a cell or a test. */
  _python() {
    popover(this.player.root, "python", "What was done, as Python", html("p", {}, "Give it to a cluster of the same code and seed, and all of it happens again: Cluster(…, faults=faults)"),
      ...copyRow(`faults = ${this.player.port.faults}`));
  }

  faster(direction) {
    const options = [...this.speed.options];
    const index = Math.min(Math.max(this.speed.selectedIndex + direction, 0), options.length - 1);
    this.speed.selectedIndex = index;
    this.player.setSpeed(Number(this.speed.value));
  }

  /** To the buttons of what was chosen, else to those below the picture. */
  toFaults() {
    const { inspector } = this.player;
    (inspector.element.querySelector(".lk-row button") ?? this.faultRow.querySelector("button"))?.focus({ preventScroll: true });
  }
}
