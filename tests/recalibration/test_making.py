import json
from dataclasses import replace

import numpy as np
import pytest

import alikely
from alikely.errors import CalibrationError, InputError, ModelError, SettingsError
from alikely.metrics import DetectionCosts
from alikely.recalibration import chosen
from tests.models import pictures, small_model
from tests.pictures import pattern_examples
from tests.recalibration.made import columns, embeddings, table

FOUND = alikely.calibrate_scores(columns(), fmr=0.05, fnmr=0.02, costs=DetectionCosts(false_alarm=10.0, prior=0.1))


GIVEN = columns()


def rates_of(threshold):
    """Both error rates of a similarity, counted."""
    values, same = np.array(GIVEN["similarity"]), np.array(GIVEN["same"])
    return (values[~same] >= threshold).mean(), (values[same] < threshold).mean()


def test_the_rates_of_every_threshold_are_those_that_are_counted():
    assert [point.fmr for point in FOUND.rates] == [0.1, 0.05, 0.01, 0.001, 0.0001]
    borne = [point for point in FOUND.rates if point.threshold is not None]
    assert len(borne) >= 3
    for point in borne:
        at = point.threshold
        assert (at.fmr_found, at.fnmr_found) == pytest.approx(rates_of(at.similarity))
        assert at.fmr_found <= at.fmr_bound <= point.fmr
        assert at.fnmr_found <= at.fnmr_bound
        assert point.reason is None
    assert FOUND.rates[-1].threshold is None
    assert "it takes about" in FOUND.rates[-1].reason


def test_with_no_confidence_nothing_is_bounded_and_too_few_pairs_are_said():
    found = alikely.calibrate_scores(columns(), confidence=0.0)

    assert all(point.threshold.fmr_bound is None for point in found.rates if point.threshold is not None)
    assert found.rates[-1].reason == "it takes 10,000 different pairs, there are 780"
    assert found.rows()[-1] == ("0.01 %", "none", "", "", "it takes 10,000 different pairs, there are 780")
    assert "which promise nothing" in found.title()


def test_a_rate_that_not_even_the_smallest_distance_keeps():
    given = {"distance": [0.0] * 50 + [1.0] * 950 + [0.0] * 20, "same": [False] * 1000 + [True] * 20}
    found = alikely.calibrate_scores(given, confidence=0.0)

    assert found.rates[1].reason == "even the smallest distance lets more through"
    assert found.rates[1].to_dict() == {
        "fmr": 0.01,
        "confidence": 0.0,
        "reason": "even the smallest distance lets more through",
    }


def test_the_unsure_band_and_where_there_is_none():
    given = columns()
    given["similarity"] = (np.array(given["similarity"]) - 0.35 * np.array(given["same"])).tolist()
    band = alikely.calibrate_scores(given, fmr=0.02, fnmr=0.1).band

    assert not band.empty
    assert band.upper.distance > band.lower.distance
    assert band.upper.fnmr_found <= band.upper.fnmr_bound <= 0.1
    assert band.sentence().startswith(f"unsure between {band.lower.similarity:.4g}, the default threshold, and ")
    assert alikely.calibrate_scores(columns(), fmr=0.1, fnmr=0.2).band.empty
    with pytest.raises(CalibrationError, match=r"false non-match rate of 0\.01 %"):
        alikely.calibrate_scores(columns(), fnmr=0.0001)


def test_the_cheapest_threshold_is_that_of_all_tried():
    tried = [*sorted(set(GIVEN["similarity"]))[::5], FOUND.cheapest.threshold.similarity]
    costs = [0.1 * fnmr + 0.9 * 10 * fmr for fmr, fnmr in map(rates_of, tried)]
    fmr, fnmr = rates_of(FOUND.cheapest.threshold.similarity)

    assert 0.1 * fnmr + 0.9 * 10 * fmr == pytest.approx(min(costs))
    nothing = alikely.calibrate_scores(columns(), costs=DetectionCosts(miss=1e-6, false_alarm=1e6, prior=1e-6))
    assert nothing.cheapest.to_dict()["threshold"] is None or nothing.cheapest.threshold.fmr_found == 0


