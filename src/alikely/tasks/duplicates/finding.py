"""A source of items in; which of them are copies of each other, in pairs and in groups, out."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from alikely.data.checks.looks import Look
from alikely.data.checks.words import look_at_row, look_at_text
from alikely.data.items import counted, read_all
from alikely.data.sources import read_items
from alikely.embedding import Progress
from alikely.errors import SettingsError
from alikely.gallery.content import content_of
from alikely.model import SiameseModel
from alikely.neighbours import (
    AlikeGroups,
    AlikePairs,
    Group,
    Limit,
    NearPairs,
    limit_for,
    near_pairs,
    said_of,
    star_groups,
)
from alikely.tasks.duplicates.chance import FEWEST, NEARER, chance_of, widest_rate
from alikely.tasks.duplicates.changed import distance_of_changed
from alikely.tasks.duplicates.kept import kept_in
from alikely.tasks.duplicates.ways import ByLooks, ByModel, Way
from alikely.types import Examples, Item, Kind

AT_ONCE = 256  # items that are read before what they became is kept
MOST_COPIES = 50  # nearest ones of an item that are told as pairs; groups hold them all

LOOKS: Mapping[Kind, Callable[[Item], Look]] = {"text": look_at_text, "row": look_at_row}


@dataclass(frozen=True, eq=False)
class Duplicates:
    """Copies among the items of a source: in pairs, the nearest first, and in groups, the largest first.

    Items that are exactly alike are 0 apart; of more than two of these, each is paired with the first. `new` is how
    many items were looked at in this run, and not in one before.
    """

    pairs: AlikePairs
    groups: AlikeGroups
    identical: int
    new: int

    @property
    def exit_code(self) -> int:
        """For the command line: 0 done, 1 some items could not be read."""
        return 1 if self.pairs.skipped else 0

    def to_dict(self) -> dict[str, Any]:
        """For JSON: items, new, limit (null: exactly alike only), pairs, groups, skipped, notes."""
        groups = self.groups.to_dict()["groups"]
        return {**self.pairs.to_dict(), "groups": groups, "identical": self.identical, "new": self.new}


def duplicates(
    source: Path | str | Examples,
    model: SiameseModel | None = None,
    state: Path | str | None = None,
    fmr: float | None = None,
    confidence: float | None = None,
    items: str = "auto",
    progress: Progress | None = None,
    seed: int = 0,
) -> Duplicates:
    """Copies among the items of a folder, a table or Examples; items that cannot be read are named, the others go on.

    With a `model`, of any kind of items: those that its calibration calls the same; `fmr` is the rate of different
    pairs taken for copies, with this `confidence`; without it, the strictest that the calibration can bear, up to one
    wrong pair among all.

    Without one, pictures: copies that were saved anew, resized, made lighter or darker, mirrored, or cut a little. The
    limit follows from how often different ones of these pictures come so near (`chance.py`), such that at most about
    5 % of the pairs found are wrong, or a single pair in all, as far as changed copies of these pictures lie
    (`changed.py`); or by an `fmr`, at most 0.01. These are estimates. Samples are drawn by the `seed`. A note says how
    many more pairs lie beyond the limit.
    Without a model, texts and rows: those that differ only in capitals, blanks and punctuation; all other items: those
    exactly alike.

    `state` is a folder that keeps what items were turned into: a further run with more of them reads only the new ones.
    Every pair is compared, so the time grows with the square of the items; pictures without a model take about 30 times
    as long as embeddings of 384 numbers.

    Raises InputError for a source that cannot be read, CalibrationError for a rate that cannot be borne, SettingsError
    where the model takes other items, GalleryError for a `state` of another model.
    """
    examples = _read(source, model, items)
    contents, bad = read_all(examples.items, examples.names, content_of)
    there = np.array([place for place, content in enumerate(contents) if content is not None], np.int64)
    keys = [str(contents[place]) for place in there]
    way = _way(model, examples.kind)
    if isinstance(way, ByLooks):
        _check_rates(fmr, confidence)
    if way is None:
        if fmr is not None or state is not None:
            raise SettingsError(
                f"without a model, only {examples.kind}s that are alike however they are written are found, at no rate "
                "and with no state; name a model (--model MODEL), or leave fmr and state out"
            )
        return _equal_ones(examples, there, _forms(examples, there, keys), len(keys), bad)
    with kept_in(state, way.dim, way.made_by) as kept:
        firsts = _firsts(keys)
        unique = there[list(firsts.values())]
        new, problems = 0, list(bad)
        for start in range(0, len(unique), AT_ONCE):
            some = unique[start : start + AT_ONCE]
            missing = kept.missing([str(contents[place]) for place in some])
            fresh = np.array([place for place in some if contents[place] in missing], np.int64)
            if len(fresh):
                read, rows, unread = way.rows_of(examples.select(fresh))
                kept.put([str(contents[fresh[place]]) for place in read], rows)
                new += len(read)
                problems += unread
            if progress:
                progress("looking", start + len(some), len(unique))
        found, rows = kept.of([str(contents[place]) for place in unique])
    readable = unique[found]
    tellable = way.tellable(rows)
    near = _near(way, examples, readable[tellable], rows[tellable], fmr, confidence, seed, progress)
    good = set(readable.tolist())
    copies = [
        (int(first), int(place))
        for place, key in zip(there, keys, strict=True)
        if (first := there[firsts[key]]) != place and first in good
    ]
    return _joined(near, copies, new, problems)


@dataclass(frozen=True, eq=False)
class _Near:
    """Near pairs and groups of some of the items, by their places among all."""

    pairs: AlikePairs
    groups: AlikeGroups


def _near(
    way: Way,
    examples: Examples,
    places: Int[np.ndarray, " places"],
    rows: Float[np.ndarray, "places dim"],
    fmr: float | None,
    confidence: float | None,
    seed: int,
    progress: Progress | None,
) -> _Near:
    said, notes = said_of(examples), examples.notes
    told = None if progress is None else lambda done, total: progress("comparing", done, total)
    compared = way.compared(rows)
    if isinstance(way, ByModel):
        limit = limit_for(way.model.calibration, len(places), fmr, confidence)
        found = near_pairs(compared, way.distance, limit.distance, MOST_COPIES, told)
    else:
        chance = chance_of(compared, way.distance, seed)
        if chance is None:
            count = counted(len(places), "picture is", "pictures are")
            note = (
                f"{count} too few or too alike to say how near is a copy ({FEWEST} at the least): only those exactly "
            )
            return _nothing_near(said, (*notes, f"{note}alike are found"))
        pairs = len(places) * (len(places) - 1) // 2
        rate = widest_rate(pairs) if fmr is None else fmr
        widest = chance.distance(rate)
        found = near_pairs(compared, way.distance, widest, MOST_COPIES, told)
        if fmr is None:
            limit = chance.limit(found.distances, pairs, distance_of_changed(examples.select(places), seed))
        else:
            limit = Limit(widest, fmr, 0.0, pairs)
        kept = found.distances <= limit.distance
        notes = (*notes, *_beyond(found.distances[~kept], rate))
        found = NearPairs(found.left[kept], found.right[kept], found.distances[kept])
    grouped = star_groups(compared, way.distance, limit.distance, told)
    pairs_found = NearPairs(places[found.left], places[found.right], found.distances)
    groups = tuple(Group(places[group.members], group.distances) for group in grouped)
    return _Near(AlikePairs(said, pairs_found, limit, notes=notes), AlikeGroups(said, groups, limit, notes=notes))


def _beyond(distances: Float[np.ndarray, " beyond"], rate: float) -> list[str]:
    """How many near pairs are not told, and how to see them."""
    if len(distances) == 0:
        return []
    return [
        f"{counted(len(distances), 'more pair lies', 'more pairs lie')} beyond the limit, from a distance of "
        f"{distances[0]:.3g}; with --fmr {rate} (in Python fmr={rate}) they are told too"
    ]


def _nothing_near(said: tuple[str, ...], notes: tuple[str, ...]) -> _Near:
    nothing = np.zeros(0, np.int64)
    none = NearPairs(nothing, nothing, np.zeros(0, np.float32))
    return _Near(AlikePairs(said, none, None, notes=notes), AlikeGroups(said, (), None, notes=notes))


def _joined(
    near: _Near, copies: Sequence[tuple[int, int]], new: int, problems: Sequence[tuple[str, str]]
) -> Duplicates:
    """Near ones, and those exactly alike: (the first, another)."""
    pairs = near.pairs.pairs
    left = np.concatenate([np.array([first for first, _ in copies], np.int64), pairs.left])
    right = np.concatenate([np.array([other for _, other in copies], np.int64), pairs.right])
    distances = np.concatenate([np.zeros(len(copies), np.float32), pairs.distances])
    order = np.lexsort((right, left, distances))
    every = NearPairs(left[order], right[order], distances[order])
    of_first: dict[int, list[int]] = {}
    for first, other in copies:
        of_first.setdefault(first, []).append(other)
    groups = []
    for group in near.groups.groups:
        members, far = [], []
        for member, distance in zip(group.members.tolist(), group.distances.tolist(), strict=True):
            alike = [member, *of_first.pop(member, [])]
            members += alike
            far += [distance] * len(alike)
        groups.append(Group(np.array(members), np.array(far, np.float32)))
    for first, others in of_first.items():
        groups.append(Group(np.array([first, *others]), np.zeros(1 + len(others), np.float32)))
    groups.sort(key=lambda group: (-len(group), group.middle))
    skipped = tuple(problems)
    return Duplicates(
        replace(near.pairs, pairs=every, skipped=skipped),
        replace(near.groups, groups=tuple(groups), skipped=skipped),
        len(copies),
        new,
    )


def _equal_ones(
    examples: Examples,
    there: Int[np.ndarray, " there"],
    forms: Sequence[str],
    new: int,
    bad: Sequence[tuple[str, str]],
) -> Duplicates:
    """Items of one form, without any distance."""
    firsts = _firsts(forms)
    copies = [
        (int(there[firsts[form]]), int(place))
        for row, (place, form) in enumerate(zip(there, forms, strict=True))
        if firsts[form] != row
    ]
    return _joined(_nothing_near(said_of(examples), examples.notes), copies, new, bad)


def _forms(examples: Examples, there: Int[np.ndarray, " there"], keys: Sequence[str]) -> list[str]:
    """What is left of texts and rows in their plainest way; of other items their content."""
    look = LOOKS.get(examples.kind)
    if look is None:
        return list(keys)
    forms = [look(examples.items[place]).form for place in there]
    return [key if form is None else form.hex() for key, form in zip(keys, forms, strict=True)]


def _way(model: SiameseModel | None, kind: Kind) -> Way | None:
    if model is not None:
        return ByModel(model, model.fingerprint())
    return ByLooks() if kind == "picture" else None


def _read(source: Path | str | Examples, model: SiameseModel | None, items: str) -> Examples:
    if isinstance(source, Examples):
        examples = source
    else:
        examples = read_items(source, items if model is None or items != "auto" else model.preparation.kind)
    if model is not None and examples.kind != model.preparation.kind:
        raise SettingsError(f"the model takes {model.preparation.kind}s, and these items are {examples.kind}s")
    return examples


def _check_rates(fmr: float | None, confidence: float | None) -> None:
    if fmr is not None and not 0 < fmr <= NEARER:
        raise SettingsError(f"without a model, the false-match rate must be above 0 and at most {NEARER}, got {fmr}")
    if confidence:
        raise SettingsError("without a model the rate is an estimate, with no confidence; name a model (--model MODEL)")


def _firsts(keys: Sequence[str]) -> dict[str, int]:
    """Where each key stands first."""
    firsts: dict[str, int] = {}
    for row, key in enumerate(keys):
        firsts.setdefault(key, row)
    return firsts
