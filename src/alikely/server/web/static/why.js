// What /v1/explain answers -> both pictures with what holds them together and what drives them apart, and the words.

import { el } from "./api.js";

/** {node, words}: to show, and to announce. */
export function explained(said) {
  const words = sentence(said.sentence);
  const sides = [["Left", said.left], ["Right", said.right]];
  const node = el(
    "div",
    { class: "stack" },
    el("h3", {}, "Why"),
    el("p", {}, words),
    el(
      "div",
      { class: "why-maps" },
      ...sides.map(([name, side]) =>
        el(
          "figure",
          { class: "picture" },
          el("img", { src: side.map, alt: `${name} picture, its regions coloured: ${strongest(side.regions)}` }),
          el("figcaption", { class: "small-print" }, `${name} picture`),
        ),
      ),
    ),
    el(
      "ul",
      { class: "legend" },
      el("li", {}, el("span", { class: "swatch alike" }), "alike here: holds them together"),
      el("li", {}, el("span", { class: "swatch unlike" }), "unlike here: drives them apart"),
    ),
    el(
      "p",
      { class: "small-print" },
      "Each picture was covered in many ways while the other one stayed whole. Where the colour is strong, covering it " +
        "moves the distance most. This explains the model, not the world: where it looks at the background, so does this.",
    ),
  );
  return { node, words };
}

const sentence = (text) => `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? "" : "."}`;

/** The region that does most, in words. */
function strongest(regions) {
  const [name, value] = Object.entries(regions).reduce((one, other) => (Math.abs(other[1]) > Math.abs(one[1]) ? other : one));
  return `${value >= 0 ? "alike" : "unlike"} most in the ${name}`;
}
