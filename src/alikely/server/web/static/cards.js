// What is enrolled -> squares with its picture (or initials where there is none), and its fields.

import { ask, el } from "./api.js";

const HUES = 12;

/** A square for the picture of `identity`; until `fillSpots` finds one, and where there is none, its initials. */
export function spot(identity) {
  const tint = [...identity].reduce((sum, sign) => (sum * 31 + sign.codePointAt(0)) % 997, 7) % HUES;
  return el("div", { class: `spot hue-${tint}`, "aria-hidden": "true" }, el("span", {}, initials(identity)));
}

/**
 * Put pictures into squares: `wanted` is a list of {node, key} (a template) or {node, identity} (any of its templates).
 * Those of which there is no picture stay as they are. A promise of the squares that get one.
 */
export async function fillSpots(gallery, wanted, signal) {
  if (!wanted.length) return [];
  const keys = [...new Set(wanted.filter((one) => one.key).map((one) => one.key))];
  const identities = [...new Set(wanted.filter((one) => one.identity).map((one) => one.identity))];
  const there = await ask("/v1/pictures", { json: { gallery, keys, identities }, signal });
  const known = new Set(there.keys);
  for (const { node, key, identity } of wanted) {
    const found = key ? known.has(key) && key : there.identities[identity];
    if (found) showPicture(node, pictureOf(found));
  }
  return wanted.filter(({ key, identity }) => (key ? known.has(key) : there.identities[identity])).map(({ node }) => node);
}

/** The address of the picture of a template. */
export const pictureOf = (key) => `/v1/pictures/${encodeURIComponent(key)}`;

/** Show the picture at an address in a square; small ones pixel by pixel. */
export function showPicture(node, address, alt = "") {
  const image = el("img", { src: address, alt, decoding: "async" });
  image.addEventListener("load", () => {
    image.classList.toggle("pixels", image.naturalWidth < 120);
    node.replaceChildren(image);
    node.classList.add("pictured");
    if (alt) node.removeAttribute("aria-hidden");
  });
}

/** The text that was kept with a template; null where there is none. */
export const keptText = (fields) => (document.body.dataset.kind === "text" && typeof fields.text === "string" ? fields.text : null);

/** The fields of a template as a list of names and values, without its text; null where it has none. */
export function fieldList(fields) {
  const names = Object.keys(fields).filter((name) => name !== "text" || keptText(fields) === null);
  if (!names.length) return null;
  return el("dl", { class: "field-list" }, ...names.map((name) => el("div", {}, el("dt", {}, name), el("dd", {}, said(fields[name])))));
}

/** A field's value for people. */
export const said = (value) => (typeof value === "boolean" ? (value ? "yes" : "no") : String(value));

function initials(identity) {
  const number = /(\d+)\D*$/.exec(identity);
  if (number) return number[1].slice(-3); // what tells "brand 01" from "brand 02"
  const words = identity.split(/[\s/\\_.-]+/).filter(Boolean);
  const signs = words.length > 1 ? [words[0], words[words.length - 1]].map((word) => [...word][0]) : [...identity].slice(0, 2);
  return signs.join("").toUpperCase();
}

/** Choose the gallery that the address names; where there is none of that name, say above `root` which one is shown. */
export function chooseGallery(select, name, galleries, root) {
  document.getElementById("no-gallery")?.remove();
  if (galleries.includes(name)) select.value = name;
  else if (name !== null) root.before(el("div", { class: "notice warn", id: "no-gallery", role: "status" }, el("p", {}, `There is no gallery called “${name}”. This is ${select.value}.`)));
}
