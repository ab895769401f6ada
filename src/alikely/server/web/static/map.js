// The page Map: which map, coloured by what; what is pointed at, found, encircled.

import { ask, el, showProblem, svg, tell } from "./api.js";
import { colourOf, otherColour, OWN, PATHS, scale, shapeOf } from "./map_colours.js";
import { loadMap, plotlyFrom } from "./map_data.js";
import { Group } from "./map_group.js";
import { content, itemButton, itemCard, title } from "./map_items.js";
import { canDraw, NoPlot, Plot } from "./map_plot.js";
import { Table } from "./map_table.js";
import { count } from "./words.js";

const get = (id) => document.getElementById(id);
const [STEP, NEARER] = [0.12, 0.7];

let [data, plot, loading] = [null, null, null];
let [field, values] = [null, null];
let [pinned, hovered] = [null, null];

if (get("map")) start();

async function start() {
  const group = new Group((number) => pin(number, true), () => plot.choose(null));
  const table = new Table((value, place) => openValue(group, value, place));
  try {
    const { sources, plotly } = await ask("/v1/map");
    get("source").replaceChildren(...sources.map((one) => el("option", { value: one.name }, `${one.name === "items" ? one.title : `gallery ${one.title}`} (${count(one.items, "item")})`)));
    get("source-field").hidden = sources.length < 2;
    const wanted = new URLSearchParams(location.search).get("source");
    if (sources.some((one) => one.name === wanted)) get("source").value = wanted;
    plot = canDraw()
      ? new Plot(await plotlyFrom(plotly), get("plot"), {
          hover,
          pick: (number) => pin(number),
          encircled: (numbers) => openGroup(group, numbers, "Group"),
          moved: placeRing,
        })
      : withoutMap();
    wire(group, table);
    await open(group, table);
  } catch (error) {
    showProblem(get("problem"), error);
  }
}

function withoutMap() {
  for (const node of document.querySelectorAll(".map-tools, .plot-frame, #plot-help")) node.hidden = true;
  get("waiting").before(el("div", { class: "notice warn", id: "no-map" }, el("p", {}, "This browser cannot draw the map: it has no WebGL, or it is switched off. The legend, the search and the table say the same.")));
  return new NoPlot();
}

function wire(group, table) {
  get("source").addEventListener("change", () => open(group, table));
  get("redraw").addEventListener("click", () => open(group, table, true));
  get("colour").addEventListener("change", () => recolour(group, table));
  get("tool").addEventListener("change", ({ target }) => plot.use(target.value));
  get("zoom-in").addEventListener("click", () => plot.zoom(NEARER));
  get("zoom-out").addEventListener("click", () => plot.zoom(1 / NEARER));
  get("zoom-all").addEventListener("click", () => plot.all());
  get("plot").addEventListener("keydown", byKey);
  get("plot").addEventListener("focus", () => (get("cross").hidden = !get("plot").matches(":focus-visible")));
  get("plot").addEventListener("blur", () => (get("cross").hidden = true));
  get("find").addEventListener("submit", find);
  get("legend").addEventListener("click", ({ target }) => {
    const button = target.closest("button");
    if (button) openValue(group, button.dataset.value, Number(button.dataset.place));
  });
  const themed = () => data && plot.show(data, field, values).then(legend);
  window.addEventListener("themechange", themed);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", themed);
}

async function open(group, table, anew = false) {
  loading?.abort();
  const here = (loading = new AbortController());
  showProblem(get("problem"), null);
  group.clear();
  for (const id of ["found", "stale", "table-card"]) get(id).hidden = true;
  get("map").hidden = true;
  lock(true);
  try {
    const loaded = await loadMap(get("source").value, wait, here.signal, anew);
    if (here.signal.aborted) return;
    data = loaded;
    get("waiting").hidden = true;
    get("map").hidden = false;
    forget();
    const names = data.told.fields.map((one) => el("option", { value: one.name }, one.name));
    get("colour").replaceChildren(el("option", { value: "" }, "nothing"), ...names);
    get("colour").value = data.told.label ?? data.told.fields[0]?.name ?? "";
    await recolour(group, table);
    get("stale").hidden = !data.told.stale;
    get("stale-words").textContent = `The gallery has changed since the map of its ${count(data.size, "item")} was drawn.`;
    lock(false);
    tell(`Map of ${count(data.size, "item")}.`);
    get("plot").dataset.ready = String(data.told.version);
  } catch (error) {
    get("waiting").hidden = true;
    showProblem(get("problem"), error);
  }
}

function wait({ state, done, total }) {
  get("waiting").hidden = false;
  const words = state === "waiting" ? "Another map is drawn first." : done === 0 ? `Looking for a place for each of ${count(total, "item")} …` : `${done.toLocaleString("en")} of ${count(total, "item")} have their place.`;
  if (get("waiting-words").textContent !== words) get("waiting-words").textContent = words;
  if (done) get("waiting-progress").value = done / total;
  else get("waiting-progress").removeAttribute("value");
}

function lock(locked) {
  for (const id of ["colour", "find-text", "find-go"]) get(id).disabled = locked;
}

async function recolour(group, table) {
  const name = get("colour").value;
  try {
    field = name ? data.field(name) : null;
    values = field ? await data.values(name) : null;
    await plot.show(data, field, values);
    legend();
    await table.open(data, field);
    if (group.numbers?.length) group.open(data, group.numbers, countedBy(), group.words);
  } catch (error) {
    showProblem(get("problem"), error);
  }
}

const countedBy = () => (field?.kind === "category" ? field.name : null);

