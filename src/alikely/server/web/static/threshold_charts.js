// Figures of thresholds -> two charts that move along: the distances with the threshold, and one error against the other.

import { el, svg } from "./api.js";
import { axis, outline, round } from "./distributions.js";
import { distance as shown, percent } from "./words.js";

const HEIGHT = 250;
const EDGE = { top: 26, right: 6, bottom: 34, left: 6 };
const TRADE = { width: 320, height: 230, top: 10, right: 12, bottom: 38, left: 46 };
const LEAST = 1e-4; // rates below are drawn there: a logarithm has no zero

/** The two distributions with a threshold to drag. `drag(value)` hears where to; `move(place)` puts it there. */
export class Distances {
  constructor(place, drag) {
    this.place = place;
    this.drag = drag;
    this.width = 0;
    this.node = el("div", { class: "drag-chart" });
    const legend = el("ul", { class: "legend", "aria-hidden": "true" }, ...["same", "different"].map((kind) => el("li", {}, el("span", { class: `swatch ${kind}` }), `${kind} pairs`)));
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

  /** `marks` are other thresholds to be seen: [{value, name}]. */
  show(figures, marks) {
    Object.assign(this, { figures, marks });
    this.draw();
  }

  draw() {
    if (!this.figures || !this.width) return;
    const { edges, same, different } = this.figures.distributions;
    this.far = Math.max(edges.at(-1), this.figures.thresholds.at(-1));
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
    this.figures = figures;
    const { width, height, top, right, bottom, left } = TRADE;
    const scale = (rate) => Math.log10(Math.max(rate, LEAST)) / Math.log10(LEAST); // 1 -> 0, LEAST -> 1
    this.x = (rate) => width - right - scale(rate) * (width - left - right);
    this.y = (rate) => top + scale(rate) * (height - top - bottom);
    const chart = svg("svg", { class: "chart trade", viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": "Missed matches against false matches, over all thresholds" });
    for (const rate of [1, 0.1, 0.01, 0.001, 0.0001]) {
      chart.append(svg("line", { class: "axis", x1: this.x(rate), x2: this.x(rate), y1: top, y2: height - bottom }));
      chart.append(svg("line", { class: "axis", x1: left, x2: width - right, y1: this.y(rate), y2: this.y(rate) }));
      if (rate === 0.0001) continue;
      const said = percent(rate).replace(" ", "\u00a0");
      chart.append(svg("text", { x: this.x(rate), y: height - bottom + 15, "text-anchor": rate === 1 ? "end" : "middle" }, said));
      chart.append(svg("text", { x: left - 6, y: this.y(rate) + 4, "text-anchor": "end" }, said));
    }
    chart.append(svg("text", { x: (left + width - right) / 2, y: height - 5, "text-anchor": "middle" }, "false matches →"));
    const points = figures.thresholds.map((_, i) => `${round(this.x(figures.fmr[i]))} ${round(this.y(figures.fnmr[i]))}`);
    chart.append(svg("path", { class: "trade-line", d: `M${points.join("L")}` }));
    if (figures.confidence > 0) {
      const bounds = figures.thresholds.map((_, i) => `${round(this.x(figures.fmr_bound[i]))} ${round(this.y(figures.fnmr_bound[i]))}`);
      chart.append(svg("path", { class: "trade-bound", d: `M${bounds.join("L")}` }));
    }
    for (const { place, name } of marks) chart.append(svg("circle", { class: "point-head", cx: this.x(figures.fmr[place]), cy: this.y(figures.fnmr[place]), r: 4 }, svg("title", {}, name)));
    this.dot = svg("circle", { class: "trade-dot", r: 7 });
    chart.append(this.dot);
    const legend = el("ul", { class: "legend" }, el("li", {}, el("span", { class: "line-sample" }), "found"), figures.confidence > 0 ? el("li", {}, el("span", { class: "line-sample dashed" }), "promised") : null);
    this.place.replaceChildren(chart, legend);
  }

  move(place) {
    this.dot.setAttribute("cx", this.x(this.figures.fmr[place]));
    this.dot.setAttribute("cy", this.y(this.figures.fnmr[place]));
  }
}
