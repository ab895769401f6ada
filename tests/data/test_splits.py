"""No identity and no group in two parts, every item in one, every part of use."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from alikely.data.sources import examples_from
from alikely.data.splits import FEWEST_TO_VALIDATE, Fractions, split
from alikely.errors import InputError, SettingsError, TooFewError
from alikely.types import Examples, Pairs

PARTS = ("train", "validate", "calibrate", "test")


def labelled(labels, groups=None):
    names = tuple(f"item {i}" for i in range(len(labels)))
    items = tuple(np.full((1, 1), i % 256, np.uint8) for i in range(len(labels)))
    return Examples(items, names, np.array(labels), None if groups is None else np.array(groups))


def paired(count, pairs):
    return examples_from([np.zeros((1, 1), np.uint8)] * count, pairs=pairs)


def parts_of(found):
    return {name: getattr(found, name) for name in PARTS if getattr(found, name) is not None}


def sizes(found, what="identities"):
    return [found.describe().get(name, {}).get(what, 0) for name in PARTS]


def test_forty_identities_by_hand():
    found = split(labelled(np.repeat(np.arange(40), 10)), seed=0)
    assert sizes(found) == [24, 4, 6, 6]
    assert sizes(found, "items") == [240, 40, 60, 60]
    assert found.dropped_pairs == 0
    json.dumps(found.describe())


def test_nothing_is_spared_to_validate_with_few_identities():
    found = split(labelled(np.repeat(np.arange(FEWEST_TO_VALIDATE - 1), 2)), seed=0)
    assert found.validate is None
    assert sizes(found) == [13, 0, 3, 3]  # 19 * .7, .15, .15
    assert list(found.positions) == ["train", "calibrate", "test"]
    assert split(labelled(np.repeat(np.arange(FEWEST_TO_VALIDATE), 2)), seed=0).validate is not None


def test_fractions_of_nothing():
    found = split(labelled(np.repeat(np.arange(40), 2)), 0, Fractions(0.8, 0.0, 0.2, 0.0))
    assert found.validate is found.test is None
    assert sizes(found) == [32, 0, 8, 0]
    found = split(labelled(["a", "a", "b"]), 0, Fractions(1.0, 0.0, 0.0, 0.0))
    assert sizes(found) == [2, 0, 0, 0]
    assert found.calibrate is None


@pytest.mark.parametrize("fractions", [(0.0, 0.0, 0.5, 0.5), (0.5, 0.0, 0.0, 0.4), (1.2, 0.0, 0.0, -0.2)])
def test_fractions_that_do_not_divide(fractions):
    with pytest.raises(SettingsError, match="together they must be 1"):
        Fractions(*fractions)


identities = st.lists(st.tuples(st.integers(1, 5), st.integers(0, 12)), min_size=2, max_size=60)


@given(identities, st.booleans(), st.integers(0, 5), st.randoms(use_true_random=False))
def test_every_item_in_one_part_no_identity_and_no_group_in_two(drawn, grouped, seed, random):
    rows = [(f"label {i}", group) for i, (count, group) in enumerate(drawn) for _ in range(count)]
    random.shuffle(rows)
    labels, groups = zip(*rows, strict=True)
    examples = labelled(labels, groups if grouped else None)
    try:
        found = split(examples, seed)
    except TooFewError:
        # Twice as many as the three parts need are always enough where no groups join them.
        assert grouped or sum(count >= 2 for count, _ in drawn) < 6
        return
    places = np.concatenate(list(found.positions.values()))
    assert sorted(places) == list(range(len(examples)))
    seen_labels, seen_groups = set(), set()
    for name, part in parts_of(found).items():
        assert part.names == tuple(examples.names[i] for i in found.positions[name])
        mine, counts = np.unique(part.labels, return_counts=True)
        assert len(mine) >= 2
        assert counts.max() >= 2
        assert not seen_labels & set(mine)
        seen_labels |= set(mine)
        if grouped:
            assert not seen_groups & set(part.groups)
            seen_groups |= set(part.groups)


@given(st.integers(0, 3), st.randoms(use_true_random=False))
def test_the_same_whatever_the_order_of_the_items(seed, random):
    rows = [(f"n{label}-{i}", f"label {label}", label % 11) for label in range(30) for i in range(1 + label % 3)]
    first = None
    for _ in range(2):
        names, labels, groups = zip(*rows, strict=True)
        items = tuple(np.zeros((1, 1), np.uint8) for _ in names)
        found = split(Examples(items, names, np.array(labels), np.array(groups)), seed)
        named = {name: set(part.names) for name, part in parts_of(found).items()}
        assert first is None or named == first
        first = named
        random.shuffle(rows)


def test_pairs_the_same_whatever_the_order():
    rows = [(f"a{i}", f"b{i}", True) for i in range(12)] + [(f"a{i}", f"b{(i + 1) % 12}", False) for i in range(12)]
    found = []
    for order in (rows, rows[::-1]):
        names = list(dict.fromkeys(name for left, right, _ in order for name in (left, right)))
        columns = [np.array([names.index(row[side]) for row in order]) for side in (0, 1)]
        pairs = Pairs(*columns, np.array([same for *_, same in order]))
        items = tuple(np.zeros((1, 1), np.uint8) for _ in names)
        found.append(split(Examples(items, tuple(names), pairs=pairs), 3))
    assert set(found[0].train.names) == set(found[1].train.names)
    assert found[0].dropped_pairs == found[1].dropped_pairs


def test_seeds():
    examples = labelled(np.repeat(np.arange(40), 2))
    assert split(examples, 1).labels() == split(examples, 1).labels()
    assert split(examples, 1).labels() != split(examples, 2).labels()


def test_the_record_of_labels():
    record = split(labelled(np.repeat(["d", "c", "b", "a", "e", "f"], 2)), 0).labels()
    assert sorted(label for labels in record.values() for label in labels) == list("abcdef")
    assert all(labels == sorted(labels) for labels in record.values())


def test_single_items_are_spread():
    # 20 identities with two items, 200 with one: each part has its share of both.
    labels = [*np.repeat(np.arange(20), 2), *range(100, 300)]
    found = split(labelled(labels), 0)
    assert sizes(found) == [132, 22, 33, 33]
    counts = {name: np.unique(part.labels, return_counts=True)[1] for name, part in parts_of(found).items()}
    assert [int((count == 2).sum()) for count in counts.values()] == [12, 2, 3, 3]


@pytest.mark.parametrize(
    "counts",
    [
        [2, 2, 2, 1, 1, 1],  # the fewest: each part one with two items, and one with one
        [2, 2, 2, 2, 2, 1],
        [2, 2, 2, 2, 2, 2],
        [9, 2, 2, 1, 1, 1, 1, 1, 1, 1],
    ],
)
def test_the_fewest_that_do(counts):
    for seed in range(5):
        found = split(labelled(np.repeat(np.arange(len(counts)), counts)), seed)
        for part in parts_of(found).values():
            assert np.unique(part.labels, return_counts=True)[1].max() >= 2
            assert len(np.unique(part.labels)) >= 2


@pytest.mark.parametrize(
    ("counts", "message"),
    [
        ([2, 2, 1, 1, 1, 1, 1], "found 7 identities, 2 of them with 2 items or more; train, calibrate and test take"),
        ([2, 2, 2, 1, 1], "found 5 identities, 3 of them"),
        ([5, 5, 5, 5], "6 in all, 3 of them with 2 items; add identities, or leave a part out: test_share = 0"),
        ([5], "1 identity"),
        ([1, 1, 1], "single item"),
    ],
)
def test_too_few(counts, message):
    with pytest.raises(TooFewError, match=message):
        split(labelled(np.repeat(np.arange(len(counts)), counts)), 0)


@pytest.mark.parametrize("counts", [[2, 2], [3, 1], [2, 2, 2], [5, 1, 1], [2, 2, 2, 2], [2, 2, 1, 1], [2, 1, 1, 1, 1]])
@pytest.mark.parametrize("fractions", [Fractions(), Fractions(train=0.7, validate=0.15, calibrate=0.0, test=0.15)])
def test_what_the_message_says_helps(counts, fractions):
    examples = labelled(np.repeat(np.arange(len(counts)), counts))
    said = ""
    try:
        split(examples, 0, fractions)
    except TooFewError as error:
        said = str(error)
    named = re.findall("([a-z]+)_share = 0", said)
    assert re.findall("--set ([a-z]+)_share=0", said) == named
    freed = sum(getattr(fractions, name) for name in named)
    assert split(examples, 0, replace(fractions, train=fractions.train + freed, **dict.fromkeys(named, 0.0)))
    if len(counts) <= 3 and fractions == Fractions():
        assert named == ["validate", "calibrate", "test"]


def test_groups_that_join_too_much():
    with pytest.raises(TooFewError, match="which the groups join to 2 that must stay whole"):
        split(labelled(np.repeat(np.arange(20), 2), np.repeat([0, 1], 20)), 0)


def test_a_group_of_several_identities_is_enough_for_a_part():
    # Three writers, each with a signature and a forgery of their own: a part each.
    labels = ["w0", "w0", "f0", "w1", "w1", "f1", "w2", "w2", "f2"]
    found = split(labelled(labels, np.repeat([0, 1, 2], 3)), 0)
    assert sizes(found) == [2, 0, 2, 2]


def test_nothing_known():
    with pytest.raises(InputError, match="give labels or pairs"):
        split(paired(3, None), 0)


def test_pairs_that_stand_alone_are_all_kept():
    # 60 pairs of 120 files, no file twice: nothing has to be dropped but what the cuts between parts go through.
    pairs = [(2 * i, 2 * i + 1, i % 2 == 0) for i in range(60)]
    found = split(paired(120, pairs), 0)
    assert found.dropped_pairs <= 3
    assert sum(sizes(found, "pairs")) == 60 - found.dropped_pairs
    assert sum(sizes(found, "items")) == 120
    # 90 identities: 30 same pairs, 60 items in different pairs.
    assert sizes(found) == [54, 9, 14, 13]


@given(st.integers(0, 10_000), st.integers(0, 3))
def test_pairs_never_join_two_parts(drawing, seed):
    rng = np.random.default_rng(drawing)
    count = int(rng.integers(10, 80))
    ends = rng.integers(0, count, (count, 2))
    ends = ends[ends[:, 0] != ends[:, 1]]
    same = rng.random(len(ends)) < 0.4
    assume(same.any() and not same.all())
    examples = paired(count, [(int(left), int(right), bool(s)) for (left, right), s in zip(ends, same, strict=True)])
    try:
        found = split(examples, seed)
    except TooFewError as error:
        assert "no way was found" in str(error)  # noqa: PT017
        return
    part_of = np.empty(count, dtype=int)
    for number, places in enumerate(found.positions.values()):
        part_of[places] = number
    assert sorted(np.concatenate(list(found.positions.values()))) == list(range(count))
    pairs = examples.pairs
    torn = part_of[pairs.left] != part_of[pairs.right]
    assert not torn[pairs.same].any()
    assert found.dropped_pairs == torn.sum()
    for part in parts_of(found).values():
        assert part.pairs.same.any()
        assert not part.pairs.same.all()


def test_groups_hold_pairs_together():
    pairs = [(2 * i, 2 * i + 1, True) for i in range(12)] + [(2 * i, 2 * i + 2, False) for i in range(0, 12, 2)]
    examples = examples_from([np.zeros((1, 1), np.uint8)] * 24, groups=np.repeat(np.arange(6), 4), pairs=pairs)
    found = split(examples, 0)
    groups = [set(part.groups) for part in parts_of(found).values()]
    assert sum(map(len, groups)) == len(set().union(*groups)) == 6
    # Every different pair lies within a group.
    assert found.dropped_pairs == 0


def test_labels_that_a_same_pair_joins_stay_together():
    labels = np.repeat(np.arange(40), 2)
    pairs = [(4 * i, 4 * i + 2, True) for i in range(20)] + [(0, 79, False)]
    found = split(examples_from([np.zeros((1, 1), np.uint8)] * 80, labels, pairs=pairs), 0)
    for part in parts_of(found).values():
        numbers = set(part.labels)
        assert {number ^ 1 for number in numbers} == numbers
    assert found.dropped_pairs in (0, 1)


def test_pairs_of_one_kind():
    with pytest.raises(TooFewError, match="1 of each"):
        split(paired(20, [(i, i + 1, True) for i in range(19)]), 0)


def test_pairs_in_one_lump():
    with pytest.raises(TooFewError, match="found 19 same and 1 different pair among 1 identity: no way was found"):
        split(paired(20, [*((i, i + 1, True) for i in range(19)), (0, 19, False)]), 0)


@pytest.mark.data
def test_cedar(real_data):
    from alikely.data.sources import read_source

    found = split(read_source(real_data / "cedar" / "items.csv"), 0)
    writers = [set(part.groups) for part in parts_of(found).values()]
    assert list(map(len, writers)) == [33, 6, 8, 8]
    assert len(set().union(*writers)) == 55


def test_pairs_of_ten_identities_are_enough_for_three_parts():
    # 15 % of 10 identities are one or two; a part with one has no different pair.
    couples = [(a, b) for a in range(10) for b in range(a)]
    rows = [(2 * i, 2 * i + 1, True) for i in range(10)] + [(2 * a, 2 * b, False) for a, b in couples]
    left, right, same = (np.array(column) for column in zip(*rows, strict=True))
    names = tuple(map(str, range(20)))
    examples = Examples(names, names, pairs=Pairs(left, right, same))

    parts = split(examples, 0)

    for part in (parts.train, parts.calibrate, parts.test):
        assert part.pairs.same.any()
        assert not part.pairs.same.all()
