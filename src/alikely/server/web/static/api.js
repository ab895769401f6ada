// Questions to the service and their answers; what went wrong, in words; announcements; DOM nodes without HTML.

/**
 * What the service refused: HTTP status (0: no answer), our code, words for people, bad items where there are, and in
 * `said` all that the answer held. `retryAfter`: in how many seconds the service may be asked again; 0: it did not say.
 */
export class Problem extends Error {
  constructor(status, code, message, items = [], said = {}, retryAfter = 0) {
    super(message);
    this.name = "Problem";
    this.status = status;
    this.code = code;
    this.items = items;
    this.said = said;
    this.retryAfter = retryAfter;
  }
}

/** The parsed JSON (null for an empty answer) to `path`; `json` or `form` is sent by POST unless `method` says otherwise. */
export async function ask(path, { method, json, form, signal } = {}) {
  const sends = json !== undefined || form !== undefined;
  const headers = { Accept: "application/json" };
  if (json !== undefined) headers["Content-Type"] = "application/json";
  let response;
  try {
    response = await fetch(path, {
      method: method ?? (sends ? "POST" : "GET"),
      headers,
      body: json !== undefined ? JSON.stringify(json) : form,
      signal,
      credentials: "same-origin",
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem(0, "no_answer", "The service does not answer. Check that it still runs, then try again.");
  }
  const text = await response.text();
  const answer = parsed(text, response.headers.get("content-type") ?? "");
  if (response.ok) return answer;
  if (response.status === 401) {
    location.assign(`/login?next=${encodeURIComponent(location.pathname)}`);
  }
  const said = answer ?? {};
  throw new Problem(
    response.status,
    said.code ?? "http",
    said.detail ?? `The service refused this (HTTP ${response.status}).`,
    said.items ?? [],
    said,
    Number(response.headers.get("retry-after")) || 0,
  );
}

function parsed(text, type) {
  if (!text || !/\bjson\b/.test(type)) return null;
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Announce a text to screen readers. */
export function tell(text) {
  const live = document.getElementById("live");
  live.textContent = "";
  // The same text twice is announced twice only when it was gone in between.
  setTimeout(() => (live.textContent = legible(text)), 60);
}

/**
 * Show an error where it arose (`element` is emptied); without an error, just empty it. Cancelled requests are none.
 * `fields`: what the page calls the fields of the request, where a message begins with one ({left: "Left picture"}).
 */
export function showProblem(element, error, fields = {}) {
  element.replaceChildren();
  if (!error || error.name === "AbortError") return;
  if (!(error instanceof Problem)) console.error(error);
  const message = error instanceof Problem ? error.message : "Something went wrong on this page. Load it again.";
  const items = (error.items ?? []).map((one) => sentence(`${one.item}: ${one.problem}`, fields));
  const whole = items.length > 1 ? `${items.length} items cannot be read:` : (items[0] ?? sentence(message, fields));
  const notice = el("div", { class: "notice problem", role: "alert" }, el("p", {}, whole));
  if (items.length > 1) {
    notice.append(el("ul", {}, ...items.slice(0, 10).map((one) => el("li", {}, one))));
    if (items.length > 10) notice.append(el("p", {}, `and ${items.length - 10} more`));
  }
  element.append(notice);
}

function sentence(text, fields) {
  const [, name, rest] = /^(\S+)(: .*)$/s.exec(text) ?? [];
  // A single word before a colon is the name of something, which keeps its letters.
  const whole = name ? (fields[name] ?? name) + rest : text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(whole) ? whole : `${whole}.`;
}

// Signs that turn the direction of what stands around them: marks, embeddings, overrides, isolates.
const TURNING = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
// From a right-to-left letter to the last one, as long as no letter of another writing stands between.
const RIGHT_TO_LEFT = "\\u0590-\\u08ff\\ufb1d-\\ufdff\\ufe70-\\ufefc\\u{10800}-\\u{10fff}\\u{1e800}-\\u{1efff}";
const LEFTWARD = new RegExp(`[${RIGHT_TO_LEFT}](?:(?:[${RIGHT_TO_LEFT}]|\\P{L})*[${RIGHT_TO_LEFT}])?`, "gu");

/**
 * A text as it is shown: a name in it never turns the figures around it. Signs that change the direction become
 * visible; right-to-left words stand by themselves. `el`, `svg` and `tell` do it with every text; whoever sets
 * `textContent` does it here.
 */
export const legible = (text) => String(text).replace(TURNING, "\ufffd").replace(LEFTWARD, "\u2068$&\u2069");

const READ_OUT = ["alt", "aria-label", "label", "placeholder", "title"];

/**
 * A DOM node. Attributes by name; `class`, `dataset: {}`, `style: {}` (set through the DOM, as the CSP wants it) and
 * `onclick: f` likewise; true sets an empty attribute, false, null and undefined none. Children are nodes or texts; texts
 * and attributes that people read are made `legible`.
 */
export function el(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

/** The same for SVG. */
export function svg(tag, attributes = {}, ...children) {
  return fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === false || value === null || value === undefined) continue;
    if (name.startsWith("on") && typeof value === "function") node.addEventListener(name.slice(2), value);
    else if (name === "dataset" || name === "style") Object.assign(node[name], value);
    else node.setAttribute(name, value === true ? "" : READ_OUT.includes(name) ? legible(value) : value);
  }
  const there = children.flat().filter((child) => child !== null && child !== undefined && child !== false);
  node.append(...there.map((child) => (child instanceof Node ? child : legible(child))));
  return node;
}
