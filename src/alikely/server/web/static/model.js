// Model: what it is, how good it is, what it promises, whether that still holds in use, its card.

import { ask, el, showProblem } from "./api.js";
import { distributionsChart } from "./distributions.js";
import { count, distance as shown, percent } from "./words.js";

const part = (name) => document.querySelector(`[data-part="${name}"]`);

/** Ask for a part and show it; what went wrong is told where it would stand. */
async function fill(name, path, show) {
  const place = part(name);
  try {
    place.replaceChildren(...show(await ask(path)).flat().filter(Boolean));
  } catch (error) {
    showProblem(place, error);
  }
}

ask("/v1/model")
  .then((model) => {
    document.getElementById("lead").textContent = lead(model);
    if (model.report) document.getElementById("report").replaceWith(reportLink());
    part("quality").replaceChildren(...quality(model).flat().filter(Boolean));
    part("made").replaceChildren(...made(model).flat().filter(Boolean));
  })
  .catch((error) => {
    for (const name of ["quality", "made"]) part(name).replaceChildren();
    showProblem(document.getElementById("problem"), error);
  });
fill("use", "/v1/model/drift", use);
fill("card", "/v1/model/card", (card) => cardNodes(card.html));
ask("/v1/model/calibration")
  .then((calibration) => part("promises").replaceChildren(...promises(calibration).flat().filter(Boolean)))
  .catch((error) => {
    if (error.code === "calibration") part("promises").replaceChildren(uncalibrated());
    else showProblem(part("promises"), error);
  });

function lead(model) {
  const items = model.items[0];
  return `Takes ${items}; answers with ${count(model.dim, "number")} for each, compared by the ${model.distance.name.replaceAll("_", " ")} distance.`;
}

const reportLink = () =>
  el("a", { class: "button primary small", href: "/v1/model/report", target: "_blank", rel: "noopener" }, "Open the report",
    el("span", { class: "visually-hidden" }, " in a new window"));

// Quality

function quality({ figures, evaluation }) {
  if (!figures.length) {
    return [el("p", { class: "soft" }, "Not measured: no identities were held back for a test. Whoever runs this service can measure it on labelled items: ",
      el("code", {}, "alikely evaluate MODEL SOURCE"), ".")];
  }
  const on = ["identities", "items", "same_pairs", "different_pairs"]
    .filter((name) => typeof evaluation[name] === "number")
    .map((name) => `${evaluation[name].toLocaleString("en")} ${name.replace("_", " ")}`);
  const at = evaluation.at_threshold;
  return [
    el("p", { class: "soft" }, `On identities that were used for nothing else: ${on.join(", ")}.`),
    el("dl", { class: "figures" }, ...figures.slice(0, 4).map(figure)),
    at && el("p", {}, `At the model’s own threshold, set for a false-match rate of ${percent(at.wanted_fmr)}: `
      + `${percent(at.fmr)} of these different pairs were let through, and ${percent(at.fnmr)} of the same pairs were refused.`),
    el("p", { class: "small-print" }, "The figures hold for items like those of the data. All of them stand in the model card below."),
  ];
}

const SHORT = { eer: "Equal error rate", auc: "AUC", spearman: "Spearman", pearson: "Pearson" };
const AS_RATE = (name) => name === "eer" || name.startsWith("fnmr_at_fmr_");

function figure({ name, title, value, interval, reason }) {
  const written = AS_RATE(name) ? percent : (number) => number.toFixed(3);
  const rate = name.startsWith("fnmr_at_fmr_") ? `FNMR at FMR ${percent(Number(name.slice(12)))}` : SHORT[name];
  const remark = interval ? `${written(interval[0])} to ${written(interval[1])}` : reason;
  return el("div", {}, el("dt", {}, rate ?? title), el("dd", {}, value === null ? "not known" : written(value), remark && el("small", {}, remark)));
}

// Calibration

function uncalibrated() {
  return el("div", { class: "notice warn" },
    el("p", {}, "This model has no calibration: it gives distances, but no verdicts and no probabilities."),
    el("p", {}, "Whoever runs this service can make one, from labelled items that it did not learn from: ", el("code", {}, "alikely calibrate MODEL SOURCE")));
}

function promises(made) {
  const { same, different } = made.pairs;
  const sure = made.confidence
    ? `The rates hold on identities never seen, with ${percent(made.confidence)} confidence.`
    : "The rates are those found on these pairs; for other identities they are estimates, no promises.";
  return [
    el("p", {}, `It rests on ${count(same, "same pair")} and ${count(different, "different pair")} of ${made.rests_on}. ${sure}`),
    made.note && el("p", { class: "soft" }, `${made.note.charAt(0).toUpperCase()}${made.note.slice(1)}.`),
    distributionsChart(made, null),
    table("Thresholds for the usual false-match rates", ["False matches wanted", "Threshold", "FMR found", "FNMR found", made.confidence ? "FNMR at most" : null],
      made.promises.map((one) => promiseRow(one, made))),
  ];
}

function promiseRow(one, made) {
  const name = `${percent(one.fmr)}${one.fmr === made.default_fmr ? " (the model’s own)" : ""}`;
  if (one.reason) return [name, { text: `none: ${one.reason}`, span: made.confidence ? 4 : 3 }];
  return [name, number(shown(one.threshold)), number(percent(one.fmr_found)), number(percent(one.fnmr_found)),
    made.confidence ? number(percent(one.fnmr_bound)) : null];
}

const number = (text) => ({ text, number: true });

