// Operating points: their list, and the form that saves the threshold as one.

import { ask, el, legible, showProblem, tell } from "./api.js";
import { distance as shown, percent } from "./words.js";

/** `go(threshold)` moves the threshold; `changed(points)` hears what there is after each change. */
export class Points {
  constructor(go, changed) {
    Object.assign(this, { go, changed });
    this.list = document.getElementById("points");
    this.problem = document.getElementById("points-problem");
    document.getElementById("save").addEventListener("submit", (event) => this.save(event));
  }

  async load() {
    try {
      const { points } = await ask("/v1/operating-points");
      this.list.replaceChildren(points.length ? el("ul", { class: "points" }, ...points.map((point) => this.row(point))) : el("p", { class: "soft" }, "There is none yet."));
      this.changed(points.filter((point) => point.problem === null));
    } catch (error) {
      showProblem(this.problem, error);
    }
  }

  row(point) {
    const promise = point.confidence > 0 ? `FMR at most ${percent(point.fmr)}, ${percent(point.confidence)} sure` : `FMR ${percent(point.fmr)} as found`;
    const by = `${point.who}, ${new Date(point.when).toLocaleDateString()}`;
    const words = point.problem === null ? [el("span", { class: "small-print" }, promise), el("span", { class: "small-print" }, by)] : [el("span", { class: "chip warn" }, "cannot be used"), el("span", { class: "small-print" }, point.problem)];
    const name = point.problem === null ? el("button", { type: "button", class: "link", onclick: () => this.go(point.threshold) }, point.name) : el("strong", {}, point.name);
    const remove = el("button", { type: "button", class: "small quiet danger", onclick: () => this.remove(point.name, remove) }, "Remove", el("span", { class: "visually-hidden" }, ` ${point.name}`));
    const rename = el("button", { type: "button", class: "small quiet", onclick: () => this.askName(row, point.name) }, "Rename", el("span", { class: "visually-hidden" }, ` ${point.name}`));
    const row = el("li", {}, el("div", { class: "point" }, el("span", { class: "point-name" }, name, el("span", { class: "number" }, shown(point.threshold))), ...words), el("div", { class: "point-does" }, rename, remove));
    return row;
  }

  /** In the place of its row: what a point is to be called. */
  askName(row, name) {
    const input = el("input", { type: "text", maxlength: "64", required: true, autocomplete: "off", value: name, "aria-label": `New name of ${name}` });
    const form = el("form", { class: "find-line" }, input, el("button", { type: "submit", class: "small" }, "Rename"), el("button", { type: "button", class: "small quiet", onclick: () => this.load() }, "Cancel"));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.rename(name, input.value.trim());
    });
    form.addEventListener("keydown", ({ key }) => key === "Escape" && this.load());
    row.replaceChildren(form);
    input.select();
  }

  async rename(name, to) {
    showProblem(this.problem, null);
    try {
      if (to !== name) await ask(`/v1/operating-points/${encodeURIComponent(name)}`, { method: "PATCH", json: { name: to } });
      await this.load();
      tell(`${name} is called ${to} now.`);
    } catch (error) {
      showProblem(this.problem, error);
    }
  }

  async save(event) {
    event.preventDefault();
    showProblem(this.problem, null);
    const [name, number] = [document.getElementById("name"), document.getElementById("number")];
    // What was typed is no threshold: the one before it is not what is meant.
    if (!number.checkValidity()) return number.focus();
    try {
      const point = await ask("/v1/operating-points", { json: { name: name.value, threshold: this.threshold, confidence: this.confidence } });
      name.value = "";
      await this.load();
      tell(`Saved ${point.name} at ${shown(point.threshold)}.`);
    } catch (error) {
      showProblem(this.problem, error);
    }
    return undefined;
  }

  // A point that programs ask for: the second press removes it.
  async remove(name, button) {
    if (!button.dataset.sure) {
      button.dataset.sure = "yes";
      button.textContent = legible(`Really remove ${name}?`);
      tell(`Press again to remove ${name}.`);
      button.addEventListener("blur", () => this.load(), { once: true });
      return;
    }
    showProblem(this.problem, null);
    try {
      await ask(`/v1/operating-points/${encodeURIComponent(name)}`, { method: "DELETE" });
      tell(`Removed ${name}.`);
    } catch (error) {
      showProblem(this.problem, error);
    }
    await this.load();
  }
}
