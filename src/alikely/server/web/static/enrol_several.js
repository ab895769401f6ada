// What a severalInput holds -> enrolled, as many in a request as the service takes, and what became of them.

import { el } from "./api.js";
import { badTable, progressIn } from "./several_account.js";
import { badOnes, sendAll } from "./several_sending.js";

/**
 * How many are {new, there, bad, left}: left were not sent, as it was stopped or went wrong for all (`error`). `account`
 * is a node with where the bad ones stand and why; null where nothing is to be said.
 */
export async function enrolSeveral({ entries, problems }, { path, who, fields, progress, kind }) {
  const sum = { new: 0, there: 0, left: 0, error: null };
  const bad = [...problems];
  let shared = [];
  const shown = progressIn(progress, entries.length, kind);
  // Of one name for all and of texts that are their own names, the request says it once.
  const single = entries[0].identity === undefined;
  const said = ({ item, identity, fields: own }) => (single ? item : { item, identity: identity ?? who, fields: { ...fields, ...own } });
  let done = 0;
  try {
    await sendAll(entries, {
      said,
      asked: (chunk) => ({ path, json: single ? { items: chunk.map(said), fields } : { each: chunk.map(said) } }),
      onAnswer(answer, chunk) {
        sum.new += answer.new;
        sum.there += answer.there;
        bad.push(...badOnes(answer.problems, chunk).map(({ entry, problem }) => ({ place: entry.place, problem })));
        shared = shared.concat(answer.shared.slice(0, 1));
      },
      onBad: (entry, problem) => bad.push({ place: entry.place, problem }),
      onProgress: (number) => shown.at((done = number)),
      ended: shown.ended,
    });
  } catch (error) {
    sum.error = error;
  }
  return { ...sum, bad: bad.length, left: entries.length - done, account: account(bad, shared) };
}

function account(bad, shared) {
  if (!bad.length && !shared.length) return null;
  const twice = shared.length ? el("p", { class: "small-print" }, `Some are enrolled under several names, such as ${shared[0].item}: ${shared[0].identities}. Who it is cannot be told from them.`) : null;
  return el("div", { class: "stack" }, badTable(bad, "What could not be enrolled, and why"), twice);
}
