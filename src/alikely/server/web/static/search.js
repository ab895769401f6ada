// An item in, its nearest out. What is asked (gallery, number, condition, template) stands in the address of the page.

import { ask, el, legible, Problem, showProblem, tell } from "./api.js";
import { chooseGallery, fieldList, fillSpots, keptText, pictureOf, spot } from "./cards.js";
import { choosers } from "./conditions.js";
import { itemInput } from "./item_input.js";
import { explained } from "./why.js";
import { aKind, distance, verdictChip } from "./words.js";

const root = document.getElementById("search");
const galleries = JSON.parse(root.dataset.galleries);
const calibrated = Boolean(root.dataset.calibrated);
const kind = document.body.dataset.kind;
const [form, select, number, where, problem, wherePlace, cards, title, note, none, likeBox, itemBox, dialog] = [
  "asked", "gallery", "k", "where", "problem", "where-problem", "cards", "found-title", "found-note", "none", "like", "item", "why",
].map((id) => document.getElementById(id));

const meaning = document.getElementById("found-meaning");
let like = null; // the key of the template that is searched with, in place of an item
let chosen = { read: () => true, count: 0 };
let asking = new AbortController();

for (const name of galleries) select.append(el("option", { value: name }, name));
document.getElementById("gallery-field").hidden = galleries.length < 2;
const input = itemInput(itemBox, {
  kind,
  label: `Search with ${aKind(kind)}`,
  onChange: () => {
    if (input.empty() && like) return;
    setLike(null);
    search();
  },
});

form.addEventListener("submit", (event) => {
  event.preventDefault();
  search();
});
select.addEventListener("change", async () => {
  chooseGallery(select, select.value, galleries, root);
  setLike(null);
  where.value = "";
  await loadFields();
  search();
});
number.addEventListener("change", search);
where.addEventListener("change", () => {
  chosen.read(where.value);
  search();
});
window.addEventListener("popstate", fromAddress);
document.getElementById("why-close").addEventListener("click", () => dialog.close());

fromAddress();

async function fromAddress() {
  const asked = new URLSearchParams(location.search);
  chooseGallery(select, asked.get("gallery"), galleries, root);
  if (asked.get("k")) number.value = asked.get("k");
  where.value = asked.get("where") ?? "";
  await loadFields();
  setLike(asked.get("like"), asked.get("who"));
  search();
}

function toAddress() {
  const asked = new URLSearchParams();
  if (galleries.length > 1) asked.set("gallery", select.value);
  if (number.value !== number.defaultValue) asked.set("k", number.value);
  if (where.value.trim()) asked.set("where", where.value.trim());
  if (like) {
    asked.set("like", like);
    asked.set("who", likeBox.dataset.identity);
  }
  const address = asked.size ? `${location.pathname}?${asked}` : location.pathname;
  if (address !== location.pathname + location.search) history.pushState(null, "", address);
}

async function loadFields() {
  const boxes = document.getElementById("choosers");
  boxes.replaceChildren();
  const { fields } = await orProblem(() => ask(`/v1/galleries/${encodeURIComponent(select.value)}/fields`), { fields: [] });
  // What is kept of texts to be shown is nothing to choose among.
  const offered = fields.filter(({ name }) => kind !== "text" || name !== "text");
  chosen = choosers(boxes, offered, (condition) => {
    where.value = condition;
    search();
  });
  const fits = chosen.read(where.value);
  document.getElementById("condition-more").hidden = fields.length === 0 && !where.value;
  document.getElementById("condition-more").open = !fits;
}

/** What `question` answers; where it fails, the problem is shown and `otherwise` given. */
async function orProblem(question, otherwise) {
  try {
    return await question();
  } catch (error) {
    showProblem(problem, error);
    return otherwise;
  }
}

/** Search with a template in place of an item; null: with the item again. */
function setLike(key, identity) {
  like = key;
  likeBox.hidden = !key;
  itemBox.hidden = Boolean(key);
  if (!key) return;
  likeBox.dataset.identity = identity || "a template";
  const node = spot(identity || "?");
  likeBox.replaceChildren(
    el("p", { class: "label" }, "Search with what is enrolled"),
    el("div", { class: "like" }, kind === "picture" && node, el("div", { class: "stack tight" }, el("strong", { class: "clamped", title: identity }, identity || "a template"), el("code", { class: "key" }, key.slice(0, 12))),
      el("button", { type: "button", class: "small", onclick: () => { setLike(null); search(); itemBox.querySelector("button, textarea, input")?.focus(); } }, "Search with another item")),
  );
  if (kind === "picture") fillSpots(select.value, [{ node, key }]).catch(() => {});
}

