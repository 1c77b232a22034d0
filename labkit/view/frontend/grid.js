/* A table with a line for each node and a column for each thing that comes one after another: log entries, terms, ballots. It shows the
   columns around the cursor, as many as have room; the rest are a click away, and counted. Cells are kept and changed in place. */
import { html, refill, set, setText } from "./dom.js";

const NAMES_WIDE = 126; /* pixels of the nodes' names, and of the space around the table */

/**
 * @typedef {object} Cell
 * @property {string} text
 * @property {string} [sign]  a mark before the text
 * @property {string} [kind]  its looks: classes that begin with lk-is-
 * @property {string} [title]  the whole of it
 * @property {boolean} [goes]  a click on it leads somewhere
 */
/**
 * @typedef {object} Row
 * @property {string} id
 * @property {string} [sub]  a word below the name
 * @property {string} [kind]
 */

export class Grid {
  /** @param {{label: string, corner: string, wide: number, onrow: (id: string) => void, onpick: (row: number, column: number) => void, onturn: () => void}} options
   *   `wide`: pixels of a column; `onpick`: a cell was clicked, of row -1 if it is a heading; `onturn`: the reader asks for other columns */
  constructor({ label, corner, wide, onrow, onpick, onturn }) {
    this.options = { wide, onrow, onturn };
    this.corner = html("th", { scope: "col", class: "lk-corner" }, corner);
    this.head = html("tr", {}, this.corner);
    this.body = html("tbody");
    this.before = html("button", { type: "button", class: "lk-button lk-tiny", onclick: () => this._turn(-1) });
    this.after = html("button", { type: "button", class: "lk-button lk-tiny", onclick: () => this._turn(1) });
    this.bar = html("div", { class: "lk-grid-bar" }, this.before, this.after);
    this.table = html("div", { class: "lk-grid", tabindex: 0, role: "region", "aria-label": label }, html("table", {}, html("thead", {}, this.head), this.body));
    this.element = html("div", { class: "lk-grid-holder" }, this.bar, this.table);
    this.table.addEventListener("click", ({ target }) => {
      const cell = /** @type {Element} */ (target).closest(".lk-goes")?.parentElement;
      if (cell) onpick([...this.body.children].indexOf(cell.parentElement), [...cell.parentElement.children].indexOf(cell) - 1);
    });
    this.turned = 0;
    this.room = 6;
  }

  /** @param {number} width */
  resize(width) {
    this.width = width;
    this.widen(this.options.wide);
  }

  /** How many columns of a width in pixels there is room for. @param {number} wide */
  fits(wide) {
    return Math.max(2, Math.floor(((this.width ?? 600) - NAMES_WIDE) / (wide + 3)));
  }

  /** Makes the columns as wide as this, in pixels. @param {number} wide */
  widen(wide) {
    this.room = this.fits(wide);
    this.table.style.setProperty("--lk-wide", `${wide}px`);
    this.table.classList.toggle("lk-narrow", wide < 40);
  }

  /** The columns to show: those that end a little after `at`, or where the reader has turned to.
   * @param {number} count @param {number} at @returns {[number, number]} from the first on, up to the second */
  window(count, at) {
    if (at !== this.at) this.turned = 0;
    this.at = at;
    const from = Math.min(Math.max(0, at - Math.floor(this.room * 0.75) + 1 + this.turned), Math.max(0, count - this.room));
    this.turnable = [from > 0, from + this.room < count];
    return [from, Math.min(count, from + this.room)];
  }

  _turn(direction) {
    if (!this.turnable[direction > 0 ? 1 : 0]) return;
    this.turned += direction * Math.max(1, this.room - 1);
    this.options.onturn();
  }

  /** @param {Row[]} rows @param {Cell[]} columns @param {(row: number, column: number) => Cell | null} cell
   * @param {{before?: string, after?: string}} [more]  what lies to the left and to the right, in words */
  draw(rows, columns, cell, { before = "", after = "" } = {}) {
    this._fit(rows.length, columns.length);
    this.table.classList.toggle("lk-dense", rows.length > 12);
    columns.forEach((column, j) => this._fill(this.head.children[j + 1].firstChild, column, true));
    rows.forEach((row, i) => {
      const line = this.body.children[i];
      const name = line.firstChild;
      set(line, "class", row.kind ?? "");
      set(name, "data-row", row.id);
      setText(name.firstChild, row.id);
      setText(name.lastChild, row.sub ?? "");
      set(name, "title", row.sub ? `${row.id}: ${row.sub}` : row.id);
      for (let j = 0; j < columns.length; j += 1) this._fill(line.children[j + 1].firstChild, cell(i, j) ?? { text: "" }, false);
    });
    this.bar.hidden = !before && !after;
    for (const [one, words, sign] of [[this.before, before, "‹ "], [this.after, after, " ›"]]) {
      one.hidden = !words;
      setText(one, sign.startsWith(" ") ? words + sign : sign + words);
    }
  }

  /** Makes as many lines and columns as are needed. */
  _fit(rows, columns) {
    const { onrow } = this.options;
    while (this.body.children.length > rows) this.body.lastChild.remove();
    while (this.body.children.length < rows) {
      this.body.append(html("tr", {}, html("th", { scope: "row", onclick: (event) => onrow(event.currentTarget.dataset.row) }, html("span"), html("small"))));
    }
    for (const line of [this.head, ...this.body.children]) {
      while (line.children.length > columns + 1) line.lastChild.remove();
      while (line.children.length < columns + 1) {
        line.append(line === this.head
          ? html("th", { scope: "col" }, html("button", { type: "button", class: "lk-cell" }, html("i"), html("span")))
          : html("td", {}, html("div", { class: "lk-cell" }, html("i"), html("span"))));
      }
    }
  }

  /** @param {any} element @param {Cell} cell @param {boolean} head */
  _fill(element, { text, sign = "", kind = "", title = "", goes = false }, head) {
    set(element, "class", `lk-cell ${kind}${goes ? " lk-goes" : ""}`);
    setText(element.firstChild, sign);
    if (head && text.includes("\n")) {
      if (element.dataset.text !== text) {
        element.dataset.text = text;
        refill(element.lastChild, ...text.split("\n").map((line, i) => html(i ? "small" : "b", {}, line)));
      }
    } else setText(element.lastChild, text);
    set(element, "title", title);
    if (!head) return;
    set(element, "aria-disabled", String(!goes));
    set(element, "tabindex", goes ? 0 : -1);
  }
}
