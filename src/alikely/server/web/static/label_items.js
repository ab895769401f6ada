// Two items as the service says them -> what is shown of them, side by side.

import { el, svg } from "./api.js";

const MOST_CHANNELS = 4;
const WIDE = 100;

/** A node with both items. `number` counts the pairs, for who cannot see them. */
export function pairView([left, right], number) {
  if (left.cells) return cells(left.cells, right.cells);
  const sides = [
    ["Left", left, right],
    ["Right", right, left],
  ];
  return el("div", { class: "two" }, ...sides.map(([side, item, other]) => el("figure", {}, oneView(item, other, `${side} item of pair ${number}`))));
}

/** What is said of a pair to who cannot see it. */
export function pairInWords([left, right]) {
  if (left.text === undefined) return "";
  return `Left: ${left.text}. Right: ${right.text}.`;
}

function oneView(item, other, name) {
  if (item.text !== undefined) return el("blockquote", { tabindex: "0", "aria-label": name }, item.text);
  if (item.curves) return curves(item, other, name);
  if (item.picture) return el("img", { src: item.picture, alt: name });
  return el("p", { class: "gone" }, "This item can no longer be read.");
}

function cells(left, right) {
  const others = new Map(right);
  const rows = left.map(([column, cell]) => {
    const other = others.get(column) ?? "";
    const differs = cell !== other;
    const mark = differs ? el("span", { class: "visually-hidden" }, " (differ)") : null;
    return el("tr", { class: differs ? "differs" : null }, el("th", { scope: "row" }, column, mark), el("td", {}, cell), el("td", {}, other));
  });
  const head = el("tr", {}, ...["Column", "Left", "Right"].map((name) => el("th", { scope: "col" }, name)));
  const table = el("table", {}, el("thead", {}, head), el("tbody", {}, ...rows));
  return el("div", { class: "table-wrap", tabindex: "0", role: "region", "aria-label": "The two rows" }, table);
}

// Both sequences over the same time, each channel on one scale.
function curves(item, other, name) {
  const both = [item, other].filter((one) => one.curves);
  const longest = Math.max(...both.map((one) => one.steps));
  const lines = item.curves.slice(0, MOST_CHANNELS).map((channel, place) => {
    const all = both.flatMap((one) => one.curves[place] ?? []);
    const low = Math.min(...all);
    const span = Math.max(...all) - low;
    const end = (item.steps - 1) / Math.max(longest - 1, 1);
    const points = channel.map((value, step) => {
      const across = channel.length > 1 ? (step / (channel.length - 1)) * end : 0;
      const up = span > 0 ? (value - low) / span : 0.5;
      return `${(2 + across * (WIDE - 4)).toFixed(2)},${(WIDE - 5 - up * (WIDE - 10)).toFixed(2)}`;
    });
    return svg("polyline", { points: points.join(" ") });
  });
  const label = `${name}: ${lines.length} of ${item.curves.length} channel(s) over ${item.steps} steps`;
  return svg("svg", { class: "curves", viewBox: `0 0 ${WIDE} ${WIDE}`, preserveAspectRatio: "none", role: "img", "aria-label": label }, ...lines);
}
