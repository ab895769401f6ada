"""The benchmark of offline signatures: its descriptors, its writers, its models, and that it runs."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from benchmarks import cedar, cedar_choice
from benchmarks.cedar import Ensemble, boosted, by_references, errors, of_one, of_pairs
from benchmarks.online_signatures import Signatures, pairs_of, parted
from benchmarks.signature_pictures import (
    CELLS,
    cleaned,
    cropped,
    describe,
    directions,
    patterns,
    stroke_widths,
    thinned,
)
from tests.benchmarks.quick import quick_run


def drawn(tmp_path, name="one.png", width=5):
    sheet = Image.new("L", (200, 100), 255)
    ImageDraw.Draw(sheet).line([(20, 80), (60, 20), (100, 80), (180, 30)], fill=0, width=width)
    sheet.save(tmp_path / name)
    return tmp_path / name


def made(writers=20, genuine=8, forged=4):
    """Three numbers that tell writers; forgeries differ in the third of them. The rest is noise."""
    rng = np.random.default_rng(0)
    names = np.repeat([f"w{writer:02d}" for writer in range(writers)], genuine + forged)
    false = np.tile(np.repeat([False, True], [genuine, forged]), writers)
    rows = rng.normal(size=(len(names), 12))
    rows[:, :3] = np.repeat(rng.normal(size=(writers, 3)), genuine + forged, axis=0)
    rows[:, :3] += rng.normal(size=(len(names), 3)) * 0.05
    rows[:, 2] += false * rng.choice([-1, 1], len(names))
    return Signatures(tuple(rows.astype(np.float32)[:, None]), names, false)


def test_specks_are_taken_off_and_the_rest_is_cropped():
    ink = np.zeros((20, 30), bool)
    ink[4:8, 5:25] = True
    ink[15:18, 2:5] = True  # 9 pixels
    np.testing.assert_array_equal(cropped(cleaned(ink)), np.ones((4, 20), bool))
    speck = np.zeros((20, 30), bool)
    speck[3, 3] = True
    np.testing.assert_array_equal(cleaned(speck), speck)


def test_a_thinned_bar_is_a_line_and_its_width_is_known():
    bar = np.ones((5, 41), bool)
    line = thinned(bar)
    assert line.sum(axis=0).max() == 1
    assert line[2].sum() == line.sum() >= 35
    assert np.argmax(stroke_widths(bar, line)) == 6  # 3 pixels from the middle to the paper: the seventh of half pixels
    ring = np.ones((21, 21), bool)
    ring[8:13, 8:13] = False
    assert not thinned(ring)[8:13, 8:13].any()
    assert thinned(ring).sum() > 40  # it stays closed


def test_patterns_are_shares_and_directions_follow_the_strokes():
    block = np.ones((40, 40), bool)
    shares = patterns(block).reshape(4, 59) ** 2
    np.testing.assert_allclose(shares.sum(axis=1), 1)
    assert shares[0].max() == pytest.approx((38 / 40) ** 2)  # all around is ink, but at the border
    stripes = np.zeros((64, 128), np.float32)
    stripes[::8] = stripes[1::8] = stripes[2::8] = stripes[3::8] = 1
    by_direction = directions(stripes).reshape(8, CELLS[1], CELLS[0]) ** 2
    assert by_direction.sum(axis=(1, 2))[4] > 0.95  # edges that run across change downwards: the middle of 0 to pi
    np.testing.assert_allclose(by_direction.sum(), 1, rtol=1e-5)


def test_descriptors_stay_the_same_elsewhere_on_the_sheet_and_differ_for_thicker_strokes(tmp_path):
    one, thick = describe(drawn(tmp_path)), describe(drawn(tmp_path, "thick.png", 9))
    moved = Image.new("L", (260, 160), 255)
    moved.paste(Image.open(tmp_path / "one.png"), (40, 30))
    moved.save(tmp_path / "moved.png")
    for name, numbers in describe(tmp_path / "moved.png").items():
        np.testing.assert_array_equal(numbers, one[name])
        assert np.isfinite(numbers).all()
    assert np.abs(thick["width"] - one["width"]).max() > 0.3
    assert sum(len(one[name]) for name in cedar.OURS) == 921


def test_units_hold_what_is_known_and_nothing_of_two_forgeries():
    signatures = made(6, genuine=9, forged=8)
    examples = cedar.examples_of(signatures, cedar.table_of(signatures), 0)
    pairs, writers, forged = examples.pairs, signatures.writers, signatures.forged
    units = 6 * cedar.UNITS
    assert pairs.units.max() == units - 1
    assert (pairs.same.sum(), len(pairs)) == (units * 28, units * (28 + 2 * 64))
    own = writers[pairs.left] == writers[pairs.right]
    assert not forged[pairs.left].any()
    assert (pairs.same == (own & ~forged[pairs.right])).all()
    assert (forged[pairs.right] & ~pairs.same).sum() == (~own).sum() == units * 64
    assert (pairs.left != pairs.right).all()


def test_it_learns_what_tells_forgeries_and_never_from_the_writers_held_back(monkeypatch):
    monkeypatch.setattr(cedar, "REFERENCES", (3,))
    monkeypatch.setattr(cedar, "EACH", 4)
    learned, judged = parted(made(), 5, seed=0)
    assert not set(learned.writers) & set(judged.writers)
    ensemble = Ensemble(learned, 3, 0, {"epochs": 15})
    for member in ensemble.models[::2]:  # the others are networks
        weights = member.model.distance.weights()
        assert weights[:3].min() > weights[3:].max()
    known = np.isfinite(ensemble.apart)
    assert (known.sum(axis=1) == 5 * 12).all()  # each with those of its part of 15 writers
    distances = ensemble.distances(judged)
    found = errors(of_pairs(distances, pairs_of(judged, 0)))
    assert max(found.values()) < 0.45
    several = by_references(learned, ensemble.apart, judged, distances)
    assert several["skilled_eer_3_references_personal"] < 0.45
    assert several["false_acceptance_3_references_personal"] <= several["asked_3_references_personal"]
    assert boosted(learned, judged, 0)["skilled_eer"] < 0.2
    assert 0.3 < of_one(learned, judged)["auc_of_one"] < 0.7  # nothing but the references tells these


@pytest.mark.slow
@pytest.mark.data
@pytest.mark.parametrize("benchmark", [cedar, cedar_choice])
def test_it_runs(benchmark, real_data, tmp_path, monkeypatch):
    result = quick_run(benchmark, real_data, tmp_path, monkeypatch)
    assert 0 < result["metrics"]["skilled_eer"] < 0.5
    assert 0.05 < result["floors"]["boosting"]["skilled_eer"] < 0.4
    if benchmark is cedar:
        assert 0.6 < result["floors"]["one signature alone"]["auc_of_one"] < 0.95
