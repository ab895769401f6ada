"""What a service answers -> objects with the same fields as Alikely's own, without what these need to be computed.

So a program that only asks imports no network. The service's own classes say more of each (alikely.decision,
alikely.tasks); a test holds the fields against theirs.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from alikely.client.gallery_answers import Fields, Threshold
from alikely.client.reading import Lowest, Names, Pairs, Png


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
    threshold: Lowest
    fmr: float
    upper: float | None = None
    fnmr: float | None = None
    confidence: float = 0.0


@dataclass(frozen=True)
class OperatingPoint:
    """A threshold that was saved under a name, and the false-match rate that it promises with this confidence.

    `problem` says why it cannot be used with the model that is served; None where it can.
    """

    name: str
    threshold: float
    fmr: float
    confidence: float
    who: str
    when: str
    problem: str | None


@dataclass(frozen=True)
class OperatingPoints:
    """All of them, in the order in which they were saved."""

    points: tuple[OperatingPoint, ...]


@dataclass(frozen=True)
class Side:
    """One of two pictures as the encoder sees it, and coloured by what its regions do: contents of PNG files.

    `regions` are the nine sums of the map; above 0 a region is alike in both.
    """

    regions: Mapping[str, float]
    picture: Png
    map: Png


@dataclass(frozen=True)
class Explanation:
    """Why two pictures are as close as they are; as `alikely.Explanation`. `sentence` says it in words."""

    distance: float
    decision: Decision | None
    sentence: str
    left: Side
    right: Side


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
    map: Png | None = None


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
