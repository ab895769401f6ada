// The page Gallery: which of its views is shown (it stands in the address), and which gallery they are of.

import { ask, el, legible, showProblem } from "./api.js";
import { chooseGallery } from "./cards.js";
import { enrolView } from "./gallery_enrol.js";
import { listView } from "./gallery_list.js";
import { whoView } from "./gallery_who.js";
import { count } from "./words.js";

const root = document.getElementById("gallery-page");
const select = document.getElementById("gallery");
const galleries = JSON.parse(root.dataset.galleries);
for (const name of galleries) select.append(el("option", { value: name }, name));
document.getElementById("gallery-field").hidden = galleries.length < 2;

const here = {
  kind: document.body.dataset.kind,
  columns: JSON.parse(document.body.dataset.columns ?? "[]"),
  calibrated: Boolean(root.dataset.calibrated),
  promises: Boolean(root.dataset.promises),
  keeps: Boolean(root.dataset.keeps),
  name: () => select.value,
  path: (rest = "") => `/v1/galleries/${encodeURIComponent(select.value)}${rest}`,
  /** Show a view; `identity` is the one that is looked at in the view "one". */
  go(view, identity = null) {
    toAddress(view, identity);
    show(view, identity);
  },
  changed: refresh,
};
const views = { list: listView(here), who: whoView(here), enrol: enrolView(here) };

select.addEventListener("change", () => {
  chooseGallery(select, select.value, galleries, root);
  refresh();
  here.go("list");
});
for (const radio of document.getElementsByName("view")) radio.addEventListener("change", () => here.go(radio.value));
window.addEventListener("popstate", fromAddress);
fromAddress();
refresh();

function fromAddress() {
  const asked = new URLSearchParams(location.search);
  chooseGallery(select, asked.get("gallery"), galleries, root);
  const view = asked.get("identity") !== null ? "one" : (asked.get("view") ?? "list");
  show(["list", "one", "who", "enrol"].includes(view) ? view : "list", asked.get("identity"));
}

function toAddress(view, identity) {
  const asked = new URLSearchParams();
  if (galleries.length > 1) asked.set("gallery", select.value);
  if (identity !== null) asked.set("identity", identity);
  else if (view !== "list") asked.set("view", view);
  history.pushState(null, "", asked.size ? `${location.pathname}?${asked}` : location.pathname);
}

function show(view, identity) {
  for (const name of ["list", "one", "who", "enrol"]) document.getElementById(`view-${name}`).hidden = name !== view;
  document.querySelector(`[name="view"][value="${view === "one" ? "list" : view}"]`).checked = true;
  if (view === "one") views.list.showOne(identity);
  if (view === "list") views.list.showAll();
}

/** The counts, and the identities that are offered where one is to be written. */
async function refresh() {
  const counts = document.getElementById("counts");
  try {
    const [{ templates }, { identities, total }] = await Promise.all([
      ask("/v1/galleries").then((all) => all.galleries.find((one) => one.name === select.value)),
      ask(here.path("/identities?most=500")),
    ]);
    counts.textContent = legible(`${count(total, "identity", "identities")}, ${count(templates, "template")} enrolled in ${select.value}.`);
    document.getElementById("identities-known").replaceChildren(...identities.map((one) => el("option", { value: one.identity })));
  } catch (error) {
    showProblem(document.getElementById("list-problem"), error);
  }
}
