// A group of items of a map -> how many, what they are, their pictures, and a file with them.

import { el, legible, showProblem, tell } from "./api.js";
import { itemButton } from "./map_items.js";
import { count, percent } from "./words.js";

const LISTED = 12; // values

/** The card beneath the map; `show(number)` shows an item of it on the map, `onClear()` hears that it was given up. */
export class Group {
  constructor(show, onClear) {
    this.show = show;
    this.card = document.getElementById("group");
    this.items = document.getElementById("group-items");
    this.more = document.getElementById("group-more");
    this.problem = document.getElementById("group-problem");
    this.asked = null;
    document.getElementById("clear").addEventListener("click", () => {
      this.clear();
      onClear();
    });
    this.more.addEventListener("click", () => this.load(this.items.children.length));
    document.getElementById("export").addEventListener("click", () => this.save());
  }

  /** Show these items of a map; values of `field` are counted. `words` say what the group is. */
  async open(data, numbers, field, words) {
    Object.assign(this, { data, numbers, field, words });
    this.card.hidden = false;
    document.getElementById("group-title").textContent = legible(words);
    this.items.replaceChildren();
    document.getElementById("group-values").replaceChildren();
    showProblem(this.problem, null);
    if (numbers.length) await this.load(0);
    else {
      this.more.hidden = true;
      this.problem.append(el("p", { class: "soft" }, "There is no item in it. Draw around some points."));
    }
  }

  clear() {
    this.asked?.abort();
    this.card.hidden = true;
    this.numbers = [];
    for (const id of ["group-items", "group-values"]) document.getElementById(id).replaceChildren();
  }

  async load(start) {
    this.asked?.abort();
    const asked = (this.asked = new AbortController());
    this.card.setAttribute("aria-busy", "true");
    try {
      const answer = await this.data.group(this.numbers, this.field, start, asked.signal);
      if (start === 0) this.told(answer);
      this.items.append(...answer.items.map((item) => el("li", {}, itemButton(item, this.data, () => this.show(item.number)))));
      this.more.hidden = this.items.children.length >= answer.count;
    } catch (error) {
      showProblem(this.problem, error);
    } finally {
      if (asked === this.asked) this.card.removeAttribute("aria-busy");
    }
  }

  told({ count: items, removed, values }) {
    const words = `${count(items, "item")} of ${this.data.size.toLocaleString("en")}`;
    const rows = values.slice(0, LISTED).map(([value, here, all]) =>
      el(
        "tr",
        {},
        el("th", { scope: "row" }, value),
        el("td", { class: "number" }, here.toLocaleString("en")),
        el("td", { class: "bar-cell" }, el("span", { class: "bar", style: { width: `${(here / values[0][1]) * 100}%` } }), el("span", { class: "visually-hidden" }, percent(here / items))),
        el("td", { class: "number soft" }, `of ${all.toLocaleString("en")}`),
      ),
    );
    const place = document.getElementById("group-values");
    place.replaceChildren(el("p", { class: "group-count" }, words));
    if (removed) place.append(el("p", { class: "small-print" }, `${count(removed, "item")} of the group ${removed === 1 ? "was" : "were"} removed since the map was drawn.`));
    if (rows.length) {
      const head = [this.field, "here", "", "in all"].map((name) => el("th", { scope: "col", class: name === "here" || name === "in all" ? "number" : null }, name || el("span", { class: "visually-hidden" }, "share of the group")));
      place.append(el("table", { class: "values" }, el("thead", {}, el("tr", {}, ...head)), el("tbody", {}, ...rows)));
      if (values.length > LISTED) place.append(el("p", { class: "small-print" }, `and ${count(values.length - LISTED, "value")} more`));
    }
    tell(`Group of ${words}.`);
  }

  async save() {
    showProblem(this.problem, null);
    try {
      const address = URL.createObjectURL(await this.data.exported(this.numbers));
      const link = el("a", { href: address, download: "group.csv" });
      link.click();
      setTimeout(() => URL.revokeObjectURL(address), 10_000);
    } catch (error) {
      showProblem(this.problem, error);
    }
  }
}
