"""Hashes and thumbnails -> the same item, or nearly, in two identities, in a pair called different, or in two parts.

Nearly the same are pictures that look like copies, and texts and rows that are only written in another way.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from jaxtyping import Bool, Int, Shaped

from alikely.data.checks.findings import Finding, finding_of_pairs, listed
from alikely.data.checks.measures import Measures
from alikely.data.checks.near_pictures import are_near_copies, near_copies
from alikely.data.items import counted
from alikely.types import Examples, Kind, Pairs

# How much alike identical items are, and how near duplicates are alike.
EXACTLY: dict[Kind, str] = {
    "picture": "byte for byte",
    "text": "letter for letter",
    "row": "cell for cell",
    "sequence": "byte for byte",
    "embedding": "number for number",
}
NEARLY: dict[Kind, str] = {
    "picture": "look like copies of each other",
    "text": "differ only in capitals, blanks and punctuation",
    "row": "differ only in how their cells are written",
}


def duplicates(
    examples: Examples, measures: Measures, parts: Shaped[np.ndarray, " items"] | None = None
) -> Iterator[Finding]:
    """Findings identical and near_duplicate, and repeated: identical within one identity.

    `parts` name the part, such as train or test, that each item is in.
    """
    copies = _copies(measures.digests)
    marks = {"labels": examples.labels, "parts": parts}
    known = {what: given for what, given in marks.items() if given is not None}
    near: list[tuple[int, int]] = []
    if known and examples.kind == "picture":
        near = near_copies(measures, np.stack([_numbers(given) for given in known.values()], axis=1))
    for what, given in known.items():
        yield from _identical(examples, given, what, copies)
        otherwise = near if examples.kind == "picture" else _written_otherwise(measures, given)
        yield from _alike(examples, given, what, otherwise)
    if examples.pairs is not None:
        yield from _in_different_pairs(examples, examples.pairs, measures, copies)
    if examples.labels is not None:
        yield from _repeated(examples, examples.labels, copies)


def _identical(
    examples: Examples, marks: Shaped[np.ndarray, " items"], what: str, copies: Sequence[Sequence[int]]
) -> Iterator[Finding]:
    """Items exactly alike that bear several marks: labels, or parts."""
    # One item of each mark is enough to show it.
    firsts = [[places[i] for i in _first_of_each(marks[list(places)])] for places in copies]
    torn = [places for places in firsts if len(places) > 1]
    if torn:
        name = examples.names
        said = listed(" = ".join(f"{name[place]} ({marks[place]})" for place in places) for places in torn)
        pairs = [(places[0], other) for places in torn for other in places[1:]]
        stand = counted(len(torn), "item stands", "items stand")
        text = f"{stand}, {EXACTLY[examples.kind]} the same, under several {what}: {said}"
        yield replace(finding_of_pairs("identical", text, "warning", examples, pairs), count=len(torn))


def _alike(
    examples: Examples, marks: Shaped[np.ndarray, " items"], what: str, near: Sequence[tuple[int, int]]
) -> Iterator[Finding]:
    torn = [(left, right) for left, right in near if marks[left] != marks[right]]
    if torn:
        name = examples.names
        said = listed(f"{name[left]} ({marks[left]}) and {name[right]} ({marks[right]})" for left, right in torn)
        pairs = counted(len(torn), "pair", "pairs")
        text = f"{pairs} of {examples.kind}s under different {what} {NEARLY[examples.kind]}: {said}"
        yield finding_of_pairs("near_duplicate", text, "warning", examples, torn)


def _in_different_pairs(
    examples: Examples, pairs: Pairs, measures: Measures, copies: Sequence[Sequence[int]]
) -> Iterator[Finding]:
    """Given pairs that are said to be different, but are copies."""
    copy, name = np.arange(len(examples)), examples.names
    for places in copies:
        copy[places] = places[0]
    rows = np.flatnonzero(~pairs.same)
    left, right = pairs.left[rows], pairs.right[rows]
    equal = copy[left] == copy[right]
    near = ~equal & _nearly_equal(examples, measures, left, right)
    for check, found, text in (
        ("identical", equal, f"are {EXACTLY[examples.kind]} the same"),
        ("near_duplicate", near, NEARLY.get(examples.kind, "")),
    ):
        ends = list(zip(left[found].tolist(), right[found].tolist(), strict=True))
        if ends:
            said = listed(f"{name[one]} and {name[other]}" for one, other in ends)
            what = (
                f"{counted(len(ends), 'pair', 'pairs')} of {examples.kind}s {text}, though said to be different: {said}"
            )
            yield finding_of_pairs(check, what, "warning", examples, ends)


def _repeated(
    examples: Examples, labels: Shaped[np.ndarray, " items"], copies: Sequence[Sequence[int]]
) -> Iterator[Finding]:
    pairs = []
    for places in copies:
        for label in np.unique(labels[places]):
            first, *others = [place for place in places if labels[place] == label]
            pairs += [(first, other) for other in others]
    if pairs:
        name = examples.names
        said = listed(f"{name[left]} = {name[right]}" for left, right in pairs)
        what = (
            f"{counted(len(pairs), 'item repeats another of its', 'items repeat another of their')} identity "
            f"{EXACTLY[examples.kind]}, which makes same pairs "
            f"that are too easy: {said}"
        )
        yield finding_of_pairs("repeated", what, "note", examples, pairs)


def _copies(digests: Sequence[bytes | None]) -> list[list[int]]:
    """The places of items with equal hashes, in groups of two and more."""
    by_content: dict[bytes, list[int]] = defaultdict(list)
    for place, digest in enumerate(digests):
        if digest is not None:
            by_content[digest].append(place)
    return [places for places in by_content.values() if len(places) > 1]


def _first_of_each(marks: Shaped[np.ndarray, " items"]) -> list[int]:
    return sorted(np.unique(marks, return_index=True)[1].tolist())


def _numbers(marks: Shaped[np.ndarray, " items"]) -> Int[np.ndarray, " items"]:
    return np.unique(marks, return_inverse=True)[1]


def _written_otherwise(measures: Measures, marks: Shaped[np.ndarray, " items"]) -> list[tuple[int, int]]:
    """Pairs of items of one form that are not identical and bear different marks; each such content once."""
    pairs = []
    for places in _copies(measures.forms):
        firsts: dict[tuple[object, bytes | None], int] = {}
        for place in places:
            firsts.setdefault((marks[place], measures.digests[place]), place)
        for (mark, digest), place in list(firsts.items())[1:]:
            earlier = (first for (other, another), first in firsts.items() if other != mark and another != digest)
            first = next(earlier, place)
            if first < place:
                pairs.append((first, place))
    return pairs


def _nearly_equal(
    examples: Examples, measures: Measures, left: Int[np.ndarray, " pairs"], right: Int[np.ndarray, " pairs"]
) -> Bool[np.ndarray, " pairs"]:
    if examples.kind == "picture":
        return are_near_copies(measures, left, right)
    return np.array(
        [
            measures.forms[one] is not None and measures.forms[one] == measures.forms[other]
            for one, other in zip(left, right, strict=True)
        ],
        dtype=np.bool_,
    )
