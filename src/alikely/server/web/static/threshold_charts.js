// Figures of thresholds -> two charts that move along: the distances with the threshold, and one error against the other.

import { el, svg } from "./api.js";
import { axis, outline, round } from "./distributions.js";
import { distance as shown, percent } from "./words.js";

const HEIGHT = 250;
const EDGE = { top: 26, right: 6, bottom: 34, left: 6 };
const TRADE = { width: 340, height: 262, top: 30, right: 18, bottom: 40, left: 54 };
const [LOWEST, HIGHEST] = [-4, -2]; // powers of ten: the smallest rate that is drawn lies between; a logarithm has no zero

/** The two distributions with a threshold to drag. `drag(value)` hears where to; `move(place)` puts it there. */
export class Distances {
  constructor(place, drag) {
    this.place = place;
    this.drag = drag;
    this.width = 0;
    this.node = el("div", { class: "drag-chart" });
    this.others = el("li", { hidden: true });
    const legend = el("ul", { class: "legend", "aria-hidden": "true" }, ...["same", "different"].map((kind) => el("li", {}, el("span", { class: `swatch ${kind}` }), `${kind} pairs`)), this.others);
    place.replaceChildren(legend, this.node);
    new ResizeObserver(([{ contentRect }]) => {
      const width = Math.max(240, Math.round(contentRect.width));
      if (width !== this.width) {
        this.width = width;
        this.draw();
      }
    }).observe(this.node);
    this.node.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      event.preventDefault();
      this.node.setPointerCapture(event.pointerId);
      this.at(event);
    });
    this.node.addEventListener("pointermove", (event) => this.node.hasPointerCapture(event.pointerId) && this.at(event));
  }

  /** The largest distance of the drawing. */
  farthest({ distributions, thresholds }) {
    return Math.max(distributions.edges.at(-1), thresholds.at(-1));
  }

  /** `marks` are other thresholds to be seen: [{value, name}]. */
  show(figures, marks) {
    Object.assign(this, { figures, marks });
    const names = marks.map(({ name }) => name).filter((name, place, all) => all.indexOf(name) === place);
    this.others.replaceChildren(el("span", { class: "point-sample" }), names.join(", "));
    this.others.hidden = !names.length;
    this.draw();
  }

  draw() {
    if (!this.figures || !this.width) return;
    const { edges, same, different } = this.figures.distributions;
    this.far = this.farthest(this.figures);
    const high = Math.max(...same, ...different) * 1.06;
    this.x = (value) => EDGE.left + (value / this.far) * (this.width - EDGE.left - EDGE.right);
    const y = (density) => HEIGHT - EDGE.bottom - (density / high) * (HEIGHT - EDGE.top - EDGE.bottom);
    const floor = (this.floor = HEIGHT - EDGE.bottom);
    const chart = svg("svg", { class: "chart", viewBox: `0 0 ${this.width} ${HEIGHT}`, role: "img", "aria-label": "How the distances of same and of different pairs are spread, with the threshold" });
    const clip = (name, from) => svg("clipPath", { id: name }, svg("rect", { class: from, y: 0, height: HEIGHT, x: 0, width: this.width }));
    chart.append(svg("defs", {}, clip("accepted", "clip-accepted"), clip("refused", "clip-refused")));
    const areas = [
      ["different", different],
      ["same", same],
    ];
    for (const [kind, densities] of areas) chart.append(svg("path", { class: `${kind} area`, d: outline(edges, densities, this.x, y, floor) }));
    // What lies on the wrong side of the threshold is filled.
    chart.append(svg("path", { class: "different wrong-area", "clip-path": "url(#accepted)", d: outline(edges, different, this.x, y, floor) }));
    chart.append(svg("path", { class: "same wrong-area", "clip-path": "url(#refused)", d: outline(edges, same, this.x, y, floor) }));
    chart.append(...axis(this.far, this.x, floor));
    for (const { value, name } of this.marks) {
      chart.append(svg("line", { class: "threshold", x1: this.x(value), x2: this.x(value), y1: EDGE.top, y2: floor }, svg("title", {}, name)));
      chart.append(svg("circle", { class: "point-head", cx: this.x(value), cy: EDGE.top, r: 4 }, svg("title", {}, name)));
    }
    this.line = svg("line", { class: "mark", y1: EDGE.top - 6, y2: floor });
    this.handle = svg("path", { class: "handle", d: "M-9 -8h18v9L0 11-9 1z" });
    this.word = svg("text", { class: "strong", y: 11 });
    chart.append(this.line, this.handle, this.word);
    this.clips = [chart.querySelector(".clip-accepted"), chart.querySelector(".clip-refused")];
    this.node.replaceChildren(chart);
    if (this.value !== undefined) this.move(this.value);
  }

  move(value) {
    this.value = value;
    if (!this.line) return;
    const at = round(this.x(value));
    this.line.setAttribute("x1", at);
    this.line.setAttribute("x2", at);
    this.handle.setAttribute("transform", `translate(${at} ${EDGE.top - 4})`);
    const end = at > this.width - 90;
    this.word.setAttribute("x", end ? at - 14 : at + 14);
    this.word.setAttribute("y", EDGE.top + 1);
    this.word.setAttribute("text-anchor", end ? "end" : "start");
    this.word.textContent = shown(value);
    this.clips[0].setAttribute("width", Math.max(0, at));
    this.clips[1].setAttribute("x", at);
    this.clips[1].setAttribute("width", Math.max(0, this.width - at));
  }

  at(event) {
    const box = this.node.getBoundingClientRect();
    const across = (event.clientX - box.left - EDGE.left) / (this.width - EDGE.left - EDGE.right);
    this.drag(Math.min(Math.max(across, 0), 1) * this.far);
  }
}

