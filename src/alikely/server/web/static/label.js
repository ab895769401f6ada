// Label: a pair at a time, the next ones fetched ahead; answers are sent one after the other, in their order.

import { ask, el, legible, showProblem, tell } from "./api.js";
import { pairInWords, pairView } from "./label_items.js";
import { chance, count, likelihood, percent, verdictChip } from "./words.js";

const AHEAD = 6; // pairs that wait here
const FEW = 3; // with fewer, more are asked for
const NAME = "alikely-labeller";
const BY_KEYS = "alikely-label-by-keys";
const KEYS = { s: "same", d: "different", " ": "skip" };
const DONE = { same: "Same", different: "Different", skip: "Skipped" };

const at = (id) => document.getElementById(id);
const page = at("labelling");

const state = {
  who: null,
  asksName: true,
  waiting: [], // questions that come after the one that is shown
  shown: null,
  since: 0,
  number: 0, // of the pair that is shown
  unsent: [], // questions whose answers are under way
  answered: 0,
  fetching: null,
  exhausted: false,
};
let sending = Promise.resolve(); // one request after the other: an undo must find what came before it

const idOf = (question) => `${question.left}-${question.right}`;
const who = () => (state.asksName ? `who=${encodeURIComponent(state.who)}` : "");

if (page) begin();

async function begin() {
  at("name-form").addEventListener("submit", named);
  at("rename").addEventListener("click", askName);
  at("undo").addEventListener("click", (event) => pressed(event, undo));
  at("undo-last").addEventListener("click", undo);
  at("by-keys").checked = stored(BY_KEYS) !== "no";
  at("by-keys").addEventListener("change", () => store(BY_KEYS, at("by-keys").checked ? "yes" : "no"));
  for (const button of at("answers").querySelectorAll("[data-answer]")) {
    button.addEventListener("click", (event) => pressed(event, () => answer(button.dataset.answer)));
  }
  document.addEventListener("keydown", key);
  try {
    const standing = await ask("/v1/labels");
    state.asksName = standing.asks_name;
    state.who = standing.asks_name ? stored(NAME) : standing.who;
    if (state.who) await start();
    else askName();
  } catch (error) {
    showProblem(at("problem"), error);
  }
}

function askName() {
  at("name-form").hidden = false;
  at("asking").hidden = at("finished").hidden = at("last").hidden = at("rename").hidden = true;
  at("name").value = state.who ?? "";
  at("name").focus();
}

async function named(event) {
  event.preventDefault();
  const name = at("name").value.trim().replace(/\s+/g, " ");
  if (!name) return;
  state.who = name;
  store(NAME, name);
  try {
    await start();
    at("pair-title").focus();
  } catch (error) {
    showProblem(at("problem"), error);
    askName();
  }
}

async function start() {
  Object.assign(state, { waiting: [], shown: null, unsent: [], number: 0, fetching: null, exhausted: false });
  showProblem(at("problem"));
  at("name-form").hidden = true;
  at("rename").hidden = !state.asksName;
  at("asking").hidden = false;
  at("pair-title").textContent = "The next pair";
  at("pair").replaceChildren(el("div", { class: "two" }, el("div", { class: "skeleton" }), el("div", { class: "skeleton" })));
  await Promise.all([fetchAhead(), refresh()]);
  next();
}

// Ask for more pairs where few are left; whoever asks meanwhile waits for the same answer.
function fetchAhead() {
  if (state.fetching) return state.fetching;
  if (state.exhausted || state.waiting.length >= FEW) return Promise.resolve();
  const forWhom = state.who;
  const held = [...(state.shown ? [state.shown] : []), ...state.waiting, ...state.unsent].map((question) => `held=${idOf(question)}`);
  state.fetching = ask(`/v1/labels/next?${[`count=${AHEAD}`, who(), ...held].filter(Boolean).join("&")}`)
    .then(({ questions }) => {
      if (forWhom !== state.who) return;
      state.waiting.push(...questions);
      state.exhausted = questions.length < AHEAD;
    })
    .finally(() => (state.fetching = null));
  return state.fetching;
}

async function next() {
  state.shown = state.waiting.shift() ?? null;
  try {
    if (!state.shown) {
      await fetchAhead();
      state.shown = state.waiting.shift() ?? null;
    } else {
      fetchAhead().catch((error) => showProblem(at("problem"), error));
    }
  } catch (error) {
    showProblem(at("problem"), error);
    return;
  }
  show();
}

function show(announced = "") {
  const there = state.shown !== null;
  at("asking").hidden = !there;
  at("finished").hidden = there;
  if (!there) {
    tell(`${announced} No pair is left for you.`);
    return;
  }
  state.number += 1;
  at("pair-title").textContent = `Pair ${state.number}`;
  at("pair").replaceChildren(pairView(state.shown.shown, state.number));
  state.since = performance.now();
  tell(`${announced} Pair ${state.number}. ${pairInWords(state.shown.shown)}`);
}

