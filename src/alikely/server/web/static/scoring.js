// Items in; what a detector says of each now, with the heat map beside the picture and what its rate promises, out.

import { ask, el, showProblem, tell } from "./api.js";
import { filesInput } from "./files_input.js";
import { looksOf } from "./finding_card.js";
import { oneOrSeveral } from "./one_or_several.js";
import { judgeSeveral } from "./scoring_several.js";
import { smallEnough } from "./smaller.js";
import { aKind, capital, count, percent } from "./words.js";

const SHOWN = 50; // anomalous ones of many, as cards; all of them are in the list

/** Fill the form; `onFound()` is called when something was judged that may stand in the list now. */
export function scoring(detectors, onFound) {
  const [form, select, rate, hint, problem, scored] = ["score", "detector", "rate", "rate-hint", "score-problem", "scored"].map((id) => document.getElementById(id));
  for (const one of detectors) select.append(el("option", { value: one.name }, one.name));
  document.getElementById("detector-field").hidden = detectors.length < 2;
  let files = null;
  let written = null;
  const chosen = () => detectors.find((one) => one.name === select.value);

  function prepare() {
    const { items: kind, rate: own, confidence, columns } = chosen();
    const place = document.getElementById("items");
    files = kind === "picture" ? filesInput(place, { label: "Pictures to judge" }) : null;
    const known = Object.entries(columns ?? {}).map(([name, of]) => ({ name, kind: of }));
    written = files ? null : oneOrSeveral(place, { kind, label: `${capital(aKind(kind))} to judge`, columns: known });
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
    const many = written?.many() ? written.several.look() : null;
    if (files ? !waiting.length : many ? !many.entries.length : written.one.empty()) {
      problem.replaceChildren(el("div", { class: "notice warn", role: "alert" }, el("p", {}, files ? "Choose at least one picture." : many ? "Choose a file, or paste something: there is nothing to judge yet." : "Give an item first.")));
      return;
    }
    const button = form.querySelector("button.primary");
    button.disabled = true;
    scored.replaceChildren();
    try {
      const { cards, left, further } = files ? { cards: await ofFiles(waiting) } : many ? await ofMany(many) : { cards: [await ofItem()] };
      const found = cards.filter((card) => card.anomalous).length;
      const words = `${found.toLocaleString("en")} of ${count(cards.length, "item")} ${found === 1 || cards.length === 1 ? "is" : "are"} anomalous.${left ? ` ${left.toLocaleString("en")} were not judged.` : ""}`;
      if (cards.length) scored.prepend(el("div", { class: "notice info wide" }, el("p", {}, words), el("p", { class: "small-print" }, promise())));
      if (cards.length) tell(words);
      if (further) scored.append(further);
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

  /** The anomalous ones are shown as cards; normal ones are counted. */
  async function ofMany(many) {
    const { cards, left, error, account } = await judgeSeveral(many, { asked: { detector: select.value, ...wanted() }, progress: document.getElementById("score-progress"), kind: chosen().items });
    const found = cards.filter(({ said }) => said.anomalous);
    scored.append(...found.slice(0, SHOWN).map(({ said, place, item }) => card(said, place, { item: Array.isArray(item) ? null : item })));
    showProblem(problem, error);
    const more = found.length > SHOWN && el("p", {}, `and ${count(found.length - SHOWN, "more", "more")}: all of them are in the list below`);
    return { cards: cards.map(({ said }) => said), left, further: more || account ? el("div", { class: "stack wide" }, more, account) : null };
  }

  async function ofItem() {
    const item = await written.one.json();
    const { items: [said] } = await ask("/v1/anomaly/score", { json: { items: [item], detector: select.value, ...wanted() } });
    scored.append(card(said, "What was given", {}));
    return said;
  }

  function card(said, name, shown) {
    const chip = el("span", { class: `chip ${said.anomalous ? "warn" : "good"}` }, said.anomalous ? "Anomalous" : "Normal");
    return el("article", { class: "finding" }, el("div", { class: "spread" }, el("h3", {}, name), chip), ...looksOf(said, shown));
  }
}
