// Picture files -> enrolled, one request each, so that each says what became of it.

import { ask, el } from "./api.js";
import { smallEnough } from "./smaller.js";

const AT_ONCE = 2; // requests under way

/** Enrol those that wait in a filesInput as `who`; how many are {new, there, bad}. */
export async function enrolPictures(waiting, { path, who, fields, progress }) {
  const sum = { new: 0, there: 0, bad: 0 };
  let next = 0;
  const bar = el("progress", { max: waiting.length, value: 0, "aria-label": "Enrolled so far" });
  progress.replaceChildren(bar);
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
        took(one, await ask(path, { form: sent }), sum);
      } catch (error) {
        sum.bad += 1;
        one.state("bad", error.message);
      }
      bar.value += 1;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return sum;
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
