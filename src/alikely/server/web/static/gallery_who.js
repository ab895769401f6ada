// An item in; who it is, or nobody, or whether it is who it claims to be, in words with what is promised, out.

import { ask, el, showProblem, tell } from "./api.js";
import { fillSpots, spot } from "./cards.js";
import { itemInput } from "./item_input.js";
import { chance, count, distance, likelihood, percent } from "./words.js";

export function whoView(here) {
  const [form, answer, claimed, fpir, fmr, estimate] = ["who", "who-answer", "claimed", "fpir", "fmr", "estimate"].map((id) => document.getElementById(id));
  const input = itemInput(document.getElementById("who-item"), { kind: here.kind, label: { picture: "A picture", text: "A text", row: "A row" }[here.kind] ?? "An item" });
  const claims = () => form.elements.claim.value === "yes";

  for (const radio of form.elements.claim) {
    radio.addEventListener("change", () => {
      for (const [id, hidden] of [["claimed-field", !claims()], ["fmr-field", !claims()], ["fpir-field", claims()]]) document.getElementById(id).hidden = hidden;
    });
  }
  answer.append(el("div", { class: "empty" }, el("h2", {}, "Nobody asked for yet"), el("p", {}, "Give an item, then ask: the answer names who is enrolled, or says that nobody is who is enough like it.")));

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (input.empty()) return say("Give an item first: then it can be looked for.");
    if (claims() && !claimed.value.trim()) return say("Write who it claims to be.", claimed);
    const button = document.getElementById("who-ask");
    button.disabled = true;
    answer.setAttribute("aria-busy", "true");
    try {
      if (claims()) await verify();
      else await identify();
    } catch (error) {
      showProblem(answer, error);
    } finally {
      button.disabled = false;
      answer.removeAttribute("aria-busy");
    }
    return undefined;
  });

  function say(words, field = null) {
    answer.replaceChildren(el("div", { class: "notice warn" }, el("p", {}, words)));
    field?.focus();
  }

  async function question(name, numbers) {
    const given = Object.fromEntries(Object.entries(numbers).filter(([, value]) => value !== null && value !== ""));
    if (here.kind !== "picture") {
      const item = await input.json();
      return { json: { [name]: name === "items" ? [item] : item, ...given } };
    }
    const sent = new FormData();
    input.put(sent, name);
    for (const [key, value] of Object.entries(given)) sent.append(key, String(value));
    return { form: sent };
  }

  const rate = (field) => (field.value === "" ? null : field.valueAsNumber / 100);
  const confidence = () => (estimate.checked ? 0 : null);

  async function identify() {
    const [said] = await ask(here.path("/identify"), await question("items", { fpir: rate(fpir), confidence: confidence(), k: 5 }));
    const { identity, threshold, candidates } = said;
    const nearest = candidates[0];
    const node = identity !== null && here.kind === "picture" ? spot(identity) : null;
    const head = identity !== null
      ? [el("h2", {}, `This is ${identity}`), el("p", {}, `${here.calibrated ? `${capital(likelihood(nearest.probability))}, judged by the distance alone: ${chance(nearest.probability)}. ` : ""}Distance ${distance(nearest.distance)}, at or below the threshold ${distance(threshold.distance)}.`)]
      : [el("h2", {}, "Nobody who is enrolled"), el("p", {}, `The nearest is ${nearest.identity} at ${distance(nearest.distance)}; a name is given up to ${distance(threshold.distance)}.`)];
    const rows = candidates.map((one) => candidateRow(one, one.identity === identity));
    answer.replaceChildren(
      el("div", { class: `answer ${identity !== null ? "yes" : "no"}` }, node, el("div", { class: "stack tight" }, ...head)),
      el("p", { class: "small-print" }, promised(threshold)),
      el("div", { class: "table-wrap", tabindex: "0", role: "region", "aria-label": "The nearest identities" },
        el("table", {}, el("caption", {}, "The nearest identities, near enough or not"),
          el("thead", {}, el("tr", {}, here.kind === "picture" && el("th", { scope: "col" }, el("span", { class: "visually-hidden" }, "Picture")), el("th", { scope: "col" }, "Identity"), el("th", { scope: "col", class: "number" }, "Distance"), here.calibrated && el("th", { scope: "col", class: "number" }, "Probability"), el("th", { scope: "col", class: "number" }, "Templates"))),
          el("tbody", {}, ...rows.map((row) => row.node)))),
    );
    const wanted = [...rows, { spot: node, identity }].filter((one) => one.spot).map((one) => ({ node: one.spot, identity: one.identity }));
    await fillSpots(here.name(), wanted);
  }

  function candidateRow({ identity, distance: far, probability, templates }, found) {
    const square = here.kind === "picture" ? spot(identity) : null;
    const node = el("tr", { class: found ? "found" : null },
      square && el("td", { class: "thumb" }, square),
      el("th", { scope: "row" }, identity),
      el("td", { class: "number" }, distance(far)),
      here.calibrated && el("td", { class: "number" }, chance(probability)),
      el("td", { class: "number" }, templates.toLocaleString("en")),
    );
    return { node, spot: square, identity };
  }

  async function verify() {
    const who = claimed.value.trim();
    const said = await ask(here.path("/verify"), await question("item", { identity: who, fmr: rate(fmr), confidence: confidence() }));
    const same = said.verdict === "same";
    const node = here.kind === "picture" ? spot(who) : null;
    const nothing = said.threshold === null ? "No distance is small enough to keep that rate." : `Distance ${distance(said.distance)}, ${same ? "at or below" : "above"} the threshold ${distance(said.threshold)}.`;
    answer.replaceChildren(
      el("div", { class: `answer ${same ? "yes" : "no"}` }, node,
        el("div", { class: "stack tight" }, el("h2", {}, same ? `Yes, this is ${who}` : `No, this is not ${who}`), el("p", {}, `${capital(likelihood(said.probability))}, judged by the distance alone: ${chance(said.probability)}. ${nothing}`))),
      el("p", { class: "small-print" }, said.confidence
        ? `Others who claim to be ${who} are believed at most ${percent(said.fmr)} of the time, with ${percent(said.confidence)} confidence.`
        : `Others who claim to be ${who} are believed about ${percent(said.fmr)} of the time: an estimate, no promise.`),
    );
    if (node) await fillSpots(here.name(), [{ node, identity: who }]);
  }
}

function promised({ fpir, confidence, basis, identities }) {
  const by = basis === "gallery" ? "as the distances among those who are enrolled show" : "by the model’s calibration";
  return confidence
    ? `Strangers are taken for somebody at most ${percent(fpir)} of the time, with ${percent(confidence)} confidence, ${by}; it holds for ${count(identities, "enrolled identity", "enrolled identities")}.`
    : `Strangers are taken for somebody about ${percent(fpir)} of the time, ${by}: an estimate, no promise.`;
}

const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);
