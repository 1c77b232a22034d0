/* What a view is about, where the reader chooses: an attribute, a rumour. */
import { html, refill, set } from "./dom.js";

/** A labelled list to choose from. */
export class Choice {
  /** @param {string} label @param {() => void} onchange */
  constructor(label, onchange) {
    this.list = html("select", { class: "lk-button", "aria-label": label, onchange: () => {
      this.chosen = this.list.value;
      onchange();
    } });
    this.element = html("label", { class: "lk-choice" }, html("span", {}, label), this.list);
    /** @type {string | null} what the reader chose */
    this.chosen = null;
  }

  /** Offers these; what the reader chose stays chosen as long as it is among them.
   * @param {{value: string, text: string}[]} options @param {string} usual  what is chosen if the reader did not @returns {string} */
  offer(options, usual) {
    const key = JSON.stringify(options);
    if (key !== this.key) {
      this.key = key;
      refill(this.list, options.map(({ value, text }) => html("option", { value }, text)));
    }
    const value = options.some((option) => option.value === this.chosen) ? this.chosen : usual;
    if (this.list.value !== value) this.list.value = value;
    set(this.list, "data-value", value);
    return value;
  }
}

/** A row of what can be chosen. @param {...Choice} choices */
export function choiceRow(...choices) {
  return html("div", { class: "lk-choices" }, choices.map(({ element }) => element));
}
