"""Examples -> parts to train, validate, calibrate and test on, with no identity and no group in two of them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from jaxtyping import Bool, Int, Shaped

from alikely.data.checks import require_enough
from alikely.data.items import counted
from alikely.data.joining import joined
from alikely.errors import SettingsError, TooFewError
from alikely.types import Examples

# With fewer units than this that hold a same pair, none are spared to validate on.
FEWEST_TO_VALIDATE = 20

# How many shuffles are tried until every part has what it needs. Only small or tangled sources take more than one.
MOST_TRIES = 100


@dataclass(frozen=True)
class Fractions:
    """How much of the identities each part gets; together 1. Only train must be more than 0."""

    train: float = 0.6
    validate: float = 0.1
    calibrate: float = 0.15
    test: float = 0.15

    def __post_init__(self) -> None:
        shares = [getattr(self, field.name) for field in fields(self)]
        if min(shares) < 0 or self.train <= 0 or not math.isclose(sum(shares), 1, abs_tol=1e-6):
            raise SettingsError(
                f"the fractions {self} do not divide the identities: each must be 0 or more, train more than 0, "
                f"and together they must be 1, not {sum(shares):g}"
            )


@dataclass(frozen=True)
class Split:
    """The parts of some examples; None for a part that was given nothing.

    `positions` are, by name of the part, where its items stand in the examples that were split, ascending.
    `dropped_pairs` were between items of two parts.
    """

    train: Examples
    validate: Examples | None
    calibrate: Examples | None
    test: Examples | None
    positions: dict[str, Int[np.ndarray, " items"]]
    dropped_pairs: int

    def describe(self) -> dict[str, Any]:
        """The numbers of identities, items and given pairs in each part, and of pairs dropped; fit for JSON.

        Where nothing is known of the items, their number alone.
        """
        counts: dict[str, Any] = {"dropped_pairs": self.dropped_pairs}
        for name in self.positions:
            part: Examples = getattr(self, name)
            counts[name] = {
                **({"identities": int(_identities(part).max()) + 1} if not part.unlabelled else {}),
                "items": len(part),
                **({"pairs": 0 if part.pairs is None else len(part.pairs)} if not part.unlabelled else {}),
            }
        return counts

    def labels(self) -> dict[str, list[str]]:
        """Which labels are in each part, in order: the record that nobody stands in two. Empty lists without labels."""
        parts: dict[str, Examples] = {name: getattr(self, name) for name in self.positions}
        return {
            name: [] if part.labels is None else [str(label) for label in np.unique(part.labels)]
            for name, part in parts.items()
        }


def split(examples: Examples, seed: int, fractions: Fractions = Fractions()) -> Split:
    """Divide the examples by identity, the same way for the same seed, whatever the order of the items.

    What is dealt out is a unit: an identity, or all identities that share a group with each other (or with others that
    do). Without labels, an identity is what the pairs said to be the same join. A part gets its fraction of the units,
    so roughly of the identities, not of the items. Units with two items of an identity and units without are dealt
    separately, so that each part has its share of both. Where there are only pairs, units that the different pairs
    join are kept together as far as the fractions allow; pairs across two parts are dropped.

    Every part has at least two identities and two items of one of them; where there are only pairs, at least one pair
    of each kind. A part to validate on is spared only with at least 20 units that hold two items of an identity;
    otherwise its fraction goes to train.

    Raises TooFewError where that cannot be, InputError where nothing is known of the items.
    """
    require_enough(examples)
    units = _units_of(examples)
    found = _divided(examples, units, seed, fractions)
    if found is None:
        raise TooFewError(_too_few(examples, units, fractions, _way_out(examples, units, seed, fractions)))
    return found


def _divided(examples: Examples, units: "_Units", seed: int, fractions: Fractions) -> Split | None:
    """The parts; None where some cannot have what they need."""
    rng = np.random.default_rng(seed)
    shares = {field.name: getattr(fractions, field.name) for field in fields(fractions)}
    chosen = {name: share for name, share in shares.items() if share > 0}
    without = {name: share for name, share in chosen.items() if name != "validate"}
    without["train"] += shares["validate"]
    enough = units.useful.sum() >= FEWEST_TO_VALIDATE
    for parts in [chosen, without] if enough and "validate" in chosen else [without]:
        part_of = _dealt(examples, units, parts, rng)
        if part_of is not None:
            return _split(examples, tuple(parts), part_of[units.of_item])
    return None


def _way_out(examples: Examples, units: "_Units", seed: int, fractions: Fractions) -> str:
    """Which part to leave out so that these examples can be divided; all but train, where one does not do."""
    for name in ("test", "calibrate"):
        fewer = replace(fractions, train=fractions.train + getattr(fractions, name), **{name: 0.0})
        if fewer != fractions and _divided(examples, units, seed, fewer) is not None:
            return f"leave a part out: {name}_share = 0 (--set {name}_share=0)"
    return (
        "learn from all of them, with nothing to calibrate or measure by: validate_share = 0, calibrate_share = 0 and "
        "test_share = 0 (--set validate_share=0 --set calibrate_share=0 --set test_share=0)"
    )


@dataclass(frozen=True)
class _Units:
    """What is dealt out, numbered in an order that does not depend on the order of the items."""

    of_item: Int[np.ndarray, " items"]
    identity: Int[np.ndarray, " items"]
    useful: Bool[np.ndarray, " units"]  # holds two items of one identity
    cluster: Int[np.ndarray, " units"]  # what different pairs join


def _identities(examples: Examples) -> Int[np.ndarray, " items"]:
    """Which identity each item shows, numbered from 0: its label, or else what the same pairs join."""
    if examples.labels is not None:
        return np.unique(examples.labels, return_inverse=True)[1]
    assert examples.pairs is not None  # `require_enough`
    same = examples.pairs.same
    return _joined_by(len(examples), [(examples.pairs.left[same], examples.pairs.right[same])])


def _units_of(examples: Examples) -> _Units:
    count = len(examples)
    identity = _identities(examples)
    links = [(np.arange(count), _first_alike(identity))]
    if examples.groups is not None:
        links.append((np.arange(count), _first_alike(examples.groups)))
    if examples.pairs is not None:
        same = examples.pairs.same
        links.append((examples.pairs.left[same], examples.pairs.right[same]))
    ranks = np.unique(examples.names if examples.labels is None else examples.labels, return_inverse=True)[1]
    unit = _ranked(_joined_by(count, links), ranks)

    crowded = np.bincount(identity) >= 2
    useful = np.zeros(unit.max() + 1, dtype=bool)
    useful[unit[crowded[identity]]] = True
    cluster = np.arange(len(useful))
    if examples.labels is None and examples.pairs is not None:
        pairs = examples.pairs
        cluster = _ranked(_joined_by(len(useful), [(unit[pairs.left], unit[pairs.right])]), cluster)
    return _Units(unit, identity, useful, cluster)


def _joined_by(count: int, links: Sequence[tuple[np.ndarray, np.ndarray]]) -> Int[np.ndarray, " count"]:
    """The number of the connected component that each of `count` things is in."""
    left, right = (np.concatenate(ends) for ends in zip(*links, strict=True))
    return joined(count, left, right)


def _first_alike(values: Shaped[np.ndarray, " items"]) -> Int[np.ndarray, " items"]:
    """For each item the first item with the same value."""
    _, firsts, numbers = np.unique(values, return_index=True, return_inverse=True)
    return firsts[numbers]


def _ranked(numbers: Int[np.ndarray, " things"], ranks: Int[np.ndarray, " things"]) -> Int[np.ndarray, " things"]:
    """The numbers given anew, in the order of the smallest rank that each one holds."""
    smallest = np.full(numbers.max() + 1, len(ranks))
    np.minimum.at(smallest, numbers, ranks)
    new = np.argsort(np.argsort(smallest, kind="stable"), kind="stable")
    return np.asarray(new[numbers])


def _dealt(
    examples: Examples, units: _Units, parts: dict[str, float], rng: np.random.Generator
) -> Int[np.ndarray, " units"] | None:
    """A part for each unit such that every part has what it needs; None where none was found."""
    shares = np.array(list(parts.values()))
    shares = shares / shares.sum()
    useful, rest = np.flatnonzero(units.useful), np.flatnonzero(~units.useful)
    if len(useful) < len(parts):
        return None
    paired = examples.labels is None
    if not paired:
        least_useful, least_rest = _least(len(useful), len(rest), len(parts))
        quotas = [_quota(len(useful), shares, least_useful), _quota(len(rest), shares, least_rest)]
    else:
        # A different pair takes two identities; where there are too few, units of several may still hold one.
        fewest = 2 if len(units.useful) >= 2 * len(parts) else 1
        quotas = [_quota(len(units.useful), shares, np.full(len(parts), fewest))]
    part_of = np.empty(len(units.useful), dtype=np.int64)
    for _ in range(MOST_TRIES):
        if paired:
            # Clusters one after another, so that only those at the borders between two parts are cut.
            places = rng.permutation(units.cluster.max() + 1)[units.cluster]
            strata = [np.lexsort((rng.random(len(places)), places))]
        else:
            strata = [rng.permutation(useful), rng.permutation(rest)]
        for stratum, quota in zip(strata, quotas, strict=True):
            part_of[stratum] = np.repeat(np.arange(len(parts)), quota)
        if _suffices(examples, units, part_of, len(parts)):
            return part_of
    return None


def _least(useful: int, rest: int, parts: int) -> tuple[Int[np.ndarray, " parts"], Int[np.ndarray, " parts"]]:
    """The fewest useful and other units of each part: one useful and one more, as far as there are so many."""
    from_rest = np.zeros(parts, dtype=np.int64)
    if useful >= 2 * parts:
        return from_rest + 2, from_rest
    spare = min(rest, parts)
    from_rest[parts - spare :] = 1
    from_useful = 2 - from_rest
    # Where there are fewer, units of several identities may still do: `_suffices` judges.
    return (from_useful if from_useful.sum() <= useful else np.ones_like(from_rest)), from_rest


def _quota(count: int, shares: np.ndarray, least: Int[np.ndarray, " parts"]) -> Int[np.ndarray, " parts"]:
    """How many of `count` units each part gets: at least `least`, else near its share, with the largest remainders."""
    wanted = np.maximum(count * shares - least, 0)
    spare = count - least.sum()
    wanted = wanted * (spare / wanted.sum()) if wanted.sum() > 0 else shares * spare
    quota = np.floor(wanted).astype(np.int64)
    largest = np.argsort(quota - wanted, kind="stable")[: spare - quota.sum()]
    quota[largest] += 1
    return np.asarray(quota + least)


def _suffices(examples: Examples, units: _Units, part_of: Int[np.ndarray, " units"], parts: int) -> bool:
    part = part_of[units.of_item]
    if examples.labels is not None:
        part_of_identity = np.zeros(units.identity.max() + 1, dtype=np.int64)
        part_of_identity[units.identity] = part
        crowded = np.bincount(units.identity) >= 2
        identities = np.bincount(part_of_identity, minlength=parts)
        useful = np.bincount(part_of_identity[crowded], minlength=parts)
        return bool((identities >= 2).all() and (useful >= 1).all())
    assert examples.pairs is not None  # `require_enough`
    left, right, same = part[examples.pairs.left], part[examples.pairs.right], examples.pairs.same
    whole = left == right
    kinds = (np.bincount(left[whole & kind], minlength=parts) for kind in (same, ~same))
    return all((counts >= 1).all() for counts in kinds)


def _split(examples: Examples, names: Sequence[str], part: Int[np.ndarray, " items"]) -> Split:
    positions = {name: np.flatnonzero(part == number) for number, name in enumerate(names)}
    made = {name: examples.select(places) for name, places in positions.items()}
    kept = sum(len(part.pairs) for part in made.values() if part.pairs is not None)
    return Split(
        train=made["train"],
        validate=made.get("validate"),
        calibrate=made.get("calibrate"),
        test=made.get("test"),
        positions=positions,
        dropped_pairs=0 if examples.pairs is None else len(examples.pairs) - kept,
    )


def _too_few(examples: Examples, units: _Units, fractions: Fractions, way_out: str) -> str:
    # None are spared to validate on where there are few.
    parts = [name for name in ("train", "calibrate", "test") if getattr(fractions, name) > 0]
    listed = " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)
    count = len(units.useful)
    joined = "" if examples.groups is None else f", which the groups join to {count} that must stay whole"
    if examples.labels is None and examples.pairs is not None:
        same = int(examples.pairs.same.sum())
        different = counted(len(examples.pairs) - same, "different pair", "different pairs")
        identities = counted(int(units.identity.max()) + 1, "identity", "identities")
        return (
            f"found {same} same and {different} among {identities}{joined}: no way was found to divide these so that "
            f"each of {listed} has a pair of each kind; add pairs, or {way_out}"
        )
    crowded = int((np.bincount(units.identity) >= 2).sum())
    return (
        f"found {units.identity.max() + 1} identities, {crowded} of them with 2 items or more{joined}; {listed} "
        f"take at least 2 identities each, one of them with 2 items or more: {2 * len(parts)} in all, {len(parts)} of "
        f"them with 2 items; add identities, or {way_out}"
    )
