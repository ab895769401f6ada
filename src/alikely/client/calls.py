"""What can be asked of a service -> which request that is, and how its answer is read. Nothing is sent here.

Each function is a method of `Client` and `AsyncClient` of the same name, where `at` is already given.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Generic, TypeVar

import numpy as np
from jaxtyping import Float

from alikely.client.answers import Decision, Embedded, Explanation, Models, Recommendations, Reply, Scores, answer_as
from alikely.client.saying import Item, all_said, said

T = TypeVar("T")
Read = Callable[[Any], T]


@dataclass(frozen=True)
class Call(Generic[T]):
    """One request, and how the JSON of its answer is read. `asked` is its body: None is no body."""

    method: str
    path: str
    read: Callable[[Any], T]
    asked: Mapping[str, Any] | None = None
    query: Mapping[str, Any] = field(default_factory=dict)


def embed(at: str, items: Sequence[Item]) -> Call[Float[np.ndarray, "items dim"]]:
    """One embedding a row, float32, in the order of the items."""
    return Call("POST", f"{at}/embed", _rows, {"items": all_said(items)})


def compare(
    at: str,
    left: Item,
    right: Item,
    fmr: float | None = None,
    fnmr: float | None = None,
    prior: float | None = None,
    confidence: float | None = None,
) -> Call[Decision]:
    """Whether two items are the same; what is left out is the model's own. As `SiameseModel.compare`."""
    asked = {"fmr": fmr, "fnmr": fnmr, "prior": prior, "confidence": confidence}
    return Call("POST", f"{at}/compare", as_a(Decision), {"left": said(left), "right": said(right), **asked})


def explain(at: str, left: Item, right: Item, seed: int = 0) -> Call[Explanation]:
    """Which regions of two pictures make the model call them alike or unlike. As `alikely.explain`."""
    return Call("POST", f"{at}/explain", as_a(Explanation), {"left": said(left), "right": said(right), "seed": seed})


def score(
    at: str,
    items: Sequence[Item],
    detector: str | None = None,
    rate: float | None = None,
    maps: bool = False,
    skip_bad: bool = False,
) -> Call[Scores]:
    """How rare each item is among normal ones, whether that is an anomaly, and why. As `Detector.judge_source`.

    `maps`: of pictures also where they deviate. `skip_bad`: go on past items that cannot be read.
    """
    asked = {"detector": detector, "rate": rate, "maps": maps, "skip_bad": skip_bad}
    return Call("POST", f"{at}/anomaly/score", as_a(Scores), {"items": all_said(items), **asked})


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


def models(at: str) -> Call[Models]:
    """What the service serves, by name."""
    return Call("GET", f"{at}/models", as_a(Models))


def as_a(kind: type[T]) -> Callable[[Any], T]:
    """How an answer of this class is read."""
    return partial(answer_as, kind)


def _rows(answered: Any) -> Float[np.ndarray, "items dim"]:
    rows = answer_as(Embedded, answered).embeddings
    return np.array(rows, dtype=np.float32).reshape(len(rows), len(rows[0]) if rows else 0)
