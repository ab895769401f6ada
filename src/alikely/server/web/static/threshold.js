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
let place = null; // the row of the figures that the threshold is
let points = [];
let wanted = NaN; // the threshold that the address names
let writes = null;

if (get("page")) start();

async function start() {
  const parts = {
    distances: new Distances(get("chart"), (value) => go(nearest(value))),
    trade: new Trade(get("trade")),
    changes: get("changes") ? new Changes() : null,
    points: new Points((value) => go(nearest(value)), (found) => {
      points = found;
      if (figures) marks(parts);
    }),
  };
  function go(to) {
    place = Math.min(Math.max(to, 0), figures.thresholds.length - 1);
    typed("");
    moved(parts);
  }
  parts.go = go;
  get("slider").addEventListener("input", ({ target }) => go(nearest(Number(target.value))));
  get("slider").addEventListener("keydown", (event) => byKey(event, go));
  get("number").addEventListener("change", ({ target }) => {
    const [value, last] = [target.valueAsNumber, figures.thresholds.at(-1)];
    if (!(value >= 0 && value <= last)) return typed(`A threshold is a distance from 0 to ${shown(last)}: up to there everything is accepted.`, true);
    go(nearest(value));
    if (shown(value) !== shown(figures.thresholds[place])) typed(`Taken for ${shown(value)}: the nearest at which something changes.`);
    return undefined;
  });
  get("to-default").addEventListener("click", () => go(nearest(figures.default)));
  get("to-cheapest").addEventListener("click", () => go(nearest(figures.cheapest)));
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

/** The slider lies beneath the chart, on its scale; a key goes to the next threshold at which something changes. */
function byKey(event, go) {
  const far = Math.max(2, Math.round(figures.thresholds.length / 10));
  const steps = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -far, PageUp: far, Home: -Infinity, End: Infinity };
  if (!(event.key in steps) || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  go(place + steps[event.key]);
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
    const own = figures.default === null ? 0 : nearest(figures.default);
    if (place !== own) asked.set("threshold", Number(figures.thresholds[place].toPrecision(6)));
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
    const at = figures?.thresholds[place];
    figures = await ask(`/v1/thresholds?${asked}`);
    showProblem(get("problem"), null);
    if (get("confidence").value === "") get("confidence").value = get("confidence").dataset.own = Number((figures.confidence * 100).toPrecision(6));
    get("page").hidden = false;
    get("slider").max = parts.distances.farthest(figures);
    get("number").max = figures.thresholds.at(-1);
    get("to-default").disabled = figures.default === null;
    get("to-cheapest").disabled = figures.cheapest === null;
    place = nearest(at ?? (wanted >= 0 ? wanted : (figures.default ?? figures.thresholds[0])));
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
  parts.trade.show(figures, there.map(({ value, name }) => ({ place: nearest(value), name })));
  if (get("from")) {
    const chosen = get("from").value;
    const choices = there.filter(({ name }) => name !== "the cheapest");
    get("from").replaceChildren(...choices.map(({ value, name }) => el("option", { value: String(value) }, `${name} (${shown(value)})`)));
    if (choices.some(({ value }) => String(value) === chosen)) get("from").value = chosen;
    get("from").closest(".field").hidden = choices.length < 2;
  }
  moved(parts);
}

function moved(parts) {
  const threshold = figures.thresholds[place];
  parts.distances.move(threshold);
  parts.trade.move(place);
  const slider = get("slider");
  slider.value = threshold;
  slider.setAttribute("aria-valuetext", `${shown(threshold)}: false matches ${percent(figures.fmr[place])}, missed matches ${percent(figures.fnmr[place])}`);
  if (document.activeElement !== get("number") || Number(get("number").value) !== threshold) get("number").value = Number(threshold.toPrecision(6));
  rates();
  costs();
  toAddress();
  saved(parts, threshold);
  if (parts.changes) {
    const from = get("from").value === "" ? threshold : Number(get("from").value);
    parts.changes.show(from, threshold);
  }
}

function rates() {
  const sure = figures.confidence > 0;
  const { same, different } = figures.pairs;
  const said = {
    fmr: percent(figures.fmr[place]),
    fnmr: percent(figures.fnmr[place]),
    "fmr-bound": sure ? `≤ ${percent(Number(figures.fmr_bound[place].toPrecision(3)))}` : "–",
    "fnmr-bound": sure ? `≤ ${percent(Number(figures.fnmr_bound[place].toPrecision(3)))}` : "–",
    "fmr-pairs": `${Math.round(figures.fmr[place] * different).toLocaleString("en")} of ${different.toLocaleString("en")}`,
    "fnmr-pairs": `${Math.round(figures.fnmr[place] * same).toLocaleString("en")} of ${same.toLocaleString("en")}`,
  };
  for (const [id, text] of Object.entries(said)) get(id).textContent = text;
  get("promise").textContent = sure
    ? `Found on ${figures.rests_on}. Promised for identities never seen, with ${percent(figures.confidence)} confidence each.`
    : `Found on ${figures.rests_on}; on others they may be higher. Set a confidence for a promise.`;
  const [match, miss] = [figures.false_matches[place], figures.false_non_matches[place]].map((share) => share * COMPARISONS);
  get("wrong").replaceChildren("Of 10,000 comparisons, about ", el("strong", {}, whole(match + miss)), ` go wrong: ${whole(match)} false matches, ${whole(miss)} missed matches.`);
}

const whole = (number) => (number >= 10 || number === 0 ? Math.round(number).toLocaleString("en") : String(Number(number.toPrecision(2))));

function costs() {
  const now = figures.cost[place];
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

function saved(parts, threshold) {
  Object.assign(parts.points, { threshold, confidence: figures.confidence });
  const sure = figures.confidence > 0;
  const rates = sure ? figures.fmr_bound : figures.fmr;
  let loosest = place;
  while (rates[loosest + 1] === rates[place]) loosest += 1;
  const further = figures.fnmr[loosest] < figures.fnmr[place];
  const go = el("button", { type: "button", class: "link", onclick: () => parts.go(loosest) }, `Go to ${shown(figures.thresholds[loosest])}`);
  const words = `Up to ${shown(figures.thresholds[loosest])} the ${sure ? "promise on false matches" : "rate of false matches"} is the same, and fewer matches are missed. `;
  get("saved-as").replaceChildren(...(further ? [words, go] : [`Kept as it is: ${shown(threshold)}.`]));
  get("between").textContent = `${count(figures.thresholds.length, "threshold")} at which something changes; between two of them nothing does.`;
  const model = get("command").dataset.model;
  get("command").textContent = `alikely calibrate ${model} SOURCE --fmr ${roundUp(rates[place])} --confidence ${Number(figures.confidence.toPrecision(6))}`;
}

// As a person would write it, and never less than it is.
function roundUp(rate) {
  if (rate <= 0) return String(Number((1 / figures.pairs.different).toPrecision(2)));
  const step = 10 ** (Math.floor(Math.log10(rate)) - 1);
  return String(Math.min(1, Number((Math.ceil(rate / step - 1e-9) * step).toPrecision(2))));
}

/** The row of the threshold nearest to a distance. */
function nearest(value) {
  const all = figures.thresholds;
  let [low, high] = [0, all.length - 1];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (all[middle] <= value) low = middle;
    else high = middle;
  }
  return value - all[low] <= all[high] - value ? low : high;
}
