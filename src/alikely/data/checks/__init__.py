"""Examples -> what is wrong with them or worth knowing, before anything is learned from them."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from jaxtyping import Shaped
from PIL import Image

from alikely.data.checks.findings import Finding
from alikely.data.items import open_picture
from alikely.errors import InputError, TooFewError
from alikely.types import Examples, Item

MOST_SHOWN = 3


def check_examples(examples: Examples) -> list[Finding]:
    """All findings, errors first.

    - `contradiction` (error): a pair that is said to be both the same and different.
    - `identical` (warning): two items alike byte for byte, under two labels or in a pair said to be different.
    - `spelling` (warning): labels that differ only in capitals or blanks.
    - `single` (note): identities with one item only.
    - `source` (note): what the source had to say, such as files left out.

    Items that cannot be read are passed over here: reading them says so.
    """
    findings = [
        *_contradictions(examples),
        *_identical(examples),
        *_spellings(examples),
        *_singles(examples),
        *(Finding("source", note, "note") for note in examples.notes),
    ]
    order = ("error", "warning", "note")
    return sorted(findings, key=lambda finding: order.index(finding.severity))


def require_enough(examples: Examples) -> None:
    """Raise InputError where nothing is known of the items, TooFewError where too little is to learn from it.

    With labels: at least two identities, and one of them with two items. With pairs: at least one of each kind.
    """
    if examples.labels is not None:
        labels, counts = np.unique(examples.labels, return_counts=True)
        if len(labels) < 2:
            raise TooFewError(
                f"found {len(examples)} items of {len(labels)} identity ({_listed(map(str, labels))}), but telling "
                "alike from different takes at least 2 identities; add items of others"
            )
        if counts.max() < 2:
            raise TooFewError(
                f"each of the {len(labels)} identities has a single item, but at least one needs 2 or more to learn "
                "what alike means; add items, or check that the label is the identity and not the name of the file"
            )
    elif examples.pairs is not None:
        same = int(examples.pairs.same.sum())
        different = len(examples.pairs) - same
        if same == 0 or different == 0:
            raise TooFewError(
                f"found {same} same and {different} different pairs, but it takes at least 1 of each; add such pairs"
            )
    else:
        raise InputError("nothing is known of these items; give labels or pairs")


def _contradictions(examples: Examples) -> Iterator[Finding]:
    if examples.pairs is None:
        return
    pairs = examples.pairs
    ends = np.sort(np.stack([pairs.left, pairs.right], axis=1), axis=1)
    same = {(int(left), int(right)) for left, right in ends[pairs.same]}
    different = {(int(left), int(right)) for left, right in ends[~pairs.same]}
    both = sorted(same & different)
    if both:
        said = _listed(f"{examples.names[left]} and {examples.names[right]}" for left, right in both)
        names = tuple(examples.names[place] for pair in both for place in pair)
        what = f"{len(both)} pairs are said to be the same and to be different: {said}"
        yield Finding("contradiction", what, "error", names)


def _identical(examples: Examples) -> Iterator[Finding]:
    copies = _copies(examples.items)
    if examples.labels is not None:
        # One item of each label is enough to show it.
        firsts = [[places[i] for i in _first_of_each(examples.labels[places])] for places in copies]
        torn = [places for places in firsts if len(places) > 1]
        if torn:
            said = _listed(
                " = ".join(f"{examples.names[place]} ({examples.labels[place]})" for place in places) for places in torn
            )
            names = tuple(examples.names[place] for places in torn for place in places)
            what = f"{len(torn)} items stand, byte for byte the same, under several labels: {said}"
            yield Finding("identical", what, "warning", names)
    if examples.pairs is not None:
        copy = np.arange(len(examples))
        for places in copies:
            copy[places] = places[0]
        pairs = examples.pairs
        rows = np.flatnonzero(~pairs.same & (copy[pairs.left] == copy[pairs.right]))
        if len(rows):
            ends = [(examples.names[pairs.left[row]], examples.names[pairs.right[row]]) for row in rows]
            said = _listed(f"{left} and {right}" for left, right in ends)
            what = f"{len(rows)} pairs are byte for byte the same, though said to be different: {said}"
            yield Finding("identical", what, "warning", tuple(name for pair in ends for name in pair))


def _first_of_each(labels: Shaped[np.ndarray, " items"]) -> list[int]:
    return sorted(np.unique(labels, return_index=True)[1].tolist())


def _copies(items: Iterable[Item]) -> list[list[int]]:
    """The places of items that are alike byte for byte, in groups of two and more."""
    by_size: dict[object, list[tuple[int, Item]]] = defaultdict(list)
    for place, item in enumerate(items):
        by_size[_size(item)].append((place, item))
    by_content: dict[object, list[int]] = defaultdict(list)
    for size, alike in by_size.items():
        # Most files differ in size already, and need not be read.
        if size is not None and len(alike) > 1:
            for place, item in alike:
                content = _content(item)
                if content is not None:
                    by_content[size, hashlib.sha256(content).digest()].append(place)
    return [places for places in by_content.values() if len(places) > 1]


def _size(item: Item) -> object:
    if isinstance(item, Path | str):
        try:
            return Path(item).stat().st_size or None
        except OSError:
            return None
    if isinstance(item, Image.Image):
        return item.mode, item.size
    return item.dtype.str, item.shape


def _content(item: Item) -> bytes | None:
    try:
        if isinstance(item, Image.Image):
            return open_picture(item).tobytes()
        return Path(item).read_bytes() if isinstance(item, Path | str) else item.tobytes()
    except (OSError, InputError):
        return None


def _spellings(examples: Examples) -> Iterator[Finding]:
    if examples.labels is None:
        return
    spelled: dict[str, list[str]] = defaultdict(list)
    for label in np.unique(examples.labels):
        spelled["".join(str(label).split()).casefold()].append(str(label))
    for labels in spelled.values():
        if len(labels) > 1:
            said = _listed(map(repr, labels))
            names = tuple(np.array(examples.names)[np.isin(examples.labels, labels)].tolist())
            yield Finding("spelling", f"labels that differ only in capitals or blanks: {said}", "warning", names)


def _singles(examples: Examples) -> Iterator[Finding]:
    if examples.labels is None:
        return
    _, firsts, counts = np.unique(examples.labels, return_index=True, return_counts=True)
    places = firsts[counts == 1]
    if len(places):
        said = _listed(str(label) for label in examples.labels[places])
        what = f"{len(places)} of {len(counts)} identities have a single item, of use only as different: {said}"
        yield Finding("single", what, "note", tuple(examples.names[place] for place in places))


def _listed(names: Iterable[str]) -> str:
    every = list(names)
    more = f" and {len(every) - MOST_SHOWN} more" if len(every) > MOST_SHOWN else ""
    return ", ".join(every[:MOST_SHOWN]) + more
