// The page Threshold: one threshold among those that the calibration knows, and all that moves along with it.

import { ask, el, showProblem } from "./api.js";
import { Changes } from "./threshold_changes.js";
import { Distances, Trade } from "./threshold_charts.js";
import { Points } from "./threshold_points.js";
import { count, distance as shown, percent } from "./words.js";

const get = (id) => document.getElementById(id);
const COMPARISONS = 10_000;
// Fields that stand in the address of the page where they are not as they were at first.
const KEPT = { prior: "prior", match: "cost-match", miss: "cost-miss", confidence: "confidence" };

let figures = null;
let threshold = null; // as it was chosen, typed or opened: of the figures' thresholds, or between two of them
let points = [];
let wanted = NaN; // the threshold that the address names
let writes = null;

if (get("page")) start();

async function start() {
  const parts = {
    distances: new Distances(get("chart"), (value) => go(nearest(value))),
    trade: new Trade(get("trade")),
    changes: get("changes") ? new Changes() : null,
    points: new Points(goTo, (found) => {
      points = found;
      if (figures) marks(parts);
    }),
  };
  function goTo(value) {
    threshold = value;
    typed("");
    inField();
    moved(parts);
  }
  function go(row) {
    goTo(figures.thresholds[Math.min(Math.max(row, 0), figures.thresholds.length - 1)]);
  }
  parts.go = go;
  get("slider").addEventListener("input", ({ target }) => go(nearest(Number(target.value))));
  get("slider").addEventListener("keydown", (event) => byKey(event, go));
  get("number").addEventListener("change", ({ target }) => {
    const [value, last] = [target.valueAsNumber, figures.thresholds.at(-1)];
    if (!(value >= 0 && value <= last)) return typed(`A threshold is a distance from 0 to ${shown(last)}: up to there everything is accepted.`, true);
    const near = figures.thresholds[nearest(value)];
    return goTo(value === written(near) ? near : value);
  });
  get("to-default").addEventListener("click", () => goTo(figures.default));
  get("to-cheapest").addEventListener("click", () => goTo(figures.cheapest));
  get("from")?.addEventListener("change", () => moved(parts));
  let waits = null;
  get("costs").addEventListener("input", () => {
    clearTimeout(waits);
    waits = setTimeout(() => load(parts), 300);
  });
  get("costs").addEventListener("submit", (event) => event.preventDefault());
  fromAddress();
  await load(parts);
  await parts.points.load();
}

/** The slider lies beneath the chart, on its scale; a key goes to the next threshold of the figures. */
function byKey(event, go) {
  const far = Math.max(2, Math.round(figures.thresholds.length / 10));
  const steps = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -far, PageUp: far, Home: -Infinity, End: Infinity };
  if (!(event.key in steps) || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  const { below, above } = around(threshold);
  go((steps[event.key] > 0 ? below : above) + steps[event.key]);
}

function fromAddress() {
  const asked = new URLSearchParams(location.search);
  for (const [name, id] of Object.entries(KEPT)) if (asked.has(name)) get(id).value = asked.get(name);
  wanted = asked.has("threshold") ? Number(asked.get("threshold")) : NaN;
}

function toAddress() {
  clearTimeout(writes);
  writes = setTimeout(() => {
    const asked = new URLSearchParams();
    if (threshold !== (figures.default ?? figures.thresholds[0])) asked.set("threshold", threshold);
    for (const [name, id] of Object.entries(KEPT)) if (get(id).value !== (get(id).dataset.own ?? get(id).defaultValue)) asked.set(name, get(id).value);
    history.replaceState(null, "", asked.size ? `${location.pathname}?${asked}` : location.pathname);
  }, 300);
}

/** Beside the threshold: what is said of what was typed; `wrong`: it is none, and nothing can be saved. */
function typed(words, wrong = false) {
  get("number-note").textContent = words;
  get("number").setCustomValidity(wrong ? words : "");
  get("number").setAttribute("aria-invalid", String(wrong));
}

