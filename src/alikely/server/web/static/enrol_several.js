// What a severalInput holds -> enrolled, as many in a request as the service takes, and what became of them.

import { el } from "./api.js";
import { badTable, progressIn } from "./several_account.js";
import { badOnes, sendAll } from "./several_sending.js";

/**
 * How many are {new, there, twice, bad, left}: twice stood in what was sent already; left were not sent, as it was
 * stopped or went wrong for all (`error`). `account` is a node with where the bad ones stand and why; null where nothing
 * is to be said. `fieldsOf(item)`: further fields.
 */
export async function enrolSeveral({ entries: all, problems }, { path, who, fields, fieldsOf, progress, kind }) {
  const entries = eachOnce(all);
  const sum = { new: 0, there: 0, twice: all.length - entries.length, left: 0, error: null };
  const bad = [...problems];
  let shared = [];
  const shown = progressIn(progress, entries.length, kind);
  // Of one name for all and of texts that are their own names, the request says it once.
  const single = entries[0].identity === undefined;
  const said = ({ item, identity, fields: own }) => (single ? item : { item, identity: identity ?? who, fields: { ...fieldsOf(item), ...fields, ...own } });
  let done = 0;
  try {
    await sendAll(entries, {
      said,
      asked: (chunk) => ({ path, json: single ? { items: chunk.map(said), fields } : { each: chunk.map(said) } }),
      onAnswer(answer, chunk) {
        sum.new += answer.new;
        sum.there += answer.there;
        sum.twice += answer.repeated;
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

/** What has the same item and name once, however it is cut into requests: the last, as the service keeps it. */
function eachOnce(entries) {
  return [...new Map(entries.map((entry) => [JSON.stringify([entry.item, entry.identity]), entry])).values()];
}

function account(bad, shared) {
  if (!bad.length && !shared.length) return null;
  const twice = shared.length ? el("p", { class: "small-print" }, `Some are enrolled under several names, such as ${shared[0].item}: ${shared[0].identities}. Who it is cannot be told from them.`) : null;
  return el("div", { class: "stack" }, badTable(bad, "What could not be enrolled, and why"), twice);
}
