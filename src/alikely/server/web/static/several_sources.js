// Files that are dropped or chosen, and what is pasted -> a list of what was read in each; nothing is sent.

import { el, tell } from "./api.js";
import { count } from "./words.js";

const ENDINGS = ".csv,.tsv,.txt,.json,.jsonl,.ndjson";
const MOST_MB = 100; // of a file: all of it is held while it is looked at
const TYPING = 350; // milliseconds without a key before what was pasted is looked at

/**
 * `read(text, name)` gives {columns, rows, problems}, or throws an Error for people. `sources()` are those that could be
 * read, each {name, table}: what was pasted has no name. `onChange()` is called when there are others.
 */
export function severalSources(root, { legend, noun, hint, pasting, read, onChange }) {
  let held = [];
  let pasted = null;
  let waiting = 0;
  const id = `several-${crypto.getRandomValues(new Uint32Array(1))[0]}`;
  const input = el("input", { type: "file", accept: ENDINGS, multiple: true, hidden: true, "aria-label": `Files with ${legend.toLowerCase()}` });
  const choose = el("button", { type: "button", onclick: () => input.click() }, "Choose files");
  const drop = el("div", { class: "drop several" }, el("p", { class: "soft" }, "Drop files here, as many as you like"), choose);
  const list = el("ul", { class: "file-list", "aria-label": "Files that were chosen", hidden: true });
  const area = el("textarea", { id, rows: 5, spellcheck: "false", "aria-describedby": `${id}-problem` });
  const problem = el("p", { class: "field-problem", id: `${id}-problem`, hidden: true });
  const paste = el("div", { class: "field" }, el("label", { for: id }, pasting), area, problem);
  root.append(el("fieldset", { class: "item-input" }, el("legend", {}, legend), drop, input, el("p", { class: "hint" }, hint), list, paste));

  input.addEventListener("change", async () => {
    const files = [...input.files];
    input.value = "";
    await take(files);
  });
  drop.addEventListener("dragover", () => drop.classList.add("over"));
  drop.addEventListener("dragleave", () => drop.classList.remove("over"));
  drop.addEventListener("drop", (event) => {
    drop.classList.remove("over");
    take([...event.dataTransfer.files]);
  });
  area.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(look, TYPING);
  });
  area.addEventListener("change", look);

  function look() {
    clearTimeout(waiting);
    let said = "";
    pasted = null;
    try {
      if (area.value.trim()) pasted = { name: "", table: read(area.value, "") };
    } catch (error) {
      said = `What was pasted ${error.message}.`;
    }
    problem.textContent = said;
    problem.hidden = !said;
    area.setAttribute("aria-invalid", String(Boolean(said)));
    onChange();
  }

  async function take(files) {
    held = held.filter((one) => one.table); // what could not be read was told, and is done with
    for (const file of files) held.push(await entry(file));
    shown();
    tell(`${count(held.length, "file")} chosen`);
  }

  async function entry(file) {
    const one = { name: file.name, table: null };
    let words;
    try {
      if (file.size > MOST_MB * 1e6) throw new Error(`has more than ${MOST_MB} MB; cut it into smaller files`);
      one.table = read(decoded(await file.arrayBuffer()), file.name);
      words = count(one.table.rows.length, noun);
    } catch (error) {
      words = error.message;
    }
    const remove = el("button", { type: "button", class: "quiet small", "aria-label": `Leave out ${file.name}` }, "✕");
    one.node = el("li", { class: "written", dataset: { state: one.table ? "" : "bad" } }, el("div", { class: "stack none" }, el("span", { class: "name", title: file.name }, file.name), el("span", { class: "state" }, words)), remove);
    remove.addEventListener("click", () => {
      held = held.filter((other) => other !== one);
      shown();
      choose.focus();
    });
    return one;
  }

  function shown() {
    list.hidden = held.length === 0;
    list.replaceChildren(...held.map((one) => one.node));
    onChange();
  }

  return {
    sources: () => [...held.filter((one) => one.table), ...(pasted ? [pasted] : [])],
    clear() {
      held = [];
      area.value = "";
      look();
      shown();
    },
  };
}

/** The text of a file: UTF-8, or UTF-16 with its mark. */
function decoded(buffer) {
  const [first, second] = new Uint8Array(buffer.slice(0, 2));
  const encoding = first === 0xff && second === 0xfe ? "utf-16le" : first === 0xfe && second === 0xff ? "utf-16be" : "utf-8";
  let text;
  try {
    text = new TextDecoder(encoding, { fatal: true }).decode(buffer);
  } catch (error) {
    throw new Error(`is no text in ${encoding.toUpperCase()}; save it as UTF-8 (in Excel: “CSV UTF-8”)`, { cause: error });
  }
  if (!text.trim()) throw new Error("is empty");
  return text;
}
