// What a severalInput holds -> judged by a detector, as many in a request as the service takes, and what was said.

import { badTable, progressIn } from "./several_account.js";
import { badOnes, sendAll } from "./several_sending.js";

/**
 * {cards: answers with the place of each, left: how many were not sent, error, account}: account is a node with where the
 * bad ones stand and why, or null. `asked`: the detector, and the rate where one is wanted.
 */
export async function judgeSeveral({ entries, problems }, { asked, progress, kind }) {
  const cards = [];
  const bad = [...problems];
  let error = null;
  let done = 0;
  const shown = progressIn(progress, entries.length, kind);
  try {
    await sendAll(entries, {
      said: ({ item }) => item,
      asked: (chunk) => ({ path: "/v1/anomaly/score", json: { items: chunk.map(({ item }) => item), names: chunk.map(({ place }) => place), skip_bad: true, ...asked } }),
      onAnswer({ items, skipped }, chunk) {
        const left = badOnes(skipped, chunk);
        bad.push(...left.map(({ entry, problem }) => ({ place: entry.place, problem })));
        const judged = chunk.filter((entry) => !left.some((one) => one.entry === entry));
        cards.push(...items.map((said, at) => ({ said, place: judged[at].place, item: judged[at].item })));
      },
      onBad: (entry, problem) => bad.push({ place: entry.place, problem }),
      onProgress: (number) => shown.at((done = number)),
      ended: shown.ended,
    });
  } catch (caught) {
    error = caught;
  } finally {
    shown.gone();
  }
  return { cards, left: entries.length - done, error, account: badTable(bad, "What could not be judged, and why") };
}
