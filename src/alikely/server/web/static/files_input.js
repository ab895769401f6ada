// An empty element -> a place to drop, paste or choose several picture files, with what becomes of each.

import { el, tell } from "./api.js";
import { count } from "./words.js";

/**
 * `files()` are those that wait, each {file, state(word, said)}: state "done", "found" (done, and worth a look) or "bad" with words for people.
 * `clear(onlyDone)` forgets them. `onChange()` is called when others wait.
 */
export function filesInput(root, { label, onChange = () => {} }) {
  let held = [];
  const input = el("input", { type: "file", accept: "image/*", multiple: true, hidden: true, "aria-label": label });
  const choose = el("button", { type: "button", onclick: () => input.click() }, "Choose pictures");
  const drop = el("div", { class: "drop several" }, el("p", { class: "soft" }, "Drop or paste pictures here, as many as you like"), choose);
  const list = el("ul", { class: "file-list", "aria-label": "Pictures that were chosen", hidden: true });
  root.replaceChildren(el("fieldset", { class: "item-input" }, el("legend", {}, label), drop, input, list));

  input.addEventListener("change", () => {
    take(input.files);
    input.value = "";
  });
  drop.addEventListener("dragover", (event) => {
    event.preventDefault();
    drop.classList.add("over");
  });
  drop.addEventListener("dragleave", (event) => {
    if (!drop.contains(event.relatedTarget)) drop.classList.remove("over");
  });
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    take(event.dataTransfer.files);
  });
  document.addEventListener("paste", (event) => {
    const pasted = [...(event.clipboardData?.files ?? [])].filter((one) => one.type.startsWith("image/"));
    if (!pasted.length || event.defaultPrevented || !root.offsetParent) return;
    event.preventDefault();
    take(pasted);
  });

  function take(files) {
    // What could not be used was told, and is done with.
    for (const one of held) if (one.bad()) one.forget();
    held = held.filter((one) => !one.bad());
    for (const file of files) held.push(entry(file));
    shown();
    tell(`${count(held.length, "picture")} chosen`);
  }

  function entry(file) {
    const address = URL.createObjectURL(file);
    const said = el("span", { class: "state" }, size(file.size));
    const image = el("img", { src: address, alt: "" });
    image.addEventListener("load", () => image.classList.toggle("pixels", image.naturalWidth < 120));
    image.addEventListener("error", () => image.replaceWith(el("span", { class: "no-picture", "aria-hidden": "true" }, "?")));
    const remove = el("button", { type: "button", class: "quiet small", "aria-label": `Leave out ${file.name}` }, "✕");
    const node = el("li", {}, image, el("div", { class: "stack none" }, el("span", { class: "name", title: file.name }, file.name), said), remove);
    const one = {
      file,
      node,
      waiting: true,
      state(word, words) {
        node.dataset.state = word;
        said.textContent = words;
        one.waiting = word === "";
        remove.hidden = word === "done" || word === "found";
      },
      bad: () => node.dataset.state === "bad",
      forget: () => URL.revokeObjectURL(address),
    };
    remove.addEventListener("click", () => {
      held = held.filter((other) => other !== one);
      one.forget();
      shown();
      choose.focus();
    });
    return one;
  }

  function shown() {
    list.hidden = held.length === 0;
    list.replaceChildren(...held.map((one) => one.node));
    onChange();
  }

  return {
    files: () => held.filter((one) => one.waiting),
    clear() {
      for (const one of held) one.forget();
      held = [];
      shown();
    },
  };
}

const size = (bytes) => (bytes < 1e6 ? `${Math.max(1, Math.round(bytes / 1e3))} kB` : `${(bytes / 1e6).toFixed(1)} MB`);
