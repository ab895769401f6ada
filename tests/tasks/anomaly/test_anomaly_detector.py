"""Detectors: every kind of item, known anomalies, trained models, reasons, saving and loading, lines, and bad input."""

import json

import numpy as np
import pytest
import torch

from alikely import examples_from
from alikely.distances import Cosine, Euclidean, Manhattan
from alikely.errors import BadItemsError, CalibrationError, InputError, ModelError, SettingsError, StorageError
from alikely.tasks.anomaly import DetectorSettings, fit_detector, judge_lines, load_detector, save_detector
from alikely.tasks.anomaly.neighbours import Among, Neighbours
from alikely.tasks.anomaly.plain import PlainRows, PlainSequences
from tests.models import small_model
from tests.tasks.anomaly.normal import KINDS, anomaly_of, normal_of

SETTINGS = DetectorSettings(rate=0.1, seed=1)


@pytest.fixture(scope="module")
def detectors():
    return {kind: fit_detector(normal_of(kind), SETTINGS) for kind in KINDS}


@pytest.mark.parametrize("kind", KINDS)
def test_an_odd_item_is_anomalous_and_normal_ones_are_not(detectors, kind):
    detector = detectors[kind]
    odd, *usual = detector.judge([anomaly_of(kind), *normal_of(kind, seed=9, count=40).items])
    assert odd.anomalous
    assert odd.p_value == pytest.approx(1 / (1 + detector.normality.units))
    assert odd.deviation > odd.threshold
    assert sum(answer.anomalous for answer in usual) <= 10
    assert (odd.map is not None) == (kind == "picture")
    json.dumps(odd.to_dict(), allow_nan=False)


@pytest.mark.parametrize("kind", KINDS)
def test_a_saved_detector_judges_the_same(detectors, kind, tmp_path):
    again = load_detector(save_detector(detectors[kind], tmp_path / "detector"))
    items = [anomaly_of(kind), *normal_of(kind, seed=9, count=5).items]
    before, after = detectors[kind].judge(items), again.judge(items)
    assert [answer.to_dict() for answer in before] == [answer.to_dict() for answer in after]
    assert again.to_dict() == detectors[kind].to_dict()
    for one, other in zip(before, after, strict=True):
        assert one.map is None or np.array_equal(one.map, other.map)


def test_the_columns_that_deviate_are_named(detectors):
    answer = detectors["row"].judge([{"amount": 20.0, "hours": 90.0, "town": "Bern"}])[0]
    assert answer.reasons[0].where == "hours"
    assert answer.reasons[0].found == "90.0"
    assert answer.reasons[0].share > 0.9
    assert answer.why().startswith("hours 90.0 (nearest normal: ")


def test_a_reason_is_what_the_deviation_loses_with_it():
    rows = [{"a": float(value), "b": float(value % 2)} for value in range(40)]
    detector = fit_detector(examples_from(rows, kind="row"), DetectorSettings(rate=0.2, nearest=1, confidence=0.0))
    odd = {"a": 20.0, "b": 50.0}
    answer = detector.judge([odd])[0]
    nearest = detector.measure.remembered.cells[detector.measure.remembered.names.index(answer.nearest)]
    mended = detector.judge([{**odd, "b": nearest["b"]}])[0]
    share = next(reason.share for reason in answer.reasons if reason.where == "b")
    assert share == pytest.approx(1 - mended.deviation / answer.deviation)


def test_the_steps_that_deviate_are_named(detectors):
    sequence = normal_of("sequence", seed=9, count=1).items[0].copy()
    sequence[24:30] += 3
    reasons = detectors["sequence"].judge([sequence])[0].reasons
    first, last = (int(word) for word in reasons[0].where.removeprefix("steps ").split(" to "))
    assert 20 <= first <= 25
    assert 30 <= last <= 35
    assert not any(" to 3" in reason.where and "steps 2" in reason.where for reason in reasons[1:])  # said once