function answer(said) {
  const question = state.shown;
  if (!question || at("asking").hidden) return;
  const seconds = Math.min((performance.now() - state.since) / 1000, 86400);
  state.unsent.push(question);
  state.shown = null;
  next();
  const body = { left: question.left, right: question.right, answer: said, seconds };
  if (state.asksName) body.who = state.who;
  sending = sending
    .then(() => ask("/v1/labels", { json: body }))
    .then((kept) => {
      showProblem(at("problem"));
      showLast(kept);
      at("undo").disabled = false;
      return refresh();
    })
    .catch((error) => {
      showProblem(at("problem"), error);
      again(question);
    })
    .finally(() => (state.unsent = state.unsent.filter((one) => one !== question)));
}

function undo() {
  sending = sending
    .then(() => ask("/v1/labels/undo", { json: state.asksName ? { who: state.who } : {} }))
    .then(({ question }) => {
      showProblem(at("problem"));
      at("last").hidden = true;
      if (question) again(question, "Taken back.");
      return refresh();
    })
    .catch((error) => showProblem(at("problem"), error));
}

// Show this pair (again), and the one that was shown after it.
function again(question, announced = "") {
  if (state.shown) state.waiting.unshift(state.shown);
  state.waiting = state.waiting.filter((one) => idOf(one) !== idOf(question));
  state.number -= state.shown ? 2 : 1;
  state.shown = question;
  show(announced);
}

function showLast(kept) {
  at("last").hidden = false;
  const words = [];
  if (kept.probability !== null) {
    words.push(`The model: ${likelihood(kept.probability)} (probability ${chance(kept.probability)}).`);
  }
  if (kept.known !== null) words.push(`The labels of the data say: ${kept.known ? "the same" : "different"}.`);
  const others = kept.others.same + kept.others.different;
  if (others) words.push(`Others: ${kept.others.same} same, ${kept.others.different} different.`);
  const chip = kept.answer === "skip" ? el("span", { class: "chip" }, DONE.skip) : verdictChip(kept.answer, DONE[kept.answer]);
  at("last-words").replaceChildren(chip, el("span", {}, words.join(" ")));
}

async function refresh() {
  const told = await ask(`/v1/labels?${who()}`);
  const { labels } = told;
  at("nobody").hidden = true;
  at("undo").disabled = told.answered === 0;
  at("undo-last").hidden = told.answered === 0;
  at("count").textContent = legible(`${told.answered.toLocaleString("en")} answered by ${state.who}`);
  const figures = [
    ["Today", told.today.toLocaleString("en")],
    ["In all", told.answered.toLocaleString("en")],
    ["Decided pairs", labels.pairs.toLocaleString("en"), `${labels.same.toLocaleString("en")} same, ${labels.different.toLocaleString("en")} different`],
    ["Left for you", told.left.toLocaleString("en")],
  ];
  at("figures").replaceChildren(
    ...figures.map(([name, value, small]) => el("div", {}, el("dt", {}, name), el("dd", {}, value, small ? el("small", {}, small) : null))),
  );
  const notes = [told.agreement_in_words];
  if (labels.divided) notes.push(`${count(labels.divided, "pair is", "pairs are")} left out: as many say same as different.`);
  if (told.model.answers) {
    notes.push(`The model leaned the same way in ${told.model.leaned_alike} of ${count(told.model.answers, "answer")} (${percent(told.model.leaned_alike / told.model.answers)}).`);
  }
  if (labels.known.answers) {
    notes.push(`${labels.known.as_known} of ${count(labels.known.answers, "answer")} say what the labels of the data say.`);
  }
  if (told.all_known) notes.unshift("All of these items have labels, so that answers can only check them.");
  at("notes").replaceChildren(...notes.map((note) => el("p", {}, note)));
  at("download").setAttribute("aria-disabled", String(labels.pairs === 0));
  at("download").toggleAttribute("hidden", labels.pairs === 0);
}

function key(event) {
  if (!at("by-keys").checked || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  const on = event.target.closest?.("input:not([type=checkbox]), textarea, select, [contenteditable]");
  if (on || at("asking").hidden) return;
  // Space presses the button, link or switch that somebody has gone to by keyboard.
  if (event.key === " " && event.target.closest?.("button, a, input, summary")) return;
  const pressed = event.key.toLowerCase();
  if (KEYS[pressed]) {
    event.preventDefault();
    answer(KEYS[pressed]);
  } else if (pressed === "u" && !at("undo").disabled) {
    event.preventDefault();
    undo();
  }
}

// After a click by mouse or finger the button lets go of the focus: the next press of Space means skip.
function pressed(event, act) {
  if (event.detail > 0) event.currentTarget.blur();
  act();
}

function stored(name) {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}

function store(name, value) {
  try {
    localStorage.setItem(name, value);
  } catch {
    // It holds until the page is left.
  }
}
