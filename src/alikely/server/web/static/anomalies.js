// What detectors found, the newest first, to accept or dismiss; and a place to judge something now.

import { ask, el, showProblem, tell } from "./api.js";
import { looksOf } from "./finding_card.js";
import { scoring } from "./scoring.js";
import { percent } from "./words.js";

const PAGE = 24;
const BY_PLACE = /^(row|sequence|embedding|picture) [\d,]+$/; // called so by its place in a request, which tells nothing
const WORDS = { open: "is open again", accepted: "accepted as an anomaly", dismissed: "dismissed as normal" };
const [place, none, more, problem, undo, of] = ["findings", "none", "more", "list-problem", "undo", "of"].map((id) => document.getElementById(id));
let asking = new AbortController();
let last = null; // the number of the last finding that is shown

for (const radio of document.getElementsByName("verdict")) radio.addEventListener("change", () => changed());
of.addEventListener("change", () => changed());
more.addEventListener("click", () => addPage());
document.getElementById("again").addEventListener("click", () => list());
begin();

async function begin() {
  const asked = new URLSearchParams(location.search);
  const radio = [...document.getElementsByName("verdict")].find((one) => one.value === asked.get("verdict"));
  if (radio) radio.checked = true;
  try {
    const { detectors } = await ask("/v1/anomaly");
    of.append(el("option", { value: "" }, "All detectors"), ...detectors.map(({ name }) => el("option", { value: name }, name)));
    of.value = asked.get("detector") ?? "";
    of.hidden = detectors.length < 2;
    scoring(detectors, () => list());
    await list();
    // With nothing found yet, judging is what there is to do.
    document.getElementById("now").open = place.children.length === 0 && verdict() === "open";
  } catch (error) {
    showProblem(problem, error);
  }
}

const verdict = () => document.querySelector('[name="verdict"]:checked').value;

function changed() {
  const asked = new URLSearchParams();
  if (verdict() !== "open") asked.set("verdict", verdict());
  if (of.value) asked.set("detector", of.value);
  history.replaceState(null, "", asked.size ? `${location.pathname}?${asked}` : location.pathname);
  undo.replaceChildren();
  list();
}

async function list() {
  asking.abort();
  asking = new AbortController();
  last = null;
  const before = place.children.length;
  place.setAttribute("aria-busy", before ? "true" : "false");
  await addPage();
  place.removeAttribute("aria-busy");
}

async function addPage() {
  const asked = new URLSearchParams({ count: String(PAGE) });
  if (verdict()) asked.set("verdict", verdict());
  if (of.value) asked.set("detector", of.value);
  if (last !== null) asked.set("before", String(last));
  const first = last === null;
  try {
    const found = await ask(`/v1/findings?${asked}`, { signal: asking.signal });
    showProblem(problem, null);
    const cards = found.findings.map(card);
    if (first) place.replaceChildren(...cards);
    else place.append(...cards);
    if (!first) cards[0]?.querySelector("button").focus();
    last = found.findings.at(-1)?.number ?? last;
    more.hidden = !found.more;
    counted(found.counts);
    none.replaceChildren(...(place.children.length ? [] : [emptyState()]));
  } catch (error) {
    showProblem(problem, error);
  }
}

function counted(counts) {
  for (const [name, number] of Object.entries(counts)) document.getElementById(`count-${name}`).textContent = number.toLocaleString("en");
  const zip = document.getElementById("labels-zip");
  if (zip) zip.hidden = counts.accepted + counts.dismissed === 0;
}

function emptyState() {
  const [head, text] = {
    open: ["Nothing is open", "What is asked through /v1/anomaly/score, or judged above, and is anomalous comes here by itself."],
    accepted: ["Nothing was accepted", "Accept an open one where it is an anomaly."],
    dismissed: ["Nothing was dismissed", "Dismiss an open one where it is normal."],
    "": ["Nothing was found yet", "What is asked through /v1/anomaly/score, or judged above, and is anomalous comes here by itself."],
  }[verdict()];
  return el("div", { class: "empty" }, el("h3", {}, head), el("p", {}, text));
}

function card(finding) {
  const id = `finding-${finding.number}`;
  const addressed = (what) => `/v1/findings/${finding.number}/${what}`;
  const title = finding.name && !BY_PLACE.test(finding.name) ? finding.name : `Finding ${finding.number}`;
  const node = el("article", { class: "finding", "aria-labelledby": id, dataset: { number: finding.number } },
    el("div", { class: "stack tight" }, el("h3", { id, title }, el("span", { class: "clamped" }, title)), el("p", { class: "small-print" }, title === finding.name ? `Finding ${finding.number}, ` : "", el("time", { datetime: finding.time }, when(finding.time)), `, by ${finding.detector} at a false-alarm rate of at most ${percent(finding.rate)}`)),
    ...looksOf({ ...finding, anomalous: true }, { picture: finding.pictured ? addressed("picture") : null, map: finding.mapped ? addressed("map") : null, item: finding.item }),
    notKept(finding),
    el("div", { class: "row actions" }, ...actions(finding, id)));
  return node;
}

const nothingToSee = (finding) => !finding.pictured && finding.item === null && !finding.reasons.length;

function notKept(finding) {
  if (!nothingToSee(finding)) return null;
  return el("p", { class: "small-print" }, "The item was not kept: start the service with ", el("code", {}, "--keep-items"), ". Its hash: ", el("code", {}, finding.content.slice(0, 16)));
}

function actions(finding, id) {
  const button = (word, said, kind = "") => el("button", { type: "button", class: kind, disabled: said !== "open" && nothingToSee(finding), "aria-describedby": id, onclick: () => judge(finding, said) }, word);
  if (finding.verdict === "open") return [button("Accept", "accepted"), button("Dismiss", "dismissed")];
  const chip = el("span", { class: `chip ${finding.verdict === "accepted" ? "warn" : "good"}` }, finding.verdict === "accepted" ? "An anomaly" : "Normal");
  return [chip, el("span", { class: "small-print" }, `said ${finding.who}, ${when(finding.judged)}`), button("Undo", "open", "small")];
}

async function judge(finding, said) {
  try {
    const judged = await ask(`/v1/findings/${finding.number}/judge`, { json: { verdict: said } });
    const words = `Finding ${finding.number} ${WORDS[said]}.`;
    undo.replaceChildren(el("div", { class: "notice info" }, el("div", { class: "spread" }, el("p", {}, words), said === "open" ? null : el("button", { type: "button", class: "small", onclick: () => judge(judged, "open") }, "Undo"))));
    tell(words);
    const node = place.querySelector(`[data-number="${finding.number}"]`);
    const next = node?.nextElementSibling ?? node?.previousElementSibling;
    if (node && verdict() && verdict() !== said) node.remove();
    else if (node) node.replaceWith(card(judged));
    // The next one is under the hand, by the keyboard, too.
    (next?.isConnected && next.querySelector(".actions button") || document.getElementById("list-title")).focus();
    await recount();
    if (said === "open" || !place.children.length) await list();
  } catch (error) {
    showProblem(problem, error);
  }
}

async function recount() {
  const asked = new URLSearchParams({ count: "1", ...(of.value ? { detector: of.value } : {}) });
  counted((await ask(`/v1/findings?${asked}`)).counts);
}

const when = (time) => new Date(time).toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "short" });