def test_another_program_reads_all_of_it_and_python_reads_it_again(tmp_path):
    path = FOUND.save(tmp_path / "new" / "calibration.json")
    told = json.loads(path.read_text(), parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    again = alikely.load_calibration(path)

    assert told == FOUND.to_dict()
    assert again.to_dict() == FOUND.calibration.to_dict()
    assert again.decide(0.31) == FOUND.calibration.decide(0.31)
    assert told["largest_similarity"] == 1.0
    assert told["probability_quality"]["brier"] < 0.09  # of the prior alone
    assert [point["fmr"] for point in told["operating_points"]] == [0.1, 0.05, 0.01, 0.001, 0.0001]
    assert set(told["operating_points"][0]) == {
        "fmr",
        "confidence",
        "threshold",
        "similarity",
        "fmr_found",
        "fnmr_found",
        "fmr_bound",
        "fnmr_bound",
    }
    assert set(told["operating_points"][-1]) == {"fmr", "confidence", "reason"}
    assert told["unsure_band"]["fnmr"] == 0.02
    assert (told["cheapest"]["prior"], told["cheapest"]["false_match_cost"]) == (0.1, 10)


def test_files_that_are_no_calibration(tmp_path):
    (tmp_path / "list.json").write_text("[]")
    (tmp_path / "words.json").write_text("words")
    (tmp_path / "other.json").write_text('{"format": "other"}')

    for name, message in [
        ("list.json", "is no calibration"),
        ("words.json", "cannot be read"),
        ("nowhere.json", "cannot be read"),
        ("other.json", "not a calibration that this version reads"),
    ]:
        with pytest.raises(ModelError, match=f"{name}: .*{message}"):
            alikely.load_calibration(tmp_path / name)


def test_independent_pairs_are_told_loudly_wherever_the_calibration_goes(tmp_path):
    given = {name: cells for name, cells in columns().items() if "identity" not in name}
    found = alikely.calibrate_scores(given)
    again = alikely.load_calibration(found.save(tmp_path / "c.json"))

    assert "only if no two pairs share an identity" in again.note
    assert again.note in found.notes
    assert found.calibration.identities == len(given["same"])


def test_independent_pairs_keep_their_promise_as_clopper_and_pearson_say():
    """Pairs that share nothing: the bound is about that of a count out of so many."""
    from scipy.stats import beta

    given = {name: cells for name, cells in columns(identities=90).items() if "identity" not in name}
    at = alikely.calibrate_scores(given).rates[1].threshold
    different = np.sum(~np.array(given["same"]))
    errors = round(at.fmr_found * different)

    assert at.fmr_bound == pytest.approx(beta.ppf(0.95, errors + 1, different - errors), rel=0.1)


def test_a_model_is_calibrated_anew_and_its_weights_stay():
    model, examples = small_model(), pattern_examples(identities=20, each=4)
    found = alikely.calibrate_model(model, examples, fmr=0.1)

    assert found.calibration.model == model.fingerprint() == found.model.fingerprint()
    assert found.model.calibration is found.calibration
    assert model.calibration is not found.calibration
    assert (found.calibration.same_pairs, found.calibration.identities) == (20 * 6, 20)
    assert found.model.compare(*pictures(2)).fmr == 0.1
    assert found.model.encoder is model.encoder


def test_a_table_of_pairs_calibrates_by_its_pairs():
    examples = pattern_examples(identities=20, each=4)
    left, right = np.triu_indices(80, 1)
    same = examples.labels[left] == examples.labels[right]
    pairs = list(zip(left.tolist(), right.tolist(), same.tolist(), strict=True))
    paired = alikely.examples_from(examples.items, pairs=pairs)

    found, expected = (alikely.calibrate_model(small_model(), source, fmr=0.1) for source in (paired, examples))

    assert found.calibration.same_pairs == expected.calibration.same_pairs
    assert found.calibration.threshold(fmr=0.1) == pytest.approx(expected.calibration.threshold(fmr=0.1))


def model_with_record(labels):
    record = {
        "data": {"source": "pictures", "labels": labels, "parts": {"train": {"identities": 3, "items": 12}}},
        "evaluation": {"eer": 0.1, "at_threshold": {"threshold": 0.5}},
    }
    return replace(small_model(), record=record)


def test_labels_that_were_trained_on_are_said_and_stay_said():
    model = model_with_record(
        {"train": ["id01", "id00"], "validate": ["id05"], "calibrate": ["id07"], "test": ["id09"]}
    )
    found = alikely.calibrate_model(model, pattern_examples(identities=20, each=4), fmr=0.1)

    assert "3 of 20 identities (id00, id01, id05) bear labels that the model was trained on" in found.notes[0]
    assert found.calibration.note in found.notes
    # A rate that the model's own training identities keep is no promise, whatever was asked.
    assert found.calibration.confidence == 0
    assert "which promise nothing for others" in found.title()
    others = alikely.calibrate_model(model_with_record({"train": ["x"]}), pattern_examples(identities=20, each=4))
    assert "trained on" not in str(others.notes)


def test_the_record_tells_what_it_was_calibrated_on_now():
    model = model_with_record({"train": ["x"], "calibrate": ["y"]})
    record = alikely.calibrate_model(model, pattern_examples(identities=20, each=4), fmr=0.1).model.record

    assert record["data"]["labels"] == {"train": ["x"], "calibrate": [f"id{i:02d}" for i in range(20)]}
    assert record["data"]["parts"]["calibrate"] == {"identities": 20, "items": 80, "pairs": 0}
    assert record["data"]["calibrated_on"] == "examples given from Python"
    assert record["evaluation"] == {"eer": 0.1, "at_threshold": None}
    assert model.record["data"]["labels"]["calibrate"] == ["y"]


def test_of_too_many_items_a_sample_is_embedded(monkeypatch):
    monkeypatch.setattr(chosen, "MOST_PAIRS", 800)
    found = alikely.calibrate_model(small_model(), pattern_examples(identities=20, each=4), confidence=0.0)

    assert found.calibration.identities == 10
    assert any("a sample was drawn" in note for note in found.notes)
    assert any(
        "a sample" in note for note in alikely.calibrate_embeddings(embeddings(), "cosine", confidence=0.0).notes
    )


def test_too_few_identities_to_judge_the_probability_are_said():
    given = {"distance": [0.1] * 10 + [0.9] * 10, "same": [True] * 10 + [False] * 10}
    given |= {"left_identity": ["a"] * 20, "right_identity": ["a"] * 10 + ["b"] * 10}
    found = alikely.calibrate_scores(given, confidence=0.0)

    assert found.quality is None
    assert found.to_dict()["probability_quality"] is None
    assert any(
        "how good the probabilities are cannot be told: 2 identities are too few" in note for note in found.notes
    )


def test_a_probability_that_there_is_not():
    with pytest.raises(SettingsError, match="no probability 'platt'; choose one of: logistic, isotonic"):
        alikely.calibrate_scores(columns(), probability="platt")


def test_a_report_of_scores_alone(tmp_path):
    source = table(tmp_path / "scores.csv", columns())
    found = alikely.calibrate_scores(source, report_file=tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text()

    assert "the very pairs that the thresholds were set on" in page
    assert "scores.csv" in page
    brier = found.quality.brier  # on other identities than those it was fitted on
    assert f"{brier.low:.3f} to {brier.high:.3f}" in page


def test_without_identities_the_promise_has_a_condition():
    given = columns()
    known, unknown = (
        alikely.calibrate_scores(given if whole else {name: given[name] for name in ("similarity", "same")}, fmr=0.1)
        for whole in (True, False)
    )

    assert "of 40 identities; promised" in known.title()
    assert "of unknown identities; promised" in unknown.title()
    assert unknown.title().endswith("95 % confidence, if no two pairs share an identity")


def test_a_threshold_that_refuses_nearly_all_same_pairs_is_told():
    generator = np.random.default_rng(0)
    given = {"distance": generator.uniform(0, 1, 3000), "same": np.arange(3000) < 1000}
    notes = alikely.calibrate_scores(given, fmr=0.01, confidence=0.0).notes

    assert any("of the same pairs are refused: the distances hardly tell" in note for note in notes)
    assert not any("refused" in note for note in FOUND.notes)


def test_embeddings_without_a_direction_have_no_cosine():
    given = embeddings()
    given["embeddings"][3] = 0
    with pytest.raises(InputError, match=r"1 of .* embeddings are all zeros, the first in row 4"):
        alikely.calibrate_embeddings(given, "cosine")
    alikely.calibrate_embeddings(given, "euclidean", confidence=0.0)


def test_a_report_of_similarities_says_what_its_distances_are(tmp_path):
    alikely.calibrate_scores(columns(), fmr=0.05, report_file=tmp_path / "scores.html")
    assert "the distances on this page are 1 - similarity" in (tmp_path / "scores.html").read_text()
