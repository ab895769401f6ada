// A calibration and perhaps a decision -> a chart of where same and different pairs lie, and the same in words.

import { el, svg } from "./api.js";
import { distance as shown, percent } from "./words.js";

const HEIGHT = 230;
const EDGE = { top: 34, right: 6, bottom: 34, left: 6 };
const NARROWEST = 240;

/** The chart with its legend as one <figure>, as wide as there is room; `decision` is what /v1/compare answers, or null. */
export function distributionsChart(calibration, decision) {
  const legend = el(
    "ul",
    { class: "legend", "aria-hidden": "true" },
    el("li", {}, el("span", { class: "swatch same" }), "same pairs"),
    el("li", {}, el("span", { class: "swatch different" }), "different pairs"),
  );
  const place = el("div");
  // Drawn for the room that there is: scaled down, its words could not be read on a phone.
  let drawn = 0;
  new ResizeObserver(([{ contentRect }]) => {
    const width = Math.max(NARROWEST, Math.round(contentRect.width));
    if (width !== drawn) place.replaceChildren(chartOf(calibration, decision, (drawn = width)));
  }).observe(place);
  return el("figure", { class: "stack distributions" }, legend, place);
}

function chartOf(calibration, decision, width) {
  const { edges, same, different } = calibration.distributions;
  const far = Math.max(edges.at(-1), (decision?.distance ?? 0) * 1.03, (decision?.upper ?? 0) * 1.03);
  const high = Math.max(...same, ...different) * 1.06;
  const x = (value) => EDGE.left + (value / far) * (width - EDGE.left - EDGE.right);
  const y = (density) => HEIGHT - EDGE.bottom - (density / high) * (HEIGHT - EDGE.top - EDGE.bottom);
  const floor = HEIGHT - EDGE.bottom;

  const chart = svg("svg", { class: "chart", viewBox: `0 0 ${width} ${HEIGHT}`, role: "img" });
  chart.setAttribute("aria-label", described(calibration, decision));
  if (decision) chart.append(...zones(decision, x, far, floor));
  chart.append(
    svg("path", { class: "different area", d: outline(edges, different, x, y, floor) }),
    svg("path", { class: "same area", d: outline(edges, same, x, y, floor) }),
    ...axis(far, x, floor),
  );
  if (decision) chart.append(...limits(decision, x, floor, width), ...mark(decision.distance, x, floor, width));
  return chart;
}

/** The share of the calibration's pairs that are nearer than this: {same, different}, 0..1. */
export function nearer(calibration, distance) {
  const { thresholds, fmr, fnmr } = calibration.curve;
  return {
    same: interpolated(distance, thresholds, fnmr.map((rate) => 1 - rate)),
    different: interpolated(distance, thresholds, fmr),
  };
}

/** In words: where the distance lies among the pairs of the calibration. */
export function described(calibration, decision) {
  const pairs = `How the distances of same and of different pairs of ${calibration.identities} identities are spread`;
  if (!decision) return `${pairs}.`;
  return `${pairs}. ${place(calibration, decision)}`;
}

/** One or two sentences: how the distance compares with those of the calibration. */
export function place(calibration, decision) {
  const shares = nearer(calibration, decision.distance);
  return (
    `The distance ${shown(decision.distance)} is larger than that of ${percent2(shares.same)} of the same pairs ` +
    `and of ${percent2(shares.different)} of the different pairs.`
  );
}

// Shares are read off a drawn curve: two digits are all they bear.
function percent2(share) {
  if (share > 0 && share < 0.01) return "under 1 %";
  if (share < 1 && share > 0.99) return "over 99 %";
  return percent(Math.round(share * 100) / 100);
}

function interpolated(value, places, heights) {
  if (value <= 0) return 0;
  let [beforePlace, beforeHeight] = [0, 0];
  for (let i = 0; i < places.length; i++) {
    if (value < places[i]) {
      return beforeHeight + ((heights[i] - beforeHeight) * (value - beforePlace)) / (places[i] - beforePlace);
    }
    [beforePlace, beforeHeight] = [places[i], heights[i]];
  }
  return heights.at(-1);
}

export function outline(edges, densities, x, y, floor) {
  const points = densities.map((density, i) => `${round(x((edges[i] + edges[i + 1]) / 2))} ${round(y(density))}`);
  return `M${round(x(0))} ${floor}L${round(x(0))} ${round(y(densities[0]))}L${points.join("L")}L${round(x(edges.at(-1)))} ${floor}Z`;
}

export const round = (value) => Math.round(value * 10) / 10;

export function axis(far, x, floor) {
  const parts = [svg("line", { class: "axis", x1: x(0), x2: x(far), y1: floor, y2: floor })];
  const step = nice(far / ((x(far) - x(0)) / 95));
  for (let value = 0; value <= far * 1.0001; value += step) {
    const anchor = value === 0 ? "start" : "middle";
    if (value !== 0 && x(value) > x(far) - 80) continue; // there stands what the axis is
    parts.push(svg("text", { x: x(value), y: floor + 16, "text-anchor": anchor }, String(Number(value.toPrecision(3)))));
  }
  parts.push(svg("text", { x: x(far), y: floor + 16, "text-anchor": "end" }, "distance →"));
  return parts;
}

function nice(step) {
  const power = 10 ** Math.floor(Math.log10(step));
  return [1, 2, 2.5, 5, 10].find((factor) => factor * power >= step) * power;
}

function zones({ threshold, upper }, x, far, floor) {
  const ends = upper === null ? [] : [[threshold ?? 0, Math.min(upper, far)]];
  return ends.map(([from, to]) =>
    svg("rect", { class: "unsure-zone", x: x(from), y: EDGE.top, width: x(to) - x(from), height: floor - EDGE.top }),
  );
}

function limits({ threshold, upper }, x, floor, width) {
  const near = threshold !== null && upper !== null && x(upper) - x(threshold) < 40;
  const line = (value) => svg("line", { class: "threshold", x1: x(value), x2: x(value), y1: EDGE.top - 8, y2: floor });
  const word = (value, text, left, up) =>
    svg("text", { x: x(value) + (left ? -5 : 5), y: EDGE.top - (up ? 24 : 10), "text-anchor": left ? "end" : "start" }, text);
  const parts = [];
  if (threshold !== null) {
    const only = upper === null;
    parts.push(line(threshold));
    if (x(threshold) > 100) parts.push(word(threshold, "← same", true, false));
    else parts.push(word(threshold, only ? "same up to here" : "← same", false, !only && near));
    if (only && x(threshold) > 100 && x(threshold) < width - 90) parts.push(word(threshold, "different →", false, false));
  }
  if (upper !== null) parts.push(line(upper), word(upper, "different →", x(upper) > width - 90, false));
  return parts;
}

function mark(distance, x, floor, width) {
  const at = x(distance);
  const anchor = at < 60 ? "start" : at > width - 60 ? "end" : "middle";
  const words = { class: "strong", x: anchor === "start" ? Math.max(at - 5, 0) : at, y: floor + 31, "text-anchor": anchor };
  return [
    svg("line", { class: "mark", x1: at, x2: at, y1: EDGE.top + 8, y2: floor }),
    svg("path", { class: "mark-head", d: `M${at - 7} ${EDGE.top + 2}h14l-7 10z` }),
    svg("text", words, `these two: ${shown(distance)}`),
  ];
}
