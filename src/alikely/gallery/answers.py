"""What a gallery answers: who an item is or nobody, what is like it, what was enrolled and what was removed."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from alikely.decision import chance_of, shown, shown_apart
from alikely.metrics import percent
from alikely.types import Field

MOST_NAMED = 5  # items in a note

Basis = Literal["gallery", "calibration"]


@dataclass(frozen=True)
class Threshold:
    """At or below `distance` an item is identified; strangers are with a rate of at most `fpir`.

    `basis` says what shows it: the distances of the gallery's own identities from all others, or the calibration of
    the model, with a false-match rate of `fpir` divided by the number of templates. `confidence` 0 is an estimate.
    `identities` is the size of the gallery that it holds for.
    """

    distance: float
    fpir: float
    confidence: float
    basis: Basis
    identities: int

    def words(self, distance: str | None = None) -> str:
        """The threshold in words; `distance` as it is to be written beside others, by itself as distances are."""
        rate = f"at most {percent(self.fpir)}" if self.confidence else f"{percent(self.fpir)}, an estimate"
        many = f"{self.identities:,} {'identity' if self.identities == 1 else 'identities'}"
        limit = distance or shown(self.distance)
        return f"threshold {limit} for a false-positive-identification rate of {rate}, among {many}"


@dataclass(frozen=True)
class Candidate:
    """An enrolled identity and the distance to it, its templates joined. `templates` is how many were joined.

    `probability` is the chance that the item shows it, judged by this distance alone (None without a calibration), as
    if no other were near: those of several may be more than 1 together.
    """

    identity: str
    distance: float
    templates: int
    probability: float | None


@dataclass(frozen=True)
class Identification:
    """Who an item is: an identity, or None for nobody that is enrolled.

    `candidates` are the nearest identities, nearest first, whether or not they are near enough. `tied` are those of the
    nearest that no distance tells apart (but for rounding), by name; empty where one is nearer than all others.
    """

    item: str
    identity: str | None
    threshold: Threshold
    candidates: tuple[Candidate, ...]
    tied: tuple[str, ...] = ()

    @property
    def distance(self) -> float:
        """The distance of the nearest identity."""
        return self.candidates[0].distance

    @property
    def probability(self) -> float | None:
        """The chance that the item shows the nearest identity; None without a calibration."""
        return self.candidates[0].probability

    @property
    def exit_code(self) -> int:
        """For the command line: 0 identified, 1 nobody."""
        return 1 if self.identity is None else 0

    def sentence(self) -> str:
        """The answer in one line for people."""
        nearest = self.candidates[0]
        distance, limit = shown_apart(nearest.distance, self.threshold.distance)
        # A rate and a probability answer two questions; where they seem to contradict each other, only JSON has both.
        agrees = nearest.probability is not None and (nearest.probability >= 0.5) == (self.identity is not None)
        chance = f"probability {chance_of(nearest.probability)}; " if agrees and nearest.probability is not None else ""
        if self.identity is None:
            near = f"nearest is {nearest.identity}, {chance}distance {distance}"
            return f"nobody enrolled ({near}, {self.threshold.words(limit)})"
        return f"{self.identity} ({chance}distance {distance}, {self.threshold.words(limit)}){self._tie()}"

    def _tie(self) -> str:
        if not self.tied:
            return ""
        few = ", ".join(self.tied[:MOST_NAMED]) + (", ..." if len(self.tied) > MOST_NAMED else "")
        return f"\nnote: these are equally near, and it may be any of them: {few}"

    def to_dict(self) -> dict[str, Any]:
        """For JSON: item, identity (null: nobody), distance, probability, threshold, candidates, tied."""
        return {
            "item": self.item,
            "identity": self.identity,
            "distance": self.distance,
            "probability": self.probability,
            "threshold": asdict(self.threshold),
            "candidates": [asdict(candidate) for candidate in self.candidates],
            "tied": list(self.tied),
        }


@dataclass(frozen=True)
class Hit:
    """A template like the item that was searched with. `fields` are the user's own."""

    key: str
    identity: str
    distance: float
    fields: Mapping[str, Field]

    def to_dict(self) -> dict[str, Any]:
        """For JSON: the fields by name."""
        return {
            "key": self.key,
            "identity": self.identity,
            "distance": self.distance,
            "fields": dict(self.fields),
        }

    def cells(self) -> tuple[str, str, str]:
        """For printing: identity, distance, fields."""
        fields = ", ".join(f"{name} = {_as_said(value)}" for name, value in self.fields.items())
        return self.identity, shown(self.distance), fields


@dataclass(frozen=True)
class Enrolled:
    """What an enrolment did: templates that are new, those that were there (of these, `changed` got other fields).

    `problems` are the items that could not be read, with what is wrong with each; all others are enrolled. `shared` are
    those that are enrolled under several identities now, each with these: right for one thing with two names, else a
    mistake. `repeated` items stood in the source before, under the same identity: each is kept once, with the last
    fields that were given.
    """

    new: int
    there: int
    changed: int
    problems: tuple[tuple[str, str], ...]
    shared: tuple[tuple[str, str], ...] = ()
    repeated: int = 0

    @property
    def exit_code(self) -> int:
        """For the command line: 0 all is enrolled, 1 some items could not be read."""
        return 1 if self.problems else 0

    def sentence(self) -> str:
        """What was done, in one line."""
        changed = f" ({self.changed:,} with other fields now)" if self.changed else ""
        twice = f", {self.repeated:,} stood twice" if self.repeated else ""
        bad = f"; {len(self.problems):,} could not be read" if self.problems else ""
        return f"{self.new:,} enrolled, {self.there:,} there already{changed}{twice}{bad}{self._sharing()}"

    def _sharing(self) -> str:
        if not self.shared:
            return ""
        few = "; ".join(f"{item}: {identities}" for item, identities in self.shared[:MOST_NAMED])
        more = "; ..." if len(self.shared) > MOST_NAMED else ""
        what = "one item is" if len(self.shared) == 1 else f"{len(self.shared):,} items are"
        return f"\nnote: {what} enrolled under several identities ({few}{more})"

    def to_dict(self) -> dict[str, Any]:
        """For JSON: the counts, and the problems."""
        problems = [{"item": name, "problem": problem} for name, problem in self.problems]
        shared = [{"item": name, "identities": identities} for name, identities in self.shared]
        return {
            "new": self.new,
            "there": self.there,
            "changed": self.changed,
            "repeated": self.repeated,
            "problems": problems,
            "shared": shared,
        }


@dataclass(frozen=True)
class Removed:
    """How many templates were removed, and how many files were then searched for what might be left of them.

    `traces` are the files in which something was. `searched` is 0 for a server, whose files are out of reach.
    """

    templates: int
    searched: int
    traces: tuple[str, ...] = ()

    @property
    def exit_code(self) -> int:
        """For the command line: 0 removed, 1 removed, but something of it is left in a file."""
        return 1 if self.traces else 0

    def sentence(self) -> str:
        """What was done, in one line."""
        count = f"{self.templates:,} template{'' if self.templates == 1 else 's'} removed"
        if not self.searched:
            return f"{count}; what the server's own files still hold cannot be looked at"
        if self.traces:
            return f"{count}, but traces of them are left in {', '.join(self.traces)}"
        return f"{count}; nothing of them is left in the gallery's files"

    def to_dict(self) -> dict[str, Any]:
        """For JSON: the fields by name."""
        return {"templates": self.templates, "searched": self.searched, "traces": list(self.traces)}


def _as_said(value: Field) -> str:
    """As a condition says it."""
    return str(value).lower() if isinstance(value, bool) else str(value)
