from itertools import pairwise

import pytest

from alikely.training.schedule import LAST, learning_rate_share


def test_rises_in_a_straight_line_then_falls_to_the_last_share():
    shares = [learning_rate_share(step, 100, 0.1) for step in range(100)]

    assert shares[:10] == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0])
    assert shares[10] == pytest.approx(1.0)
    assert shares[-1] == pytest.approx(LAST)
    assert all(before >= after for before, after in pairwise(shares[9:]))


def test_half_way_down_the_cosine_is_half_of_what_falls():
    assert learning_rate_share(50, 101, 0.0) == pytest.approx(LAST + (1 - LAST) / 2)


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_very_short_trainings_have_a_learning_rate(steps):
    assert all(0 < learning_rate_share(step, steps, 0.05) <= 1 for step in range(steps))
