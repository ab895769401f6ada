// What /v1/explain answers -> both pictures with what holds them together and what drives them apart, and the words.

import { el } from "./api.js";

/** {node, words}: to show, and to announce. */
export function explained(said) {
  const words = sentence(said.sentence);
  const node = el(
    "div",
    { class: "stack" },
    el("h3", {}, "Why"),
    el("p", {}, words),
    el("img", { class: "why-picture", src: said.picture, alt: `Both pictures, and below them the same with their regions coloured. ${words}` }),
    el(
      "p",
      { class: "small-print" },
      "Each picture was covered in many ways while the other one stayed whole. Coloured regions matter for the distance. " +
        "This explains the model, not the world: where it looks at the background, so does its explanation.",
    ),
  );
  return { node, words };
}

const sentence = (text) => `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? "" : "."}`;
