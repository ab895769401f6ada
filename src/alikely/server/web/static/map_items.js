// Items of a map as the service says them -> what is shown of them: large in the panel, small in lists.

import { el, svg } from "./api.js";

const WIDE = 100;

/** What an item holds: its picture, text, cells or curves; words where nothing of it is kept. */
export function content(item, picture) {
  if (item.picture) {
    const image = el("img", { src: picture, alt: "", loading: "lazy", decoding: "async" });
    image.addEventListener("load", () => image.classList.toggle("pixels", image.naturalWidth < 64));
    return image;
  }
  if (item.text) return el("p", { class: "placeholder words" }, item.text);
  if (item.cells) return cells(item.cells);
  if (item.curves) return curves(item.curves);
  return el("p", { class: "placeholder" }, "nothing of it is kept here");
}

/** What people call it: its label, else its name. */
export const title = (item) => item.label ?? item.name;

/** All that is known of an item, for the panel. */
export function itemCard(item, data) {
  const values = Object.entries(item.values).filter(([, value]) => value !== "");
  const list = el("dl", { class: "item-values" }, ...values.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value))));
  return el("div", { class: "stack item-card" }, el("div", { class: "item-content" }, content(item, data.picture(item.number))), el("p", { class: "item-name" }, shortName(item.name)), list);
}

/** A small square with its name, as a button that shows the item on the map. */
export function itemButton(item, data, onclick) {
  const inside = [el("span", { class: "item-content" }, content(item, data.picture(item.number))), el("span", { class: "caption" }, title(item))];
  return el("button", { type: "button", class: "picture", title: item.name, onclick }, ...inside);
}

// Keys of templates are long hashes: their beginning tells them apart.
const shortName = (name) => (/^[0-9a-f]{32}-[0-9a-f]+$/.test(name) ? `${name.slice(0, 12)}…` : name);

function cells(rows) {
  return el("dl", { class: "item-values cells" }, ...rows.slice(0, 12).map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value))));
}

function curves(channels) {
  const lines = channels.slice(0, 4).map((channel) => {
    const [low, high] = [Math.min(...channel), Math.max(...channel)];
    const points = channel.map((value, step) => {
      const across = channel.length > 1 ? step / (channel.length - 1) : 0;
      const up = high > low ? (value - low) / (high - low) : 0.5;
      return `${(2 + across * 96).toFixed(1)},${(WIDE - 5 - up * (WIDE - 10)).toFixed(1)}`;
    });
    return svg("polyline", { points: points.join(" ") });
  });
  return svg("svg", { class: "item-curves", viewBox: `0 0 ${WIDE} ${WIDE}`, preserveAspectRatio: "none", "aria-hidden": "true" }, ...lines);
}
