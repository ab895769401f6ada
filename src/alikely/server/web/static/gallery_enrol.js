// Items, who they show and fields in; enrolled one by one, with what became of each.

import { ask, el, showProblem, tell } from "./api.js";
import { filesInput } from "./files_input.js";
import { itemInput } from "./item_input.js";
import { smallEnough } from "./smaller.js";
import { count } from "./words.js";

const AT_ONCE = 2; // requests under way

export function enrolView(here) {
  const [form, identity, rows, problem, progress, done] = ["enrol", "identity", "field-rows", "enrol-problem", "enrol-progress", "enrolled"].map((id) => document.getElementById(id));
  const place = document.getElementById("enrol-items");
  const pictures = here.kind === "picture" ? filesInput(place, { label: "Pictures", onChange: () => done.replaceChildren() }) : null;
  const single = pictures ? null : itemInput(place, { kind: here.kind, label: { text: "A text", row: "A row" }[here.kind] ?? "An item" });
  document.getElementById("identity-hint").textContent = here.kind === "text"
    ? "What is known under this name. Empty: the text itself."
    : "The name of the person or thing. One that is enrolled already gets further templates.";
  document.getElementById("kept-note").textContent = kept();
  document.getElementById("add-field").addEventListener("click", () => {
    rows.append(fieldRow());
    rows.lastElementChild.querySelector("input").focus();
  });

  function kept() {
    if (!pictures) return "What is kept is the embedding, the name and the fields.";
    return here.keeps
      ? "What is kept are the embeddings, the name, the fields, and a small copy of each picture, until it is removed."
      : "What is kept are the embeddings, the name and the fields; no copy of a picture.";
  }

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    showProblem(problem, null);
    const who = identity.value.trim();
    if (!who && here.kind !== "text") return missing("Write who or what it shows.", identity);
    const waiting = pictures ? pictures.files() : [];
    if (pictures ? !waiting.length : single.empty()) return missing(pictures ? "Choose at least one picture." : "Give an item first.");
    let fields;
    try {
      fields = fieldsSaid();
    } catch (error) {
      return missing(error.message);
    }
    const button = form.querySelector("button.primary");
    button.disabled = true;
    try {
      if (pictures) await enrolFiles(waiting, who, fields);
      else await enrolOne(who, fields);
      here.changed();
    } catch (error) {
      showProblem(problem, error);
    } finally {
      button.disabled = false;
      progress.hidden = true;
    }
    return undefined;
  });

  function missing(words, field = null) {
    problem.replaceChildren(el("div", { class: "notice warn", role: "alert" }, el("p", {}, words)));
    field?.focus();
  }

  async function enrolFiles(waiting, who, fields) {
    const sum = { new: 0, there: 0, bad: 0 };
    let next = 0;
    let ended = 0;
    progress.hidden = false;
    progress.max = waiting.length;
    progress.value = 0;
    const worker = async () => {
      while (next < waiting.length) {
        const one = waiting[next];
        next += 1;
        one.state("sending", "enrolling …");
        try {
          const sent = new FormData();
          sent.append("items", (await smallEnough(one.file)).blob, one.file.name);
          sent.append("identity", who);
          if (Object.keys(fields).length) sent.append("fields", JSON.stringify(fields));
          took(one, await ask(here.path("/enrol"), { form: sent }), sum);
        } catch (error) {
          sum.bad += 1;
          one.state("bad", error.message);
        }
        ended += 1;
        progress.value = ended;
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    told(sum, who);
  }

  function took(one, said, sum) {
    if (said.problems.length) {
      sum.bad += 1;
      one.state("bad", said.problems[0].problem);
    } else if (said.new) {
      sum.new += 1;
      one.state("done", said.shared.length ? `enrolled; also known as ${said.shared[0].identities}` : "enrolled");
    } else {
      sum.there += 1;
      one.state("done", said.changed ? "was there; has other fields now" : "was there already");
    }
  }

  async function enrolOne(who, fields) {
    const item = await single.json();
    const said = await ask(here.path("/enrol"), { json: { items: [item], ...(who ? { identity: who } : {}), fields } });
    if (said.problems.length) return missing(`It cannot be read: ${said.problems[0].problem}`);
    single.clear();
    told({ new: said.new, there: said.there, bad: 0 }, who || "itself");
    return undefined;
  }

  function told(sum, who) {
    const parts = [sum.new && `${count(sum.new, here.kind)} enrolled as ${who}`, sum.there && `${sum.there} there already`, sum.bad && `${sum.bad} could not be enrolled`].filter(Boolean);
    const words = `${parts.join(", ")}.`;
    const shown = sum.new + sum.there > 0 && who !== "itself" ? el("button", { type: "button", class: "small", onclick: () => here.go("one", who) }, `Look at ${who}`) : null;
    done.replaceChildren(el("div", { class: `notice ${sum.bad ? "warn" : "good"}` }, el("p", {}, words), shown));
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

function valueOf(text) {
  if (/^(true|false)$/i.test(text)) return text.toLowerCase() === "true";
  // Nothing may be lost when it is kept as a number: 007 and +41 are names.
  return /^-?(0|[1-9]\d*)(\.\d+)?$/.test(text) && text.replace(/\D/g, "").length <= 15 ? Number(text) : text;
}
