"""Groups around their middles: known answers, and what always holds."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from alikely.distances import build_distance
from alikely.neighbours import groups, star_groups

EUCLIDEAN = build_distance("euclidean", 1)


def line(*places):
    return np.array(places, np.float32)[:, None]


def test_a_chain_is_cut():
    # Each is 1 from the next: joined by what is near, all would be one group, 4 from end to end.
    found = star_groups(line(0, 1, 2, 3, 4), EUCLIDEAN, 1.0)
    # 1, 2 and 3 have two others each; the first of them becomes the middle, then 3.
    assert [group.members.tolist() for group in found] == [[1, 0, 2], [3, 4]]
    assert found[0].distances.tolist() == [0.0, 1.0, 1.0]
    assert found[0].middle == 1


def test_the_middle_has_most_others_near_and_members_go_to_the_nearest_middle():
    # 4 has three others within 9, more than any: it is the middle. 21 would be one, but 12 is nearer to 4.
    found = star_groups(line(0, 2, 4, 12, 21), EUCLIDEAN, 9.0)
    assert [group.members.tolist() for group in found] == [[2, 1, 0, 3]]
    # 13 is at the limit from 4, and nearer to 20, the second middle.
    found = star_groups(line(0, 2, 4, 13, 20, 21), EUCLIDEAN, 9.0)
    assert [group.members.tolist() for group in found] == [[2, 1, 0], [4, 5, 3]]


def test_equal_items_are_one_group_and_single_ones_none():
    found = star_groups(line(5, 5, 5, 9), EUCLIDEAN, 0.0)
    assert [group.members.tolist() for group in found] == [[0, 1, 2]]
    assert star_groups(line(1, 2, 3), EUCLIDEAN, 0.5) == []
    assert star_groups(np.zeros((0, 1), np.float32), EUCLIDEAN, 1.0) == []


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.0, 3.0))
def test_what_always_holds(seed, limit):
    rows = np.random.default_rng(seed).integers(0, 8, (50, 2)).astype(np.float32)
    distance = build_distance("euclidean", 2)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(groups, "AT_ONCE", 4)
        patch.setattr(groups, "COLUMNS", 7)
        found = star_groups(rows, distance, limit)
    every = [member for group in found for member in group.members]
    assert len(every) == len(set(every))
    table = distance.table(torch.from_numpy(rows), torch.from_numpy(rows)).numpy()
    np.fill_diagonal(table, 0)
    middles = [group.middle for group in found]
    for group in found:
        assert (table[group.middle, group.members] <= limit).all()
        assert group.distances.tolist() == table[group.middle, group.members].tolist()
        others = table[np.ix_(middles, group.members)]
        assert (others.min(axis=0) == group.distances).all()
    apart = table[np.ix_(middles, middles)][~np.eye(len(middles), dtype=bool)]
    assert (apart > limit).all()
    assert [len(group) for group in found] == sorted((len(group) for group in found), reverse=True)
