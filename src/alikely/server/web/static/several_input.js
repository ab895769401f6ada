// An empty element and a kind of item -> many texts, rows, sequences or embeddings, with who each shows and its fields.

import { el } from "./api.js";
import { valuesOf } from "./field_values.js";
import { itemOf, numberColumns, readItems } from "./several_reading.js";
import { severalSources } from "./several_sources.js";
import { aKind, count } from "./words.js";
import { readable, shortened } from "./written.js";

const WORDS = {
  text: {
    legend: "Texts",
    hint: "A table with a line of names, such as text,label (CSV, TSV, JSON, JSONL); or one text a line.",
    pasting: "Or paste them: one a line, or cells of a spreadsheet with their names above",
  },
  row: {
    legend: "Rows",
    hint: "A table with a line of names above (CSV, TSV, JSON, JSONL).",
    pasting: "Or paste cells of a spreadsheet with their names above",
  },
  sequence: {
    legend: "Sequences",
    hint: "Each file one sequence: CSV with a line for each step, or JSON. A file with many has the columns id and t, or is JSONL with a “sequence” in each line.",
    pasting: "Or paste one: a line for each step",
  },
  embedding: {
    legend: "Embeddings",
    hint: "A table with a column for each number (CSV, TSV), with or without a line of names; or JSON, JSONL with an “embedding” in each.",
    pasting: "Or paste cells of a spreadsheet",
  },
};
const NAMES = ["label", "identity", "name", "who"]; // columns that are taken for the names at first
const SHOWN = 3;

/**
 * `columns` ([{name, kind}]) are those that the model takes of rows, or the channels of sequences; `named`: whether each
 * is to have an identity.
 *
 * look()       {entries: [{place, item, identity, fields}], problems: [{place, problem}]}. identity is null where it is
 *              said elsewhere for all; undefined where each text stands for itself
 * oneName()    whether all have one name, which is said elsewhere
 * itself()     whether each text is its own name
 * clear()      forgets them. `onChange()` is called when there are others, or they are understood otherwise
 */
