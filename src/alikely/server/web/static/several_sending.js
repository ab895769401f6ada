// Many items -> requests with as many as the service takes at once, one after the other, and what became of each.

import { ask } from "./api.js";

const SHARE = 0.9; // of what a request may hold
const PATIENCE = 120; // seconds that a request waits, at most, while the service has too much to do

/**
 * Send `entries`, each as `said(entry)`. `asked(several)`: the address and body of a request with some of them.
 *
 * onAnswer(answer, chunk)   it was answered
 * onBad(entry, problem)     one could not be taken
 * onProgress(number)        so many have been dealt with
 * ended()                   whether somebody has stopped it
 *
 * Gives how many were dealt with. Throws what is wrong with all of them: then the rest was not sent.
 */
export async function sendAll(entries, { said, asked, onAnswer, onBad, onProgress, ended }) {
  let done = 0;
  for (const chunk of chunks(entries, said)) {
    if (ended()) break;
    await sendChunk(chunk, { asked, onAnswer, onBad });
    done += chunk.length;
    onProgress(done);
  }
  return done;
}

function* chunks(entries, said) {
  const { items, uploadMb } = document.body.dataset;
  const most = SHARE * uploadMb * 1e6;
  const measure = new TextEncoder();
  let chunk = [];
  let bytes = 0;
  for (const entry of entries) {
    const size = measure.encode(JSON.stringify(said(entry))).length + 2;
    if (chunk.length && (chunk.length >= Number(items) || bytes + size > most)) {
      yield chunk;
      [chunk, bytes] = [[], 0];
    }
    chunk.push(entry);
    bytes += size;
  }
  if (chunk.length) yield chunk;
}

/** One bad entry may have a whole request refused: then its halves are sent, until the bad one stands alone. */
async function sendChunk(chunk, { asked, onAnswer, onBad }) {
  try {
    onAnswer(await patiently(asked(chunk)), chunk);
  } catch (error) {
    if (![413, 422].includes(error.status) || error.code === "settings") throw error;
    if (error.items.length === chunk.length) {
      for (const [at, entry] of chunk.entries()) onBad(entry, error.items[at].problem);
    } else if (chunk.length === 1) {
      onBad(chunk[0], error.message);
    } else {
      const middle = Math.ceil(chunk.length / 2);
      for (const half of [chunk.slice(0, middle), chunk.slice(middle)]) await sendChunk(half, { asked, onAnswer, onBad });
    }
  }
}

async function patiently({ path, json }) {
  for (let waited = 0; ; ) {
    try {
      return await ask(path, { json });
    } catch (error) {
      waited += error.retryAfter;
      if (!error.retryAfter || waited > PATIENCE) throw error;
      await new Promise((later) => setTimeout(later, 1000 * error.retryAfter));
    }
  }
}

/**
 * The entries that an answer names as bad, each with its problem. Items are named by their place in the request, counted
 * from 1: “row 3”, “'some text' (item 3)”.
 */
export function badOnes(problems, chunk) {
  return problems.map(({ item, problem }) => ({ entry: chunk[Number(/(\d+)\)?$/.exec(item)?.[1]) - 1], problem }));
}
