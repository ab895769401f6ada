"""What a service answers about a gallery -> objects with the same fields as those of alikely.gallery."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from alikely.client.reading import Pairs

FieldSaid = str | int | float | bool
Fields = Mapping[str, FieldSaid]


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
    tied: tuple[str, ...]
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
    repeated: int
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