export function severalInput(root, { kind, columns = [], named = false, onChange = () => {} }) {
  const channels = kind === "sequence" ? columns.map(({ name }) => name) : [];
  const known = kind === "row" ? columns.map(({ name }) => name) : [];
  const sourcesPlace = el("div");
  const first = choice("The first line is");
  const text = choice("Which column has the texts");
  const who = choice("Who or what each belongs to");
  const keep = el("input", { type: "checkbox", checked: true });
  const keepLabel = el("span");
  const keepField = el("label", { class: "check", hidden: true }, keep, keepLabel);
  const preview = el("div");
  root.replaceChildren(sourcesPlace, el("div", { class: "fields" }, first.node, text.node, named && who.node), keepField, preview);
  const given = severalSources(sourcesPlace, { ...WORDS[kind], noun: kind, read: (said, name) => readItems(kind, said, name, channels), onChange: () => { understood(); onChange(); } });
  for (const field of [text.select, who.select, keep]) field.addEventListener("change", () => { shownAnew(); onChange(); });
  first.select.addEventListener("change", () => { understood(); onChange(); });
  understood();

  /** What was read; where the first line might be names of columns, as is said of it. */
  function sources() {
    return given.sources().map(({ name, table }) => ({ name, table: first.select.value === "names" ? (table.named ?? table) : table }));
  }

  /** Offer what the columns that are there can be taken for. */
  function understood() {
    const unsure = given.sources().filter(({ table }) => table.named);
    first.offer(unsure.length ? [["item", `${aKind(kind)}, as all others`], ["names", "names of columns"]] : [], unsure.some(({ table }) => table.likely) ? "names" : "item");
    const read = sources();
    const tables = read.filter(({ table }) => table.rows.some((row) => row.item === undefined));
    const found = [...new Set(read.flatMap(({ table }) => table.columns))];
    text.offer(kind === "text" && tables.length ? found.map((name) => [name, name]) : [], found.includes("text") ? "text" : found.find((name) => !NAMES.includes(name)));
    const ways = [["all", "One name for all"]];
    if (kind === "text") ways.push(["itself", "Each text is its own name"]);
    if (kind === "sequence" && read.some(({ name }) => name)) ways.push(["file", "The name of its file"]);
    for (const name of found) if (name !== text.select.value && !known.includes(name)) ways.push([`column ${name}`, `What the column “${name}” says`]);
    const column = NAMES.find((name) => found.includes(name) && !known.includes(name));
    who.offer(named ? ways : [], column ? `column ${column}` : kind === "text" && read.length ? "itself" : "all");
    shownAnew();
  }

  function shownAnew() {
    const { entries, problems, beside, lacking } = look();
    keepField.hidden = !named || !beside.length || who.select.value === "itself";
    keepLabel.textContent = `Keep ${beside.length > 4 ? `the ${beside.length} other columns` : beside.join(", ")} to filter by`;
    preview.replaceChildren(...(entries.length || problems.length ? [shown(entries, problems, lacking)] : []));
  }

  function look() {
    const entries = [];
    const problems = [];
    const [besides, lacking] = [new Set(), new Set()];
    const [way, column] = [who.select.value.split(" ", 1)[0], who.select.value.slice("column ".length)];
    for (const { name, table } of sources()) {
      const at = (place) => [name, place].filter(Boolean).join(", ") || "what was pasted";
      problems.push(...table.problems.map(({ place, problem }) => ({ place: at(place), problem })));
      const taken = takenOf(table, way === "column" ? column : null);
      if (kind === "row" && !taken.some((one) => table.columns.includes(one))) {
        problems.push({ place: at(""), problem: `has none of the columns that are looked at: ${taken.join(", ")}` });
        continue;
      }
      if (kind === "row") for (const one of taken) if (!table.columns.includes(one)) lacking.add(one);
      const beside = table.columns.filter((one) => !taken.includes(one) && !(way === "column" && one === column));
      for (const one of beside) besides.add(one);
      const fields = keep.checked && way !== "itself" ? beside.map((one) => [one, valuesOf(table.rows.map((row) => row.cells[one]))]) : [];
      for (const [number, row] of table.rows.entries()) {
        const { item, problem } = itemOf(kind, row, taken);
        const identity = named ? nameOf(way, column, row, name) : null;
        if (problem) problems.push({ place: at(row.place), problem });
        else if (identity === "") problems.push({ place: at(row.place), problem: way === "file" ? "has no file, so no name; choose another way" : `has no name in the column “${column}”` });
        else entries.push({ place: at(row.place), item, identity, fields: Object.fromEntries(fields.map(([one, values]) => [one, values[number]]).filter(([, value]) => value !== null)) });
      }
    }
    return { entries, problems, beside: [...besides], lacking: [...lacking] };
  }

  function takenOf(table, apart) {
    if (kind === "text") return [text.select.value];
    if (kind === "embedding") return numberColumns(table, apart);
    if (kind === "row") return known.length ? known : table.columns.filter((one) => one !== apart && !["id", "label", "group"].includes(one));
    return [];
  }

  function shown(entries, problems, lacking) {
    const bad = problems.length ? `; ${problems.length.toLocaleString("en")} cannot be used: ${problems.slice(0, SHOWN).map(({ place, problem }) => `${place} ${problem}`).join("; ")}${problems.length > SHOWN ? " …" : ""}` : "";
    const words = el("p", { class: bad ? "field-problem" : "small-print" }, `${count(entries.length, kind)} to send${bad}.`);
    if (!entries.length) return words;
    const some = entries.slice(0, SHOWN);
    const filtered = named && some.some(({ fields }) => Object.keys(fields).length);
    const head = [WORDS[kind].legend.slice(0, -1), named && "Who or what it shows", filtered && "Fields"].filter(Boolean);
    const rows = some.map(({ item, identity, fields }) => el("tr", {},
      el("td", {}, shortened(readable(item))),
      named && el("td", {}, identity ?? (who.select.value === "itself" ? "itself" : "the name below")),
      filtered && el("td", {}, Object.entries(fields).map(([name, value]) => `${name}: ${value}`).join(", "))));
    const table = el("table", {}, el("caption", {}, `The first ${some.length} of ${count(entries.length, kind)}, as they are understood`), el("thead", {}, el("tr", {}, ...head.map((word) => el("th", { scope: "col" }, word)))), el("tbody", {}, ...rows));
    const note = lacking.length > 0 && el("p", { class: "small-print" }, `There is no column ${lacking.join(", ")}: its cells count as not known.`);
    return el("div", { class: "stack tight" }, bad && words, note, el("div", { class: "table-wrap understood", tabindex: "0", role: "region", "aria-label": "How they are understood" }, table));
  }

  return { look, oneName: () => who.select.value === "all", itself: () => who.select.value === "itself", clear: given.clear };
}

/** null: said elsewhere; undefined: the text itself; "": there is none. */
function nameOf(way, column, row, file) {
  if (way === "all") return null;
  if (way === "itself") return undefined;
  return way === "file" ? file.replace(/\.[^.]+$/, "") : String(row.cells[column] ?? "").trim();
}

/** A field to choose in, which is there only with two ways or more; what was chosen by hand stays while it is offered. */
function choice(label) {
  const id = `choice-${crypto.getRandomValues(new Uint32Array(1))[0]}`;
  const select = el("select", { id });
  const node = el("div", { class: "field", hidden: true }, el("label", { for: id }, label), select);
  let byHand = null;
  select.addEventListener("change", () => (byHand = select.value));
  return {
    node,
    select,
    offer(ways, first) {
      select.replaceChildren(...ways.map(([value, word]) => el("option", { value }, word)));
      if (ways.length) select.value = ways.some(([value]) => value === byHand) ? byHand : first;
      node.hidden = ways.length < 2;
    },
  };
}