@pytest.mark.parametrize(
    ("change", "where", "found"),
    [
        (lambda normal: np.interp(np.linspace(0, 39, 90), np.arange(40), normal), "length", "90"),
        (lambda normal: normal + 3, "level", "3"),
        (lambda normal: normal * 5, "size", "5"),
    ],
)
def test_length_level_and_size_are_reasons_too(change, where, found):
    draw = np.random.default_rng(0)
    waves = [np.sqrt(2) * np.sin(np.arange(40) * np.pi / 10) + 0.05 * draw.normal(size=40) for _ in range(121)]
    detector = fit_detector(examples_from(waves[1:], kind="sequence"), SETTINGS)
    answer = detector.judge([change(waves[0])])[0]
    assert answer.anomalous
    reason = answer.reasons[0]
    assert reason.where == where
    assert float(reason.found) == pytest.approx(float(found), rel=0.03)
    assert float(reason.normal) == pytest.approx({"length": 40, "level": 0, "size": 1}[where], abs=0.03)
    assert reason.share > 0.5
    assert answer.why().startswith(f"{where} {reason.found} (nearest normal: {reason.normal})")


def test_the_means_of_steps_are_told_by_channel():
    draw = np.random.default_rng(0)
    curves = [draw.normal(size=(48, 2)) * [1, 100] for _ in range(121)]
    detector = fit_detector(examples_from(curves[1:], kind="sequence"), SETTINGS)
    curves[0][21:24, 0] = 50.0
    first = next(reason for reason in detector.judge(curves[:1])[0].reasons if reason.where.startswith("steps"))
    assert first.where == "steps 22 to 24"
    assert first.found == "mean of channel 1 50"
    assert first.normal.startswith("mean of channel 1 ")


def test_where_no_part_explains_it_that_is_said():
    normal = np.tile(np.sin(np.arange(64)), (121, 1)) + 0.01 * np.random.default_rng(0).normal(size=(121, 64))
    detector = fit_detector(examples_from(list(normal), kind="sequence"), SETTINGS)
    # Another course of the same length, level and size.
    answer = detector.judge([normal[0][::-1].copy()])[0]
    assert answer.anomalous
    assert answer.why() == "the whole of it, no single part"
    assert answer.reasons[0].share > 0.9


def test_known_anomalies_draw_what_is_like_them():
    normal = normal_of("embedding")
    # Out of the way a little, in a direction in which normal ones do not lie.
    near = [np.array([1.9, 1.9, 0.0, 0.0]) + 0.05 * np.random.default_rng(seed).normal(size=4) for seed in range(6)]
    plain = fit_detector(normal, SETTINGS)
    told = fit_detector(normal, SETTINGS, anomalies=examples_from(near[:5], kind="embedding"))
    assert told.judge([near[5]])[0].p_value < plain.judge([near[5]])[0].p_value
    assert told.judge([near[5]])[0].anomalous
    # What is far from everything is anomalous still.
    assert told.judge([np.full(4, -30.0)])[0].anomalous


def test_deviations_with_known_anomalies_by_hand():
    normal = np.array([[0.0], [2.0], [9.0]], np.float32)
    asked = np.array([[3.0], [1.0]], np.float32)
    far = Neighbours(Euclidean(), normal, np.array([[4.0], [8.0]], np.float32), 2).far(asked)
    assert far.distance.tolist() == [2.0, 1.0]  # (3 + 1) / 2, (1 + 1) / 2
    assert far.deviation.tolist() == pytest.approx([2 * 2 / 3, 1 * 1 / 5])  # anomalies at (1 + 5) / 2, (3 + 7) / 2
    assert far.nearest.tolist()[0] == 1
    met = Neighbours(Euclidean(), normal, np.array([[3.0]], np.float32), 1).far(asked[:1])
    assert np.isfinite(met.deviation).all()


@pytest.mark.parametrize("distance", [Euclidean(), Cosine(), Manhattan()])
def test_the_nearest_are_those_of_the_table(distance):
    draw = np.random.default_rng(0)
    remembered, rows = (draw.normal(size=(count, 5)).astype(np.float32) for count in (80, 30))
    found, places = Among(distance, remembered).nearest(rows, 4)
    table = distance.table(torch.from_numpy(rows), torch.from_numpy(remembered)).numpy()
    assert np.allclose(found, np.sort(table, axis=1)[:, :4], atol=1e-5)
    assert np.array_equal(places[:, 0], table.argmin(axis=1))
    assert Among(distance, remembered[:2]).nearest(rows, 4)[0].shape == (30, 2)