async function load(parts) {
  const form = get("costs");
  get("costs-problem").textContent = "";
  if (!form.checkValidity()) {
    const wrong = form.querySelector(":invalid");
    get("costs-problem").textContent = `${wrong.labels[0].textContent}: ${wrong.validationMessage}`;
    return;
  }
  const asked = new URLSearchParams({ prior: get("prior").value / 100, false_match_cost: get("cost-match").value, false_non_match_cost: get("cost-miss").value });
  if (get("confidence").value !== "") asked.set("confidence", get("confidence").value / 100);
  try {
    figures = await ask(`/v1/thresholds?${asked}`);
    showProblem(get("problem"), null);
    if (get("confidence").value === "") get("confidence").value = get("confidence").dataset.own = Number((figures.confidence * 100).toPrecision(6));
    get("page").hidden = false;
    get("slider").max = parts.distances.farthest(figures);
    get("number").max = figures.thresholds.at(-1);
    get("to-default").disabled = figures.default === null;
    get("to-cheapest").disabled = figures.cheapest === null;
    if (threshold === null) {
      threshold = wanted >= 0 ? Math.min(wanted, figures.thresholds.at(-1)) : (figures.default ?? figures.thresholds[0]);
      inField();
    }
    marks(parts);
  } catch (error) {
    showProblem(get("problem"), error);
  }
}

function marks(parts) {
  const there = [];
  if (figures.default !== null) there.push({ value: figures.default, name: "the model's own" });
  if (figures.cheapest !== null) there.push({ value: figures.cheapest, name: "the cheapest" });
  there.push(...points.map((point) => ({ value: point.threshold, name: point.name })));
  parts.distances.show(figures, there);
  parts.trade.show(figures, there.map(({ value, name }) => ({ ...ratesAt(value), name })));
  if (get("from")) {
    const chosen = get("from").value;
    const choices = there.filter(({ name }) => name !== "the cheapest");
    get("from").replaceChildren(...choices.map(({ value, name }) => el("option", { value: String(value) }, `${name} (${shown(value)})`)));
    if (choices.some(({ value }) => String(value) === chosen)) get("from").value = chosen;
    get("from").closest(".field").hidden = choices.length < 2;
  }
  moved(parts);
}

/** The threshold in its field: only when it is another one, so that nobody who types there loses it to an answer. */
function inField() {
  const box = get("number");
  if (document.activeElement !== box || Number(box.value) !== threshold) box.value = figures.thresholds.includes(threshold) ? written(threshold) : threshold;
}

function moved(parts) {
  const now = ratesAt(threshold);
  parts.distances.move(threshold);
  parts.trade.move(now);
  const slider = get("slider");
  slider.value = threshold;
  slider.setAttribute("aria-valuetext", `${shown(threshold)}: false matches ${percent(now.fmr)}, missed matches ${percent(now.fnmr)}`);
  rates(now);
  costs(now);
  toAddress();
  saved(parts, now);
  if (parts.changes) {
    const from = get("from").value === "" ? threshold : Number(get("from").value);
    parts.changes.show(from, threshold);
  }
}

function rates(now) {
  const sure = figures.confidence > 0;
  const { same, different } = figures.pairs;
  const said = {
    fmr: percent(now.fmr),
    fnmr: percent(now.fnmr),
    "fmr-bound": sure ? `≤ ${percent(Number(now.fmr_bound.toPrecision(3)))}` : "–",
    "fnmr-bound": sure ? `≤ ${percent(Number(now.fnmr_bound.toPrecision(3)))}` : "–",
    "fmr-pairs": `${Math.round(now.fmr * different).toLocaleString("en")} of ${different.toLocaleString("en")}`,
    "fnmr-pairs": `${Math.round(now.fnmr * same).toLocaleString("en")} of ${same.toLocaleString("en")}`,
  };
  for (const [id, text] of Object.entries(said)) get(id).textContent = text;
  get("promise").textContent = sure
    ? `Found on ${figures.rests_on}. Promised for identities never seen, with ${percent(figures.confidence)} confidence each.`
    : `Found on ${figures.rests_on}; on others they may be higher. Set a confidence for a promise.`;
  const [match, miss] = [now.false_matches, now.false_non_matches].map((share) => share * COMPARISONS);
  get("wrong").replaceChildren("Of 10,000 comparisons, about ", el("strong", {}, whole(match + miss)), ` go wrong: ${whole(match)} false matches, ${whole(miss)} missed matches.`);
}

