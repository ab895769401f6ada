// Points -> the drawing on the screen, by plotly; it moves, zooms, and tells what is pointed at and what was encircled.

import { colourOf, otherColour, OWN, plainColour, plotlyScale, shapeOf } from "./map_colours.js";

const ROOM = 1.1; // around all points
const CONFIG = { displayModeBar: false, scrollZoom: true, doubleClick: false, responsive: true };

/** Has `handlers`: hover(number or null, {x, y} on the screen), pick(number), encircled(numbers), moved(). */
export class Plot {
  constructor(plotly, node, handlers) {
    this.plotly = plotly;
    this.node = node;
    this.handlers = handlers;
    this.parts = [];
    this.chosen = null;
    this.tool = "pan";
  }

  /** Draw all points of a map; `field` (may be null) says what they are coloured by, with its `values`. */
  async show(data, field, values) {
    const first = this.data !== data;
    this.data = data;
    this.field = field;
    this.values = values;
    if (first) this.chosen = null;
    this.parts = partsOf(data, field, values);
    await this.plotly.react(this.node, this.parts.map((part) => this.trace(part)), this.layout(first), CONFIG);
    if (!this.listens) this.listen();
    this.handlers.moved();
  }

  trace({ numbers, look }) {
    const { data } = this;
    const all = numbers === null;
    const marker = { size: sizeOf(data.size), opacity: data.size > 20000 ? 0.75 : 0.85, line: { width: 0 }, ...look() };
    if (look().color === "numbers") {
      Object.assign(marker, { color: all ? this.values : numbers.map((number) => this.values[number]), colorscale: plotlyScale(), cmin: this.field.smallest, cmax: this.field.largest });
    }
    return {
      type: "scattergl",
      mode: "markers",
      hoverinfo: "none",
      x: all ? data.x : taken(data.x, numbers),
      y: all ? data.y : taken(data.y, numbers),
      marker,
      selectedpoints: this.chosen === null ? null : this.chosenIn(numbers),
      unselected: { marker: { opacity: 0.08 } },
      selected: { marker: { opacity: 1 } },
    };
  }

  layout(first) {
    const style = getComputedStyle(document.documentElement);
    const card = style.getPropertyValue("--card").trim();
    const accent = style.getPropertyValue("--accent").trim();
    const axis = (range) => ({ range, visible: false, showgrid: false, zeroline: false, fixedrange: false });
    const [x, y] = first ? this.whole() : this.ranges();
    return {
      xaxis: axis(x),
      yaxis: { ...axis(y), scaleanchor: "x" },
      margin: { l: 0, r: 0, t: 0, b: 0 },
      paper_bgcolor: card,
      plot_bgcolor: card,
      dragmode: this.tool,
      hovermode: "closest",
      hoverdistance: 14,
      showlegend: false,
      uirevision: "same",
      newselection: { line: { color: accent, width: 2, dash: "solid" } },
      activeselection: { fillcolor: accent, opacity: 0.08 },
      selections: first ? [] : (this.node._fullLayout.selections ?? []),
    };
  }

  listen() {
    this.listens = true;
    const node = this.node;
    node.on("plotly_hover", ({ points, event }) => this.handlers.hover(this.numberOf(points[0]), event));
    node.on("plotly_unhover", () => this.handlers.hover(null));
    node.on("plotly_click", ({ points }) => this.handlers.pick(this.numberOf(points[0])));
    node.on("plotly_selected", (event) => {
      if (event?.range || event?.lassoPoints) this.handlers.encircled(this.inside(event));
    });
    node.on("plotly_doubleclick", () => this.all());
    node.on("plotly_relayouting", () => this.handlers.moved());
    node.on("plotly_relayout", () => this.handlers.moved());
  }

  numberOf({ curveNumber, pointNumber }) {
    const { numbers } = this.parts[curveNumber];
    return numbers === null ? pointNumber : numbers[pointNumber];
  }

  /** The items in a box or a lasso. */
  inside({ range, lassoPoints }) {
    const { x, y } = this.data;
    const found = [];
    if (range) {
      const [[left, right], [low, high]] = [range.x, range.y].map((ends) => [...ends].sort((a, b) => a - b));
      for (let i = 0; i < x.length; i++) if (x[i] >= left && x[i] <= right && y[i] >= low && y[i] <= high) found.push(i);
      return found;
    }
    for (let i = 0; i < x.length; i++) if (within(x[i], y[i], lassoPoints.x, lassoPoints.y)) found.push(i);
    return found;
  }

  /** Let these items stand out; null for all alike. */
  async choose(numbers) {
    this.chosen = numbers === null ? null : new Set(numbers);
    const points = this.parts.map((part) => (this.chosen === null ? null : this.chosenIn(part.numbers)));
    await this.plotly.update(this.node, { selectedpoints: points }, { selections: [] });
  }

  chosenIn(numbers) {
    if (numbers === null) return [...this.chosen];
    const places = [];
    for (let place = 0; place < numbers.length; place++) if (this.chosen.has(numbers[place])) places.push(place);
    return places;
  }

