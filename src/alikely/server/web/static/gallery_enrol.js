// Items, who they show and fields in; enrolled, with what became of each.

import { ask, el, showProblem, tell } from "./api.js";
import { enrolPictures } from "./enrol_pictures.js";
import { enrolSeveral } from "./enrol_several.js";
import { valueOf } from "./field_values.js";
import { filesInput } from "./files_input.js";
import { oneOrSeveral } from "./one_or_several.js";
import { aKind, capital, count } from "./words.js";

const LONGEST = 500; // signs of a text that are kept; the tick box says so

export function enrolView(here) {
  const [form, identity, identityField, rows, problem, progress, done] = ["enrol", "identity", "identity-field", "field-rows", "enrol-problem", "enrol-progress", "enrolled"].map((id) => document.getElementById(id));
  const place = document.getElementById("enrol-items");
  const pictures = here.kind === "picture" ? filesInput(place, { label: "Pictures", onChange: () => done.replaceChildren() }) : null;
  const written = pictures ? null : oneOrSeveral(place, { kind: here.kind, label: capital(aKind(here.kind)), columns: here.columns, named: true, onChange: fit });
  const keepText = document.getElementById("keep-text");
  keepText.addEventListener("change", () => (document.getElementById("kept-note").textContent = kept()));
  identity.addEventListener("input", fit);
  document.getElementById("kept-note").textContent = kept();
  document.getElementById("add-field").addEventListener("click", () => {
    rows.append(fieldRow());
    rows.lastElementChild.querySelector("input").focus();
  });
  fit();

  function many() {
    return Boolean(written?.many());
  }

  /** Where each of many has its own name, none is asked for. */
  function fit() {
    identityField.hidden = many() && !written.several.oneName();
    document.getElementById("keep-text-field").hidden = here.kind !== "text" || !named();
    document.getElementById("identity-hint").textContent = here.kind === "text" && !written.many()
      ? "What is known under this name. Empty: the text itself."
      : "The name of the person or thing. One that is enrolled already gets further templates.";
  }

  /** Whether texts get a name; one that is its own name is shown by that. */
  function named() {
    return many() ? !written.several.itself() : identity.value.trim() !== "";
  }

  /** Further fields of an item: of a text, as much of it as cards show. */
  function fieldsOf(item) {
    if (here.kind !== "text" || !keepText.checked || !named()) return {};
    const signs = [...item];
    return { text: signs.length > LONGEST ? `${signs.slice(0, LONGEST - 1).join("")}…` : item };
  }

  function kept() {
    if (here.kind === "text" && keepText.checked) return "What is kept is the embedding, the name, the fields, and the text.";
    if (!pictures) return "What is kept is the embedding, the name and the fields.";
    return here.keeps
      ? "What is kept are the embeddings, the name, the fields, and a small copy of each picture, until it is removed."
      : "What is kept are the embeddings, the name and the fields; no copy of a picture.";
  }

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    showProblem(problem, null);
    done.replaceChildren();
    const who = identity.value.trim();
    const looked = many() ? written.several.look() : null;
    if (looked && !looked.entries.length) return missing("Choose a file, or paste something: there is nothing to enrol yet.");
    if (!who && !identityField.hidden && (here.kind !== "text" || looked)) return missing("Write who or what it shows.", identity);
    const waiting = pictures ? pictures.files() : [];
    if (pictures ? !waiting.length : !looked && written.one.empty()) return missing(pictures ? "Choose at least one picture." : "Give an item first.");
    let fields;
    try {
      fields = fieldsSaid();
    } catch (error) {
      return missing(error.message);
    }
    const button = form.querySelector("button.primary");
    button.disabled = true;
    try {
      const asked = { path: here.path("/enrol"), who, fields, fieldsOf, progress };
      if (pictures) told(await enrolPictures(waiting, asked), who);
      else if (looked) await severalEnrolled(looked, asked);
      else await enrolOne(who, fields);
    } catch (error) {
      showProblem(problem, error);
    } finally {
      here.changed();
      button.disabled = false;
      progress.replaceChildren();
    }
    return undefined;
  });

  function missing(words, field = null) {
    problem.replaceChildren(el("div", { class: "notice warn", role: "alert" }, el("p", {}, words)));
    field?.focus();
  }

  async function enrolOne(who, fields) {
    const item = await written.one.json();
    const said = await ask(here.path("/enrol"), { json: { items: [item], ...(who ? { identity: who } : {}), fields: { ...fieldsOf(item), ...fields } } });
    if (said.problems.length) return missing(`It cannot be read: ${said.problems[0].problem}`);
    written.one.clear();
    told({ new: said.new, there: said.there, bad: 0 }, who || "itself");
    return undefined;
  }

  async function severalEnrolled(looked, asked) {
    const sum = await enrolSeveral(looked, { ...asked, kind: here.kind });
    told(sum, written.several.oneName() ? asked.who : null, sum.account);
    showProblem(problem, sum.error);
    if (!sum.bad && !sum.left) written.several.clear();
  }

  /** `who`: the name of all; "itself"; null: each has its own. */
  function told({ new: fresh, there, twice = 0, bad, left = 0 }, who, account = null) {
    const parts = [fresh && `${count(fresh, here.kind)} enrolled${who === null ? "" : ` as ${who}`}`, there && `${there.toLocaleString("en")} there already`, twice && `${twice.toLocaleString("en")} stood twice in what was sent`, bad && `${bad.toLocaleString("en")} could not be enrolled`, left && `${left.toLocaleString("en")} not sent yet: press Enrol to go on`].filter(Boolean);
    const words = `${parts.join(", ")}.`;
    const single = who !== "itself" && who !== null;
    const button = fresh + there === 0 ? null : el("button", { type: "button", class: "small", onclick: () => (single ? here.go("one", who) : here.go("list")) }, single ? `Look at ${who}` : "Look at all that are enrolled");
    done.replaceChildren(el("div", { class: `notice ${bad || left ? "warn" : "good"}` }, el("p", {}, words), button), account ?? "");
    tell(words);
  }

  function fieldRow() {
    const name = el("input", { placeholder: "name, such as shop", "aria-label": "Name of the field", autocomplete: "off" });
    const value = el("input", { placeholder: "value", "aria-label": "Value of the field", autocomplete: "off" });
    const row = el("div", { class: "field-row" }, name, value, el("button", { type: "button", class: "quiet", "aria-label": "Remove this field", onclick: () => { row.remove(); document.getElementById("add-field").focus(); } }, "✕"));
    return row;
  }

  /** Fields as the command reads them: numbers as numbers, true and false as truths, else texts. */
  function fieldsSaid() {
    const fields = {};
    for (const row of rows.children) {
      const [name, value] = [...row.querySelectorAll("input")].map((input) => input.value.trim());
      if (!name && !value) continue;
      if (!name || !value) throw new Error("A field needs a name and a value.");
      fields[name] = valueOf(value);
    }
    return fields;
  }
}
