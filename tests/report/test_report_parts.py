"""The parts of a report by known answers, worked out by hand, and against brute force."""

import math

import numpy as np
import pytest
import torch
from scipy.special import ndtri

from alikely.calibration import ProbabilityMap, calibrate, quality_on_others
from alikely.distances import Euclidean
from alikely.errors import TooFewError
from alikely.metrics import ErrorRates, PairDistances, summary
from alikely.report.charts import det_frame, moving
from alikely.report.content import ErrorCurve
from alikely.report.distances import STEPS, equal_errors, error_curve, view_distances
from alikely.report.drawing import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, Axis, Frame, ticks_between
from alikely.report.flat import embedding_map
from alikely.report.thumbnails import pictures_of, short_names
from alikely.report.words import summary_of
from alikely.report.worst import worst_pairs
from alikely.types import Examples
from tests.models import made_up_pairs, small_model


def pairs_of(same, different):
    """Same pairs each of its own identity; different ones between neighbours."""
    own = np.arange(len(same))
    other = np.arange(len(different)) % len(same)
    return PairDistances(
        np.array(same, dtype=np.float64),
        np.array(different, dtype=np.float64),
        np.stack([own, own], axis=1),
        np.stack([other, (other + 1) % len(same)], axis=1),
        identities=len(same),
    )


# At 0.5: three of four same pairs and one of four different ones are accepted; nowhere are the errors more equal.
PAIRS = pairs_of([0.1, 0.2, 0.5, 0.9], [0.5, 0.625, 0.8, 1.0])
PICTURES = small_model(calibrated=False).preparation


def test_the_counts_at_every_threshold_are_those_of_the_pairs_ties_and_ends_too():
    rates = ErrorRates.from_pairs(PAIRS)
    view = view_distances(rates, rates.roc, summary(PAIRS))
    at = view.thresholds.tolist().index

    assert (view.steps, view.thresholds[0], view.thresholds[STEPS - 1]) == (STEPS, 0.0, 1.0)
    assert (view.same_accepted[0], view.different_accepted[0]) == (0, 0)
    assert (view.same_accepted[at(0.5)], view.different_accepted[at(0.5)]) == (3, 1)  # a pair at it is accepted
    assert (view.same_accepted[at(0.625)], view.different_accepted[at(0.625)]) == (3, 2)  # where the ROC has no bend
    assert (view.same_accepted[at(0.499)], view.different_accepted[at(0.499)]) == (2, 0)
    assert (view.same_accepted[STEPS - 1], view.different_accepted[STEPS - 1]) == (4, 4)
    assert [(mark.name, mark.threshold, mark.calibrated) for mark in view.marks] == [("equal errors", 0.5, False)]
    assert (view.same_bins.sum(), view.different_bins.sum(), view.sampled) == (4, 4, False)
    assert view.different_bins[29] == 1  # 0.5 is the upper end of bin 30 of 60


def test_the_point_of_equal_errors_is_the_nearest_one():
    rates = ErrorRates.from_pairs(PAIRS)
    found = equal_errors(rates.roc)

    assert (found.threshold, found.fmr, found.fnmr) == (0.5, 0.25, 0.25)


def test_a_sample_of_the_pairs_gives_nearly_the_counts_of_all_and_exactly_those_at_named_thresholds():
    draw = np.random.default_rng(0)
    pairs = pairs_of(draw.gamma(3, 0.1, 3000), draw.gamma(9, 0.1, 30_000))
    calibration = calibrate(pairs, "euclidean", None, fmr=0.0123, confidence=0.0)
    own = calibration.threshold(fmr=0.0123)
    whole, part = (ErrorRates.from_pairs(pairs, threshold=own, most_pairs=most) for most in (10**6, 6000))
    views = [view_distances(rates, rates.roc, summary(rates), calibration) for rates in (whole, part)]
    for name in ("same_accepted", "different_accepted"):
        all_of_them, some = (getattr(view, name) for view in views)
        assert np.abs(all_of_them - some).max() <= 0.04 * all_of_them[STEPS - 1]  # of 3,000 pairs
        named = [k for k, mark in enumerate(views[0].marks, STEPS) if mark.threshold == own or not mark.calibrated]
        assert len(named) == 4
        assert all_of_them[named].tolist() == some[named].tolist()
    assert [view.sampled for view in views] == [False, True]


def test_the_thinned_curve_has_both_ends_and_stays_on_the_whole_one():
    draw = np.random.default_rng(0)
    pairs = pairs_of(draw.gamma(3, 0.1, 5000), draw.gamma(9, 0.1, 5000))
    rates = ErrorRates.from_pairs(pairs)
    curve = error_curve(rates, rates.roc, summary(rates))
    points = set(zip(rates.roc.fmr.tolist(), rates.roc.fnmr.tolist(), strict=True))

    assert (curve.fmr[0], curve.fnmr[0], curve.fmr[-1], curve.fnmr[-1]) == (0, 1, 1, 0)
    assert len(curve.fmr) < 1500 < len(rates.roc.fmr)
    assert set(zip(curve.fmr.tolist(), curve.fnmr.tolist(), strict=True)) <= points
    assert (curve.band_low <= curve.band_high).all()