  /** What dragging does: "pan", "lasso", "select". */
  use(tool) {
    this.tool = tool;
    return this.plotly.relayout(this.node, { dragmode: tool });
  }

  all() {
    return this.range(...this.whole());
  }

  /** The ranges that show all points, as large as the frame lets them be. */
  whole() {
    const { clientWidth, clientHeight } = this.node;
    const [x, y] = [this.data.x, this.data.y].map((values) => {
      let [low, high] = [Infinity, -Infinity];
      for (const value of values) {
        if (value < low) low = value;
        if (value > high) high = value;
      }
      return low > high ? [0, 0] : [(low + high) / 2, ((high - low) / 2) * ROOM];
    });
    const half = Math.max(x[1] / clientWidth, y[1] / clientHeight, 1e-4);
    const ends = ([middle], pixels) => [middle - half * pixels, middle + half * pixels];
    return [ends(x, clientWidth), ends(y, clientHeight)];
  }

  /** Nearer (a factor below 1) or farther, by the middle. */
  zoom(factor) {
    const [x, y] = this.ranges().map(([low, high]) => {
      const [middle, half] = [(low + high) / 2, ((high - low) / 2) * factor];
      return [middle - half, middle + half];
    });
    return this.range(x, y);
  }

  /** Move by shares of what is seen. */
  move(right, up) {
    const [x, y] = this.ranges().map(([low, high], axis) => {
      const by = (high - low) * (axis === 0 ? right : up);
      return [low + by, high + by];
    });
    return this.range(x, y);
  }

  /** Bring an item to the middle, near enough to be told from its neighbours. */
  goTo(number) {
    const [x, y] = this.ranges();
    const half = Math.min((x[1] - x[0]) / 2, 0.35);
    const share = (y[1] - y[0]) / (x[1] - x[0]);
    const [atX, atY] = [this.data.x[number], this.data.y[number]];
    return this.range([atX - half, atX + half], [atY - half * share, atY + half * share]);
  }

  /** The item nearest to the middle of what is seen. */
  nearest() {
    const [[left, right], [low, high]] = this.ranges();
    const [atX, atY] = [(left + right) / 2, (low + high) / 2];
    const { x, y } = this.data;
    let [best, least] = [null, Infinity];
    for (let i = 0; i < x.length; i++) {
      const far = (x[i] - atX) ** 2 + (y[i] - atY) ** 2;
      if (far < least) [best, least] = [i, far];
    }
    return best;
  }

  ranges() {
    const { xaxis, yaxis } = this.node._fullLayout;
    return [[...xaxis.range], [...yaxis.range]];
  }

  range(x, y) {
    return this.plotly.relayout(this.node, { "xaxis.range": x, "yaxis.range": y });
  }

  /** Where an item is in the drawing, in pixels from its corner; null where it is out of sight. */
  pixel(number) {
    const { xaxis, yaxis } = this.node._fullLayout;
    const [left, top] = [xaxis.l2p(this.data.x[number]), yaxis.l2p(this.data.y[number])];
    const seen = left >= 0 && top >= 0 && left <= xaxis._length && top <= yaxis._length;
    return seen ? { left: left + xaxis._offset, top: top + yaxis._offset } : null;
  }
}

/** Stands for the drawing where the browser cannot draw it: all but the map itself goes on. */
export class NoPlot {
  show() {}
  choose() {}
  goTo() {}
  all() {}
  pixel() {
    return null;
  }
}

/** Whether this browser can draw many points. */
export const canDraw = () => document.createElement("canvas").getContext("webgl") !== null;

// Those without a look of their own lie beneath the others.
function partsOf(data, field, values) {
  if (field === null) return [{ numbers: null, look: () => ({ color: plainColour() }) }];
  const looks = field.kind === "category" ? Math.min(OWN, field.of) : 1;
  const byLook = Array.from({ length: looks + 1 }, () => []);
  for (let number = 0; number < data.size; number++) {
    const value = values[number];
    if (field.kind === "number") byLook[Number.isNaN(value) ? 1 : 0].push(number);
    else byLook[value >= 0 && value < looks ? value : looks].push(number);
  }
  const grey = { numbers: byLook[looks], look: () => ({ color: otherColour(), symbol: "circle" }) };
  const own = byLook.slice(0, looks).map((numbers, place) => ({
    numbers,
    look: () => (field.kind === "number" ? { color: "numbers" } : { color: colourOf(place), symbol: shapeOf(place) }),
  }));
  return [grey, ...own].filter((part) => part.numbers.length);
}

const taken = (values, numbers) => Float32Array.from(numbers, (number) => values[number]);

const sizeOf = (count) => (count > 50000 ? 3.5 : count > 10000 ? 4.5 : count > 2000 ? 6 : count > 400 ? 8 : 10);

function within(x, y, xs, ys) {
  let inside = false;
  for (let i = 0, j = xs.length - 1; i < xs.length; j = i++) {
    if (ys[i] > y !== ys[j] > y && x < ((xs[j] - xs[i]) * (y - ys[i])) / (ys[j] - ys[i]) + xs[i]) inside = !inside;
  }
  return inside;
}
