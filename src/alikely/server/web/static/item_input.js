// An empty element and a kind of item -> fields for one item: a picture, a text, a row, a sequence, an embedding.

import { el, showProblem, svg } from "./api.js";
import { hasCamera, takePicture } from "./camera.js";
import { smallEnough } from "./smaller.js";
import { asText, numbers, object, sequence, shortened } from "./written.js";

const TYPING = 350; // milliseconds without a key before what was written is looked at

/**
 * Put fields for one item of `kind` into `root`; `onChange()` is called whenever the item is another one.
 *
 * empty()           whether there is no item (yet), or none that can be understood
 * put(form, name)   adds it to a FormData
 * json()            a promise of it as JSON takes it (a picture in base64)
 * preview()         a small DOM node that shows it
 * held()            what set() takes to make it again
 * clear(), set(it)  none; this one: a Blob for a picture, else a text as one would write it (or what json() gave)
 *
 * `columns` are those of rows ([{name, kind}]); without, those that the page's model takes. `onMore(files)` is given the
 * files beyond the first that are dropped or pasted together, and gives back those for which there is no place.
 */
export function itemInput(root, { kind, label, columns, onChange = () => {}, onMore = (files) => files }) {
  root.replaceChildren();
  if (kind === "picture") return pictureInput(root, label, onChange, onMore);
  const known = columns ?? JSON.parse(document.body.dataset.columns ?? "[]");
  if (kind === "row" && known.length) return rowInput(root, label, known, onChange);
  return writtenInput(root, label, WRITTEN[kind], onChange);
}

// Pictures

function pictureInput(root, label, onChange, onMore) {
  let blob = null;
  let address = null;
  let taking = 0; // the newest file wins
  let remark = "";
  const problem = el("div");
  const drop = el("div", { class: "drop" });
  const file = el("input", { type: "file", accept: "image/*", hidden: true, "aria-label": label });
  root.append(el("fieldset", { class: "item-input" }, el("legend", {}, label), drop, file, problem));

  const choose = () => file.click();
  file.addEventListener("change", () => {
    if (file.files.length) take(file.files[0]);
    file.value = "";
  });
  drop.addEventListener("click", (event) => {
    if (!blob && event.target === drop) choose();
  });
  drop.addEventListener("dragover", () => drop.classList.add("over"));
  drop.addEventListener("dragleave", (event) => {
    if (!drop.contains(event.relatedTarget)) drop.classList.remove("over");
  });
  drop.addEventListener("drop", (event) => {
    drop.classList.remove("over");
    takeAll([...event.dataTransfer.files]);
  });
  document.addEventListener("paste", (event) => {
    const pasted = [...(event.clipboardData?.files ?? [])].filter((one) => one.type.startsWith("image/"));
    if (!pasted.length || event.defaultPrevented || !root.isConnected || !root.offsetParent) return;
    const only = document.querySelectorAll(".drop").length === 1;
    if (!blob || only || root.contains(document.activeElement)) {
      event.preventDefault();
      takeAll(pasted);
    }
  });

  function takeAll(files) {
    if (!files.length) return;
    take(files[0]);
    const left = files.length > 1 ? onMore(files.slice(1)) : [];
    if (left.length) problem.append(notice(`There is no place for more. Left out: ${left.map((one) => one.name).join(", ")}.`));
  }

  async function take(given) {
    showProblem(problem, null);
    if (given.type && !given.type.startsWith("image/")) {
      problem.append(notice(`${given.name ?? "This"} is no picture. Choose a PNG, JPEG, WebP, GIF, BMP or TIFF file.`));
      return;
    }
    const mine = (taking += 1);
    const { blob: small, words } = await smallEnough(given);
    if (mine !== taking) return;
    remark = words;
    hold(small);
    onChange();
  }

  function hold(given) {
    if (address) URL.revokeObjectURL(address);
    const before = root.contains(document.activeElement);
    blob = given;
    address = given ? URL.createObjectURL(given) : null;
    show();
    if (before) drop.querySelector("button").focus();
  }

  function show() {
    drop.classList.toggle("full", Boolean(blob));
    if (!blob) {
      const actions = el("div", { class: "row" }, button("Choose a picture", choose));
      if (hasCamera()) actions.append(button("Use the camera", camera));
      drop.replaceChildren(pictureIcon(), el("p", { class: "soft" }, "Drop or paste a picture here"), actions);
      return;
    }
    const name = blob.name ?? "picture";
    const image = el("img", { src: address, alt: `${label}: ${name}` });
    image.addEventListener("load", () => image.classList.toggle("pixels", image.naturalWidth < 120));
    image.addEventListener("error", () => image.replaceWith(el("p", { class: "soft" }, "The browser cannot show this file.")));
    const actions = el("div", { class: "row" }, button("Replace", choose), button("Clear", clear));
    const said = remark ? [el("p", { class: "small-print" }, remark)] : [];
    drop.replaceChildren(image, el("p", { class: "file-name" }, name), ...said, actions);
  }

  async function camera() {
    try {
      const taken = await takePicture(drop);
      if (taken) take(taken);
      else show();
    } catch (error) {
      show();
      showProblem(problem, error);
    }
  }

  function clear() {
    taking += 1;
    showProblem(problem, null);
    hold(null);
    onChange();
  }

  show();
  return {
    empty: () => blob === null,
    put: (form, name) => form.append(name, blob, blob.name ?? "picture"),
    json: () => base64(blob),
    preview: () => el("img", { src: address, alt: label, class: "preview" }),
    held: () => blob,
    clear,
    set: take,
  };
}

