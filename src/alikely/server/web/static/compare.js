// Compare: two items -> the verdict in words, where their distance lies, and why.

import { Problem, ask, el, showProblem, tell } from "./api.js";
import { compareSettings } from "./compare_settings.js";
import { distributionsChart, place } from "./distributions.js";
import { itemInput } from "./item_input.js";
import { measured } from "./measured.js";
import { explained } from "./why.js";
import { apart, distance as shown, judged, percent, verdictChip, verdictWord } from "./words.js";

const kind = document.body.dataset.kind;
const result = document.getElementById("result");
const waiting = document.getElementById("waiting");
const problem = document.getElementById("problem");

const sides = ["left", "right"].map((name) => {
  const root = document.getElementById(name);
  const { label } = root.dataset;
  return { name, label, input: itemInput(root, { kind, label, onChange: compare, onMore: (files) => take(name, files) }) };
});
const [left, right] = sides.map((side) => side.input);
const fields = Object.fromEntries(sides.map(({ name, label }) => [name, label]));
// Null where the model has none: then there is a distance, but no verdict.
const calibration = ask("/v1/model/calibration").catch((error) => {
  if (error.code !== "calibration") showProblem(problem, error);
  return null;
});
const settings = compareSettings(document.getElementById("settings"), calibration, compare);

/** Files beyond the first that came to one side together: the next is for the other side; the rest has no place. */
function take(name, [next, ...rest]) {
  sides.find((side) => side.name !== name).input.set(next);
  return rest;
}

let running = null;

/** Ask about what is there now; an earlier question that is not answered yet is dropped. */
async function compare() {
  running?.abort();
  showProblem(problem, null);
  if (left.empty() || right.empty()) {
    result.replaceChildren(waiting);
    result.removeAttribute("aria-busy");
    return;
  }
  const mine = (running = new AbortController());
  result.setAttribute("aria-busy", "true");
  try {
    const decision = await ask("/v1/compare", { form: asked(), signal: mine.signal });
    const made = await calibration;
    if (mine.signal.aborted) return;
    result.replaceChildren(verdictCard(decision, made));
    tell(`${verdictWord(decision.verdict)}: ${judged(decision)}`);
  } catch (error) {
    if (mine.signal.aborted) return;
    if (error instanceof Problem && error.code === "calibration" && typeof error.said.distance === "number") {
      result.replaceChildren(noVerdict(error.said.distance));
      tell(`No verdict: the model has no calibration. The distance is ${shown(error.said.distance)}`);
    } else {
      result.replaceChildren();
      showProblem(problem, together(error), fields);
    }
  } finally {
    if (running === mine) result.removeAttribute("aria-busy");
  }
}

/** Of a request that is too large the page says what it held. */
function together(error) {
  if (error.code === "too_large") error.message = error.message.replace(/^the body has/, `Both ${kind}s together have`);
  return error;
}

function asked() {
  const form = new FormData();
  for (const { name, input } of sides) input.put(form, name);
  for (const [name, value] of Object.entries(settings())) form.append(name, value);
  return form;
}

function verdictCard(decision, made) {
  const { verdict, probability } = decision;
  const bar = el("span");
  bar.style.width = `${Math.max(1, probability * 100)}%`;
  const head = el(
    "div",
    { class: "verdict-head", dataset: { verdict } },
    el("h2", { class: "visually-hidden" }, "Verdict"),
    verdictChip(verdict),
    el("p", {}, judged(decision)),
    el("div", { class: "likelihood", "aria-hidden": "true" }, "0", el("div", {}, bar), "1"),
  );
  const card = el("section", { class: "card stack", "aria-label": "The verdict" }, head);
  if (made) {
    card.append(
      el("h3", {}, "Where the distance lies"),
      distributionsChart(made, decision),
      el("p", { class: "small-print" }, place(made, decision)),
    );
  }
  card.append(figures(decision), el("p", { class: "small-print" }, promise(decision, made)), measured(decision));
  if (kind === "picture") card.append(why());
  return card;
}

function figures({ distance, threshold, upper, fmr, fnmr }) {
  const [at, limit, border] = apart(distance, threshold, upper);
  const limits = upper === null ? "the same up to it" : `same up to it, different above ${border}`;
  return el(
    "dl",
    { class: "figures" },
    figure("Distance", at, "0 is alike"),
    figure("Threshold", limit, threshold === null ? "nothing is accepted" : limits),
    figure("False matches", percent(fmr), "wanted at most"),
    fnmr === null ? null : figure("False non-matches", percent(fnmr), "wanted at most"),
  );
}

const figure = (name, value, remark) => el("div", {}, el("dt", {}, name), el("dd", {}, value, el("small", {}, remark)));

function promise({ threshold, fmr, confidence }, made) {
  if (threshold === null) return "Ask for a higher rate of false matches, or calibrate on more identities.";
  const on = made ? ` It rests on ${made.rests_on}.` : "";
  if (!confidence) return `Of the calibration’s different pairs at most ${percent(fmr)} lie within this threshold: an estimate, no promise for others.${on}`;
  return `The threshold keeps this promise: of different pairs of identities never seen, at most ${percent(fmr)} are called the same, with ${percent(confidence)} confidence.${on}`;
}

function noVerdict(distance) {
  const head = el(
    "div",
    { class: "verdict-head", dataset: { verdict: "none" } },
    verdictChip("none", "No verdict: the model has no calibration"),
    el("p", {}, `The distance is ${shown(distance)} (0 is alike), but nothing says yet how near is near enough.`),
  );
  const todo = el(
    "p",
    {},
    "Whoever runs this service can calibrate it, on labelled items that it did not learn from, and start the service again: ",
    el("code", {}, "alikely calibrate MODEL SOURCE"),
  );
  const card = el("section", { class: "card stack", "aria-label": "No verdict" }, head, todo);
  if (kind === "picture") card.append(why());
  return card;
}

function why() {
  const place = el("div", { class: "stack" });
  const button = el("button", { type: "button", class: "why" }, "Why?");
  button.addEventListener("click", async () => {
    button.disabled = true;
    place.replaceChildren(el("p", { class: "row" }, el("span", { class: "spinner" }), "Covering parts of the pictures …"));
    tell("Looking for the reasons");
    try {
      const form = new FormData();
      for (const { name, input } of sides) input.put(form, name);
      const shownWhy = explained(await ask("/v1/explain", { form }));
      place.replaceChildren(shownWhy.node);
      button.remove();
      tell(shownWhy.words);
    } catch (error) {
      showProblem(place, error, fields);
      button.disabled = false;
    }
  });
  return el("div", { class: "stack" }, el("div", {}, button), place);
}

document.getElementById("swap").addEventListener("click", () => {
  const held = sides.map(({ input }) => (input.empty() ? null : input.held()));
  for (const [input, value] of [[left, held[1]], [right, held[0]]]) {
    if (value === null) input.clear();
    else input.set(value);
  }
});

document.getElementById("clear").addEventListener("click", () => {
  left.clear();
  right.clear();
  tell("Both sides are empty");
});

document.getElementById("example")?.addEventListener("click", async () => {
  showProblem(problem, null);
  try {
    const { items } = await ask(`/v1/model/try?seed=${Math.floor(Math.random() * 2 ** 31)}`);
    for (const [place, side] of sides.entries()) side.input.set(toHold(items[place]));
  } catch (error) {
    showProblem(problem, error);
  }
});

function toHold({ name, item }) {
  if (kind !== "picture") return item;
  const bytes = Uint8Array.from(atob(item), (letter) => letter.charCodeAt(0));
  return new File([bytes], name);
}
