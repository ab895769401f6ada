// The service's maps: what there is to draw, its points as arrays, its items; what was asked for once is kept.

import { ask, Problem } from "./api.js";

const EDGE = 32767; // a coordinate of 1, as the service packs it

/** All that one drawn map says. `told` is what the service says of it: version, fields, label, kind. */
export class MapData {
  constructor(source, told, x, y) {
    this.source = source;
    this.told = told;
    this.x = x;
    this.y = y;
    this.colours = new Map();
    this.known = new Map();
  }

  get size() {
    return this.x.length;
  }

  field(name) {
    return this.told.fields.find((field) => field.name === name) ?? null;
  }

  /** The values of a field for all items: Int32Array of positions (-1: none), or Float32Array of numbers (NaN: none). */
  async values(name) {
    if (!this.colours.has(name)) {
      const content = await bytes(this.path(`/colours?field=${encodeURIComponent(name)}&${this.version}`));
      this.colours.set(name, this.field(name).kind === "category" ? new Int32Array(content) : new Float32Array(content));
    }
    return this.colours.get(name);
  }

  /** What an item is called and holds. */
  item(number) {
    if (!this.known.has(number)) {
      if (this.known.size > 2000) this.known.clear();
      const answer = ask(this.path(`/items/${number}?${this.version}`));
      answer.catch(() => this.known.delete(number));
      this.known.set(number, answer);
    }
    return this.known.get(number);
  }

  picture(number) {
    return this.path(`/items/${number}/picture?${this.version}`);
  }

  find(text) {
    return ask(this.path(`/find?text=${encodeURIComponent(text)}&${this.version}`));
  }

  table(field, start) {
    return ask(this.path(`/table?field=${encodeURIComponent(field)}&start=${start}&${this.version}`));
  }

  group(numbers, field, start, signal) {
    const json = { numbers: [...numbers], start };
    return ask(this.path(`/group?${this.version}`), { json: field ? { ...json, field } : json, signal });
  }

  /** The group as CSV. */
  async exported(numbers) {
    const body = JSON.stringify({ numbers: [...numbers] });
    const response = await answered(this.path(`/export?${this.version}`), { method: "POST", headers: { "Content-Type": "application/json" }, body });
    return response.blob();
  }

  get version() {
    return `version=${this.told.version}`;
  }

  path(rest) {
    return `${addressOf(this.source)}${rest}`;
  }
}

/** The map of a source, drawn where it is not yet; `told(state)` hears how far it is. */
export async function loadMap(source, told, signal, anew = false) {
  let state = await ask(addressOf(source), { signal });
  if (state.state === "none" || state.state === "failed" || anew) {
    state = await ask(addressOf(source), { method: "POST", json: {}, signal });
  }
  while ((state.state === "waiting" || state.state === "drawing") && (anew || !state.drawn)) {
    told(state);
    await pause(500, signal);
    state = await ask(addressOf(source), { signal });
  }
  if (!state.drawn) throw new Problem(0, "no_map", state.problem ?? "The map could not be drawn.");
  const packed = new Int16Array(await bytes(`${addressOf(source)}/places?version=${state.version}`, signal));
  const x = new Float32Array(packed.length / 2);
  const y = new Float32Array(packed.length / 2);
  for (let i = 0; i < x.length; i++) {
    x[i] = packed[2 * i] / EDGE;
    y[i] = packed[2 * i + 1] / EDGE;
  }
  return new MapData(source, state, x, y);
}

/** Plotly, loaded once from the address that the service gives. */
export function plotlyFrom(address) {
  plotly ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = address;
    script.onload = () => resolve(window.Plotly);
    script.onerror = () => reject(new Problem(0, "no_answer", "The script that draws the map could not be loaded. Load the page again."));
    document.head.append(script);
  });
  return plotly;
}

let plotly = null;

const addressOf = (source) => `/v1/map/${encodeURIComponent(source)}`;

async function bytes(path, signal) {
  return (await answered(path, { signal })).arrayBuffer();
}

async function answered(path, options) {
  let response;
  try {
    response = await fetch(path, { credentials: "same-origin", ...options });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem(0, "no_answer", "The service does not answer. Check that it still runs, then try again.");
  }
  if (response.ok) return response;
  const said = await response.json().catch(() => ({}));
  throw new Problem(response.status, said.code ?? "http", said.detail ?? `The service refused this (HTTP ${response.status}).`);
}

const pause = (milliseconds, signal) =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds);
    signal?.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(new DOMException("left", "AbortError"));
    });
  });
