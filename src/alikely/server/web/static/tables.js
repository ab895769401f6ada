// The text of a file -> the rows of the table in it, each with its place; CSV, TSV, JSON and JSONL, as the commands read.

const SEPARATORS = [",", ";", "\t"];

/** Whether a text is JSON or JSONL, by the name of its file or by how it begins. */
export const isJson = (text, name) => /\.(json|jsonl|ndjson)$/i.test(name) || /^\s*[[{]/.test(text);

/**
 * {columns, rows: [{place, cells}], problems: [{place, problem}]}: cells by the names of their columns (small letters, no
 * blanks around), texts in CSV. What stands in JSON without a name is called `alone` ("text"); null: it is a problem.
 * Throws an Error for people where there is no table at all.
 */
export const readTable = (text, name, alone = null) => (isJson(text, name) ? ofJson(text, name, alone) : ofCsv(text));

const columnOf = (name) => name.trim().toLowerCase();

function ofCsv(text) {
  const [head, ...lines] = csvLines(text, separatorOf(text));
  if (!head) throw new Error("is empty");
  const filled = head.cells.filter((cell) => cell.trim());
  if (filled.every(isNumbers) && !mayBeNames(filled)) throw new Error("begins with a line of numbers; write the names of the columns above it");
  const columns = head.cells.map(columnOf);
  const twice = columns.find((name, place) => name && columns.indexOf(name) !== place);
  if (twice !== undefined) throw new Error(`has two columns called “${twice}”; rename one`);
  return tableOf(columns, lines, "names");
}

/** Whether a cell holds nothing but numbers: one, or several with blanks between them. */
export const isNumbers = (cell) => /\S/.test(cell) && `${cell}`.trim().split(/\s+/).every((word) => Number.isFinite(Number(word)));

/** Whether numbers may be names of columns: whole ones that grow, as programs number columns, and as years do. */
export const mayBeNames = (cells) => cells.every((cell, at) => /^\s*\d+\s*$/.test(cell) && (at === 0 || Number(cells[at - 1]) < Number(cell)));

/** Lines (of `csvLines`) as the rows of a table with these columns, as many as the first line `has`; without a name none counts. */
export function tableOf(columns, lines, has) {
  const rows = [];
  const problems = [];
  for (const { line, cells } of lines) {
    const place = `line ${line}`;
    if (cells.length !== columns.length) problems.push({ place, problem: `has ${cells.length} cells; the first line ${has} ${columns.length}` });
    else rows.push({ place, cells: Object.fromEntries(columns.map((name, at) => [name, cells[at]]).filter(([name]) => name)) });
  }
  return { columns: columns.filter(Boolean), rows, problems };
}

/** What stands between the names of the columns: the sign that is there most often. */
export function separatorOf(text) {
  const first = text.trimStart().split(/\r?\n|\r/, 1)[0];
  const counts = SEPARATORS.map((sign) => first.split(sign).length);
  return SEPARATORS[counts.indexOf(Math.max(...counts))];
}

/** [{line, cells}] of all lines that are not blank; a cell in double quotes may hold anything. */
export function csvLines(text, separator) {
  const found = [];
  let at = 0;
  let line = 1;
  let cells = [];
  let began = 1; // the line of the file in which the row begins
  const end = () => {
    if (cells.length > 1 || cells[0].trim()) found.push({ line: began, cells });
    cells = [];
  };
  while (at < text.length || cells.length) {
    if (!cells.length) began = line;
    let cell = "";
    if (text[at] === '"') {
      for (;;) {
        const close = text.indexOf('"', at + 1);
        if (close < 0) throw new Error(`has a quote in line ${line} that is not closed`);
        const part = text.slice(at + 1, close);
        line += part.split(/\r\n|\r|\n/).length - 1;
        cell += part;
        at = close + 1;
        if (text[at] !== '"') break;
        cell += '"'; // two quotes inside of quotes are one
      }
    }
    const from = at;
    while (at < text.length && text[at] !== separator && text[at] !== "\n" && text[at] !== "\r") at += 1;
    cells.push(cell + text.slice(from, at));
    if (text[at] === separator) {
      at += 1;
      if (at >= text.length) cells.push("");
      else continue;
    }
    end();
    if (text[at] === "\r" && text[at + 1] === "\n") at += 1;
    at += 1;
    line += 1;
  }
  return found;
}

function ofJson(text, name, alone) {
  const { values, called } = jsonValues(text, name);
  const rows = [];
  const problems = [];
  const columns = new Set();
  for (const { value, number } of values) {
    const place = `${called} ${number}`;
    const cells = cellsOf(value, alone);
    if (cells === null) problems.push({ place, problem: "is no object with a name for each value" });
    else rows.push({ place, cells });
    for (const column of Object.keys(cells ?? {})) columns.add(column);
  }
  return { columns: [...columns], rows, problems };
}

function jsonValues(text, name) {
  if (!/\.(jsonl|ndjson)$/i.test(name)) {
    try {
      const said = JSON.parse(text);
      return { values: (Array.isArray(said) ? said : [said]).map((value, place) => ({ value, number: place + 1 })), called: "record" };
    } catch (error) {
      // What was pasted may be one object a line.
      if (/\.json$/i.test(name) || !text.trim().includes("\n")) throw new Error(`is no JSON (${error.message})`, { cause: error });
    }
  }
  const values = [];
  for (const [place, line] of text.split(/\r?\n/).entries()) {
    if (!line.trim()) continue;
    try {
      values.push({ value: JSON.parse(line), number: place + 1 });
    } catch (error) {
      throw new Error(`has a line that is no JSON, line ${place + 1} (${error.message})`, { cause: error });
    }
  }
  return { values, called: "line" };
}

function cellsOf(value, alone) {
  if (value !== null && typeof value === "object" && !Array.isArray(value)) {
    return Object.fromEntries(Object.entries(value).map(([name, cell]) => [columnOf(name), cell]));
  }
  return alone === null || value === null ? null : { [alone]: value };
}
