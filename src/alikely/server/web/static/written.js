// What somebody has written -> a row, a sequence, numbers; an Error with words for people where it is something else.

/** An item as one would write it. */
export const asText = (value) => (typeof value === "string" ? value : JSON.stringify(value));

/** An item for people: a row as its cells, a sequence as its steps. */
export function readable(value) {
  if (typeof value !== "object") return String(value);
  if (!Array.isArray(value)) return Object.entries(value).map(([name, cell]) => `${name}: ${cell ?? "–"}`).join(", ");
  const steps = value.map((step) => (Array.isArray(step) ? step.join(" ") : step));
  return steps.join(Array.isArray(value[0]) ? "; " : ", ");
}

/** The beginning of a text that may be long. */
export const shortened = (text) => (text.length > 200 ? `${text.slice(0, 200)} …` : text);

/** What JSON says. */
export function fromJson(text) {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`This is no JSON (${error.message}).`, { cause: error });
  }
}

/** A row as JSON -> the row. */
export function object(text) {
  const said = fromJson(text);
  if (said === null || typeof said !== "object" || Array.isArray(said)) {
    throw new Error('A row is an object, such as {"age": 31}.');
  }
  return said;
}

/** A sequence as one writes it -> its numbers, or its steps of numbers; an Error for people where there is something else. */
export function sequence(text) {
  if (text.startsWith("[")) return fromJson(text);
  const steps = text.split("\n").filter((line) => line.trim()).map(numbers);
  if (steps.length === 1) return steps[0];
  return steps.every((step) => step.length === 1) ? steps.flat() : steps;
}

/** Numbers as one writes them -> a list of them; an Error for people where there is something else. */
export function numbers(text) {
  if (text.startsWith("[")) return fromJson(text);
  return text.split(/[\s,;]+/).filter(Boolean).map((word) => {
    const number = Number(word);
    if (!Number.isFinite(number)) throw new Error(`“${shortened(word)}” is no number.`);
    return number;
  });
}
