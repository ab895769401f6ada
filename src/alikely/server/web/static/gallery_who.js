// An item in; who it is, or nobody, or whether it is who it claims to be, in words with what is promised, out.

import { ask, el, showProblem, tell } from "./api.js";
import { fillSpots, spot } from "./cards.js";
import { itemInput } from "./item_input.js";
import { aKind, apart, capital, chance, count, distance, judged, likelihood, percent } from "./words.js";

const LOOSEST = 0.5; // a rate that an estimate can nearly always be given for

export function whoView(here) {
  const [form, answer, claimed, fpir, fmr, estimate] = ["who", "who-answer", "claimed", "fpir", "fmr", "estimate"].map((id) => document.getElementById(id));
  const input = itemInput(document.getElementById("who-item"), { kind: here.kind, label: capital(aKind(here.kind)) });
  const claims = () => form.elements.claim.value === "yes";

  for (const radio of form.elements.claim) {
    radio.addEventListener("change", () => {
      for (const [id, hidden] of [["claimed-field", !claims()], ["fmr-field", !claims()], ["fpir-field", claims()]]) document.getElementById(id).hidden = hidden;
    });
  }
  answer.append(el("div", { class: "empty" }, el("h2", {}, "Nothing asked yet"), el("p", {}, "Give an item, then ask: the answer names the identity that it shows, or says that none that is enrolled is like it enough.")));

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (input.empty()) return say("Give an item first: then it can be looked for.");
    if (claims() && !claimed.value.trim()) return say("Write who or what it claims to be.", claimed);
    const button = document.getElementById("who-ask");
    button.disabled = true;
    answer.setAttribute("aria-busy", "true");
    try {
      if (claims()) await verify();
      else await identify();
    } catch (error) {
      if (error.code === "calibration" && (here.calibrated || !claims())) await rateRefused(error);
      else if (error.code === "calibration") uncalibrated(error);
      else if (error.code === "gallery") await notThere(error);
      else showProblem(answer, error);
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

  /** What can be asked for instead of a rate that cannot be kept. */
  async function rateRefused({ said: { smallest, estimate: guessed } }) {
    const field = claims() ? fmr : fpir;
    const estimated = estimate.checked || !here.promises;
    const wanted = field.value === "" ? (claims() ? "The rate that the model was calibrated for" : "1\u00a0%") : percent(rate(field));
    const [upTo, about] = [smallest, guessed].map((one) => (one === undefined ? null : roundUp(one)));
    const again = (word, found, guess) => el("button", { type: "button", onclick: () => {
      field.value = String(Number((100 * found).toPrecision(6)));
      estimate.checked = guess;
      form.requestSubmit();
    } }, word);
    const can = upTo === null
      ? `No rate at all can be ${estimated ? "estimated" : "promised"} yet.`
      : `The smallest rate that can be ${estimated ? "estimated" : "promised"} now is ${percent(upTo)}.`;
    const more = claims() ? "A model that is calibrated on more identities can keep smaller ones; so can fewer templates of one identity." : "The more are enrolled whom the model has not learned from, the smaller it gets.";
    document.getElementById("error-rate").open = true;
    answer.replaceChildren(
      el("div", { class: "notice info stack" },
        el("h2", {}, `${wanted} cannot be ${estimated ? "estimated" : "promised"} here`),
        el("p", {}, `${can} ${more}${about === null ? "" : " An estimate promises nothing, and needs fewer."}`),
        el("div", { class: "row" },
          upTo !== null && again(`Ask with ${percent(upTo)}`, upTo, estimate.checked),
          about !== null && again(`Take an estimate of ${percent(about)}`, about, true))),
    );
    if (!claims()) await nearestAnyhow(answer.firstChild);
  }

  /** Without a calibration no distance means the same, but those who are enrolled show how near strangers come. */
  function uncalibrated(error) {
    const instead = () => { form.elements.claim[0].click(); form.requestSubmit(); };
    showProblem(answer, error);
    answer.append(el("p", {}, "“Who or what is it?” goes by those who are enrolled, and needs no calibration."),
      el("div", {}, el("button", { type: "button", onclick: instead }, "Ask who it is")));
  }

  /** Nobody is enrolled at all, or nobody under the name that is claimed. */
  async function notThere(error) {
    const { total } = await ask(here.path("/identities?most=1"));
    const [title, words, button, view] = total === 0
      ? ["Nothing is enrolled yet", "Enrol something first: then it can be told which identity an item shows.", "Enrol", "enrol"]
      : [`Nothing is enrolled as ${claimed.value.trim()}`, "Write a name as it was enrolled.", "See what is enrolled", "list"];
    if (total > 0 && !claims()) return showProblem(answer, error);
    answer.replaceChildren(el("div", { class: "empty" }, el("h2", {}, title), el("p", {}, words), el("button", { type: "button", onclick: () => here.go(view) }, button)));
    return here.changed();
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
    const { identity, threshold, candidates, tied } = said;
    const nearest = candidates[0];
    const [at, limit] = apart(nearest.distance, threshold.distance);
    const node = identity !== null && here.kind === "picture" ? spot(identity) : null;
    const head = identity !== null
      ? [el("h2", { class: "clamped", title: identity }, `This is ${identity}`), el("p", {}, `${here.calibrated ? `${capital(likelihood(nearest.probability))}, judged by the distance alone: ${chance(nearest.probability)}. ` : ""}Distance ${at}, at or below the threshold ${limit}.`), tied.length > 0 && el("p", {}, `Equally near, so it may be any of them: ${tied.join(", ")}.`)]
      : [el("h2", {}, "None that is enrolled"), el("p", {}, `The nearest is ${nearest.identity} at ${at}; a name is given up to ${limit}.`)];
    const { rows, table } = nearestTable(candidates, identity);
    answer.replaceChildren(
      el("div", { class: `answer ${identity !== null ? "yes" : "no"}` }, node, el("div", { class: "stack tight" }, ...head)),
      el("p", { class: "small-print" }, promised(threshold)),
      table,
    );
    const wanted = [...rows, { spot: node, identity }].filter((one) => one.spot).map((one) => ({ node: one.spot, identity: one.identity }));
    await fillSpots(here.name(), wanted);
  }

  function nearestTable(candidates, identity) {
    const rows = candidates.map((one) => candidateRow(one, one.identity === identity));
    const table = el("div", { class: "table-wrap", tabindex: "0", role: "region", "aria-label": "The nearest identities" },
      el("table", {}, el("caption", {}, "The nearest identities, near enough or not"),
        el("thead", {}, el("tr", {}, here.kind === "picture" && el("th", { scope: "col" }, el("span", { class: "visually-hidden" }, "Picture")), el("th", { scope: "col" }, "Identity"), el("th", { scope: "col", class: "number" }, "Distance"), here.calibrated && el("th", { scope: "col", class: "number" }, "Probability"), el("th", { scope: "col", class: "number" }, "Templates"))),
        el("tbody", {}, ...rows.map((row) => row.node))));
    return { rows, table };
  }

  /** Beneath why a rate cannot be kept: who is nearest all the same, with no name given. */
  async function nearestAnyhow(told) {
    try {
      const [{ candidates }] = await ask(here.path("/identify"), await question("items", { fpir: LOOSEST, confidence: 0, k: 5 }));
      if (!told.isConnected) return; // what was asked meanwhile is answered in its place
      const { rows, table } = nearestTable(candidates, null);
      answer.append(el("p", { class: "small-print" }, "The nearest that are enrolled: estimates, no promise that it is any of them."), table);
      await fillSpots(here.name(), rows.filter((one) => one.spot).map((one) => ({ node: one.spot, identity: one.identity })));
    } catch (error) {
      if (error.code !== "calibration") throw error; // too few are enrolled for any estimate: that was told
    }
  }

  function candidateRow({ identity, distance: far, probability, templates }, found) {
    const square = here.kind === "picture" ? spot(identity) : null;
    const node = el("tr", { class: found ? "found" : null },
      square && el("td", { class: "thumb" }, square),
      el("th", { scope: "row" }, el("div", { class: "clipped", title: identity }, identity)),
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
    const [at, limit] = apart(said.distance, said.threshold);
    const side = said.threshold === null ? "" : `Distance ${at}, ${same ? "at or below" : "above"} the threshold ${limit}.`;
    answer.replaceChildren(
      el("div", { class: `answer ${same ? "yes" : "no"}` }, node,
        el("div", { class: "stack tight" }, el("h2", { class: "clamped", title: who }, same ? `Yes, this is ${who}` : `No, this is not ${who}`), el("p", {}, `${judged(said)} ${side}`))),
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

/** To two digits, and never less than it is, so that it can be asked for. */
function roundUp(rate) {
  const step = 10 ** (Math.floor(Math.log10(rate)) - 1);
  return Math.min(1, Number((Math.ceil(rate / step - 1e-9) * step).toPrecision(2)));
}
