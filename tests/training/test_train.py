import json
import re

import numpy as np
import pytest
import torch
from torch import nn

import alikely
from alikely import TrainSettings
from alikely.errors import BadItemsError, SettingsError, StorageError, TooFewError, TrainingError
from alikely.storage import load_model
from alikely.training.progress import Silent
from alikely.training.run import Run
from alikely.types import Pairs
from tests.pictures import pattern_examples, pattern_folder
from tests.training.fast import FAST, same_weights


def test_learns_to_tell_unseen_identities_apart_and_keeps_what_it_is():
    trained = alikely.train(pattern_examples(40), FAST.model_copy(update={"epochs": 8}), reporter=Silent())

    assert trained.report.eer.value < 0.15
    assert trained.model.calibration is not None
    assert [epoch.epoch for epoch in trained.history.epochs] == list(range(1, 9))
    assert trained.history.epochs[-1].loss < trained.history.epochs[0].loss
    assert trained.history.ended == "all epochs"


def test_equal_seeds_give_equal_weights_and_another_seed_others():
    examples = pattern_examples()
    first, second = (alikely.train(examples, FAST, reporter=Silent()).model for _ in range(2))
    third = alikely.train(examples, FAST.model_copy(update={"seed": 1}), reporter=Silent()).model

    assert same_weights(first, second)
    assert not same_weights(first, third)


def test_training_leaves_the_random_state_of_the_caller_alone():
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    alikely.train(pattern_examples(), FAST.model_copy(update={"epochs": 1}), reporter=Silent())

    assert torch.equal(torch.rand(3), expected)


def test_no_identity_stands_in_two_parts():
    labels = alikely.train(pattern_examples(), FAST, reporter=Silent()).model.record["data"]["labels"]
    everywhere = [label for part in labels.values() for label in part]

    assert sorted(everywhere) == sorted(set(everywhere))
    assert len(everywhere) == 24


def test_the_saved_model_is_the_returned_one(tmp_path):
    folder = pattern_folder(tmp_path / "pictures")
    model, history, report = alikely.train(folder, FAST, out=tmp_path / "model", reporter=Silent())
    again = load_model(tmp_path / "model")
    left, right = sorted(folder.glob("*/*.png"))[:2]

    assert again.compare(left, right) == model.compare(left, right)
    assert again.record == json.loads(json.dumps(model.record))
    assert (tmp_path / "model" / "metrics.csv").read_text() == history.to_csv()
    assert [path.name for path in tmp_path.iterdir() if path.name != "pictures"] == ["model"]
    assert report.to_dict() == again.record["evaluation"]


@pytest.mark.parametrize(
    "changes",
    [
        {"encoder": "resnet", "encoder_settings": {"stages": [8], "stem": 8, "dim": 16}, "size": 32},
        {"loss": "triplet", "distance": "manhattan", "loss_settings": {"mining": "semi_hard"}},
        {"loss": "arcface"},
        {"loss": "logistic"},
        {"new_classes": "both", "augment": "strong"},
        {"precision": "bf16"},
        {"light": "local", "shape": "content"},
        {"memory_gb": 1e-9},
        {"validate_share": 0, "calibrate_share": 0, "test_share": 0},
        pytest.param(
            {"encoder": "koch", "encoder_settings": {"dim": 64}, "size": 65, "loss": None}, marks=pytest.mark.slow
        ),
    ],
    ids=lambda changes: next(iter(changes)) + "=" + str(next(iter(changes.values()))),
)
def test_every_way_of_training_ends_in_a_model(changes):
    settings = TrainSettings(**{**FAST.model_dump(), "epochs": 1, **changes})

    trained = alikely.train(pattern_examples(), settings, reporter=Silent())

    assert np.isfinite(trained.history.epochs[0].loss)
    assert (trained.report is None) == (settings.test_share == 0)


def test_decoding_for_each_batch_gives_the_same_weights_as_decoding_once():
    examples = pattern_examples()
    once, each = (
        alikely.train(examples, FAST.model_copy(update={"memory_gb": memory}), reporter=Silent()).model
        for memory in (4.0, 1e-9)
    )

    assert same_weights(once, each)


def test_learns_from_a_table_of_pairs():
    examples = pattern_examples(40)
    generator = np.random.default_rng(0)
    left, right = generator.integers(0, len(examples), (2, 4000))
    keep = left != right
    same = examples.labels[left] == examples.labels[right]
    keep &= same | (generator.random(4000) < 0.2)
    pairs = Pairs(left[keep], right[keep], same[keep])
    trained = alikely.train(
        alikely.examples_from(list(examples.items), pairs=pairs),
        FAST.model_copy(update={"loss": "contrastive", "epochs": 1}),
        reporter=Silent(),
    )

    assert trained.history.epochs[0].loss > 0