async function search() {
  asking.abort();
  const mine = (asking = new AbortController());
  number.closest(".field").hidden = false;
  toAddress();
  meaning.replaceChildren();
  showProblem(problem, null);
  showProblem(wherePlace, null);
  where.setAttribute("aria-invalid", "false");
  const gallery = encodeURIComponent(select.value);
  try {
    if (!like && input.empty()) return await suggest(gallery);
    cards.setAttribute("aria-busy", "true");
    const [{ found }] = await ask(`/v1/galleries/${gallery}/search`, { ...(await question()), signal: asking.signal });
    const decisions = calibrated && found.length ? (await ask("/v1/decide", { json: { distances: found.map((hit) => hit.distance) }, signal: asking.signal })).decisions : [];
    await show(found, decisions);
  } catch (error) {
    if (error.name === "AbortError") return;
    cards.replaceChildren();
    none.replaceChildren();
    title.textContent = "Nothing found";
    note.textContent = "";
    if (error.code === "gallery" && !like) {
      none.replaceChildren(emptyGallery());
      return;
    }
    const ofCondition = error.code === "settings" && where.value.trim();
    if (ofCondition) {
      document.getElementById("condition-more").open = true;
      where.setAttribute("aria-invalid", "true");
    }
    showProblem(ofCondition ? wherePlace : problem, error);
  } finally {
    if (mine === asking) cards.removeAttribute("aria-busy");
  }
}

async function question() {
  const k = number.valueAsNumber;
  const further = where.value.trim() ? { where: where.value.trim() } : {};
  if (like) return { json: { key: like, k, ...further } };
  if (kind !== "picture") return { json: { item: await input.json(), k, ...further } };
  const sent = new FormData();
  input.put(sent, "item");
  sent.append("k", String(k));
  if (further.where) sent.append("where", further.where);
  return { form: sent };
}

/** Before anything is asked: some of what is enrolled, to begin with. */
async function suggest(gallery) {
  const asked = new URLSearchParams({ most: number.value || "12" });
  if (where.value.trim()) asked.set("where", where.value.trim());
  const { templates } = await ask(`/v1/galleries/${gallery}/templates?${asked}`, { signal: asking.signal });
  title.textContent = templates.length ? "Or begin with something that is enrolled" : "Nothing to search in";
  note.textContent = "";
  cards.replaceChildren(...templates.map((template) => card(template)));
  none.replaceChildren();
  if (!templates.length) {
    const empty = where.value.trim()
      ? el("div", { class: "empty" }, el("h2", {}, "Nothing meets the condition"), el("p", {}, "Take some of it away, and look again."))
      : emptyGallery();
    none.replaceChildren(empty);
  }
  await pictures(templates);
}

function emptyGallery() {
  number.closest(".field").hidden = true;
  const asked = new URLSearchParams({ ...(galleries.length > 1 ? { gallery: select.value } : {}), view: "enrol" });
  return el("div", { class: "empty" }, el("h2", {}, "The gallery is empty"), el("p", {}, "Enrol something first: then it can be found."), el("a", { class: "button", href: `/gallery?${asked}` }, "Enrol"));
}

async function show(found, decisions) {
  title.textContent = found.length ? `The ${found.length === 1 ? "nearest" : `${found.length} nearest`}` : "Nothing meets the condition";
  const same = decisions.filter((decision) => decision.verdict === "same").length;
  note.textContent = decisions.length ? `${same} of ${found.length} ${same === 1 ? "is" : "are"} at or below the model’s threshold, ${distance(decisions[0].threshold)}` : "";
  if (decisions.length) {
    const who = new URLSearchParams({ ...(galleries.length > 1 ? { gallery: select.value } : {}), view: "who" });
    meaning.replaceChildren("That threshold is made for one pair: among many, some of others lie within it, too. To know who it is, ask ", el("a", { href: `/gallery?${who}` }, "Who or what is this?"), " It corrects for how many are enrolled.");
  }
  // One scale for all: the threshold lies in its middle, or further left where something is farther than twice of it.
  const end = decisions.length && decisions[0].threshold ? Math.max(2 * decisions[0].threshold, ...found.map((hit) => hit.distance)) : 0;
  cards.replaceChildren(...found.map((hit, place) => card(hit, decisions[place], end)));
  none.replaceChildren();
  if (!found.length) none.append(el("div", { class: "empty" }, el("h2", {}, "Nothing found"), el("p", {}, "No template meets the condition. Take some of it away, and search again.")));
  tell(found.length ? `${title.textContent}. The first is ${found[0].identity}.` : "Nothing found.");
  await pictures(found);
}