def test_plain_rows_and_sequences_by_hand():
    rows = PlainRows(1, [3])(torch.tensor([[0.5, 2.0], [0.5, 0.0]]))
    assert rows.tolist() == [[0.5, 0, 0, pytest.approx(0.5**0.5)], [0.5, pytest.approx(0.5**0.5), 0, 0]]
    assert float((rows[0] - rows[1]).norm()) == pytest.approx(1)
    nan = float("nan")
    batch = torch.tensor([[[0.0], [1.0], [2.0]], [[0.0], [2.0], [nan]]])
    one, other = PlainSequences(1)(batch) * 8  # the root of 64 points
    assert torch.allclose(one, other)
    assert torch.allclose(one, torch.linspace(0, 2, 64))


def test_a_trained_model_gives_embeddings_and_distance(tmp_path):
    model = small_model(calibrated=False)
    draw = np.random.default_rng(0)
    pictures = examples_from(list(draw.integers(0, 60, (60, 16, 16), dtype=np.uint8)))
    detector = fit_detector(pictures, DetectorSettings(rate=0.1, confidence=0.0), model=model)
    bright = np.full((16, 16), 255, np.uint8)
    again = load_detector(save_detector(detector, tmp_path / "detector"))
    assert again.judge([bright])[0].to_dict() == detector.judge([bright])[0].to_dict()
    assert again.measure.model.fingerprint() == model.fingerprint()
    with pytest.raises(SettingsError, match="the model takes pictures, and these items are rows"):
        fit_detector(normal_of("row"), SETTINGS, model=model)


def test_groups_are_in_one_part_only():
    draw = np.random.default_rng(0)
    centres = draw.normal(size=(60, 3))
    items = [centre + 0.01 * draw.normal(size=3) for centre in centres for _ in range(4)]
    groups = np.repeat(np.arange(60), 4)
    settings = DetectorSettings(rate=0.1, confidence=0.0)
    grouped = fit_detector(examples_from(items, groups=groups, kind="embedding"), settings)
    alone = fit_detector(examples_from(items, kind="embedding"), settings)
    assert grouped.normality.units == 30
    # With others of its group among what is remembered, every item looks normal.
    assert grouped.threshold() > 2 * alone.threshold()


def test_more_is_held_back_where_the_threshold_would_rest_on_the_largest():
    # 3 above at 10 % take 75; 30 % of 200 were 60.
    detector = fit_detector(normal_of("embedding", count=200), SETTINGS)
    assert detector.normality.units == 76
    assert (detector.normality.deviations > detector.threshold()).sum() == 3
    assert detector.to_dict()["warning"] == ""
    # Never more than half.
    assert fit_detector(normal_of("embedding", count=130), SETTINGS).normality.units == 65


def test_too_few_normal_items_say_how_many_it_takes():
    ten = normal_of("row", count=10)
    with pytest.raises(CalibrationError, match=r"from 10 normal items: it takes 58, half of them held .* is 46 %"):
        fit_detector(ten)
    with pytest.raises(CalibrationError, match="it takes 598, half"):
        fit_detector(ten, DetectorSettings(rate=0.01))
    assert fit_detector(ten, DetectorSettings(rate=0.25, confidence=0.0)).normality.units == 5


def test_the_rate_that_the_items_can_bear_is_said():
    detector = fit_detector(normal_of("row", count=150))
    assert detector.rate == 0.05
    assert "takes 598 normal items, half of them held back, and there are 150: the rate is 5 %" in detector.note


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"rate": 2.0}, "false-alarm rate"),
        ({"confidence": 1.0}, "confidence"),
        ({"hold_back": 0.7}, "hold_back"),
        ({"nearest": 0}, "nearest"),
        ({"seed": -1}, "seed"),
    ],
)
def test_settings_out_of_bounds(change, said):
    with pytest.raises(SettingsError, match=said):
        DetectorSettings(**change)


