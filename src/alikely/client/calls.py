"""What can be asked of a service -> which requests that are, and how their answer is read. Nothing is sent here.

Each function is a method of `Client` and `AsyncClient` of the same name, where `at` is already given.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

import numpy as np
from jaxtyping import Float

from alikely.client.answers import (
    Decision,
    Embedded,
    Explanation,
    Models,
    OperatingPoint,
    OperatingPoints,
    Recommendations,
    Reply,
    Scores,
)
from alikely.client.many import Many, Part, Problems, Progress, listed
from alikely.client.naming import alone, file_name
from alikely.client.reading import answer_as
from alikely.client.requests import Call
from alikely.client.saying import File, Item, refuse_one, said
from alikely.errors import ServiceError

T = TypeVar("T")
Rows = Float[np.ndarray, "_ dim"]  # how many differs from request to request


def embed(at: str, items: Iterable[Item], progress: Progress | None = None) -> Many[Rows, Rows]:
    """One embedding a row, float32, in the order of the items."""

    def ask(part: Part) -> Call[Rows]:
        return Call("POST", f"{at}/embed", _rows, {"items": part.said}, called=part.called)

    without = Call("GET", f"{at}/models", _no_rows)
    return Many("embedding", *listed(items), ask=ask, join=_joined_rows, progress=progress, without=without)


def compare(
    at: str,
    left: Item,
    right: Item,
    fmr: float | None = None,
    fnmr: float | None = None,
    prior: float | None = None,
    confidence: float | None = None,
    operating_point: str | None = None,
) -> Call[Decision]:
    """Whether two items are the same; what is left out is the model's own. As `SiameseModel.compare`.

    `operating_point`: a threshold that was saved under this name, in place of `fmr` and `confidence`.
    """
    asked = {"fmr": fmr, "fnmr": fnmr, "prior": prior, "confidence": confidence, "operating_point": operating_point}
    return of_items(f"{at}/compare", as_a(Decision), {"left": left, "right": right}, asked)


def explain(at: str, left: Item, right: Item, seed: int = 0) -> Call[Explanation]:
    """Which regions of two pictures make the model call them alike or unlike. As `alikely.explain`."""
    return of_items(f"{at}/explain", as_a(Explanation), {"left": left, "right": right}, {"seed": seed})


def score(
    at: str,
    items: Iterable[Item],
    detector: str | None = None,
    rate: float | None = None,
    maps: bool = False,
    skip_bad: bool = False,
    progress: Progress | None = None,
) -> Many[Scores, Scores]:
    """How rare each item is among normal ones, whether that is an anomaly, and why. As `Detector.judge_source`.

    `maps`: of pictures also where they deviate. `skip_bad`: go on past items that cannot be read.
    """
    settings = {"detector": detector, "rate": rate, "maps": maps, "skip_bad": skip_bad}

    def ask(part: Part) -> Call[Scores]:
        asked = {"items": part.said, "names": _names(part), **settings}
        return Call("POST", f"{at}/anomaly/score", partial(_scores, part), asked, called=part.called)

    return Many("scoring", *listed(items), ask=ask, join=_joined_scores, skips=skip_bad, progress=progress)


def recommend_for(
    at: str,
    history: Sequence[str] = (),
    person: str | None = None,
    k: int | None = None,
    where: str | None = None,
    with_seen: bool = False,
    diversity: float | None = None,
    recommender: str | None = None,
) -> Call[Recommendations]:
    """What somebody may like who liked the items `history`, the latest last. As `Recommender.for_somebody`."""
    refuse_one(history)
    asked = {"person": person, "k": k, "where": where, "with_seen": with_seen, "diversity": diversity}
    body = {"history": list(history), **asked, "recommender": recommender}
    return Call("POST", f"{at}/recommend/for", as_a(Recommendations), body)


def recommend_like(
    at: str,
    item: str,
    k: int | None = None,
    where: str | None = None,
    diversity: float | None = None,
    recommender: str | None = None,
) -> Call[Recommendations]:
    """The items that somebody may like because of this one, by its id. As `Recommender.like`."""
    body = {"item": item, "k": k, "where": where, "diversity": diversity, "recommender": recommender}
    return Call("POST", f"{at}/recommend/like", as_a(Recommendations), body)


def ask(
    at: str, question: str, wrong: float | None = None, confidence: float | None = None, answers: str | None = None
) -> Call[Reply]:
    """The answer to a question in any words, or that none is known. As `Answers.ask`."""
    body = {"question": question, "wrong": wrong, "confidence": confidence, "answers": answers}
    return Call("POST", f"{at}/sentences/ask", as_a(Reply), body)


def operating_points(at: str) -> Call[tuple[OperatingPoint, ...]]:
    """The thresholds that were saved under names, and what each promises."""
    return Call("GET", f"{at}/operating-points", lambda said: answer_as(OperatingPoints, said).points)


def models(at: str) -> Call[Models]:
    """What the service serves, by name."""
    return Call("GET", f"{at}/models", as_a(Models))


def as_a(kind: type[T]) -> Callable[[Any], T]:
    """How an answer of this class is read."""
    return partial(answer_as, kind)


def of_items(path: str, read: Callable[[Any], T], items: Mapping[str, Item], asked: Mapping[str, Any]) -> Call[T]:
    """A question about single items, by the names of their fields."""
    sent = {name: said(item) for name, item in items.items()}
    return Call("POST", path, read, {**sent, **asked}, called=partial(alone, items=items))


def _rows(answered: Any) -> Rows:
    rows = answer_as(Embedded, answered).embeddings
    return np.array(rows, dtype=np.float32).reshape(len(rows), len(rows[0]) if rows else 0)


def _no_rows(answered: Any) -> Rows:
    model = answer_as(Models, answered).model
    if model is None:
        raise ServiceError(
            "the service has no model to embed with; whoever runs it can give it one (alikely serve MODEL)"
        )
    return np.zeros((0, model.dim), dtype=np.float32)


def _joined_rows(answers: Sequence[Rows], problems: Problems) -> Rows:  # noqa: ARG001
    return np.concatenate(answers)


def _names(part: Part) -> list[str]:
    """What each item is called in the list of findings."""
    words = {File: "picture", dict: "row", str: "text"}
    placed = zip(part.items, part.said, part.places, strict=True)
    return [file_name(item) or f"{words.get(type(one), 'item')} {place + 1}" for item, one, place in placed]


def _scores(part: Part, answered: Any) -> Scores:
    scores = answer_as(Scores, answered)
    items = tuple(replace(one, item=part.called(one.item)) for one in scores.items)
    return replace(scores, items=items, skipped=part.all_called(scores.skipped))


def _joined_scores(answers: Sequence[Scores], problems: Problems) -> Scores:
    skipped = (*problems, *(one for scores in answers for one in scores.skipped))
    items = tuple(one for scores in answers for one in scores.items)
    return Scores(items, sum(scores.anomalies for scores in answers), skipped)