function legend() {
  const place = get("legend");
  if (field === null) return place.replaceChildren();
  const missing = field.missing ? [el("li", {}, mark(otherColour(), "circle"), `${field.missing.toLocaleString("en")} without`)] : [];
  if (field.kind === "number") {
    const gradient = el("span", { class: "gradient", "aria-hidden": "true", style: { background: `linear-gradient(to right, ${scale().join(", ")})` } });
    const said = [number(field.smallest), gradient, number(field.largest)];
    return place.replaceChildren(el("ul", { class: "legend", "aria-label": `Colours of ${field.name}` }, el("li", {}, field.name), el("li", { class: "scale" }, ...said), ...missing));
  }
  const named = field.values.slice(0, OWN).map(([value, items], at) => {
    const button = el("button", { type: "button", class: "small quiet", title: "Look at these", dataset: { value, place: String(at) } }, mark(colourOf(at), shapeOf(at)), value, el("span", { class: "soft" }, items.toLocaleString("en")));
    return el("li", {}, button);
  });
  const others = field.of - named.length;
  if (others > 0) named.push(el("li", {}, mark(otherColour(), "circle"), `${count(others, "other")}`));
  return place.replaceChildren(el("ul", { class: "legend", "aria-label": `Colours of ${field.name}` }, ...named, ...missing));
}

const number = (value) => String(Number(value.toPrecision(4)));

const mark = (colour, shape) =>
  svg("svg", { class: "legend-mark", viewBox: "0 0 16 16", "aria-hidden": "true" }, svg("path", { d: PATHS[shape], fill: colour }));

async function openGroup(group, numbers, words) {
  await plot.choose(numbers.length ? numbers : null);
  await group.open(data, numbers, countedBy(), words);
}

async function openValue(group, value, place) {
  const numbers = [];
  for (let i = 0; i < values.length; i++) if (values[i] === place) numbers.push(i);
  // Where the map was moved away from all of them, nothing would stand out.
  if (numbers.every((number) => plot.pixel(number) === null)) await plot.all();
  await openGroup(group, numbers, `${field.name}: ${value}`);
  get("group").focus();
}

// What is pointed at

let waits = null;

function hover(number, event) {
  hovered = number;
  clearTimeout(waits);
  if (number === null) {
    get("tip").hidden = true;
    placeRing();
    return;
  }
  placeRing();
  const [x, y] = [event.clientX, event.clientY];
  waits = setTimeout(async () => {
    const item = await data.item(number).catch(() => null);
    if (item !== null && hovered === number) showTip(item, x, y);
  }, 40);
}

function showTip(item, x, y) {
  const tip = get("tip");
  const shown = field && field.name !== data.told.label ? item.values[field.name] : null;
  tip.replaceChildren(
    el("div", { class: "item-content" }, content(item, data.picture(item.number))),
    el("div", { class: "tip-words" }, el("strong", {}, title(item)), shown ? el("span", {}, `${field.name}: ${shown}`) : null),
  );
  tip.hidden = false;
  const frame = get("plot").getBoundingClientRect();
  const [left, top] = [x - frame.left, y - frame.top];
  const beside = left + tip.offsetWidth + 24 > frame.width ? left - tip.offsetWidth - 16 : left + 16;
  Object.assign(tip.style, { left: `${Math.max(4, beside)}px`, top: `${Math.min(Math.max(4, top - 30), Math.max(4, frame.height - tip.offsetHeight - 4))}px` });
}

async function pin(number, go = false) {
  pinned = number;
  if (go) await plot.goTo(number);
  placeRing();
  try {
    const item = await data.item(number);
    if (pinned !== number) return;
    get("item").replaceChildren(itemCard(item, data));
    tell(`${title(item)}: ${item.name}`);
    if (go) get("plot").scrollIntoView({ block: "nearest" });
  } catch (error) {
    showProblem(get("item"), error);
  }
}

function forget() {
  [pinned, hovered] = [null, null];
  get("tip").hidden = true;
  get("item").replaceChildren(el("p", { class: "soft" }, "Point at a point to see what it is; click to keep it here."));
}

function placeRing() {
  const number = hovered ?? pinned;
  const at = number === null || !data ? null : plot.pixel(number);
  get("ring").hidden = at === null;
  if (at) Object.assign(get("ring").style, { left: `${at.left}px`, top: `${at.top}px` });
}

function byKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const does = {
    ArrowLeft: () => plot.move(-STEP, 0),
    ArrowRight: () => plot.move(STEP, 0),
    ArrowUp: () => plot.move(0, STEP),
    ArrowDown: () => plot.move(0, -STEP),
    "+": () => plot.zoom(NEARER),
    "=": () => plot.zoom(NEARER),
    "-": () => plot.zoom(1 / NEARER),
    0: () => plot.all(),
    Enter: () => data.size && pin(plot.nearest()),
  }[event.key];
  if (!does) return;
  event.preventDefault();
  get("cross").hidden = false;
  does();
}

async function find(event) {
  event.preventDefault();
  const text = get("find-text").value.trim();
  const place = get("found");
  place.hidden = !text;
  if (!text) return;
  try {
    const { items } = await data.find(text);
    if (!items.length) {
      place.replaceChildren(el("p", { class: "soft" }, `No name or label contains “${text}”.`));
    } else {
      const list = el("ul", { class: "pictures small-pictures" }, ...items.map((item) => el("li", {}, itemButton(item, data, () => pin(item.number, true)))));
      place.replaceChildren(el("p", { class: "small-print" }, items.length === 50 ? "The first 50:" : `${count(items.length, "item")}:`), list);
      if (items.length === 1) await pin(items[0].number, true);
    }
    tell(items.length ? `${count(items.length, "item")} found.` : "Nothing found.");
  } catch (error) {
    showProblem(place, error);
  }
}
