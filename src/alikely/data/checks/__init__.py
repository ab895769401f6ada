"""Examples -> what is wrong with them or worth knowing, before anything is learned from them."""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import replace

import numpy as np
from jaxtyping import Shaped

from alikely.contracts import Preparation
from alikely.data.checks.contradictions import contradictions
from alikely.data.checks.duplicates import duplicates
from alikely.data.checks.findings import Finding, by_severity, listed
from alikely.data.checks.labels import of_labels, require_enough
from alikely.data.checks.measures import NAMED, Measures, measure
from alikely.data.checks.parts import in_two_parts, parts_of
from alikely.data.checks.shortcuts import shortcuts
from alikely.data.items import counted
from alikely.errors import SettingsError
from alikely.types import Examples, Kind

__all__ = ["CHECKS", "Finding", "check_examples", "require_enough"]

CHECKS = (
    "too_few",
    "unreadable",
    "contradiction",
    "identical",
    "near_duplicate",
    "shared_identity",
    "shared_group",
    "shortcut",
    "empty",
    "spelling",
    "repeated",
    "imbalance",
    "single",
    "few_identities",
    "source",
)

# What is said of items of which nothing can be told; texts and rows without anything cannot be read at all.
EMPTY: dict[Kind, str] = {
    "picture": "of a single colour",
    "sequence": "without a change in any channel",
    "embedding": "of nothing but zeros",
}

Progress = Callable[[int, int], None]


def check_examples(
    examples: Examples,
    parts: Shaped[np.ndarray, " items"] | None = None,
    against: Examples | None = None,
    ignore: Collection[str] = (),
    progress: Progress | None = None,
    preparation: Preparation | None = None,
) -> list[Finding]:
    """All findings, errors first. Every item is looked at once; `progress` is told (items so far, items in all).

    `parts` name the part (train, test ...) of each item, where the examples are split already; by itself what a column
    part, split, fold or subset says. `against` are examples that should share nothing with these, such as the user's
    own test set: of them, only what they share is looked for. `ignore` names checks, statistics or columns left out.
    `preparation` is what items other than pictures are read by; by itself, that of their kind without settings.

    - `too_few` (error): not enough to learn from, as `require_enough` says.
    - `unreadable` (error): items that cannot be read.
    - `contradiction` (error): a pair called same and different; called different though same pairs join its ends;
      or against the labels.
    - `identical` (warning): exactly alike, under two labels, in two parts, or in a pair called different.
    - `near_duplicate` (warning): likewise, but pictures saved anew, resized or a little brighter or darker; texts and
      rows written otherwise (capitals, blanks, punctuation).
    - `shared_identity`, `shared_group` (warning): in two parts, or here and in `against`.
    - `shortcut` (warning; of a column beside the items: note): a simple statistic of the items, or one column of rows,
      alone tells same from different.
    - `empty` (warning): pictures of a single colour, sequences that never change, embeddings of zeros.
    - `spelling` (warning): labels that differ only in capitals or blanks.
    - `repeated`, `imbalance`, `single`, `few_identities` (notes): counts that are worth knowing.
    - `source` (note): what the source had to say, such as files left out.

    Raises SettingsError where `ignore` names something that does not exist.
    """
    if examples.kind in NAMED:
        _require_known(examples, ignore, NAMED[examples.kind])
    if parts is None:
        parts = parts_of(examples)
    count = len(examples)
    every = examples if against is None else _both(examples, against)
    measured = measure(every, progress, preparation)
    _require_known(examples, ignore, measured.statistics)
    measures = measured.select(np.arange(count))
    findings = [
        *of_labels(examples),
        *_of_items(every, measured),
        *contradictions(examples),
        *duplicates(examples, measures, parts),
        *([] if parts is None else in_two_parts(examples, parts)),
        *([] if against is None else _shared(every, measured, count)),
        *shortcuts(examples, measures, ignore),
        *(Finding("source", note, "note") for note in every.notes),
    ]
    return by_severity(finding for finding in findings if finding.check not in ignore)


def _require_known(examples: Examples, ignore: Collection[str], statistics: Iterable[str]) -> None:
    further = {*examples.columns, *(examples.pairs.columns if examples.pairs is not None else ())}
    known = dict.fromkeys((*CHECKS, *NAMED.get(examples.kind, ()), *statistics, *sorted(further)))
    unknown = sorted(set(ignore) - set(known))
    if unknown:
        raise SettingsError(f"ignore: there is no {' and no '.join(unknown)}; there are: {', '.join(known)}")


def _both(examples: Examples, against: Examples) -> Examples:
    """The items of both, with what a split must not tear apart: labels (of both, or of none), groups likewise."""
    if examples.kind != against.kind:
        raise SettingsError(f"{examples.kind}s cannot be checked against {against.kind}s; name items of one kind")
    return Examples(
        items=(*examples.items, *against.items),
        names=(*examples.names, *against.names),
        labels=_joined(examples.labels, against.labels),
        groups=_joined(examples.groups, against.groups),
        notes=(*examples.notes, *against.notes),
        kind=examples.kind,
    )


def _joined(
    marks: Shaped[np.ndarray, " items"] | None, more: Shaped[np.ndarray, " others"] | None
) -> Shaped[np.ndarray, " both"] | None:
    return None if marks is None or more is None else np.concatenate([marks.astype(str), more.astype(str)])


def _shared(every: Examples, measured: Measures, count: int) -> Iterator[Finding]:
    """What the first `count` items share with the rest."""
    parts = np.where(np.arange(len(every)) < count, "checked", "against")
    yield from duplicates(replace(every, labels=None), measured, parts)
    yield from in_two_parts(every, parts)


def _of_items(examples: Examples, measures: Measures) -> Iterator[Finding]:
    """Items that cannot be read, and those of which nothing can be told."""
    name = examples.names
    unreadable = np.flatnonzero(~measures.readable)
    if len(unreadable):
        said = listed(f"{name[place]}: {measures.problems[place]}" for place in unreadable)
        names = tuple(examples.names[place] for place in unreadable)
        yield Finding(
            "unreadable", f"{counted(len(names), 'item', 'items')} cannot be read: {said}", "error", names, len(names)
        )
    empty = np.flatnonzero(measures.empty)
    if len(empty):
        names = tuple(examples.names[place] for place in empty)
        said = listed(name[place] for place in empty)
        empty_ones = f"{counted(len(names), examples.kind, f'{examples.kind}s')} {EMPTY[examples.kind]}"
        what = f"{empty_ones}, of which nothing can be told: {said}"
        yield Finding("empty", what, "warning", names, len(names))