class Own(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.dim = 8
        self.linear = nn.Linear(256, 8)

    def forward(self, batch):
        return nn.functional.normalize(self.linear(batch.flatten(1)))


def test_an_own_encoder_is_trained_like_any_other(tmp_path):
    model = alikely.train(pattern_examples(), FAST, out=tmp_path / "model", encoder=Own(), reporter=Silent()).model

    assert load_model(tmp_path / "model", encoder=Own()).dim == 8
    assert model.encoder_name == "Own"


def test_an_encoder_without_dim_is_refused():
    with pytest.raises(SettingsError, match="dim"):
        alikely.train(pattern_examples(), FAST, encoder=nn.Linear(2, 2), reporter=Silent())


def test_a_model_that_is_there_is_not_replaced_unasked(tmp_path):
    alikely.train(pattern_examples(), FAST, out=tmp_path / "model", reporter=Silent())

    with pytest.raises(StorageError, match="--overwrite"):
        alikely.train(pattern_examples(), FAST, out=tmp_path / "model", reporter=Silent())
    alikely.train(pattern_examples(), FAST, out=tmp_path / "model", overwrite=True, reporter=Silent())


def test_a_loss_that_runs_away_is_told(tmp_path):
    settings = FAST.model_copy(update={"encoder_settings": {**FAST.encoder_settings, "normalise": False}})

    class Exploding(Own):
        def forward(self, batch):
            return super().forward(batch) * float("nan")

    with pytest.raises(TrainingError, match="learning_rate"):
        alikely.train(pattern_examples(), settings, encoder=Exploding(), reporter=Silent())


def test_a_collapse_is_told_in_plain_words():
    class Constant(Own):
        def forward(self, batch):
            return torch.ones(len(batch), 8) * self.linear.bias.mean().tanh()

    settings = FAST.model_copy(update={"loss": "contrastive", "epochs": 1, "calibrate_share": 0.0, "test_share": 0.0})
    history = alikely.train(pattern_examples(), settings, encoder=Constant(), reporter=Silent()).history

    assert any("collapsed" in alarm for alarm in history.alarms)


def test_stops_when_the_eer_of_held_back_identities_no_longer_falls():
    settings = FAST.model_copy(update={"epochs": 60, "patience": 2, "validate_share": 0.2})

    history = alikely.train(pattern_examples(40), settings, reporter=Silent()).history

    assert history.ended == "early stop"
    errors = [epoch.eer for epoch in history.epochs]
    assert len(errors) == errors.index(min(errors)) + 1 + 2
    assert errors[history.best - 1] == min(errors)


@pytest.mark.parametrize(
    ("errors", "epochs", "best", "said"),
    [
        ((0.2, 0.0, 0.0, 0.0), 4, 4, []),
        ((0.1, 0.1, 0.3), 3, 2, ["the model has the weights of epoch 2, the last of those whose eer was the lowest"]),
        ((0.2, 0.1, 0.3, 0.2), 4, 2, ["the model has the weights of epoch 2, whose eer was the lowest"]),
    ],
)
def test_of_epochs_with_the_same_eer_the_last_is_kept_and_none_but_the_first_counts_as_better(
    monkeypatch, errors, epochs, best, said
):
    left, notes = list(errors), []
    monkeypatch.setattr(Run, "_watch", lambda _: (left.pop(0), None))

    class Notes(Silent):
        def note(self, text):
            notes.append(text)

    settings = FAST.model_copy(update={"epochs": 60, "patience": 2, "validate_share": 0.2})
    history = alikely.train(pattern_examples(40), settings, reporter=Notes()).history

    assert (len(history.epochs), history.best, history.ended) == (epochs, best, "early stop")
    assert [note for note in notes if "weights of epoch" in note] == said


def test_all_bad_files_are_listed_and_nothing_is_left(tmp_path):
    folder = pattern_folder(tmp_path / "pictures")
    bad = sorted(folder.glob("*/*.png"))[3:6]
    bad[0].write_bytes(b"")
    bad[1].write_bytes(bad[1].read_bytes()[:60])
    bad[2].write_text("no picture")

    with pytest.raises(BadItemsError) as caught:
        alikely.train(folder, FAST, out=tmp_path / "model", reporter=Silent())

    assert [name for name, _ in caught.value.problems] == [str(path) for path in bad]
    assert [path.name for path in tmp_path.iterdir()] == ["pictures"]


def test_skip_bad_goes_on_and_lists_what_it_left_out(tmp_path):
    folder = pattern_folder(tmp_path / "pictures")
    bad = sorted(folder.glob("*/*.png"))[3]
    bad.write_bytes(b"")

    model = alikely.train(folder, FAST, out=tmp_path / "model", skip_bad=True, reporter=Silent()).model

    assert str(bad) in (tmp_path / "model" / "skipped.csv").read_text()
    assert model.record["data"]["skipped"] == 1


def test_two_identities_are_too_few_to_learn_and_to_judge():
    with pytest.raises(TooFewError, match="found 2 identities") as error:
        alikely.train(pattern_examples(2), FAST, reporter=Silent())
    named = re.findall("([a-z]+_share) = 0", str(error.value))
    settings = FAST.model_copy(update={"epochs": 1, **dict.fromkeys(named, 0.0)})
    assert alikely.train(pattern_examples(2), settings, reporter=Silent()).report is None


def test_a_rate_that_the_data_cannot_bear_costs_no_model():
    class Listening(Silent):
        alarms: list[str] = []  # noqa: RUF012

        def alarm(self, text):
            self.alarms.append(text)

    told = Listening()
    model = alikely.train(pattern_examples(), FAST.model_copy(update={"fmr": 1e-6}), reporter=told).model

    assert model.calibration.default_fmr > 1e-6
    assert any("1e-06" in alarm or "0.0001 %" in alarm for alarm in told.alarms)
