// A threshold -> what it gives on the labelled items that are served, in a sentence.

import { ask, el } from "./api.js";
import { count, percent } from "./words.js";

const answers = new Map(); // by the threshold, while the page is open

/**
 * A paragraph that fills itself a moment later; it stays empty where no different pairs are served, or nothing is
 * accepted. `fmr` is the rate of false matches that was wanted.
 */
export function measured({ threshold, fmr }) {
  const place = el("p", { class: "small-print", hidden: true });
  if (threshold === null || !document.getElementById("result").dataset.items) return place;
  if (!answers.has(threshold)) answers.set(threshold, ask(`/v1/thresholds/changes?before=${threshold}&after=${threshold}&shown=0`));
  answers.get(threshold).then(
    (found) => {
      place.textContent = sentence(found, fmr);
      place.hidden = !place.textContent;
    },
    () => answers.delete(threshold), // the verdict stands without it
  );
  return place;
}

function sentence({ different, learned, left_out: leftOut }, wanted) {
  if (!different.pairs) return "";
  const found = different.accepted_after / different.pairs;
  const known = learned && !leftOut ? " The model learned from some of them: on others it errs more often." : "";
  const above = found > wanted ? " That is more than wanted: thresholds hold for items like those of the calibration. If yours are like these, calibrate on such ones." : "";
  return `Measured on the labelled items of this service: ${percent(found)} of ${count(different.pairs, "different pair")} are called the same.${known}${above}`;
}