async function base64(blob) {
  const bytes = new Uint8Array(await blob.arrayBuffer());
  let text = "";
  // In pieces: a function takes only so many arguments.
  for (let start = 0; start < bytes.length; start += 32768) {
    text += String.fromCharCode(...bytes.subarray(start, start + 32768));
  }
  return btoa(text);
}

function pictureIcon() {
  const path = "M4 5h16v14H4zM4 16l4.5-4.5 4 4 2.5-2.5L20 18M15.5 9.5h.01";
  return svg("svg", { viewBox: "0 0 24 24", "aria-hidden": "true" }, svg("path", { d: path }));
}

const button = (word, onclick) => el("button", { type: "button", class: "small", onclick }, word);
const notice = (text) => el("p", { class: "field-problem", role: "alert" }, text);

// Texts, numbers, rows as JSON: what is written (written.js says how it is read)

const WRITTEN = {
  text: { hint: "", read: (text) => text, rows: 4 },
  row: { hint: 'As JSON: {"age": 31, "city": "Bern"}', read: object, rows: 6, code: true },
  sequence: {
    hint: "Numbers with spaces or commas between; where a step has several, one line for each step. Or JSON.",
    read: sequence,
    rows: 6,
    code: true,
  },
  embedding: { hint: "Numbers with spaces or commas between, or JSON.", read: numbers, rows: 6, code: true },
};

function writtenInput(root, label, { hint, read, rows, code }, onChange) {
  const id = `item-${crypto.getRandomValues(new Uint32Array(1))[0]}`;
  const area = el("textarea", { id, rows, class: code ? "code" : null, spellcheck: code ? "false" : null });
  const problem = el("p", { class: "field-problem", id: `${id}-problem`, hidden: true });
  const field = el("div", { class: "item-input field" }, el("label", { for: id }, label), area);
  if (hint) {
    field.append(el("p", { class: "hint", id: `${id}-hint` }, hint));
    area.setAttribute("aria-describedby", `${id}-hint ${id}-problem`);
  }
  field.append(problem);
  root.append(field);

  let value = null;
  let waiting = 0;
  const look = () => {
    clearTimeout(waiting);
    waiting = 0;
    const text = area.value.trim();
    let said = "";
    value = null;
    try {
      if (text) value = read(text);
    } catch (error) {
      said = error.message;
    }
    problem.textContent = said;
    problem.hidden = !said;
    area.setAttribute("aria-invalid", String(Boolean(said)));
    onChange();
  };
  area.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(look, TYPING);
  });
  // Who leaves the field has ended writing: a button that comes next finds the item.
  area.addEventListener("change", () => {
    if (waiting) look();
  });

  const set = (said) => {
    clearTimeout(waiting);
    area.value = typeof said === "string" ? said : JSON.stringify(said);
    look();
  };
  return {
    empty: () => value === null,
    put: (form, name) => form.append(name, asText(value)),
    json: async () => value,
    preview: () => el("p", { class: "preview" }, shortened(asText(value))),
    held: () => area.value,
    clear: () => set(""),
    set,
  };
}

// Rows with known columns

function rowInput(root, label, columns, onChange) {
  const cells = new Map();
  let waiting = 0;
  const fields = columns.map(({ name, kind }, place) => {
    const id = `item-${crypto.getRandomValues(new Uint32Array(1))[0]}-${place}`;
    const cell = el("input", { id, type: "text", autocomplete: "off", inputmode: kind === "number" ? "decimal" : null });
    cell.addEventListener("input", () => {
      clearTimeout(waiting);
      waiting = setTimeout(onChange, TYPING);
    });
    cells.set(name, cell);
    return el("div", { class: "field" }, el("label", { for: id }, name, el("span", { class: "hint" }, ` ${kind}`)), cell);
  });
  root.append(
    el("fieldset", { class: "item-input" }, el("legend", {}, label), el("div", { class: "fields" }, ...fields)),
  );

  // An empty cell is a value that is not known.
  const row = () => Object.fromEntries([...cells].map(([name, cell]) => [name, cell.value.trim() || null]));
  const set = (said) => {
    const given = typeof said === "string" ? (said ? object(said) : {}) : said;
    for (const [name, cell] of cells) cell.value = given[name] ?? "";
    onChange();
  };
  return {
    empty: () => Object.values(row()).every((value) => value === null),
    put: (form, name) => form.append(name, JSON.stringify(row())),
    json: async () => row(),
    preview: () => el("p", { class: "preview" }, shortened(JSON.stringify(row()))),
    held: row,
    clear: () => set({}),
    set,
  };
}
