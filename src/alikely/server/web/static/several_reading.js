// The text of a file (or what was pasted) and a kind of item -> the items in it with what stands beside them.

import { csvLines, isJson, isNumbers, mayBeNames, readTable, separatorOf, tableOf } from "./tables.js";
import { fromJson, numbers, sequence } from "./written.js";

const TIMES = ["t", "time", "timestamp"];
const KNOWN = ["id", "label", "group"]; // of the core: columns that say something of an item
const WHOLE = ["embedding", "vector"]; // columns that hold all numbers of an embedding
const HEADS = [...KNOWN, "text", "identity", "name", "who", "path", "item"]; // a first line with one of these names columns

/**
 * {columns, rows: [{place, cells, item?}], problems}, as `readTable` gives them. `item` is there where only one thing can
 * be meant; else `itemOf` makes it of the cells. `channels` are the names of those that the model takes of a sequence.
 * `named` is there where the first line might also be names of columns: the table as it is then; `likely`: whether it is.
 */
export function readItems(kind, text, name, channels = []) {
  if (kind === "sequence") return readSequences(text, name, channels);
  if (kind === "text" && !hasNames(text, name)) return readUnnamed(text, name);
  if (kind === "embedding" && !isJson(text, name)) return readNumbers(text, name);
  return readTable(text, name, kind === "row" ? null : kind);
}

/** Embeddings in columns: a first line with numbers is one of them, unless these are, or may be, names. */
function readNumbers(text, name) {
  const lines = csvLines(text, separatorOf(text));
  const head = lines[0]?.cells ?? [];
  const numeric = head.filter(isNumbers);
  if (!numeric.length || head.some((cell) => [...HEADS, ...WHOLE].includes(cell.trim().toLowerCase()))) return readTable(text, name);
  const table = tableOf(head.map((_, at) => `${at + 1}`), lines, "has");
  return withNames(table, text, name, mayBeNames(numeric));
}

/** A table whose first line was taken for an item, with what it is if that line names the columns. */
function withNames(table, text, name, likely = false) {
  try {
    return { ...table, named: readTable(text, name), likely };
  } catch {
    return table; // such as with one name twice: they cannot be names
  }
}

const isTable = (name) => /\.(csv|tsv)$/i.test(name);

/** Whether a file of texts is a table with names: as JSON, or by the cells of its first line. */
function hasNames(text, name) {
  if (/\.(json|jsonl|ndjson)$/i.test(name)) return true;
  if (isJson(text, name)) return parses(text.trim()) || parses(text.trim().split("\n", 1)[0]);
  const [head] = text.trimStart().split(/\r?\n|\r/, 1);
  const cells = head.split(separatorOf(text)).map((cell) => cell.trim().replace(/^"(.*)"$/, "$1").trim().toLowerCase());
  return isTable(name) ? cells.some((cell) => HEADS.includes(cell)) : cells.length > 1 && cells.includes("text");
}

/** Each line one text, the first, too, and whatever commas it has. */
function readUnnamed(text, name) {
  if (!isTable(name)) return readLines(text);
  const found = csvLines(text, separatorOf(text));
  const lines = found.every(({ cells }) => cells.length === 1)
    ? { columns: [], rows: found.map(({ line, cells }) => ({ place: `line ${line}`, cells: {}, item: cells[0].trim() })), problems: [] }
    : readLines(text);
  return withNames(lines, text, name);
}

function parses(text) {
  try {
    return typeof JSON.parse(text) === "object";
  } catch {
    return false;
  }
}

function readLines(text) {
  const lines = text.split(/\r\n|\r|\n/);
  const rows = lines.map((line, at) => ({ place: `line ${at + 1}`, cells: {}, item: line.trim() })).filter((row) => row.item);
  return { columns: [], rows, problems: [] };
}

