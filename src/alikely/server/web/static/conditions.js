// The fields that there are -> simple choosers, and what is chosen as a condition; a condition -> choosers again.

import { el } from "./api.js";
import { said } from "./cards.js";

const FEW = 12; // values that are shown side by side

/** A field's name as a condition has it. */
export const quoted = (name) => (/^[^\W\d]\w*$/.test(name) && !RESERVED.has(name.toLowerCase()) ? name : `"${name.replaceAll('"', '""')}"`);
const RESERVED = new Set(["and", "or", "not", "in", "is", "missing", "true", "false"]);
const literal = (value) => (typeof value === "string" ? `'${value.replaceAll("'", "''")}'` : String(value));

/**
 * Choosers for `fields` (as /v1/galleries/NAME/fields tells them) in `root`. `onChange(condition)` is called with the
 * condition that they make, "" for none. `read(condition)` sets them to one that they could have made; whether it could.
 */
export function choosers(root, fields, onChange) {
  const parts = fields
    .filter((field) => field.kind === "number" ? field.largest > field.smallest : field.values.length + field.more > 1)
    .map((field) => (field.kind === "number" ? range(field, changed) : field.values.length <= FEW && !field.more ? pills(field, changed) : list(field, changed)));
  root.replaceChildren(...parts.map((part) => part.node));

  const condition = () => parts.map((part) => part.condition()).filter(Boolean).join(" and ");
  function changed() {
    onChange(condition());
  }
  function read(text) {
    const before = condition();
    let rest = text.trim();
    for (const part of parts) {
      const taken = part.take(rest);
      rest = taken.replace(/^ and /, "");
    }
    if (!rest && condition() === text.trim()) return true;
    for (const part of parts) part.take("");
    return !text.trim() || condition() === before && before === text.trim();
  }
  return { read, count: parts.length };
}

/** Some values of few: a checkbox each. */
function pills(field, changed) {
  const boxes = field.values.map(([value, templates]) => {
    const box = el("input", { type: "checkbox" });
    box.addEventListener("change", changed);
    return { value, box, label: el("label", {}, box, said(value), el("span", { class: "count" }, String(templates))) };
  });
  const node = el("fieldset", { class: "field pills" }, el("legend", {}, field.name), el("div", {}, ...boxes.map((one) => one.label)));
  const begin = `${quoted(field.name)} in (`;
  return {
    node,
    condition() {
      const chosen = boxes.filter((one) => one.box.checked);
      return chosen.length && chosen.length < boxes.length ? `${begin}${chosen.map((one) => literal(one.value)).join(", ")})` : "";
    },
    take(text) {
      for (const one of boxes) one.box.checked = false;
      if (!text.startsWith(begin)) return text;
      let rest = text.slice(begin.length);
      for (const one of boxes) {
        const word = literal(one.value);
        if (rest.startsWith(`${word}, `) || rest.startsWith(`${word})`)) {
          one.box.checked = true;
          rest = rest.slice(word.length).replace(/^, /, "");
        }
      }
      return rest.startsWith(")") ? rest.slice(1) : text;
    },
  };
}

/** One value of many. */
function list(field, changed) {
  const id = `choose-${field.name}-${field.kind}`;
  const select = el("select", { id }, el("option", { value: "" }, "any"), ...field.values.map(([value, templates], place) => el("option", { value: String(place) }, `${said(value)} (${templates})`)));
  select.addEventListener("change", changed);
  const begin = `${quoted(field.name)} = `;
  return {
    node: el("div", { class: "field" }, el("label", { for: id }, field.name), select),
    condition: () => (select.value ? `${begin}${literal(field.values[Number(select.value)][0])}` : ""),
    take(text) {
      select.value = "";
      if (!text.startsWith(begin)) return text;
      const rest = text.slice(begin.length);
      const fits = (word) => rest === word || rest.startsWith(`${word} and `);
      const place = field.values.findIndex(([value]) => fits(literal(value)));
      if (place < 0) return text;
      select.value = String(place);
      return rest.slice(literal(field.values[place][0]).length);
    },
  };
}

/** Numbers from one to another. */
function range(field, changed) {
  const name = quoted(field.name);
  const inputs = [["from", field.smallest, ">="], ["to", field.largest, "<="]].map(([word, placeholder, sign]) => {
    const input = el("input", { type: "number", step: "any", placeholder: String(placeholder), "aria-label": `${field.name} ${word}` });
    input.addEventListener("change", changed);
    return { input, sign };
  });
  const node = el("fieldset", { class: "field range" }, el("legend", {}, field.name), el("div", {}, inputs[0].input, el("span", { "aria-hidden": "true" }, "to"), inputs[1].input));
  return {
    node,
    condition: () => inputs.filter((one) => one.input.value !== "").map((one) => `${name} ${one.sign} ${one.input.value}`).join(" and "),
    take(text) {
      let rest = text;
      for (const { input, sign } of inputs) {
        const begin = `${name} ${sign} `;
        const number = rest.startsWith(begin) ? /^-?[\d.eE+-]+/.exec(rest.slice(begin.length))?.[0] : undefined;
        input.value = number ?? "";
        if (number) rest = rest.slice(begin.length + number.length).replace(/^ and /, "");
      }
      return rest;
    },
  };
}
