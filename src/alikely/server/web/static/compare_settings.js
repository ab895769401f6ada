// A calibration and saved operating points -> fields for how strict a comparison is, and what they say for /v1/compare;
// they stand in the page's address, too, so that they are there again when it is loaded anew.

import { ask, el } from "./api.js";
import { percent } from "./words.js";

const OTHER = "other";

/** Fields in `root`; `calibration` is a promise (of null: no fields). The answer is a function that gives the settings. */
export function compareSettings(root, calibration, onChange) {
  let read = () => ({});
  Promise.all([calibration, savedPoints()]).then(([made, points]) => {
    if (!made) {
      root.replaceChildren(
        el("p", { class: "soft" }, "The model has no calibration, so there is nothing to set: it gives distances, no verdicts."),
      );
      return;
    }
    read = fields(root, made, points, onChange);
  });
  return () => read();
}

async function savedPoints() {
  try {
    const { points } = await ask("/v1/operating-points");
    return points.filter((point) => point.problem === null); // the others are of another model
  } catch {
    return []; // without them, the rates remain
  }
}

function fields(root, made, points, told) {
  const asked = new URLSearchParams(location.search);
  const onChange = () => {
    const address = new URLSearchParams(Object.entries(said()));
    history.replaceState(null, "", address.size ? `${location.pathname}?${address}` : location.pathname);
    told();
  };
  const rate = el("select", { id: "fmr" }, ...rates(made), saved(points), el("option", { value: OTHER }, "Another rate …"));
  const other = percentInput("other-fmr", "Rate of false matches", made.default_fmr, onChange);
  const band = el("input", { type: "checkbox", id: "band" });
  const refused = percentInput("fnmr", "Rate of false non-matches", Math.max(0.01, up(made.smallest.fnmr)), onChange);
  refused.field.append(
    el("p", { class: "hint" }, "Only what lies beyond the threshold for this rate is called different; what lies between is unsure."),
  );
  const prior = percentInput("prior", "How many of your pairs are the same", 0.5, onChange);
  prior.field.append(el("p", { class: "hint" }, "Before looking. It moves the probability, not the verdict."));

  rate.addEventListener("change", () => {
    other.field.hidden = rate.value !== OTHER;
    onChange();
  });
  band.addEventListener("change", () => {
    refused.field.hidden = !band.checked;
    onChange();
  });
  root.replaceChildren(
    el(
      "div",
      { class: "field" },
      el("label", { for: "fmr" }, "False matches, at most"),
      rate,
      el("p", { class: "hint" }, "Of different pairs, how many may be called the same. A lower rate refuses more pairs that are the same."),
    ),
    other.field,
    el("label", { class: "check" }, band, "Say “unsure” in between"),
    refused.field,
    prior.field,
  );

  function said() {
    const now = {};
    if (rate.value === OTHER) now.fmr = other.value();
    else if (rate.value) {
      const point = points[Number(rate.selectedOptions[0].dataset.point ?? -1)];
      if (point) now.operating_point = point.name;
      else now.fmr = Number(rate.value);
    }
    if (band.checked) now.fnmr = refused.value();
    if (prior.value() !== 0.5) now.prior = prior.value();
    return now;
  }

  /** A rate that the address gives; null where it gives none. */
  const given = (name) => (asked.get(name) && Number(asked.get(name)) <= 1 ? Number(asked.get(name)) : null);
  const [fmr, fnmr, before] = ["fmr", "fnmr", "prior"].map(given);
  const point = points.findIndex((one) => one.name === asked.get("operating_point"));
  if (point >= 0) rate.value = `point-${point}`;
  else if (fmr !== null && [...rate.options].some((one) => one.value === String(fmr))) rate.value = String(fmr);
  else if (fmr !== null) {
    rate.value = OTHER;
    other.set(fmr);
  }
  other.field.hidden = rate.value !== OTHER;
  if (fnmr !== null) {
    band.checked = true;
    refused.set(fnmr);
  }
  refused.field.hidden = !band.checked;
  if (before !== null) prior.set(before);
  return said;
}

/** The usual rates; those that the calibration cannot promise say so and cannot be chosen. */
function rates(made) {
  return made.promises.map(({ fmr, reason }) => {
    const own = fmr === made.default_fmr;
    const text = `${percent(fmr)}${own ? " (the model’s own)" : ""}${reason ? ": too few data" : ""}`;
    return el("option", { value: String(fmr), selected: own, disabled: Boolean(reason) && !own }, text);
  });
}

function saved(points) {
  if (!points.length) return null;
  const options = points.map((point, place) =>
    el("option", { value: `point-${place}`, dataset: { point: place } }, `${point.name} (${percent(point.fmr)})`),
  );
  return el("optgroup", { label: "Saved on Threshold" }, ...options);
}

/** Rounded up to two digits: a rate that can be asked for as it is written. */
function up(rate) {
  const power = 10 ** (1 - Math.floor(Math.log10(rate)));
  return Math.min(1, Math.ceil(rate * power - 1e-9) / power);
}

function percentInput(id, label, start, onChange) {
  const input = el("input", { id, type: "number", min: "0", max: "100", step: "any", inputmode: "decimal" });
  const set = (rate) => (input.value = Number((rate * 100).toPrecision(12)));
  set(Number(start.toPrecision(4)));
  let waiting = 0;
  input.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(onChange, 350);
  });
  const field = el(
    "div",
    { class: "field" },
    el("label", { for: id }, label),
    el("div", { class: "percent" }, input, el("span", { "aria-hidden": "true" }, "%")),
  );
  return { field, set, value: () => Number((Number(input.value) / 100).toPrecision(12)) };
}
