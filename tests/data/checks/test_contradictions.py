"""Pairs that cannot all be true are named, with the chain that contradicts them; all others are left in peace."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from alikely.data.checks.contradictions import contradictions
from alikely.data.sources import examples_from
from alikely.types import Examples, Pairs

TINY = [np.zeros((2, 2))] * 12


def found(pairs, count=8, labels=None):
    return list(contradictions(examples_from(TINY[:count], labels, pairs=pairs)))


def test_a_pair_that_is_said_to_be_both():
    (finding,) = found([(0, 1, True), (1, 0, False), (1, 2, False), (2, 3, True), (2, 3, False)])
    assert (finding.check, finding.severity, finding.count) == ("contradiction", "error", 2)
    assert finding.items == ("array 1", "array 2", "array 3", "array 4")
    assert finding.what == (
        "2 pairs are said to be the same and to be different: array 1 and array 2, array 3 and array 4"
    )


def test_a_chain_of_same_pairs_between_two_different():
    # 0 = 1 = 2 and 0 != 2; the way round by 3 and 4 is longer. 5 != 6 is no contradiction.
    pairs = [(0, 1, True), (2, 1, True), (2, 0, False), (0, 3, True), (3, 4, True), (4, 2, True), (5, 6, False)]
    (finding,) = found(pairs)
    assert (finding.check, finding.severity, finding.count) == ("contradiction", "error", 1)
    assert finding.pairs == (("array 1", "array 3"),)
    assert finding.items == ("array 1", "array 3", "array 2")
    assert finding.what == (
        "1 pair is said to be different, but pairs said to be the same join it: "
        "array 1 and array 3, though array 1 = array 2 = array 3"
    )


def test_a_triangle_needs_two_same_pairs_to_contradict():
    assert found([(0, 1, True), (1, 2, False), (0, 2, False)]) == []
    assert found([(0, 1, True), (1, 2, True), (0, 2, True)]) == []
    assert len(found([(0, 1, True), (1, 2, True), (0, 2, False)])) == 1


def test_pairs_against_the_labels():
    (finding,) = found([(0, 1, True), (0, 2, True), (4, 5, False), (2, 3, False)], labels=list("aabbcdef"))
    assert finding.pairs == (("array 1", "array 3"), ("array 3", "array 4"))
    assert finding.what == ("2 pairs say the opposite of the labels: array 1 and array 3, array 3 and array 4")


def test_without_pairs_nothing_is_said():
    assert list(contradictions(examples_from(TINY, list("aabbccddeeff")))) == []


@settings(deadline=None)
@given(st.data())
def test_every_planted_contradiction_is_named_and_none_else(data):
    """Identities of four items, joined in a row; different pairs between them, and some planted inside."""
    identities = 3
    rows = [(4 * i + j, 4 * i + j + 1, True) for i in range(identities) for j in range(3)]
    items = range(4 * identities)
    across = [(a, b, False) for a in items for b in items if a < b and a // 4 != b // 4]
    inside = [(a, b, False) for a in items for b in items if a < b and a // 4 == b // 4 and b - a > 1]
    planted = data.draw(st.lists(st.sampled_from(inside), unique=True, max_size=6))
    good = data.draw(st.lists(st.sampled_from(across), unique=True, max_size=10))
    order = data.draw(st.permutations(rows + good + planted))
    left, right, same = (np.array(column) for column in zip(*order, strict=True))
    names = tuple(map(str, items))
    examples = Examples(tuple(TINY), names, pairs=Pairs(left, right, same))

    named = {pair for finding in contradictions(examples) for pair in finding.pairs}

    assert named == {(str(a), str(b)) for a, b, _ in planted}
