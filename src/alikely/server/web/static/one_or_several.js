// An empty element and a kind of item that is written -> fields for one, or for many, and a switch between the two.

import { el } from "./api.js";
import { itemInput } from "./item_input.js";
import { severalInput } from "./several_input.js";

const MANY = { text: "Many texts", row: "Many rows", sequence: "Many sequences", embedding: "Many embeddings" };

/** `one` is an itemInput, `several` a severalInput, `many()` whether the second is shown. */
export function oneOrSeveral(root, { kind, label, columns, named = false, onChange = () => {} }) {
  const name = `many-${crypto.getRandomValues(new Uint32Array(1))[0]}`;
  const places = [el("div"), el("div", { class: "stack", hidden: true })];
  const radios = [`One ${kind}`, MANY[kind]].map((word, at) => {
    const radio = el("input", { type: "radio", name, checked: at === 0 });
    radio.addEventListener("change", () => {
      for (const [other, place] of places.entries()) place.hidden = other !== at;
      onChange();
    });
    return el("label", {}, radio, ` ${word}`);
  });
  root.replaceChildren(el("fieldset", { class: "segmented" }, el("legend", { class: "visually-hidden" }, "How many"), ...radios), ...places);
  const one = itemInput(places[0], { kind, label, columns: columns?.length ? columns : undefined });
  const several = severalInput(places[1], { kind, columns: columns ?? [], named, onChange });
  return { one, several, many: () => places[0].hidden };
}