function card(hit, decision, end) {
  const id = `card-${hit.key}`;
  const node = kind === "picture" ? spot(hit.identity) : null;
  const why = kind === "picture" && hit.distance !== undefined ? el("button", { type: "button", class: "small quiet why-button", hidden: true, onclick: () => explain(hit) }, "Why?") : null;
  return el("article", { class: kind === "picture" ? "hit picture" : "hit", "aria-labelledby": id, dataset: { key: hit.key } },
    node,
    el("h3", { id, title: hit.identity }, el("span", { class: "clamped" }, hit.identity)),
    keptText(hit.fields) !== null && el("p", { class: "clamped", title: keptText(hit.fields) }, keptText(hit.fields)),
    decision && el("p", { class: "meaning" }, verdictChip(decision.verdict, decision.verdict === "same" ? "Within the threshold" : "Beyond the threshold")),
    hit.distance !== undefined && scale(hit.distance, decision, end),
    fieldList(hit.fields),
    el("div", { class: "row actions" }, el("button", { type: "button", class: "small", "aria-describedby": id, onclick: () => more(hit) }, "More like this"), why),
  );
}

/** The distance in figures and, where there is one, beside the threshold. */
function scale(value, decision, end) {
  const words = el("p", { class: "small-print" }, `distance ${distance(value)}`);
  const threshold = decision?.threshold;
  if (!threshold) return words;
  const bar = el("span", { class: "scale", "aria-hidden": "true", dataset: { verdict: decision.verdict } }, el("span", { class: "scale-bar" }), el("span", { class: "scale-threshold" }));
  bar.firstChild.style.width = `${Math.max(2, (100 * value) / end)}%`;
  bar.lastChild.style.left = `${(100 * threshold) / end}%`;
  return el("div", { class: "distance" }, bar, words);
}

async function pictures(hits) {
  if (kind !== "picture") return;
  const nodes = [...cards.querySelectorAll(".hit")];
  const wanted = hits.map((hit, place) => ({ key: hit.key, node: nodes[place].querySelector(".spot") }));
  const filled = await fillSpots(select.value, wanted, asking.signal);
  for (const node of filled) {
    const button = node.closest(".hit").querySelector(".why-button");
    if (button) button.hidden = false;
  }
}

function more(hit) {
  setLike(hit.key, hit.identity);
  search();
  title.focus({ preventScroll: true });
  window.scrollTo({ top: 0 });
}

/** Why the item and what was found are as near as they are, in a dialog. */
async function explain(hit) {
  const body = document.getElementById("why-body");
  document.getElementById("why-title").textContent = legible(`Why is ${hit.identity} at a distance of ${distance(hit.distance)}?`);
  body.replaceChildren(el("p", { class: "row" }, el("span", { class: "spinner" }), "Covering parts of the pictures …"));
  dialog.showModal();
  try {
    const sent = new FormData();
    if (like) sent.append("left", await pictureFile(like), "left.webp");
    else input.put(sent, "left");
    sent.append("right", await pictureFile(hit.key), "right.webp");
    const { node, words } = explained(await ask("/v1/explain", { form: sent }));
    node.querySelector("h3")?.remove();
    body.replaceChildren(node, el("p", { class: "small-print" }, "What is enrolled is shown by a small copy, so figures may differ a little from those of the search."));
    tell(words);
  } catch (error) {
    showProblem(body, error);
  }
}

async function pictureFile(key) {
  const answer = await fetch(pictureOf(key));
  if (!answer.ok) throw new Problem(answer.status, "no_picture", "The picture of this is not there any more.");
  return answer.blob();
}