const whole = (number) => (number >= 10 || number === 0 ? Math.round(number).toLocaleString("en") : String(Number(number.toPrecision(2))));

function costs({ cost: now }) {
  const least = figures.cheapest === null ? figures.cost_of_none : figures.cost[nearest(figures.cheapest)];
  const amount = (cost) => String(Number(cost.toPrecision(3)));
  const cheapest = figures.cheapest === null ? "to accept nothing at all" : `the threshold ${shown(figures.cheapest)}`;
  const words =
    now <= least
      ? "Nothing is cheaper."
      : `${least > 0 ? `${amount(now / least)} times as much as` : "More than"} ${cheapest}, which costs ${amount(least)}.`;
  const figure = el("dl", { class: "figures" }, el("div", {}, el("dt", {}, "A decision costs"), el("dd", {}, amount(now), el("small", {}, words))));
  get("cost").replaceChildren(figure);
}

function saved(parts, now) {
  Object.assign(parts.points, { threshold, confidence: figures.confidence });
  const sure = figures.confidence > 0;
  const rates = sure ? figures.fmr_bound : figures.fmr;
  const { below, above } = around(threshold);
  let loosest = above;
  while (rates[loosest + 1] === rates[above]) loosest += 1;
  const further = figures.fnmr[loosest] < now.fnmr;
  const go = el("button", { type: "button", class: "link", onclick: () => parts.go(loosest) }, `Go to ${shown(figures.thresholds[loosest])}`);
  const words = `Up to ${shown(figures.thresholds[loosest])} the ${sure ? "promise on false matches" : "rate of false matches"} is the same, and fewer matches are missed. `;
  get("saved-as").replaceChildren(...(further ? [words, go] : [`Kept as it is: ${shown(threshold)}.`]));
  get("between").textContent =
    below === above
      ? `The calibration knows the rates at ${count(figures.thresholds.length, "threshold")}. You may type any: between two of these, the larger of their rates is shown.`
      : `The calibration knows the rates ${below < 0 ? "" : `at ${shown(figures.thresholds[below])} and `}at ${shown(figures.thresholds[above])}. In between, the larger of these is shown: no rate is higher.`;
  const model = get("command").dataset.model;
  get("command").textContent = `alikely calibrate ${model} SOURCE --fmr ${roundUp(rates[above])} --confidence ${Number(figures.confidence.toPrecision(6))}`;
}

// As a person would write it, and never less than it is.
function roundUp(rate) {
  if (rate <= 0) return String(Number((1 / figures.pairs.different).toPrecision(2)));
  const step = 10 ** (Math.floor(Math.log10(rate)) - 1);
  return String(Math.min(1, Number((Math.ceil(rate / step - 1e-9) * step).toPrecision(2))));
}

/** A threshold of the figures as it stands in the field. */
const written = (value) => Number(value.toPrecision(6));

/** The rows of the figures at or below (-1: none) and at or above a threshold. */
function around(value) {
  const all = figures.thresholds;
  let [below, above] = [-1, all.length - 1];
  while (above - below > 1) {
    const middle = (below + above) >> 1;
    if (all[middle] < value) below = middle;
    else above = middle;
  }
  return all[above] <= value ? { below: above, above } : { below, above };
}

/** The row of the threshold nearest to a distance. */
function nearest(value) {
  const { below, above } = around(value);
  return below >= 0 && value - figures.thresholds[below] <= figures.thresholds[above] - value ? below : above;
}

/** What is known of a threshold; between two of the figures the larger rates, as Python's `rates_at` says. */
function ratesAt(value) {
  const { below, above } = around(value);
  const at = (name, row, none) => (row < 0 ? none : figures[name][row]);
  const now = {
    fmr: figures.fmr[above],
    fmr_bound: figures.fmr_bound[above],
    false_matches: figures.false_matches[above],
    fnmr: at("fnmr", below, 1),
    fnmr_bound: at("fnmr_bound", below, 1),
    false_non_matches: at("false_non_matches", below, figures.prior),
  };
  const cost = figures.false_match_cost * now.false_matches + figures.false_non_match_cost * now.false_non_matches;
  return { ...now, cost: below === above ? figures.cost[above] : cost };
}
