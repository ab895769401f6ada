// What goes on while many items are sent, and what became of those that could not be taken; where each stands.

import { el } from "./api.js";
import { count } from "./words.js";

const LISTED = 100; // of the bad ones; all of them are in the file

/** A bar with a count and a button that stops it, in `place`: `at(number)` says how far it is, `ended()` whether it was stopped. */
export function progressIn(place, total, noun) {
  let stopped = false;
  const bar = el("progress", { max: total, value: 0, "aria-label": "Done so far" });
  const words = el("span", { class: "small-print number" });
  const stop = el("button", { type: "button", class: "small", onclick: () => {
    stopped = true;
    stop.disabled = true;
  } }, "Stop");
  const at = (number) => {
    bar.value = number;
    words.textContent = `${number.toLocaleString("en")} of ${count(total, noun)}`;
  };
  place.replaceChildren(el("div", { class: "row sending" }, bar, words, total > 1 && stop));
  at(0);
  return { at, ended: () => stopped, gone: () => place.replaceChildren() };
}

/** The bad ones ([{place, problem}]) as a table, the first hundred of them, and all of them as a file; null: there are none. */
export function badTable(bad, caption) {
  if (!bad.length) return null;
  const rows = bad.slice(0, LISTED).map(({ place, problem }) => el("tr", {}, el("th", { scope: "row" }, place), el("td", {}, problem)));
  const more = bad.length > LISTED ? `, the first ${LISTED} of ${bad.length.toLocaleString("en")}` : "";
  return el("div", { class: "stack tight" },
    el("div", { class: "table-wrap bad-ones", tabindex: "0", role: "region", "aria-label": caption },
      el("table", {}, el("caption", {}, caption + more), el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "Where"), el("th", { scope: "col" }, "What is wrong"))), el("tbody", {}, ...rows))),
    el("div", {}, el("button", { type: "button", class: "small", onclick: () => save(bad) }, "Save this list (CSV)")));
}

function save(bad) {
  const quoted = (text) => `"${String(text).replaceAll('"', '""')}"`;
  const lines = [["where", "problem"], ...bad.map(({ place, problem }) => [place, problem])].map((cells) => cells.map(quoted).join(","));
  const address = URL.createObjectURL(new Blob([`${lines.join("\r\n")}\r\n`], { type: "text/csv" }));
  el("a", { href: address, download: "not-taken.csv" }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
