// The values of a field as a table, for those who cannot see the map or want figures: items, spread, and a way to them.

import { el, showProblem } from "./api.js";
import { count, percent } from "./words.js";

const ROWS = 50;

/** The card with the table; `choose(value, place)` hears which value is to be looked at. */
export class Table {
  constructor(choose) {
    this.choose = choose;
    this.node = document.getElementById("table");
    document.getElementById("table-before").addEventListener("click", () => this.open(this.data, this.field, this.start - ROWS));
    document.getElementById("table-after").addEventListener("click", () => this.open(this.data, this.field, this.start + ROWS));
  }

  async open(data, field, start = 0) {
    Object.assign(this, { data, field, start });
    const words = document.getElementById("table-words");
    const pages = document.getElementById("table-pages");
    document.getElementById("table-card").hidden = false;
    pages.hidden = true;
    if (field === null || field.kind === "number") {
      words.textContent = field === null ? "The items have no labels and no columns." : `${field.name} is a number: choose a category under “Coloured by” for a row for each value.`;
      this.node.replaceChildren();
      return;
    }
    words.textContent = "Spread says how far the items of a value lie from their middle on the map: 100 % is as wide as the whole map.";
    try {
      const { rows, of } = await data.table(field.name, start);
      if (this.data !== data || this.field !== field || this.start !== start) return;
      this.node.replaceChildren(this.table(rows, start));
      pages.hidden = of <= ROWS;
      document.getElementById("table-before").disabled = start === 0;
      document.getElementById("table-after").disabled = start + ROWS >= of;
      document.getElementById("table-place").textContent = `${start + 1} to ${start + rows.length} of ${count(of, "value")}`;
    } catch (error) {
      showProblem(this.node, error);
    }
  }

  table(rows, start) {
    const head = [[this.field.name], ["Items", "number"], ["Spread", "number"]].map(([name, style]) => el("th", { scope: "col", class: style }, name));
    head.push(el("th", { scope: "col" }, el("span", { class: "visually-hidden" }, "Show on the map")));
    const body = rows.map(({ value, items, spread }, place) =>
      el(
        "tr",
        {},
        el("th", { scope: "row" }, value),
        el("td", { class: "number" }, items.toLocaleString("en")),
        el("td", { class: "number" }, percent(Math.round(spread * 1000) / 1000)),
        el("td", { class: "number" }, el("button", { type: "button", class: "small", "aria-label": `Show ${value}`, onclick: () => this.choose(value, start + place) }, "Show")),
      ),
    );
    const caption = el("caption", { class: "visually-hidden" }, `Values of ${this.field.name}`);
    return el("div", { class: "table-wrap", tabindex: "0", role: "region", "aria-label": `Values of ${this.field.name}` }, el("table", {}, caption, el("thead", {}, el("tr", {}, ...head)), el("tbody", {}, ...body)));
  }
}
