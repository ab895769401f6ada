// What a detector says of an item -> a card: how rare it is in words, the picture and where it deviates, the reasons.

import { el, svg } from "./api.js";
import { percent } from "./words.js";

/**
 * The body of a card. `said` has deviation, threshold, p_value, anomalous and reasons; `picture` and `map` are addresses
 * (null: none); `item` is a text, a row or a sequence (null: it is not kept).
 */
export function looksOf(said, { picture = null, map = null, item = null }) {
  return [picture && pictures(picture, map), words(item), curve(item, said), rarity(said), reasons(said.reasons), others(item, said.reasons)].filter(Boolean);
}

/** The picture beside its heat map; or one of the two at a time, larger, to switch between. */
function pictures(picture, map) {
  const before = figure(picture, "The picture", "Picture");
  if (!map) return el("div", { class: "looks one" }, before);
  const after = figure(map, "The same in grey; where it deviates most it is coloured", "Where it deviates");
  const looks = el("div", { class: "looks" }, before, after);
  const name = `look-${crypto.getRandomValues(new Uint32Array(1))[0]}`;
  const ways = [["both", "Side by side"], ["before", "Picture"], ["after", "Heat map"]].map(([value, word]) => {
    const radio = el("input", { type: "radio", name, value, checked: value === "both" });
    radio.addEventListener("change", () => {
      looks.classList.toggle("one", value !== "both");
      before.hidden = value === "after";
      after.hidden = value === "before";
    });
    return el("label", {}, radio, word);
  });
  return el("div", { class: "stack tight" }, looks, el("fieldset", { class: "segmented shown-as" }, el("legend", { class: "visually-hidden" }, "What to show"), ...ways));
}

function figure(address, alt, caption) {
  const image = el("img", { src: address, alt });
  image.addEventListener("load", () => image.classList.toggle("pixels", image.naturalWidth < 120));
  return el("figure", {}, image, el("figcaption", {}, caption));
}

const words = (item) => (typeof item === "string" ? el("blockquote", {}, item) : null);

/** A sequence as curves, one a channel; the steps that make it deviate are marked. */
function curve(item, { kind, reasons: all }) {
  if (!Array.isArray(item) || kind !== "sequence") return null;
  const steps = item.map((step) => [].concat(step));
  const [low, high] = [Math.min, Math.max].map((of) => steps.reduce((sofar, step) => of(sofar, ...step), steps[0][0]));
  const at = (step) => (100 * step) / Math.max(1, steps.length - 1);
  const height = (value) => (high > low ? 38 - (36 * (value - low)) / (high - low) : 20);
  const found = all.map(({ where }) => /^steps (\d+) to (\d+)$/.exec(where)).filter(Boolean);
  const marks = found.map(([, from, to]) => svg("rect", { x: at(from - 1), y: 0, width: Math.max(1, at(to - 1) - at(from - 1)), height: 40, class: "odd-steps" }));
  const lines = steps[0].map((_, channel) => svg("polyline", { points: steps.map((step, place) => `${at(place)},${height(step[channel])}`).join(" "), "vector-effect": "non-scaling-stroke" }));
  const said = `${steps.length.toLocaleString("en")} steps, from ${short(low)} to ${short(high)}${found.length ? "; the marked ones deviate" : ""}`;
  return el("figure", { class: "curve" }, svg("svg", { viewBox: "0 0 100 40", preserveAspectRatio: "none", role: "img", "aria-label": "The sequence as a curve" }, ...marks, ...lines), el("figcaption", { class: "small-print" }, said));
}

/** How rare it is, in words, and its deviation beside the threshold. */
function rarity({ deviation, threshold, p_value: chance, anomalous }) {
  const share = chance >= 0.1 ? `About ${percent(Math.round(100 * chance) / 100)} of normal items deviate` : `At most about 1 normal item in ${Math.round(1 / chance).toLocaleString("en")} deviates`;
  const rare = `${share} as much or more.`;
  const bar = el("span", { class: "scale", "aria-hidden": "true", dataset: { verdict: anomalous ? "anomalous" : "normal" } }, el("span", { class: "scale-bar" }), el("span", { class: "scale-threshold" }));
  // The threshold lies in the middle, twice of it and more at the end.
  bar.firstChild.style.width = `${Math.min(100, Math.max(2, threshold > 0 ? (50 * deviation) / threshold : 100))}%`;
  return el("div", { class: "how-rare" }, el("p", {}, rare), bar, el("p", { class: "small-print" }, `deviation ${short(deviation)}, ${anomalous ? "above" : "not above"} the threshold ${short(threshold)}; p\u2011value ${short(chance)}`));
}

/** The parts at fault, the strongest first and in the strongest colour: what is found there beside what is normal. */
function reasons(all) {
  if (!all.length) return null;
  const parts = all.map(({ where, found, normal, share }) => {
    const some = Math.min(1, Math.max(0, share));
    const part = el("li", {},
      el("div", { class: "spread" }, el("strong", {}, where), el("span", { class: "number", title: "of the deviation" }, percent(Math.round(100 * share) / 100))),
      found || normal ? el("p", {}, el("span", { class: "found" }, plain(found)), el("span", { class: "small-print" }, ` nearest normal: ${plain(normal)}`)) : null,
      el("span", { class: "share-bar", "aria-hidden": "true" }));
    part.style.setProperty("--heat", `${Math.round(6 + 24 * some)}%`);
    part.lastChild.style.width = `${Math.max(2, 100 * some)}%`;
    return part;
  });
  return el("div", { class: "stack tight" }, el("ol", { class: "at-fault", "aria-label": "What deviates" }, ...parts), el("p", { class: "small-print" }, "%: so much less would it deviate, were this part as in the nearest normal one."));
}

/** Of a row that is kept, the columns that are not at fault. */
function others(item, all) {
  if (item === null || typeof item !== "object" || Array.isArray(item)) return null;
  const odd = new Set(all.map(({ where }) => where));
  const rows = Object.entries(item).filter(([name]) => !odd.has(name)).map(([name, value]) => [name, value ?? ""]);
  if (!rows.length) return null;
  const caption = odd.size ? `The other ${rows.length === 1 ? "column" : `${rows.length} columns`}` : "The whole row";
  return el("details", { class: "more" }, el("summary", {}, caption), table(["column", "value"], rows, caption));
}

function table(names, rows, caption) {
  return el("div", { class: "table-wrap", tabindex: "0", role: "region", "aria-label": caption },
    el("table", {}, el("caption", { class: "visually-hidden" }, caption),
      el("thead", {}, el("tr", {}, ...names.map((name) => el("th", { scope: "col" }, name)))),
      el("tbody", {}, ...rows.map(([name, value]) => el("tr", {}, el("th", { scope: "row" }, name), el("td", {}, value))))));
}

/** A cell for people: of a number five digits will do. */
function plain(text) {
  if (text === "") return "–";
  return text.length > 8 && Number.isFinite(Number(text)) ? String(Number(Number(text).toPrecision(5))) : text;
}

const short = (value) => String(Number(value.toPrecision(3)));
