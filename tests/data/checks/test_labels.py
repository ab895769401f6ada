"""What labels and numbers of pairs say by themselves."""

import pytest

from alikely.data.checks import check_examples, require_enough
from alikely.data.checks.labels import of_labels
from alikely.data.sources import examples_from
from alikely.errors import InputError, TooFewError
from tests.data.checks.faults import of, patterns

PICTURES = patterns(60)


def labelled(labels):
    return examples_from(PICTURES[: len(labels)], labels)


def found(labels):
    return {finding.check: finding for finding in of_labels(labelled(labels))}


def test_nothing_wrong():
    assert list(of_labels(labelled([i // 2 for i in range(40)]))) == []
    assert list(of_labels(examples_from(PICTURES[:3], pairs=[(0, 1, True), (1, 2, False)]))) == []


def test_labels_that_differ_in_spelling():
    finding = found(["Anna B", "anna b ", "annab", "bo", "bo"])["spelling"]
    assert finding.items == ("array 1", "array 2", "array 3")
    assert (finding.severity, finding.count) == ("warning", 3)
    assert finding.what == "labels that differ only in capitals or blanks: 'Anna B', 'anna b ', 'annab'"


def test_single_items():
    finding = found([0, 1, 2, 3, 4, 4, 5])["single"]
    assert (finding.severity, finding.count) == ("note", 5)
    assert finding.what == "5 of 6 identities have a single item, of use only as different: 0, 1, 2 and 2 more"
    assert finding.items == ("array 1", "array 2", "array 3", "array 4", "array 7")


def test_few_identities_count_those_with_two_items():
    nineteen = [i // 2 for i in range(38)]
    assert found([*nineteen, 98, 99])["few_identities"].count == 19
    assert "few_identities" not in found([*nineteen, 19, 19])


def test_one_identity_with_more_than_half_of_all_same_pairs():
    # 4 identities with one same pair each; 3 items make 3 pairs of 7, 4 items 6 pairs of 10.
    rest = [1, 1, 2, 2, 3, 3, 4, 4]
    assert "imbalance" not in found([0, 0, 0, *rest])
    finding = found([0, 0, 0, 0, *rest])["imbalance"]
    assert (finding.severity, finding.count) == ("note", 4)
    assert "the identity 0 has 4 items and so 60% of all same pairs" in finding.what
    assert "imbalance" not in found([0, 0, 0, 0, *rest[:-2]])  # of four, one always has many


@pytest.mark.parametrize(("different", "told"), [(20, False), (21, True)])
def test_many_more_pairs_of_one_kind(different, told):
    pairs = [(0, 1, True), *((2, 3 + i, False) for i in range(different))]
    notes = of(of_labels(examples_from(PICTURES[:24], pairs=pairs)), "imbalance")
    assert bool(notes) == told


@pytest.mark.parametrize(
    ("labels", "problem"),
    [
        (["a", "a"], r"found 2 items of 1 identity \(a\)"),
        (["a", "b"], "each of the 2 identities has a single item"),
    ],
)
def test_too_few_identities(labels, problem):
    with pytest.raises(TooFewError, match=problem):
        require_enough(labelled(labels))
    (finding,) = of(check_examples(labelled(labels)), "too_few")
    assert finding.severity == "error"


@pytest.mark.parametrize("same", [True, False])
def test_too_few_pairs(same):
    with pytest.raises(TooFewError, match="1 same and 0" if same else "0 same and 1"):
        require_enough(examples_from(PICTURES[:2], pairs=[(0, 1, same)]))


def test_nothing_known():
    with pytest.raises(InputError, match="give labels or pairs"):
        require_enough(examples_from(PICTURES[:2]))


def test_enough():
    require_enough(labelled(["a", "a", "b"]))
    require_enough(examples_from(PICTURES[:3], pairs=[(0, 1, True), (1, 2, False)]))
