// Two thresholds -> the pairs of the items looked at that change sides between them.

import { ask, el, showProblem } from "./api.js";
import { pairView } from "./label_items.js";
import { count, distance as shown } from "./words.js";

const FIRST = 6;
const AFTER = 350; // milliseconds that the threshold stands still

/** The card of the pairs; `show(before, after)` asks for them a moment later, once. */
export class Changes {
  constructor() {
    this.card = document.getElementById("changes");
    this.words = document.getElementById("changes-words");
    this.problem = document.getElementById("changes-problem");
    this.card.hidden = false;
  }

  show(before, after) {
    clearTimeout(this.timer);
    this.asked?.abort();
    this.timer = setTimeout(() => this.load(before, after), AFTER);
  }

  async load(before, after) {
    const asked = (this.asked = new AbortController());
    this.card.setAttribute("aria-busy", "true");
    showProblem(this.problem, null);
    try {
      const found = await ask(`/v1/thresholds/changes?before=${before}&after=${after}&shown=24`, { signal: asked.signal });
      this.tell(found);
    } catch (error) {
      showProblem(this.problem, error);
    } finally {
      if (asked === this.asked) this.card.removeAttribute("aria-busy");
    }
  }

  tell({ before, after, same, different, shown: items, searched, items: all, labels, learned, left_out: leftOut }) {
    document.getElementById("changes-learned").textContent = learnedFrom(labels, learned, leftOut);
    const [gained, lost] = [same.changing, different.changing];
    const looser = after > before;
    const sample = searched < all ? ` Looked at: a sample of ${searched.toLocaleString("en")} of ${count(all, "item")}.` : "";
    this.words.textContent =
      (before === after ? "This is the threshold that it is compared with: drag it, and pairs change sides." : `From ${shown(before)} to ${shown(after)}, ${count(gained + lost, "pair")} of your items ${gained + lost === 1 ? "changes" : "change"} sides.`) + sample;
    const now = looser ? "now taken for the same" : "now taken for different";
    this.list("different", different, items, looser ? "wrong" : "right", `${count(lost, "pair")} ${now}: ${looser ? "false matches that come" : "false matches that go"}. In all ${different.accepted_after.toLocaleString("en")} of ${different.pairs.toLocaleString("en")} are wrong.`);
    const wrong = same.pairs - same.accepted_after;
    this.list("same", same, items, looser ? "right" : "wrong", `${count(gained, "pair")} ${now}: ${looser ? "missed matches that go" : "missed matches that come"}. In all ${wrong.toLocaleString("en")} of ${same.pairs.toLocaleString("en")} are wrong.`);
  }

  list(kind, { nearest, changing }, items, becomes, words) {
    document.getElementById(`${kind}-words`).textContent = changing ? words : words.slice(words.indexOf("In all"));
    const list = document.getElementById(`${kind}-pairs`);
    const pairs = nearest.map((pair, place) => this.pair(pair, items, becomes, place));
    pairs.slice(FIRST).forEach((node) => (node.hidden = true));
    list.replaceChildren(...pairs);
    if (pairs.length > FIRST) {
      const more = el("button", { type: "button", class: "small", onclick: () => (pairs.forEach((node) => (node.hidden = false)), more.parentElement.remove()) }, "Show more");
      list.append(el("li", { class: "more-pairs" }, more));
    }
  }

  pair({ left, right, distance }, items, becomes, place) {
    const sides = [items[left], items[right]];
    // Of a text that is its own label, the caption need not say it again.
    const names = sides.map(({ label, name, text }) => (label === null ? name : label === text ? "" : name === text ? label : `${label} (${name})`));
    const mark = becomes === "wrong" ? el("span", { class: "chip bad" }, "wrong now") : el("span", { class: "chip good" }, "right now");
    return el(
      "li",
      {},
      pairView(sides, place + 1),
      el("p", { class: "pair-words" }, el("span", { class: "soft" }, names.filter((name, at) => name && name !== sides[at].text).join(" · ")), el("span", { class: "row" }, el("span", { class: "number" }, shown(distance)), mark)),
    );
  }
}

/** Which labels these pairs are of: on those that the model learned from it errs less than on others. */
function learnedFrom(labels, learned, leftOut) {
  if (!learned) return "";
  if (leftOut) return `Items of ${(labels - learned).toLocaleString("en")} of your ${count(labels, "label")}. The other ${learned.toLocaleString("en")} are left out: the model learned from them, and errs less on them than on new ones.`;
  return `The model learned from ${learned === labels ? `all ${labels.toLocaleString("en")}` : `${learned.toLocaleString("en")} of the ${labels.toLocaleString("en")}`} labels of these items: on others it errs more often than here.`;
}
