"""How often different items come near by chance: points in a space of known dimension, and the limit that follows."""

import math

import numpy as np
import pytest

from alikely.distances import build_distance
from alikely.tasks.duplicates.chance import Chance, chance_of, widest_rate

EUCLIDEAN = build_distance("euclidean", 3)


def test_points_that_fill_a_space_of_three_dimensions():
    points = np.random.default_rng(0).uniform(size=(700, 3)).astype(np.float32)
    chance = chance_of(points, EUCLIDEAN, seed=0)
    assert chance is not None
    assert chance.dimension == pytest.approx(3, abs=0.35)  # less where a ball reaches over the border
    # Of two points, far from the border, the share within d is the volume of a ball: 4/3 pi d^3.
    assert chance.rate(0.05) == pytest.approx(4 / 3 * math.pi * 0.05**3, rel=0.5)
    assert chance.distance(chance.rate(0.05)) == pytest.approx(0.05)


def test_some_copies_change_little():
    points = np.random.default_rng(1).uniform(size=(300, 3)).astype(np.float32)
    with_copies = np.concatenate([points, points[:40] + 0.001])
    one, other = (chance_of(rows, EUCLIDEAN, seed=0) for rows in (points, with_copies))
    assert other.distance(1e-5) == pytest.approx(one.distance(1e-5), rel=0.15)


def test_the_limit_by_hand():
    chance = Chance(at=1.0, dimension=2.0)  # rate(d) = d^2 / 100
    # Of 1,000 pairs, within .05 lie .025 by chance, within .09 .081, within .2 .4; allowed are .05, .1, .15.
    found = chance.limit(np.array([0.05, 0.09, 0.2], np.float32), 1000, 0.0)
    # Two are found, so .1 may be wrong: up to a distance of .1, beyond the second and short of the third.
    assert found.distance == pytest.approx(0.1)
    assert (found.fmr, found.confidence) == (pytest.approx(1e-4), 0.0)
    assert found.expected == pytest.approx(0.1)
    # A single pair would have to be where .05 are by chance.
    for none in (np.array([0.3], np.float32), np.zeros(0, np.float32)):
        assert chance.limit(none, 1000, 0.0).distance == pytest.approx(math.sqrt(0.005))


def test_the_limit_goes_on_to_where_copies_lie_but_not_past_one_pair_by_chance():
    chance = Chance(at=1.0, dimension=2.0)
    found = np.array([0.05, 0.09, 0.2], np.float32)
    # Of 1,000 pairs, one lies within sqrt(.1) = .316 by chance; .4 by .2.
    near = chance.limit(found, 1000, 0.2)
    assert (near.distance, near.expected) == (pytest.approx(0.2), pytest.approx(0.4))
    far = chance.limit(found, 1000, 0.9)
    assert (far.distance, far.expected) == (pytest.approx(math.sqrt(0.1)), pytest.approx(1))
    # Copies nearer than the limit change nothing.
    assert chance.limit(found, 1000, 0.09) == chance.limit(found, 1000, 0.0)


def test_of_few_pairs_more_are_looked_at():
    assert (widest_rate(190), widest_rate(9_999), widest_rate(10_000)) == (0.01, 0.01, 0.001)
    # What is found beyond a rate of .001, .316 here, is told, and not taken for a copy, however many there are.
    many = np.linspace(0.001, 0.9, 500).astype(np.float32)
    found = Chance(at=1.0, dimension=2.0).limit(many, 1000, 0.0)
    assert found.distance == pytest.approx(math.sqrt(0.1))
    assert found.fmr == pytest.approx(0.001)


def test_too_few_and_all_alike():
    assert chance_of(np.zeros((19, 3), np.float32), EUCLIDEAN, seed=0) is None
    assert chance_of(np.zeros((30, 3), np.float32), EUCLIDEAN, seed=0) is None