/** A file holds one sequence, a line for each step; or many: steps with an id and a time, or JSON with "sequence". */
function readSequences(text, name, channels) {
  if (isJson(text, name)) {
    const said = /\.(jsonl|ndjson)$/i.test(name) ? null : fromJson(text);
    if (Array.isArray(said) && typeof said[0] !== "object") return one(said);
    if (Array.isArray(said) && Array.isArray(said[0])) return one(said);
    const table = readTable(text, name, "sequence");
    const rows = table.rows.map((row) => ({ ...row, item: row.cells.sequence }));
    const lack = rows.filter((row) => !Array.isArray(row.item)).map(({ place }) => ({ place, problem: "has no list of numbers called “sequence”" }));
    return { columns: table.columns.filter((column) => column !== "sequence"), rows: rows.filter((row) => Array.isArray(row.item)), problems: [...table.problems, ...lack] };
  }
  const first = text.trimStart().split(/\r?\n|\r/, 1)[0];
  if (/^[\s\d.,;+\-eE]*$/.test(first)) return one(sequence(text.trim()));
  const { columns, rows, problems } = readTable(text, name);
  if (problems.length) throw new Error(`${problems[0].place} ${problems[0].problem}`);
  const time = columns.find((column) => TIMES.includes(column) && !channels.includes(column));
  const wanted = channels.length ? channels : columns.filter((column) => column !== time && !KNOWN.includes(column));
  const missing = wanted.filter((column) => !columns.includes(column));
  if (missing.length || !wanted.length) throw new Error(missing.length ? `has no column “${missing[0]}”; the model takes ${wanted.join(", ")}` : "has no column of numbers");
  return stepsJoined(rows, columns, wanted, columns.includes("id") && time ? time : null);
}

const one = (item) => ({ columns: [], rows: [{ place: "", cells: {}, item }], problems: [] });

/** Steps -> sequences: all of them one, or with a column of times one for each id, in the order of the times. */
function stepsJoined(steps, columns, wanted, time) {
  const beside = columns.filter((column) => KNOWN.includes(column));
  const groups = new Map();
  for (const step of steps) {
    const id = time ? step.cells.id : "";
    if (!groups.has(id)) groups.set(id, []);
    groups.get(id).push(step);
  }
  const rows = [];
  const problems = [];
  for (const [id, found] of groups) {
    const place = time ? `id ${id}` : "";
    const ordered = time ? found.toSorted((a, b) => Number(a.cells[time]) - Number(b.cells[time])) : found;
    const item = ordered.map((step) => wanted.map((column) => (step.cells[column].trim() ? Number(step.cells[column]) : NaN)));
    const bad = item.findIndex((values) => !values.every(Number.isFinite));
    if (bad >= 0) problems.push({ place: place || ordered[bad].place, problem: `holds something else than numbers${place ? ` in ${ordered[bad].place}` : ""}` });
    else rows.push({ place, cells: Object.fromEntries(beside.map((column) => [column, found[0].cells[column]])), item: wanted.length === 1 ? item.flat() : item });
  }
  return { columns: beside, rows, problems };
}

/**
 * The item of a row: {item}, or {problem}. `taken` are the columns that it is made of: the one of a text, those of a row,
 * those of the numbers of an embedding (or the one that holds all of them).
 */
export function itemOf(kind, row, taken) {
  if (row.item !== undefined) return { item: row.item };
  if (kind === "row") {
    const item = Object.fromEntries(taken.map((column) => [column, plain(row.cells[column])]));
    return Object.values(item).every((cell) => cell === null) ? { problem: "has no cell that is filled" } : { item };
  }
  if (kind === "text") {
    const item = row.cells[taken[0]];
    return typeof item === "string" && item.trim() ? { item } : { problem: `has no text in the column “${taken[0]}”` };
  }
  try {
    const [only] = taken;
    const whole = row.cells[only];
    if (taken.length === 1 && (Array.isArray(whole) || /[\s,;]/.test(String(whole).trim()))) return { item: Array.isArray(whole) ? whole : numbers(whole.trim()) };
    return { item: taken.flatMap((column) => numberOf(row.cells[column])) };
  } catch (error) {
    return { problem: error.message };
  }
}

const plain = (cell) => (cell === undefined || (typeof cell === "string" && !cell.trim()) ? null : cell);

function numberOf(cell) {
  const number = typeof cell === "number" ? cell : typeof cell === "string" && cell.trim() ? Number(cell) : NaN;
  if (!Number.isFinite(number)) throw new Error(`“${cell ?? ""}” is no number`);
  return number;
}

/** The columns that may hold the numbers of an embedding: one called so, else those with numbers in the first row. */
export function numberColumns({ columns, rows }, apart) {
  const called = columns.find((column) => WHOLE.includes(column));
  if (called) return [called];
  const first = rows[0]?.cells ?? {};
  return columns.filter((column) => column !== apart && !KNOWN.includes(column) && column !== "name" && isNumbers(first[column] ?? ""));
}