def test_the_worst_pairs_are_those_of_a_search_through_all():
    draw = np.random.default_rng(0)
    embeddings = draw.normal(size=(600, 4)).astype(np.float32)  # more than one tile
    labels = np.arange(600) // 2
    items = tuple(np.zeros((8, 8), np.uint8) for _ in range(600))
    found = worst_pairs(Examples(items, tuple(map(str, range(600))), labels), embeddings, Euclidean(), PICTURES)
    table = torch.cdist(torch.from_numpy(embeddings).double(), torch.from_numpy(embeddings).double()).numpy()
    left, right = np.triu_indices(600, 1)
    same = labels[left] == labels[right]
    far = np.sort(table[left, right][same])[::-1]

    assert [pair.distance for pair in found.same] == pytest.approx(far[:8].tolist(), rel=1e-5)
    assert found.different[0].distance == pytest.approx(table[left, right][~same].min(), rel=1e-5)
    assert len(found.different) == 8
    assert (found.searched, found.items) == (600, 600)


def test_no_item_and_no_two_identities_fill_the_list():
    # Item 0 is close to all others, and so are all of "a" to all of "b".
    embeddings = np.linspace(0, 0.01, 12, dtype=np.float32)[:, None]
    labels = np.array(["a"] * 4 + ["b"] * 4 + ["c"] * 4)
    items = tuple(np.zeros((8, 8), np.uint8) for _ in range(12))
    found = worst_pairs(Examples(items, tuple(map(str, range(12))), labels), embeddings, Euclidean(), PICTURES)
    couples = [frozenset((pair.left.label, pair.right.label)) for pair in found.different]
    names = [side.name for pair in found.different for side in (pair.left, pair.right)]

    assert max(couples.count(couple) for couple in couples) == 2
    assert max(names.count(name) for name in names) <= 2
    assert len(couples) == 6


@pytest.mark.parametrize(
    ("names", "short"),
    [
        (("/home/me/set/a/1.png", "/home/me/set/b/1.png"), ("a/1.png", "b/1.png")),
        (("set/1.png", "set/2.png"), ("1.png", "2.png")),
        (("set/a.png", "set/deep/b.png"), ("a.png", "deep/b.png")),
        (("array 1", "array 2"), ("array 1", "array 2")),
        (("a/1.png", "ab/1.png"), ("a/1.png", "ab/1.png")),
        ((), ()),
    ],
)
def test_names_lose_the_folder_that_they_share(names, short):
    assert short_names(names) == short


def test_thumbnails_keep_the_shape_and_are_small():
    import base64
    import io

    from PIL import Image

    items = (np.zeros((400, 200), np.uint8), np.zeros((4, 8, 3), np.uint8))
    urls = pictures_of(items, ("tall", "tiny"))
    sizes = [Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2]))).size for url in urls]

    assert sizes == [(56, 112), (112, 56)]


@pytest.mark.parametrize(("identities", "each", "shown"), [(3, 200, 498), (100, 30, 500), (50, 4, 200)])
def test_the_map_shows_whole_identities_or_a_fair_share_of_each(identities, each, shown):
    labels = np.repeat(np.arange(identities), each)
    items = (np.zeros((8, 8), np.uint8),) * len(labels)
    embeddings = np.random.default_rng(0).normal(size=(len(labels), 4)).astype(np.float32)
    found = embedding_map(
        Examples(items, tuple(map(str, range(len(labels)))), labels), embeddings, Euclidean(), PICTURES
    )
    counts = np.bincount(found.identities)

    assert (len(found.points), found.items) == (shown, len(labels))
    assert counts.max() == max(min(each, 20), min(each, 500 // identities))


def test_a_frame_puts_the_ends_of_the_axes_at_its_borders_and_what_lies_beyond_too():
    frame = Frame(Axis("x", 0.0, 10.0, ()), Axis("y", 0.0, 1.0, ()))

    assert frame.across(np.array([-5.0, 0.0, 5.0, 10.0, 99.0])).tolist() == pytest.approx(
        [LEFT, LEFT, (LEFT + WIDTH - RIGHT) / 2, WIDTH - RIGHT, WIDTH - RIGHT]
    )
    assert frame.up(np.array([1.0]))[0] == TOP
    assert frame.up(np.array([0.0]))[0] > HEIGHT / 2


@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (0.0, 0.0003), (1.0, 30.0), (0.31, 0.32), (0.0, 84_000.0)])
def test_ticks_are_few_round_and_inside(low, high):
    ticks = [value for value, _ in ticks_between(low, high)]

    assert 3 <= len(ticks) <= 8
    assert low - 1e-9 <= ticks[0]
    assert ticks[-1] <= high * (1 + 1e-9)
    assert np.allclose(np.diff(ticks), ticks[1] - ticks[0])


