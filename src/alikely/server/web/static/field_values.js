// What somebody writes as the value of a field, or a table has in a column -> numbers, truths or texts, as commands read.

/** One value: a number, true or false where it is one, else the text. */
export function valueOf(text) {
  if (/^(true|false)$/i.test(text)) return text.toLowerCase() === "true";
  // Nothing may be lost when it is kept as a number: 007 and +41 are names.
  return /^-?(0|[1-9]\d*)(\.\d+)?$/.test(text) && text.replace(/\D/g, "").length <= 15 ? Number(text) : text;
}

/** The values of a column, null where there is none: numbers or truths where all of them are, else texts. */
export function valuesOf(cells) {
  const read = cells.map((cell) => {
    if (typeof cell === "string") return cell.trim() ? valueOf(cell.trim()) : null;
    return ["number", "boolean"].includes(typeof cell) ? cell : null;
  });
  const kinds = new Set(read.filter((value) => value !== null).map((value) => typeof value));
  return kinds.size < 2 ? read : read.map((value, at) => (value === null ? null : String(cells[at]).trim()));
}
