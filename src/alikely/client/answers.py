"""What a service answers -> objects with the same fields as Alikely's own, without what these need to be computed.

So a program that only asks imports no network. The service's own classes say more of each (alikely.decision,
alikely.gallery, alikely.tasks); a test holds the fields against theirs.
"""

import base64
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from pydantic import BeforeValidator, TypeAdapter, ValidationError

from alikely.errors import ServiceError

T = TypeVar("T")

FieldSaid = str | int | float | bool
Fields = Mapping[str, FieldSaid]


def _pairs(said: Any) -> Any:
    """[{"item": a, "problem": b}] -> [(a, b)]."""
    return [tuple(one.values()) if isinstance(one, dict) else one for one in said]


def _lowest(said: Any) -> Any:
    """A threshold of null accepts nothing."""
    return -math.inf if said is None else said


def _picture(said: Any) -> Any:
    """A data URL -> what it holds."""
    return base64.b64decode(said.partition(",")[2]) if isinstance(said, str) else said


def _names(said: Any) -> Any:
    """[{"name": a, ...}] -> [a]."""
    return [one["name"] if isinstance(one, dict) and "name" in one else one for one in said]


Names = Annotated[tuple[str, ...], BeforeValidator(_names)]
Pairs = Annotated[tuple[tuple[str, str], ...], BeforeValidator(_pairs)]


@dataclass(frozen=True)
class Embedded:
    """One embedding for each item."""

    embeddings: list[list[float]]


@dataclass(frozen=True)
class Decision:
    """Whether two items are the same; as `alikely.Decision`."""

    verdict: str
    probability: float
    distance: float
    threshold: Annotated[float, BeforeValidator(_lowest)]
    fmr: float
    upper: float | None = None
    fnmr: float | None = None
    confidence: float = 0.0


@dataclass(frozen=True)
class Side:
    """One of two pictures as the encoder sees it, and coloured by what its regions do: contents of PNG files.

    `regions` are the nine sums of the map; above 0 a region is alike in both.
    """

    regions: Mapping[str, float]
    picture: Annotated[bytes, BeforeValidator(_picture)]
    map: Annotated[bytes, BeforeValidator(_picture)]


@dataclass(frozen=True)
class Explanation:
    """Why two pictures are as close as they are; as `alikely.Explanation`. `sentence` says it in words."""

    distance: float
    decision: Decision | None
    sentence: str
    left: Side
    right: Side


@dataclass(frozen=True)
class Threshold:
    """At or below `distance` an item is identified; as `alikely.gallery.Threshold`."""

    distance: float
    fpir: float
    confidence: float
    basis: str
    identities: int


@dataclass(frozen=True)
class Candidate:
    """An enrolled identity, and how far it is; as `alikely.gallery.Candidate`."""

    identity: str
    distance: float
    templates: int
    probability: float | None


@dataclass(frozen=True)
class Identification:
    """Who an item shows, or None; as `alikely.gallery.Identification`."""

    item: str
    identity: str | None
    threshold: Threshold
    candidates: tuple[Candidate, ...]
    distance: float
    probability: float | None


@dataclass(frozen=True)
class Hit:
    """A template like an item; as `alikely.gallery.Hit`."""

    key: str
    identity: str
    distance: float
    fields: Fields


@dataclass(frozen=True)
class Found:
    """What is most like an item, the nearest first."""

    item: str
    found: tuple[Hit, ...]


@dataclass(frozen=True)
class Enrolled:
    """What an enrolment did; as `alikely.gallery.Enrolled`."""

    new: int
    there: int
    changed: int
    problems: Pairs
    shared: Pairs


@dataclass(frozen=True)
class Removed:
    """What a removal did; as `alikely.gallery.Removed`."""

    templates: int
    searched: int
    traces: tuple[str, ...]


@dataclass(frozen=True)
class Template:
    """What is kept of an item beside its embedding."""

    key: str
    identity: str
    fields: Fields


@dataclass(frozen=True)
class Templates:
    """Some of the templates; `more` says whether others follow."""

    templates: tuple[Template, ...]
    more: bool


@dataclass(frozen=True)
class Identity:
    """An identity and how many templates it has."""

    identity: str
    templates: int


@dataclass(frozen=True)
class Identities:
    """Some of the identities, in alphabetical order, and how many there are in all."""

    identities: tuple[Identity, ...]
    total: int


@dataclass(frozen=True)
class About:
    """A gallery: what its items are, how much it holds, up to which distance it identifies (None: it cannot say)."""

    name: str
    items: str
    templates: int
    identities: int
    model: str
    distance: str
    joining: Mapping[str, Any]
    threshold: Threshold | None
    threshold_problem: str | None


@dataclass(frozen=True)
class Reason:
    """A part that makes an item deviate; as `alikely.tasks.anomaly.Reason`."""

    where: str
    share: float
    found: str
    normal: str


@dataclass(frozen=True)
class Scored:
    """What is said of one item; as `alikely.tasks.anomaly.Answer`. `map` is the content of a PNG file."""

    item: str
    anomalous: bool
    p_value: float
    deviation: float
    threshold: float
    distance: float
    nearest: str | None
    reasons: tuple[Reason, ...]
    map: Annotated[bytes | None, BeforeValidator(_picture)] = None


@dataclass(frozen=True)
class Scores:
    """What is said of each item, how many are anomalous, and what was left out, with the reason."""

    items: tuple[Scored, ...]
    anomalies: int
    skipped: Pairs


@dataclass(frozen=True)
class Recommendation:
    """An item and why; as `alikely.tasks.recommend.Recommendation`."""

    item: str
    match: float
    reason: str | None
    share: float | None
    fields: Fields
    title: str
    reason_title: str


@dataclass(frozen=True)
class Recommendations:
    """The best first; as `alikely.tasks.recommend.Recommendations`."""

    items: tuple[Recommendation, ...]
    unknown: tuple[str, ...] = ()
    by_popularity: bool = False


@dataclass(frozen=True)
class Known:
    """A known question near the one that was asked."""

    question: str
    answer: str
    distance: float
    fields: Fields


@dataclass(frozen=True)
class Reply:
    """The answer to a question, or None; as `alikely.tasks.sentences.Reply`."""

    question: str
    answer: str | None
    known: tuple[Known, ...]
    probability: float | None
    threshold: Threshold


@dataclass(frozen=True)
class Model:
    """The model that is served: its name, what it takes, the length of its embeddings, its distance."""

    name: str
    kind: str
    dim: int
    encoder: str
    distance: str
    calibrated: bool


@dataclass(frozen=True)
class Limits:
    """The most that one request may hold: items, megabytes of its body, millions of pixels of a picture."""

    items: int
    megabytes: float
    megapixels: float


@dataclass(frozen=True)
class Models:
    """What a service serves, all but the model by name; and the limits of a request."""

    model: Model | None
    galleries: Names
    detectors: Names
    recommenders: Names
    answers: Names
    limits: Limits


def answer_as(kind: type[T], said: Any) -> T:
    """An answer as an object of this class; what newer services say beyond it is left out.

    Raises ServiceError for an answer that is another one.
    """
    with _told():
        return TypeAdapter(kind).validate_python(said)


def answers_as(kind: type[T], said: Any) -> tuple[T, ...]:
    """The same for a list of answers."""
    with _told():
        return TypeAdapter(tuple[kind, ...]).validate_python(said)  # type: ignore[valid-type]


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the answer"
        raise ServiceError(
            f"the service answers something else than expected ({where}: {first['msg']}); is it Alikely, and of a "
            "version that fits?"
        ) from None
