// What a detector says of an item -> a card: how rare it is in words, the picture and where it deviates, the reasons.

import { el } from "./api.js";
import { percent } from "./words.js";

/**
 * The body of a card. `said` has deviation, threshold, p_value, anomalous and reasons; `picture` and `map` are addresses
 * (null: none); `item` is a text or a row (null: it is not kept).
 */
export function looksOf(said, { picture = null, map = null, item = null }) {
  return [picture && pictures(picture, map), words(item), rarity(said), reasons(said.reasons)].filter(Boolean);
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

function words(item) {
  if (item === null) return null;
  if (typeof item === "string") return el("blockquote", {}, item);
  return el("details", { class: "more" }, el("summary", {}, "The whole row"), table(["column", "value"], Object.entries(item).map(([name, value]) => [name, value ?? ""]), "The whole row"));
}

/** How rare it is, in words, and its deviation beside the threshold. */
function rarity({ deviation, threshold, p_value: chance, anomalous }) {
  const share = chance >= 0.1 ? `About ${percent(Math.round(100 * chance) / 100)} of normal items deviate` : `At most about 1 normal item in ${Math.round(1 / chance).toLocaleString("en")} deviates`;
  const rare = `${share} as much or more.`;
  const bar = el("span", { class: "scale", "aria-hidden": "true", dataset: { verdict: anomalous ? "anomalous" : "normal" } }, el("span", { class: "scale-bar" }), el("span", { class: "scale-threshold" }));
  // The threshold lies in the middle, twice of it and more at the end.
  bar.firstChild.style.width = `${Math.min(100, Math.max(2, threshold > 0 ? (50 * deviation) / threshold : 100))}%`;
  return el("div", { class: "how-rare" }, el("p", {}, rare), bar, el("p", { class: "small-print" }, `deviation ${short(deviation)}, ${anomalous ? "above" : "not above"} the threshold ${short(threshold)}; p-value ${short(chance)}`));
}

function reasons(all) {
  if (!all.length) return null;
  const rows = all.map((reason) => [reason.where, plain(reason.found), plain(reason.normal), percent(Math.round(100 * reason.share) / 100)]);
  return table(["what deviates", "here", "nearest normal", "of it"], rows, "Why");
}

function table(names, rows, caption) {
  const last = names.length > 2 ? names.length - 1 : -1;
  const cell = (value, place) => place === 0 ? el("th", { scope: "row" }, value) : el("td", { class: place === last ? "number" : null }, value);
  return el("div", { class: "table-wrap", tabindex: "0", role: "region", "aria-label": caption },
    el("table", {}, el("caption", { class: "visually-hidden" }, caption),
      el("thead", {}, el("tr", {}, ...names.map((name, place) => el("th", { scope: "col", class: place === last ? "number" : null }, name)))),
      el("tbody", {}, ...rows.map((row) => el("tr", {}, ...row.map(cell))))));
}

/** A cell for people: of a number five digits will do. */
function plain(text) {
  if (text === "") return "–";
  return text.length > 8 && Number.isFinite(Number(text)) ? String(Number(Number(text).toPrecision(5))) : text;
}

const short = (value) => String(Number(value.toPrecision(3)));
