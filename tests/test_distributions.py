"""How the distances of a calibration are spread, by hand and by what must hold for any."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alikely.calibration import calibrate, distributions_of
from alikely.calibration.curve import OperatingCurve
from alikely.calibration.distributions import BINS
from alikely.metrics import PairDistances
from tests.models import made_up_pairs


def curve_of(same: list[float], different: list[float]) -> OperatingCurve:
    def identities(count):
        return np.stack([np.arange(count), np.arange(count) + 1], axis=1) % 7

    pairs = PairDistances(
        np.array(same, np.float32),
        np.array(different, np.float32),
        identities(len(same)),
        identities(len(different)),
        7,
    )
    return OperatingCurve.from_pairs(pairs)


def mean_of(edges, density):
    middles = (edges[:-1] + edges[1:]) / 2
    return float((density * np.diff(edges) * middles).sum())


def test_both_lie_where_their_distances_lie():
    pairs = made_up_pairs()
    found = distributions_of(calibrate(pairs, "euclidean", "m", confidence=0.0).curve)
    assert found.edges[0] == 0
    assert found.edges[-1] == pytest.approx(pairs.different.max())
    assert len(found.edges) == BINS + 1
    width = found.edges[1]
    # Uniform 0..0.8 and 0.4..1.6: what lies in between the thresholds is spread evenly, so the means agree to a bin.
    assert mean_of(found.edges, found.same) == pytest.approx(pairs.same.mean(), abs=2 * width)
    assert mean_of(found.edges, found.different) == pytest.approx(pairs.different.mean(), abs=2 * width)
    # Far from the ends the density is that of the uniform one: 1 / 0.8 and 1 / 1.2.
    inside = (found.edges[:-1] > 0.1) & (found.edges[1:] < 0.7)
    assert found.same[inside].mean() == pytest.approx(1 / 0.8, rel=0.15)
    assert found.different[found.edges[1:] < 0.3].max() < 0.6
    assert found.same[found.edges[:-1] > 0.95].max() < 1e-6


def test_distances_of_zero_are_in_the_first_bins():
    found = distributions_of(curve_of([0.0] * 10, [0.0] * 10))
    assert found.edges[-1] == 1
    assert found.same[:10].sum() / BINS == pytest.approx(1)
    assert found.different[:10].sum() / BINS == pytest.approx(1)


distances = st.lists(st.floats(0, 50, width=32), min_size=10, max_size=40)


@given(distances, distances)
def test_shares_add_up_to_one(same, different):
    found = distributions_of(curve_of(same, different))
    widths = np.diff(found.edges)
    for density in (found.same, found.different):
        assert (density >= -1e-9).all()
        assert (density * widths).sum() == pytest.approx(1, abs=1e-6)


def test_to_json():
    said = distributions_of(calibrate(made_up_pairs(), "euclidean", "m", confidence=0.0).curve, bins=8).to_dict()
    assert {name: len(values) for name, values in said.items()} == {"edges": 9, "same": 8, "different": 8}
