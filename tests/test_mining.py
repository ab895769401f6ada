"""What mining selects: by hand, and against listing every triplet."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from alikely.mining import batch_hard, count_semi_hard, count_violating, informative_pairs
from alikely.types import Known

# Items on a line; their distances are the differences. Labels: 0 0 1 1.
LINE = torch.tensor([0.0, 1.0, 1.5, -1.0])
DISTANCES = (LINE[:, None] - LINE[None, :]).abs()
KNOWN = Known.from_labels(torch.tensor([0, 0, 1, 1]))


def listed(distances, known, wanted):
    """The triplets for which `wanted(d_ap, d_an)` holds, one by one."""
    count = range(len(distances))
    return [
        (a, p, n)
        for a in count
        for p in count
        for n in count
        if known.same[a, p] and known.different[a, n] and wanted(distances[a, p].item(), distances[a, n].item())
    ]


def counted(triplets, size):
    positive, negative = torch.zeros(size, size, dtype=torch.long), torch.zeros(size, size, dtype=torch.long)
    for a, p, n in triplets:
        positive[a, p] += 1
        negative[a, n] += 1
    return positive, negative


def test_violating_by_hand():
    counts = count_violating(DISTANCES, KNOWN.same, KNOWN.different, margin=0.75)
    # anchor 0: d_ap 1;   negatives at 1.5 and 1   -> both within 1.75
    # anchor 1: d_ap 1;   negatives at 0.5 and 2   -> the first
    # anchor 2: d_ap 2.5; negatives at 1.5 and 0.5 -> both
    # anchor 3: d_ap 2.5; negatives at 1 and 2     -> both
    assert counts.positive.tolist() == [[0, 2, 0, 0], [1, 0, 0, 0], [0, 0, 0, 2], [0, 0, 2, 0]]
    assert counts.negative.tolist() == [[0, 0, 1, 1], [0, 0, 1, 0], [1, 1, 0, 0], [1, 1, 0, 0]]
    assert counts.total() == 7


def test_semi_hard_leaves_out_ties_and_what_lies_at_the_margin():
    counts = count_semi_hard(DISTANCES, KNOWN.same, KNOWN.different, margin=0.75)
    # Only (0, 1, 2): 1 < 1.5 < 1.75. Item 3 is exactly as far from 0 as its positive is.
    assert counts.positive.nonzero().tolist() == [[0, 1]]
    assert counts.negative.nonzero().tolist() == [[0, 2]]
    at_the_margin = count_semi_hard(DISTANCES, KNOWN.same, KNOWN.different, margin=0.5)
    assert at_the_margin.total() == 0


def test_batch_hard_by_hand():
    chosen = batch_hard(DISTANCES, KNOWN.same, KNOWN.different)
    assert chosen.anchors.tolist() == [0, 1, 2, 3]
    assert chosen.positives.tolist() == [1, 0, 3, 2]
    assert chosen.negatives.tolist() == [3, 2, 1, 0]


def test_batch_hard_takes_the_farthest_of_several_and_the_first_of_equals():
    line = torch.tensor([0.0, 1.0, 3.0, -3.0, 5.0, -5.0])
    known = Known.from_labels(torch.tensor([0, 0, 0, 0, 1, 2]))
    chosen = batch_hard((line[:, None] - line).abs(), known.same, known.different)
    assert chosen.anchors.tolist() == [0, 1, 2, 3]  # 4 and 5 have no positive
    assert chosen.positives.tolist() == [2, 3, 3, 2]
    assert chosen.negatives.tolist() == [4, 4, 4, 5]


def test_informative_pairs_by_hand():
    distances = torch.tensor([[0.0, 0.2, 0.9], [0.2, 0.0, 0.4], [0.9, 0.4, 0.0]])
    known = Known.from_labels(torch.tensor([0, 0, 1]))
    same, different = informative_pairs(distances, known.same, known.different, epsilon=0.25)
    assert same.nonzero().tolist() == [[1, 0]]  # 0.2 + 0.25 > 0.4
    assert different.nonzero().tolist() == [[1, 2]]  # 0.4 - 0.25 < 0.2
    same, different = informative_pairs(distances, known.same, known.different, epsilon=0.1)
    assert not same.any()
    assert not different.any()


@settings(deadline=None, max_examples=40)
@given(
    labels=st.lists(st.integers(0, 3), min_size=1, max_size=9),
    seed=st.integers(0, 10_000),
    quarters=st.integers(1, 4),
    hidden=st.booleans(),
)
def test_counts_are_those_of_listing_every_triplet(labels, seed, quarters, hidden):
    generator = torch.Generator().manual_seed(seed)
    # Whole quarters, so that ties and distances exactly at the margin are common.
    line = torch.randint(0, 8, (len(labels),), generator=generator) / 4
    distances = (line[:, None] - line).abs()
    known = Known.from_labels(torch.tensor(labels))
    if hidden:
        shown = (torch.rand(len(labels), len(labels), generator=generator) < 0.6).triu()
        shown = shown | shown.T
        known = Known(known.same & shown, known.different & shown)
    margin = quarters / 4
    for count, wanted in [
        (count_violating, lambda d_ap, d_an: d_an < d_ap + margin),
        (count_semi_hard, lambda d_ap, d_an: d_ap < d_an < d_ap + margin),
    ]:
        counts = count(distances, known.same, known.different, margin)
        positive, negative = counted(listed(distances, known, wanted), len(labels))
        assert torch.equal(counts.positive, positive)
        assert torch.equal(counts.negative, negative)


@pytest.mark.parametrize("labels", [[0, 0, 0], [0, 1, 2]])
def test_nothing_is_selected_without_positives_or_without_negatives(labels):
    known = Known.from_labels(torch.tensor(labels))
    distances = DISTANCES[:3, :3]
    assert count_violating(distances, known.same, known.different, 1.0).total() == 0
    assert count_semi_hard(distances, known.same, known.different, 1.0).total() == 0
    assert len(batch_hard(distances, known.same, known.different).anchors) == 0
    assert not any(table.any() for table in informative_pairs(distances, known.same, known.different, 0.1))