def test_items_that_cannot_be_read_are_all_named():
    items = [*normal_of("row", count=120).items, {"amount": "many", "hours": 1, "town": "Bern"}, {"town": "Zug"}]
    with pytest.raises(BadItemsError) as error:
        fit_detector(examples_from(items, kind="row"), SETTINGS)
    assert [name for name, _ in error.value.problems] == ["row 121", "row 122"]
    detector = fit_detector(examples_from(items, kind="row"), SETTINGS, skip_bad=True)
    assert [name for name, _ in detector.skipped] == ["row 121", "row 122"]
    with pytest.raises(InputError, match="put it in a list"):
        detector.judge("one text")
    judged = detector.judge_source(examples_from(items[-3:], kind="row"), skip_bad=True)
    assert (len(judged.items), len(judged.answers), len(judged.skipped)) == (1, 1, 2)
    with pytest.raises(SettingsError, match="takes rows, and these items are texts"):
        detector.judge_source(examples_from(["a"], kind="text"))


def test_anomalies_that_do_not_fit():
    with pytest.raises(SettingsError, match="the normal items are rows and the anomalies texts"):
        fit_detector(normal_of("row"), SETTINGS, anomalies=examples_from(["a"], kind="text"))
    with pytest.raises(SettingsError, match="compared with normal ones only"):
        fit_detector(normal_of("picture"), SETTINGS, anomalies=normal_of("picture", count=2))
    with pytest.raises(SettingsError, match="leave light out"):
        fit_detector(normal_of("picture"), DetectorSettings(rate=0.1, preparation={"light": "local"}))


def test_lines_are_answered_one_by_one(detectors):
    asked = []

    def lines():
        for line in ['{"amount": 20, "hours": 3, "town": "Bern"}', "", "nonsense", "[1]", '{"amount": 20}']:
            asked.append(line)
            yield line + "\n"

    answers = judge_lines(detectors["row"], lines())
    first = next(answers)
    assert len(asked) == 1  # nothing further was read
    assert (first["line"], first["item"], first["anomalous"]) == (1, "line 1", False)
    others = list(answers)
    assert [answer["line"] for answer in others] == [3, 4, 5]
    assert [answer["error"]["code"] for answer in others] == ["input"] * 3
    assert "is not JSON" in others[0]["error"]["message"]
    assert "line 5: the column 'hours' is missing" in others[2]["error"]["message"]


@pytest.mark.parametrize(
    ("kind", "line"),
    [
        ("text", '"please send money"'),
        ("text", '{"text": "please send money"}'),
        ("embedding", "[9, 9, 9, 9]"),
        ("embedding", '{"embedding": [9, 9, 9, 9]}'),
        ("sequence", json.dumps([5.0] * 20)),
    ],
)
def test_lines_of_every_kind(detectors, kind, line):
    assert next(judge_lines(detectors[kind], [line]))["anomalous"]


@pytest.mark.parametrize("line", ['{"name": "x"}', "[[1, 2], [3]]", '"' + "x" * 10, "[" * 100_000, "[NaN, 1, 2, 3]"])
def test_lines_that_are_wrong(detectors, line):
    answer = next(judge_lines(detectors["embedding"], [line]))
    assert answer["error"]["code"] == "input"


@pytest.mark.parametrize("name", ["detector.json", "memory.json", "memory.safetensors"])
@pytest.mark.parametrize("damage", ["cut", "gone"])
def test_a_damaged_detector_is_refused_by_name(detectors, tmp_path, name, damage):
    path = save_detector(detectors["row"], tmp_path / "detector") / name
    if damage == "cut":
        path.write_bytes(path.read_bytes()[:-20])
    else:
        path.unlink()
    with pytest.raises(ModelError, match=name):
        load_detector(tmp_path / "detector")


def test_nothing_else_is_overwritten(detectors, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("all of it")
    with pytest.raises(StorageError, match="is there but is no detector"):
        save_detector(detectors["row"], tmp_path / "mine")
    assert (tmp_path / "mine" / "thesis.txt").read_text() == "all of it"