/** FNMR against FMR, both on logarithmic scales, with the point of the threshold. */
export class Trade {
  constructor(place) {
    this.place = place;
  }

  show(figures, marks) {
    const { width, height, top, right, bottom, left } = TRADE;
    // Down to what the pairs can show.
    const shows = Math.floor(Math.log10(1 / Math.max(figures.pairs.same, figures.pairs.different)));
    const lowest = Math.min(Math.max(shows, LOWEST), HIGHEST);
    const scale = (rate) => Math.max(Math.log10(rate), lowest) / lowest; // 1 -> 0, the lowest -> 1
    this.x = (rate) => width - right - scale(rate) * (width - left - right);
    this.y = (rate) => top + scale(rate) * (height - top - bottom);
    const chart = svg("svg", { class: "chart trade", viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": "Missed matches against false matches, over all thresholds" });
    for (let power = 0; power >= lowest; power--) {
      for (const factor of power > lowest ? [1, 0.5, 0.2] : [1]) {
        const rate = factor * 10 ** power;
        const style = factor === 1 ? "axis" : "axis minor";
        chart.append(svg("line", { class: style, x1: this.x(rate), x2: this.x(rate), y1: top, y2: height - bottom }));
        chart.append(svg("line", { class: style, x1: left, x2: width - right, y1: this.y(rate), y2: this.y(rate) }));
      }
      const said = percent(10 ** power).replace(" ", "\u00a0");
      chart.append(svg("text", { x: this.x(10 ** power), y: height - bottom + 15, "text-anchor": "middle" }, said));
      chart.append(svg("text", { x: left - 6, y: this.y(10 ** power) + 4, "text-anchor": "end" }, said));
    }
    chart.append(svg("text", { class: "axis-name", x: width - right, y: height - 5, "text-anchor": "end" }, "false matches →"));
    chart.append(svg("text", { class: "axis-name", x: 0, y: 13 }, "↑ missed matches"));
    const points = figures.thresholds.map((_, i) => `${round(this.x(figures.fmr[i]))} ${round(this.y(figures.fnmr[i]))}`);
    chart.append(svg("path", { class: "trade-line", d: `M${points.join("L")}` }));
    if (figures.confidence > 0) {
      const bounds = figures.thresholds.map((_, i) => `${round(this.x(figures.fmr_bound[i]))} ${round(this.y(figures.fnmr_bound[i]))}`);
      chart.append(svg("path", { class: "trade-bound", d: `M${bounds.join("L")}` }));
    }
    for (const { fmr, fnmr, name } of marks) chart.append(svg("circle", { class: "point-head", cx: this.x(fmr), cy: this.y(fnmr), r: 4 }, svg("title", {}, name)));
    this.dot = svg("circle", { class: "trade-dot", r: 7 });
    chart.append(this.dot);
    const legend = el("ul", { class: "legend" }, el("li", {}, el("span", { class: "line-sample" }), "found"), figures.confidence > 0 ? el("li", {}, el("span", { class: "line-sample dashed" }), "promised") : null);
    this.place.replaceChildren(chart, legend);
  }

  move({ fmr, fnmr }) {
    this.dot.setAttribute("cx", this.x(fmr));
    this.dot.setAttribute("cy", this.y(fnmr));
  }
}
