import json
from dataclasses import replace

import pytest

import alikely
from alikely import TrainSettings
from alikely.card import calibrated_unlearned, model_card, rests_on
from alikely.metrics import percent
from alikely.training.progress import Silent
from tests.models import small_model
from tests.pictures import pattern_examples

SMALL = TrainSettings(size=16, epochs=1, encoder_settings={"width": 8, "depth": 2, "dim": 8, "grid": 2})


@pytest.fixture(scope="module")
def model():
    return alikely.train(pattern_examples(), SMALL, reporter=Silent()).model


def test_every_figure_of_the_record_stands_on_the_card(model):
    card = model_card(model, "faces")
    evaluation = model.record["evaluation"]

    for name, text in (("eer", percent), ("auc", "{:.3f}".format), ("fnmr_at_fmr_0.01", percent)):
        low, high = evaluation[f"{name}_interval"] or (None, None)
        if evaluation[name] is None:
            assert evaluation[f"{name}_reason"] in card
        else:
            assert f"| {text(evaluation[name])} |" in card
        if low is not None:
            assert f"{text(low)} to {text(high)}" in card
    found = evaluation["at_threshold"]
    assert f"let {percent(found['fmr'])} of these different pairs through and refused {percent(found['fnmr'])}" in card
    assert f"| FNMR (same pairs refused) at FMR 0.1 % | not known | {evaluation['fnmr_at_fmr_0.001_reason']} |" in card
    for name in ("identities", "items", "same_pairs", "different_pairs"):
        assert f"{evaluation[name]:,} {name.replace('_', ' ')}" in card
    for part, used in (("train", "learning"), ("calibrate", "threshold and probability"), ("test", "measuring")):
        counts = model.record["data"]["parts"][part]
        assert f"| {used} | {counts['identities']} | {counts['items']} |" in card


def test_figures_of_too_few_pairs_are_not_known_on_the_card(model):
    evaluation = model.record["evaluation"] | {"different_pairs": 2}
    card = model_card(replace(model, record=model.record | {"evaluation": evaluation}), "faces")
    assert "| AUC | not known | 2 different pairs are too few |" in card


def test_the_card_says_what_the_threshold_rests_on(model):
    card, calibration = model_card(model, "faces"), model.calibration

    assert f"of at most {calibration.threshold(fmr=calibration.default_fmr):.4g}" in card
    assert f"{calibration.same_pairs:,} same and {calibration.different_pairs:,} different pairs" in card
    noted = replace(model, calibration=replace(calibration, note="540 pairs bear no rate of 0.1 %"))
    assert "540 pairs bear no rate of 0.1 %. Fitted on" in model_card(noted, "faces")


def test_the_card_says_whether_the_rate_is_promised(model):
    calibration = replace(model.calibration, default_fmr=0.5)
    promised, found = (replace(model, calibration=replace(calibration, confidence=sure)) for sure in (0.5, 0.0))

    assert "of different pairs of identities never seen, at most" in model_card(promised, "faces")
    assert "lie below it, with 50 % confidence over identities." in model_card(promised, "faces")
    assert "of the calibration identities lie below it, which promises nothing for others." in model_card(
        found, "faces"
    )


def test_the_card_says_how_the_model_was_made(model):
    card = model_card(model, "faces")

    for name, value in model.record["training"]["settings"].items():
        assert (f"{name} = {json.dumps(value)}" in card) == (value not in (None, {}, []))
    assert "1 epochs (all epochs); the weights are those of epoch 1" in card
    assert f"torch {model.record['versions']['torch']}" in card
    assert "alikely compare faces LEFT RIGHT" in card


def test_alarms_findings_and_losses_are_not_left_out(model):
    training = model.record["training"] | {"alarms": ["the embeddings have collapsed"]}
    parts = model.record["data"]["parts"] | {"dropped_pairs": 1234}
    data = model.record["data"] | {"findings": [{"what": "two labels are alike"}], "skipped": 7, "parts": parts}

    card = model_card(replace(model, record=model.record | {"training": training, "data": data}), "faces")

    assert "Alarms during the training:\n\n- the embeddings have collapsed\n" in card
    assert "- two labels are alike" in card
    assert "7 items could not be read and were left out" in card
    assert "1,234 pairs between parts were left out" in card


def test_a_model_without_a_record_has_a_card_too():
    card = model_card(small_model(calibrated=False), "bare")

    assert "Not measured" in card
    assert "no calibration: it gives distances and embeddings, no verdicts" in card
    assert 'model.embed(["left.png", "right.png"])' in card
    assert "## Data" not in card


def test_it_says_of_whom_the_calibration_is_only_what_the_record_proves(model):
    count, data = model.calibration.identities, model.record["data"]
    assert rests_on(model) == f"{count} identities that were not learned from"

    def told(**changed):
        other = replace(
            model, record={**model.record, "data": {**data, "calibrated_on": "labels/pairs.csv", **changed}}
        )
        return calibrated_unlearned(other), rests_on(other)

    assert told() == (None, f"{count} identities")
    assert told(calibrated_unlearned=True) == (True, f"{count} identities that were not learned from")
    assert told(calibrated_unlearned=False) == (False, f"{count} identities, some of which were learned from")
    pairs = {"labels": {**data["labels"], "calibrate": []}}
    assert told(**pairs) == (None, f"{count} groups of items that same pairs join")
    assert rests_on(replace(model, record={})) == f"{count} identities"