/** A table with its heads; cells are texts or {text, number, span}; null leaves one out. */
function table(caption, heads, rows) {
  const cell = (one, place) => {
    const { text, number: right, span } = typeof one === "string" ? { text: one } : one;
    const attributes = { class: right ? "number" : null, colspan: span };
    return place === 0 ? el("th", { scope: "row", ...attributes }, text) : el("td", attributes, text);
  };
  const numeric = (place) => rows.some((row) => row[place]?.number);
  return el("div", { class: "table-wrap", tabindex: "0", role: "region", "aria-label": caption },
    el("table", {},
      el("caption", {}, caption),
      el("thead", {}, el("tr", {}, ...heads.map((head, place) => head && el("th", { scope: "col", class: numeric(place) ? "number" : null }, head)))),
      el("tbody", {}, ...rows.map((row) => el("tr", {}, ...row.map((one, place) => one && cell(one, place))))),
    ));
}

// Galleries and drift

const DRIFT = { "no drift": "good", watch: "warn", "calibrate anew": "bad", "too few": "" };

function use(galleries) {
  if (!galleries.length) {
    return [el("p", { class: "soft" }, "No gallery is served. Whoever runs this service can start it with one (",
      el("code", {}, "alikely serve MODEL --gallery DIR"), ") to see its size here, and whether distances in use have moved away from those that the model was calibrated on.")];
  }
  return [
    el("p", { class: "soft" }, "Thresholds were set for the distances of the calibration. Where distances in use move away from them, the promises no longer hold."),
    ...galleries.map(gallery),
  ];
}

function gallery({ name, templates, identities, drift, reason }) {
  const verdict = drift ? drift.verdict : "not known";
  const head = el("div", { class: "spread" },
    el("h3", {}, name),
    el("span", { class: `chip ${DRIFT[verdict] ?? ""}` }, `drift: ${verdict}`));
  const size = el("p", { class: "soft" }, `${count(identities, "identity", "identities")}, ${count(templates, "template")}`);
  const told = drift ? drift.sentence : reason;
  const rows = (drift?.rows ?? []).filter((row) => row.psi !== null);
  return el("div", { class: "gallery-drift stack" }, head, size,
    el("p", {}, `${told.charAt(0).toUpperCase()}${told.slice(1)}.`),
    rows.length ? table(`How far distances in ${name} have moved`, ["Pairs", "Number", "KS", "PSI", "Verdict"],
      rows.map((row) => [row.kind, number(row.count.toLocaleString("en")), number(row.ks.toFixed(3)), number(row.psi.toFixed(3)), row.verdict])) : null);
}

// How it was made

const PARTS = { train: "learning", validate: "choosing the best epoch", calibrate: "threshold and probability", test: "measuring" };

function made(model) {
  const { training = {}, data = {}, versions = {}, findings } = model;
  const own = [
    ["Encoder", `${model.encoder.name}, ${count(model.weights, "weight")}`],
    ["Embedding", count(model.dim, "number")],
    ["Distance", model.distance.name.replaceAll("_", " ")],
    ["Items", model.items.join("; ")],
    training.settings && ["Loss", training.settings.loss],
    training.epochs_done !== undefined && ["Training", `${count(training.epochs_done, "epoch")} (ended: ${training.ended}); the weights are those of epoch ${training.best_epoch}`],
    data.source && ["Data", `${data.source}${data.items ? `, ${count(data.items, "item")}` : ""}`],
    data.calibrated_on && ["Calibrated on", data.calibrated_on],
    ["Versions", Object.entries(versions).map(([name, version]) => `${name} ${version}`).join(", ") || "not known"],
    ["Hash", el("code", {}, model.hash)],
  ].filter(Boolean);
  const parts = Object.entries(data.parts ?? {}).filter(([name]) => name in PARTS);
  return [
    el("dl", { class: "facts" }, ...own.flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, value)])),
    parts.length ? table("No identity stands in two parts of the data", ["Used for", "Identities", "Items"],
      parts.map(([name, one]) => [PARTS[name], number(String(one.identities ?? "not known")), number(String(one.items ?? ""))])) : null,
    training.alarms?.length ? warnings("Alarms of the training", training.alarms) : null,
    findings.length ? warnings("What the checks of the data found", findings.map((one) => one.what)) : null,
    model.export ? exported(model.export) : null,
  ];
}

const warnings = (title, lines) =>
  el("div", { class: "notice warn" }, el("h3", {}, title), el("ul", {}, ...lines.map((line) => el("li", {}, line))));

function exported(proof) {
  const figures = [
    ["Precision", proof.precision],
    ["Largest difference", proof.largest_difference.toExponential(1)],
    proof.eer !== null && ["EER of the export", percent(proof.eer)],
    proof.eer_before !== null && ["EER of the original", percent(proof.eer_before)],
    ...Object.entries(proof.times_as_fast ?? {}).map(([size, found]) => [`Speed at ${size.replace("_", " ")}`, `${Number(found.times.toPrecision(2))} times`]),
  ].filter(Boolean);
  return el("div", { class: "stack" },
    el("h3", {}, "The export that answers (ONNX)"),
    el("dl", { class: "figures" }, ...figures.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value)))));
}

// Card

/** The card's HTML as nodes: it was made by the service of Markdown without HTML; nothing that a parser makes runs. */
function cardNodes(html) {
  const parsed = new DOMParser().parseFromString(html, "text/html");
  parsed.querySelectorAll("script, style, iframe, object, embed, form, link, meta, base").forEach((one) => one.remove());
  parsed.querySelector("h1")?.remove(); // the page says it already
  for (const head of parsed.querySelectorAll("h2, h3, h4")) {
    const lower = el(`h${Number(head.tagName[1]) + 1}`, {}, ...head.childNodes);
    head.replaceWith(lower);
  }
  for (const scrolls of parsed.querySelectorAll("pre, table")) scrolls.tabIndex = 0;
  return [...parsed.body.childNodes].filter((one) => one.nodeType === Node.ELEMENT_NODE);
}
