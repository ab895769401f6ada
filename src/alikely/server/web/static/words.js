// Figures and verdicts -> words, as the command says them.

import { el, svg } from "./api.js";

const VERDICTS = {
  same: ["Same", "M4.5 12.5 10 18 19.5 7"],
  different: ["Different", "M6 6l12 12M18 6 6 18"],
  unsure: ["Unsure", "M8.5 9a3.5 3.5 0 1 1 5 3.2c-1 .5-1.5 1.2-1.5 2.3M12 18.5v.01"],
  none: ["No verdict", "M6 12h12"],
};

/** "same" -> "Same"; also "different", "unsure", "none". */
export const verdictWord = (verdict) => (VERDICTS[verdict] ?? [verdict])[0];

/** A verdict with its icon and its word (or the words given); the colour is not all that tells. */
export function verdictChip(verdict, words = verdictWord(verdict)) {
  const [, path] = VERDICTS[verdict] ?? VERDICTS.none;
  const icon = svg("svg", { viewBox: "0 0 24 24", "aria-hidden": "true" }, svg("path", { d: path }));
  return el("span", { class: "verdict", dataset: { verdict } }, icon, words);
}

/** 0.0123 -> "1.23 %": three digits, no zeros at the end; what is not quite all is never rounded to 100 %. */
export function percent(rate) {
  let digits = 3;
  while (rate < 1 && digits < 15 && Number((rate * 100).toPrecision(digits)) === 100) digits += 1;
  return `${Number((rate * 100).toPrecision(digits))}\u00a0%`;
}

const DIGITS = 3; // of a distance
const EVERY_DIGIT = 17; // what differs at all differs in the 17th

/** A distance for people; null (accepts nothing) as a dash. */
export const distance = (value) => written(value, DIGITS);

/** The distances of one sentence for people, all with as many digits as those that differ take to look different. */
export function apart(...values) {
  let digits = DIGITS;
  const alike = () => new Set(values.map((value) => Number(written(value, digits)))).size < new Set(values).size;
  while (digits < EVERY_DIGIT && alike()) digits += 1;
  return values.map((value) => written(value, digits));
}

const written = (value, digits) =>
  value === null ? "–" : value >= 0.1 ? value.toFixed(digits) : String(Number(value.toPrecision(digits)));

/** A probability for people: rounding never turns "very likely" into "certain". */
export const chance = (value) => (value >= 0.995 ? "over 0.99" : value < 0.005 ? "under 0.01" : value.toFixed(2));

/** A probability in words. */
export function likelihood(value) {
  if (value >= 0.99) return "almost certainly the same";
  if (value >= 0.9) return "very likely the same";
  if (value >= 0.65) return "likelier the same than not";
  if (value > 0.35) return "about as likely the same as not";
  if (value > 0.1) return "likelier different than not";
  if (value > 0.01) return "very likely different";
  return "almost certainly different";
}

/** The probability of a decision about two items (/v1/compare, .../verify) in words, and why the verdict is another one where it is. */
export function judged({ verdict, probability, threshold, fmr }) {
  const words = `${capital(likelihood(probability))} (probability ${chance(probability)})`;
  if (threshold === null) return `${words}. No distance is small enough to keep the rate that you want, so nothing is called the same.`;
  if (verdict === "different" && probability >= 0.5) return `${words}, but not near enough for at most ${percent(fmr)} false matches.`;
  if (verdict === "same" && probability < 0.5) return `${words}, but near enough where ${percent(fmr)} false matches are allowed.`;
  if (verdict === "unsure") return `${words}. They lie between the two thresholds: let a person decide.`;
  return `${words}.`;
}

/** The first letter large. */
export const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

/** "row" -> "a row", "embedding" -> "an embedding". */
export const aKind = (kind) => `${kind === "embedding" ? "an" : "a"} ${kind}`;

/** 3 -> "3 items", 1 -> "1 item", 1200 -> "1,200 items". */
export const count = (number, one, many = `${one}s`) => `${number.toLocaleString("en")} ${number === 1 ? one : many}`;
