import numpy as np
import pytest
from scipy.stats import beta, binom

from alikely.gallery.strangers import Strangers


def strangers(distances, pairs, identities) -> Strangers:
    themselves, nearest = np.array(pairs).T
    return Strangers(np.array(distances, dtype=np.float64), themselves, nearest, identities)


def alone(count: int) -> Strangers:
    """Everybody is nearest to somebody else, and nobody shares: errors are independent, but for the chain."""
    return strangers(np.arange(1.0, count + 1), [(2 * i, 2 * i + 1) for i in range(count)], 2 * count)


def test_thresholds_lie_right_below_the_distances():
    thresholds, bounds = alone(4).bounds(0.0)

    assert thresholds.tolist() == [np.nextafter(place, 0) for place in (1.0, 2.0, 3.0, 4.0)]
    # 0, 1, 2, 3 of 4 identities, and among 8 identities a stranger meets 8, not 7.
    assert bounds == pytest.approx(np.array([0, 1, 2, 3]) / 4 * 8 / 7)


def test_independent_errors_have_the_bound_of_clopper_and_pearson():
    _, bounds = alone(300).bounds(0.95)

    for errors in (0, 1, 10, 50):
        assert bounds[errors] == pytest.approx(beta.ppf(0.95, errors + 1, 300 - errors) * 600 / 599)


def test_300_independent_identities_bear_one_percent_and_298_do_not():
    one_more = 1 / (1 - 1 / 600)
    assert alone(300).threshold(0.01 * one_more, 0.95) == np.nextafter(1.0, 0)
    assert alone(298).threshold(0.01, 0.95) is None


def test_errors_that_come_in_pairs_count_half():
    pairs = [(0, 1), (1, 0), (2, 3), (3, 2), (4, 5), (5, 4)] + [(6 + 2 * i, 7 + 2 * i) for i in range(94)]
    distances = [1, 1, 2, 2, 3, 3, *range(4, 98)]
    found = strangers(distances, pairs, 300)

    assert found._variances[:7].tolist() == [0, 1, 4, 5, 8, 9, 12]


def test_an_identity_near_to_many_makes_their_errors_one():
    found = strangers(range(1, 5), [(1, 0), (2, 0), (3, 0), (4, 0)], 10)

    assert found._variances.tolist() == [0, 1, 4, 9, 16]


def test_equal_distances_are_errors_together():
    found = strangers([1, 1, 1, 2], [(0, 1), (2, 3), (4, 5), (6, 7)], 8)

    _, bounds = found.bounds(0.0)
    assert bounds.tolist() == pytest.approx([0, 0, 0, 3 / 4 * 8 / 7])


def test_an_estimate_needs_one_error_to_be_within_the_rate():
    assert alone(20).threshold(0.04, 0.0) is None
    assert alone(20).threshold(0.06, 0.0) == np.nextafter(2.0, 0)
    assert alone(20).bearable(0.0) == 1 / 20
    assert alone(20).bearable(0.95) == pytest.approx(beta.ppf(0.95, 1, 20) * 40 / 39)


def nearest_others(rows: np.ndarray) -> Strangers:
    distances = np.linalg.norm(rows[:, None] - rows, axis=2)
    np.fill_diagonal(distances, np.inf)
    nearest = distances.argmin(axis=1)
    least = distances.min(axis=1)
    order = np.argsort(least, kind="stable")
    return Strangers(least[order], order, nearest[order], len(rows))


def drawn(draw: np.random.Generator, count: int, hubs: bool) -> np.ndarray:
    rows = draw.normal(size=(count, 6))
    if hubs:  # one in fifty lies in the middle, near to many
        rows[draw.random(count) < 0.02] *= 0.5
    return rows


@pytest.mark.parametrize("hubs", [False, True])
@pytest.mark.parametrize("confidence", [0.5, 0.95])
def test_the_rate_is_kept_on_strangers_as_often_as_promised(hubs, confidence):
    draw, kept, draws = np.random.default_rng(3), 0, 60
    for _ in range(draws):
        gallery = drawn(draw, 100, hubs)
        threshold = nearest_others(gallery).threshold(0.1, confidence)
        assert threshold is not None
        others = drawn(draw, 1000, hubs)
        nearest = np.sqrt(((others**2).sum(1)[:, None] + (gallery**2).sum(1) - 2 * others @ gallery.T).min(axis=1))
        kept += bool((nearest <= threshold).mean() <= 0.1)

    # So few, or fewer, would be kept in less than 1 % of all cases if each was kept with this confidence.
    assert binom.cdf(kept, draws, confidence) > 0.01
