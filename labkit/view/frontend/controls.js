/* The buttons and the keys: play, steps, jumps, speed, and the faults that can be done by hand. */
import { button, html, icon, refill, set, setText } from "./dom.js";
import { groupWords } from "./words.js";

const SPEEDS = [0.02, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10];
export const HELP = "Space plays and pauses, the arrow keys step, N and P jump to the next and previous change, Home and End go to the start and to now.";

export class Controls {
  /** @param {import("./player.js").Player} player */
  constructor(player) {
    this.player = player;
    const { port } = player;
    this.playButton = button({ icon: "play", title: "Play (Space)", kind: "lk-play lk-primary", onclick: () => player.toggle() });
    this.speed = html("select", { class: "lk-button", title: "Virtual seconds in one real second", "aria-label": "Speed", onchange: () => player.setSpeed(Number(this.speed.value)) },
      [...new Set([...SPEEDS, player.speed])].sort((a, b) => a - b).map((speed) => html("option", { value: speed, selected: speed === player.speed }, `${speed}×`)));
    this.now = button({ icon: "live", text: port ? "now" : "end", title: port ? "Go to now (L)" : "Go to the end (End)", kind: "lk-now", onclick: () => player.goNow() });
    this.element = html("div", { class: "lk-controls", role: "toolbar", "aria-label": "Player", title: HELP },
      button({ icon: "previous", title: "Previous change (P)", onclick: () => player.jump(-1) }),
      button({ icon: "back", title: "Step back (←)", onclick: () => player.step(-1) }),
      this.playButton,
      button({ icon: "forward", title: "Step forward (→)", onclick: () => player.step(1) }),
      button({ icon: "next", title: "Next change: leader, fault, error, violation (N)", onclick: () => player.jump(1) }),
      this.speed, this.now);
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
    set(this.now, "aria-pressed", String(player.atNow || player.asking));
    if (player.port) this._faults();
  }

  _faults() {
    const { player } = this;
    const off = player.faultsOff();
    const split = player.scene?.groups || [...(player.scene?.links.values() ?? [])].some((link) => link.cut || link.loss);
    const ticked = [...player.ticked];
    const key = `${off} ${Boolean(split)} ${player.splitting} ${ticked} ${player.port.faultCount} ${player.pending.has("partition ")}`;
    if (key === this.rowKey) return;
    this.rowKey = key;
    const held = /** @type {HTMLElement | null} */ (this.faultRow.querySelector(":focus"))?.dataset.name;
    const made = (name, options) => {
      const one = button({ ...options, title: off && name !== "copy" ? off : options.title });
      one.dataset.name = name;
      if (off && name !== "copy") one.setAttribute("aria-disabled", "true");
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
          if (player.faultsOff()) player.say(`Nothing was done: ${player.faultsOff()}.`);
          else {
            player.splitting = true;
            player.refresh();
          }
        } }),
        split ? made("heal", { icon: "heal", text: "Heal", title: "Join the network again", onclick: () => player.fault("heal", []) }) : null,
      ]),
      player.port.faultCount ? made("copy", { icon: "copy", text: `${player.port.faultCount} fault${player.port.faultCount === 1 ? "" : "s"} as Python`, title: "Copy what was done to this cluster, as Python", onclick: () => this._copy() }) : null);
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

  async _copy() {
    const text = this.player.port.faults;
    const label = this.faultRow.querySelector('[data-name="copy"] span');
    try {
      await navigator.clipboard.writeText(text);
      if (label) setText(label, "Copied");
      this.rowKey = "";
      setTimeout(() => this.player.refresh(), 1200);
    } catch {
      this.player.say(`Copy this: ${text}`);
    }
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    event.stopPropagation();
    const { player } = this;
    const target = /** @type {HTMLElement} */ (event.target);
    const native = /^(button|select)$/i.test(target.tagName);
    if (target.tagName === "SELECT" && event.key !== "Escape") return;
    const actions = {
      " ": native ? null : () => player.toggle(),
      ArrowRight: () => (event.shiftKey ? player.jump(1) : player.step(1)),
      ArrowLeft: () => (event.shiftKey ? player.jump(-1) : player.step(-1)),
      Home: () => { player.pause(); player.seek(0, 0); },
      End: () => player.goNow(),
      n: () => player.jump(1),
      p: () => player.jump(-1),
      l: () => player.goNow(),
      "+": () => this._faster(1),
      "-": () => this._faster(-1),
      Escape: () => this._escape(),
    };
    const action = actions[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!action) return;
    event.preventDefault();
    action();
  }

  _faster(direction) {
    const options = [...this.speed.options];
    const index = Math.min(Math.max(this.speed.selectedIndex + direction, 0), options.length - 1);
    this.speed.selectedIndex = index;
    this.player.setSpeed(Number(this.speed.value));
  }

  _escape() {
    const { player } = this;
    if (player.splitting) this._stopSplitting();
    const { selected } = player;
    player.select(null);
    if (selected?.type === "node") player.frame.focus(String(selected.id));
  }
}