@pytest.mark.parametrize(
    "pairs", [PAIRS, made_up_pairs(), pairs_of([0.1] * 4, [0.9] * 4), pairs_of([0.9] * 4, [0.1] * 4)]
)
def test_every_place_of_the_moving_threshold_lies_in_its_plot(pairs):
    rates = ErrorRates.from_pairs(pairs)
    report = summary(pairs)
    view, curve = view_distances(rates, rates.roc, report), error_curve(rates, rates.roc, report)
    places = moving(view, curve)
    assert isinstance(curve, ErrorCurve)
    assert len(det_frame(curve, view).x.ticks) >= 2
    for x, y in (places["det"], places["roc"], [places["x"], [TOP]]):
        assert LEFT <= min(x) <= max(x) <= WIDTH - RIGHT
        assert TOP <= min(y) <= max(y) <= HEIGHT


def test_the_markers_stand_where_the_rates_of_the_threshold_are():
    rates = ErrorRates.from_pairs(PAIRS)
    view, curve = (make(rates, rates.roc, summary(PAIRS)) for make in (view_distances, error_curve))
    places, k = moving(view, curve), STEPS  # the first mark: FMR and FNMR 0.25
    stretched = det_frame(curve, view)
    low, high = LEFT, WIDTH - RIGHT

    assert places["x"][k] == pytest.approx((low + high) / 2, abs=0.1)  # 0.5 of the largest, 1
    assert places["roc"][0][k] == pytest.approx(low + 0.25 * (high - low), abs=0.1)
    assert places["roc"][1][k] == pytest.approx(TOP + 0.25 * (HEIGHT - BOTTOM - TOP), abs=0.1)
    for place, axis in ((places["det"][0][k] - low, stretched.x), (HEIGHT - BOTTOM - places["det"][1][k], stretched.y)):
        length = high - low if axis is stretched.x else HEIGHT - BOTTOM - TOP
        share = (ndtri(0.25) - ndtri(axis.low)) / (ndtri(axis.high) - ndtri(axis.low))
        assert place == pytest.approx(share * length, abs=0.1)


@pytest.mark.parametrize(
    ("same", "different", "sentence"),
    [
        (
            [0.1, 0.2, 0.5, 0.9],
            [0.5, 0.6, 0.8, 1.0],
            "25 % of the different pairs would be called same, and 25 % of the",
        ),
        (
            [0.1] * 4,
            [0.9] * 4,
            "none of the different pairs would be called same, and none of the same pairs different",
        ),
    ],
)
def test_the_summary_says_what_happens_where_there_is_no_threshold(same, different, sentence):
    pairs = pairs_of(same, different)
    first, second = summary_of(summary(pairs), equal_errors(ErrorRates.from_pairs(pairs).roc), "people")

    assert sentence in first
    assert second == "Measured on 4 people (4 same and 4 different pairs): too few to say how far other identities " + (
        "would move these figures."
    )


def test_probabilities_judged_on_others_by_hand():
    # Said: 0.9 at distance 0, 0.5 at 1, 0.1 at 2.
    fitted = ProbabilityMap("logistic", np.array([0.0, 1.0, 2.0]), np.array([math.log(9), 0.0, -math.log(9)]))
    found = quality_on_others(pairs_of([0.0, 0.0, 0.0, 2.0], [2.0, 2.0, 1.0, 1.0]), fitted)

    assert found.brier.value == pytest.approx((3 * 0.01 + 0.81 + 2 * 0.01 + 2 * 0.25) / 8)
    expected = -(3 * math.log(0.9) + math.log(0.1) + 2 * math.log(0.9) + 2 * math.log(0.5)) / 8
    assert found.log_loss.value == pytest.approx(expected)
    assert [(b.probability, b.same) for b in found.bins] == [
        (pytest.approx(0.1), pytest.approx(1 / 3)),
        (pytest.approx(0.5), 0.0),
        (pytest.approx(0.9), 1.0),
    ]
    assert found.calibration_error.value == pytest.approx((3 * abs(0.1 - 1 / 3) + 2 * 0.5 + 3 * 0.1) / 8)


def test_probabilities_cannot_be_judged_by_one_kind_of_pairs():
    fitted = ProbabilityMap("logistic", np.array([0.0, 1.0]), np.array([1.0, -1.0]))

    with pytest.raises(TooFewError, match="got no different pair"):
        quality_on_others(pairs_of([0.1, 0.2], []), fitted)
