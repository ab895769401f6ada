// Who is enrolled, a page at a time; an identity's templates; both can be removed, after a question.

import { ask, el, legible, showProblem, tell } from "./api.js";
import { fieldList, fillSpots, keptText, spot } from "./cards.js";
import { count } from "./words.js";

const PAGE = 24;
const TYPING = 200; // milliseconds

export function listView(here) {
  const [starts, cards, none, more, problem, removed] = ["starts", "identities", "list-none", "more", "list-problem", "removed"].map((id) => document.getElementById(id));
  const [title, oneNote, templates, moreTemplates, oneProblem] = ["one-title", "one-note", "templates", "more-templates", "one-problem"].map((id) => document.getElementById(id));
  let asking = new AbortController();
  let waiting = 0;
  let looked = null; // the identity that is looked at

  starts.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => showAll(), TYPING);
  });
  more.addEventListener("click", () => addPage(cards.children.length));
  moreTemplates.addEventListener("click", () => addTemplates(templates.children.length));
  document.getElementById("back").addEventListener("click", () => here.go("list"));
  document.getElementById("remove-one").addEventListener("click", () => {
    question(`Remove ${looked}?`, `All that is enrolled under this name goes: its embeddings and its fields.`, `/identities?identity=${encodeURIComponent(looked)}`, looked);
  });

  async function showAll() {
    asking.abort();
    asking = new AbortController();
    cards.replaceChildren();
    await addPage(0);
  }

  async function addPage(skip) {
    const signal = asking.signal;
    try {
      showProblem(problem, null);
      const asked = new URLSearchParams({ starts: starts.value, skip: String(skip), most: String(PAGE) });
      const { identities, total } = await ask(here.path(`/identities?${asked}`), { signal });
      const made = identities.map(identityCard);
      cards.append(...made.map((one) => one.card));
      more.hidden = skip + identities.length >= total;
      document.getElementById("finder").hidden = total === 0 && !starts.value;
      none.replaceChildren(...(total === 0 ? [emptyState()] : []));
      if (starts.value) tell(count(total, "identity", "identities"));
      if (skip) made[0]?.card.querySelector("button").focus();
      if (here.kind === "picture") await fillSpots(here.name(), made.map((one) => ({ node: one.node, identity: one.identity })), signal);
    } catch (error) {
      showProblem(problem, error);
    }
  }

  function emptyState() {
    if (starts.value) return el("div", { class: "empty" }, el("h2", {}, "Nobody is called so"), el("p", {}, `No identity begins with “${starts.value}”.`));
    return el("div", { class: "empty" }, el("h2", {}, "Nothing is enrolled yet"), el("p", {}, "Enrol who or what is to be known again: a few of each are better than one."), el("button", { type: "button", class: "primary", onclick: () => here.go("enrol") }, "Enrol"));
  }

  function identityCard({ identity, templates: many }) {
    const node = here.kind === "picture" ? spot(identity) : null;
    const open = el("button", { type: "button", class: "open", title: identity, onclick: () => here.go("one", identity) }, el("span", { class: "clamped" }, identity));
    return { identity, node, card: el("article", { class: here.kind === "picture" ? "hit picture" : "hit" }, node, el("h3", {}, open), el("p", { class: "small-print" }, count(many, "template"))) };
  }

  async function showOne(identity) {
    asking.abort();
    asking = new AbortController();
    looked = identity;
    title.textContent = legible(identity);
    oneNote.textContent = "";
    removed.replaceChildren();
    templates.replaceChildren();
    document.getElementById("remove-one").hidden = false;
    await addTemplates(0);
    title.focus({ preventScroll: true });
  }

  async function addTemplates(skip) {
    const signal = asking.signal;
    try {
      showProblem(oneProblem, null);
      const asked = new URLSearchParams({ identity: looked, skip: String(skip), most: String(PAGE) });
      const found = await ask(here.path(`/templates?${asked}`), { signal });
      const made = found.templates.map((template) => ({ key: template.key, ...templateCard(template) }));
      templates.append(...made.map((one) => one.card));
      moreTemplates.hidden = !found.more;
      const shown = templates.children.length;
      oneNote.textContent = shown ? `${count(shown, "template")}${found.more ? " shown, there are more" : ""}: what this identity is compared by.` : "Nobody is enrolled under this name.";
      document.getElementById("remove-one").hidden = shown === 0;
      if (here.kind === "picture") await fillSpots(here.name(), made, signal);
    } catch (error) {
      showProblem(oneProblem, error);
    }
  }

  function templateCard({ key, fields }) {
    const id = `template-${key}`;
    const node = here.kind === "picture" ? spot(looked) : null;
    const remove = el("button", { type: "button", class: "small danger", "aria-describedby": id, onclick: () => question("Remove this template?", `The embedding ${key.slice(0, 12)} of ${looked} goes, with its fields. Other templates of it stay.`, `/templates?key=${encodeURIComponent(key)}`, looked) }, "Remove");
    const text = keptText(fields);
    const head = text === null ? el("h3", { id, class: "key", title: key }, key.slice(0, 12)) : el("h3", { id, title: text }, el("span", { class: "clamped" }, text));
    const like = new URLSearchParams({ gallery: here.name(), like: key, who: looked });
    const search = el("a", { class: "button small", href: `/search?${like}`, "aria-describedby": id }, "Search like it");
    const card = el("article", { class: here.kind === "picture" ? "hit picture" : "hit", "aria-labelledby": id }, node, head, fieldList(fields), el("div", { class: "row actions" }, search, remove));
    return { node, card };
  }

  /** Ask before anything is lost; then say what is gone, and whether anything is left of it. */
  function question(heading, words, path, identity) {
    const dialog = document.getElementById("remove");
    const yes = document.getElementById("remove-yes");
    const said = document.getElementById("remove-problem");
    document.getElementById("remove-title").textContent = legible(heading);
    const pictures = here.kind === "picture" ? "Small copies of pictures that the service keeps of it go, too. Files in folders of your own stay where they are." : "";
    document.getElementById("remove-body").replaceChildren(el("p", {}, words), pictures ? el("p", {}, pictures) : "", el("p", {}, "This cannot be undone."));
    showProblem(said, null);
    yes.disabled = false;
    yes.onclick = async () => {
      yes.disabled = true;
      try {
        const done = await ask(here.path(path), { method: "DELETE" });
        dialog.close();
        gone(done, identity, path.startsWith("/identities"));
      } catch (error) {
        if (error.code === "gallery" && error.status === 404) {
          dialog.close();
          removedMeanwhile(identity);
          return;
        }
        showProblem(said, error);
        yes.disabled = false;
      }
    };
    dialog.showModal();
    document.getElementById("remove-not").focus();
  }

  /** Somebody else, or another tab, was first. */
  function removedMeanwhile(identity) {
    here.changed();
    here.go("list");
    const words = `That was removed meanwhile: nothing of ${identity} was left to remove here.`;
    removed.replaceChildren(el("div", { class: "notice info" }, el("p", {}, words)));
    removed.focus();
    tell(words);
  }

  async function gone(done, identity, whole) {
    here.changed();
    if (whole || templates.children.length <= 1) here.go("list");
    else await showOne(identity);
    const words = `${count(done.templates, "template")} of ${identity} removed. ${left(done)}`;
    const place = whole || document.getElementById("view-one").hidden ? removed : oneProblem;
    place.replaceChildren(el("div", { class: `notice ${done.traces.length ? "warn" : "good"}` }, el("p", {}, words), done.traces.length ? el("ul", {}, ...done.traces.map((file) => el("li", {}, el("code", {}, file)))) : null));
    if (place === removed) removed.focus();
    tell(words);
  }

  return { showAll, showOne };
}

function left({ traces, searched }) {
  if (!searched) return "What the server’s own files still hold cannot be looked at from here.";
  if (traces.length) return "But traces of it are left in these files:";
  return `Nothing of it is left in the gallery’s files: ${count(searched, "file was", "files were")} searched.`;
}
