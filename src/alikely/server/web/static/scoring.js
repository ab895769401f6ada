// Items in; what a detector says of each now, with the heat map beside the picture and what its rate promises, out.

import { ask, el, showProblem, tell } from "./api.js";
import { filesInput } from "./files_input.js";
import { looksOf } from "./finding_card.js";
import { itemInput } from "./item_input.js";
import { smallEnough } from "./smaller.js";
import { count, percent } from "./words.js";

/** Fill the form; `onFound()` is called when something was judged that may stand in the list now. */
export function scoring(detectors, onFound) {
  const [form, select, rate, hint, problem, scored] = ["score", "detector", "rate", "rate-hint", "score-problem", "scored"].map((id) => document.getElementById(id));
  for (const one of detectors) select.append(el("option", { value: one.name }, one.name));
  document.getElementById("detector-field").hidden = detectors.length < 2;
  let files = null;
  let single = null;
  const chosen = () => detectors.find((one) => one.name === select.value);

  function prepare() {
    const { items: kind, rate: own, confidence, columns } = chosen();
    const place = document.getElementById("items");
    files = kind === "picture" ? filesInput(place, { label: "Pictures to judge" }) : null;
    const known = Object.entries(columns ?? {}).map(([name, of]) => ({ name, kind: of }));
    single = files ? null : itemInput(place, { kind, label: { text: "A text to judge", row: "A row to judge" }[kind] ?? "An item to judge", columns: known.length ? known : undefined });
    rate.placeholder = String(Number((own * 100).toPrecision(3)));
    hint.textContent = confidence
      ? `Empty: ${percent(own)}, the detector's own. New normal items keep the rate with ${percent(confidence)} confidence.`
      : `Empty: ${percent(own)}, the detector's own. New normal items keep the rate on average.`;
    scored.replaceChildren();
    showProblem(problem, null);
  }
  select.addEventListener("change", prepare);
  prepare();

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    showProblem(problem, null);
    const waiting = files ? files.files() : [];
    if (files ? !waiting.length : single.empty()) {
      problem.replaceChildren(el("div", { class: "notice warn", role: "alert" }, el("p", {}, files ? "Choose at least one picture." : "Give an item first.")));
      return;
    }
    const button = form.querySelector("button.primary");
    button.disabled = true;
    scored.replaceChildren();
    try {
      const cards = files ? await ofFiles(waiting) : [await ofItem()];
      const found = cards.filter((card) => card.anomalous).length;
      const words = `${found.toLocaleString("en")} of ${count(cards.length, "item")} ${found === 1 ? "is" : "are"} anomalous.`;
      if (cards.length) scored.prepend(el("div", { class: "notice info wide" }, el("p", {}, words), el("p", { class: "small-print" }, promise())));
      if (cards.length) tell(words);
      if (found) onFound();
    } catch (error) {
      showProblem(problem, error);
    } finally {
      button.disabled = false;
    }
  });

  const wanted = () => (rate.value === "" ? {} : { rate: rate.valueAsNumber / 100 });

  function promise() {
    const { rate: own, confidence } = chosen();
    const kept = wanted().rate ?? own;
    return confidence
      ? `Of normal items at most ${percent(kept)} are called anomalous, with ${percent(confidence)} confidence. How many anomalies are missed, nobody can promise.`
      : `Of normal items at most ${percent(kept)} are called anomalous on average. How many anomalies are missed, nobody can promise.`;
  }

  /** One request for each file, so that one that cannot be read stops no other. */
  async function ofFiles(waiting) {
    const cards = [];
    for (const one of waiting) {
      one.state("sending", "judging …");
      try {
        const sent = new FormData();
        sent.append("items", (await smallEnough(one.file)).blob, one.file.name);
        for (const [name, value] of Object.entries({ detector: select.value, maps: chosen().maps, ...wanted() })) sent.append(name, String(value));
        const [said] = (await ask("/v1/anomaly/score", { form: sent })).items;
        one.state(said.anomalous ? "found" : "done", said.anomalous ? "⚠ anomalous" : "normal");
        cards.push(said);
        scored.append(card(said, one.file.name, { picture: URL.createObjectURL(one.file), map: said.map ?? null }));
      } catch (error) {
        one.state("bad", error.items?.[0]?.problem ?? error.message);
        if (error.code === "calibration" || error.code === "settings") throw error;
      }
    }
    return cards;
  }

  async function ofItem() {
    const item = await single.json();
    const { items: [said] } = await ask("/v1/anomaly/score", { json: { items: [item], detector: select.value, ...wanted() } });
    scored.append(card(said, "What was given", {}));
    return said;
  }

  function card(said, name, shown) {
    const chip = el("span", { class: `chip ${said.anomalous ? "warn" : "good"}` }, said.anomalous ? "Anomalous" : "Normal");
    return el("article", { class: "finding" }, el("div", { class: "spread" }, el("h3", {}, name), chip), ...looksOf(said, shown));
  }
}
