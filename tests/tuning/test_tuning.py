import json
import tomllib
from dataclasses import replace

import optuna
import pytest

import alikely
from alikely import TrainSettings
from alikely.config import read_toml
from alikely.errors import InputError, SettingsError, TooFewError, TrainingError
from alikely.training.history import Epoch, History
from alikely.training.progress import Silent
from alikely.tuning import Again, Trial, Tuned, search, tune
from tests.commands import command, refused
from tests.pictures import pattern_examples, pattern_folder

ENCODER = {"width": 8, "depth": 2, "grid": 2}
SMALL = TrainSettings(size=16, epochs=2, encoder_settings=ENCODER, precision="fp32")


def identities():
    return pattern_examples(24, each=3)


@pytest.fixture(scope="module")
def tuned():
    return tune(identities(), SMALL, trials=5, fresh=1, reporter=Silent())


def test_the_first_trial_is_the_start_and_the_best_is_the_least(tuned):
    done = [trial for trial in tuned.trials if trial.ended == "done"]

    assert [trial.number for trial in tuned.trials] == [1, 2, 3, 4, 5]
    assert tuned.start.changes["loss"] == "contrastive"
    assert tuned.start.changes["loss_settings"] == {"margin": 1.0}
    assert len(done) >= search.UNPRUNED
    assert tuned.best.value == min(trial.value for trial in done)
    assert tuned.measure == "eer"
    assert len({str(trial.changes) for trial in tuned.trials}) == 5


def test_the_value_of_a_trial_is_what_training_reaches(tuned):
    history = alikely.train(identities(), tuned.settings, reporter=Silent()).history

    assert min(epoch.eer for epoch in history.epochs) == tuned.best.value


def test_the_value_is_that_of_the_best_epoch():
    row = Epoch(1, 0.5, 0.3, 1e-3, 1.0, 1.0)
    rows = (row, replace(row, epoch=2, eer=0.1), replace(row, epoch=3, eer=0.2), replace(row, epoch=4, eer=None))

    assert search._value(History(rows, (), 2, "all epochs", 1.0)) == 0.1
    assert search._value(History((replace(row, spearman=0.75),), (), 1, "all epochs", 1.0)) == 0.25
    assert search._value(History((), (), 0, "all epochs", 1.0)) == float("inf")


def test_equal_seeds_search_alike(tuned):
    again = tune(identities(), SMALL, trials=3, fresh=0, reporter=Silent())

    assert [trial.changes for trial in again.trials] == [trial.changes for trial in tuned.trials[:3]]
    assert [trial.value for trial in again.trials] == [trial.value for trial in tuned.trials[:3]]


def test_calibration_and_test_identities_are_never_looked_at(monkeypatch):
    examples = identities()
    parts = alikely.train(examples, SMALL, reporter=Silent()).model.record["data"]["labels"]
    looked = []
    real = search.learn

    def watched(gathered, *rest):
        for part in ("train", "validate"):
            looked.extend(gathered.part(part).examples.labels)
        return real(gathered, *rest)

    monkeypatch.setattr(search, "learn", watched)
    monkeypatch.setattr(search, "best_of", lambda trials: trials[1])  # so that the splits are drawn anew
    found = tune(examples, SMALL, trials=2, fresh=2, reporter=Silent())

    assert len(found.again) == 2
    assert set(looked) == {*parts["train"], *parts["validate"]}


def test_the_best_settings_as_toml_are_read_back(tuned, tmp_path):
    tuned.write(tmp_path)
    values = read_toml(tmp_path / "best.toml")

    assert TrainSettings(**values) == tuned.settings
    assert (tmp_path / "trials.csv").read_text().splitlines()[0] == "trial,eer,epochs,ended,seconds,changed"
    assert len((tmp_path / "trials.csv").read_text().splitlines()) == 6


def test_every_kind_of_value_survives_toml():
    said = TrainSettings(
        augment={"rotate": 8.0, "odd name": 1e-5},
        trackers=("mlflow",),
        encoder='name "quoted" ü\\',
        loss_settings={"info_nce": {"temperature": 0.1}, "wide": True, "none": None},
        patience=None,
    )
    trial = Trial(1, {}, 0.25, 2, "done", 1.0)
    read = tomllib.loads(Tuned(said, "eer", (trial,), ()).to_toml())

    assert read["loss_settings"] == {"info_nce": {"temperature": 0.1}, "wide": True}
    assert TrainSettings(**{**read, "loss_settings": said.loss_settings}) == said


@pytest.mark.parametrize(
    ("again", "said"),
    [
        ((Again(1, 0.3, 0.1), Again(2, 0.3, 0.31)), "won 1 of 2 times, and on average"),
        ((Again(1, 0.3, 0.3),), "no better on average"),
        ((Again(1, 0.3, 0.35),), "no better on average"),
        ((), "better by luck, too"),
    ],
)
def test_the_verdict_is_that_of_the_splits_drawn_anew(again, said):
    trials = (
        Trial(1, {"loss": "contrastive"}, 0.25, 2, "done", 1.0),
        Trial(2, {"loss": "triplet"}, None, 1, "pruned", 1.0),
        Trial(3, {"loss": "info_nce", "learning_rate": 0.1}, 0.125, 2, "done", 1.0),
    )
    found = Tuned(TrainSettings(), "eer", trials, again)

    assert said in found.verdict()
    assert found.rows()[:2] == [
        ("eer, settings as they were", "0.2500", "contrastive"),
        ("eer, best of 3 trials", "0.1250", "info_nce learning_rate=0.1"),
    ]
    assert len(found.rows()) == (4 if again else 2)
    assert json.loads(json.dumps(found.to_dict()))["best"] == 0.125


def test_nothing_better_than_the_start_is_said():
    trials = (Trial(1, {}, 0.0, 2, "done", 1.0), Trial(2, {}, 0.0, 2, "done", 1.0))

    assert "keep them" in Tuned(TrainSettings(), "eer", trials, ()).verdict()


def test_a_trial_that_runs_away_is_no_end(monkeypatch):
    calls = []
    real = search.learn

    def failing(*arguments):
        calls.append(1)
        if len(calls) == 2:
            raise TrainingError("the loss is nan")
        return real(*arguments)

    monkeypatch.setattr(search, "learn", failing)
    found = tune(identities(), SMALL, trials=3, fresh=0, reporter=Silent())

    assert [trial.ended for trial in found.trials] == ["done", "the loss is nan", "done"]
    monkeypatch.setattr(search, "learn", lambda *_: (_ for _ in ()).throw(TrainingError("the loss is inf")))
    with pytest.raises(TrainingError, match="no trial could be trained to its end: the loss is inf"):
        tune(identities(), SMALL, trials=2, reporter=Silent())


def test_ctrl_c_ends_the_search_with_what_it_found(monkeypatch):
    calls = []
    real = search.learn

    def stopped(*arguments):
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return real(*arguments)

    monkeypatch.setattr(search, "learn", stopped)
    found = tune(identities(), SMALL, trials=5, reporter=Silent())

    assert len(found.trials) == 2
    assert found.again == ()


def test_a_trial_that_is_behind_is_given_up():
    study = optuna.create_study(pruner=optuna.pruners.ThresholdPruner(upper=0.3))
    pruning = search._Pruning(study.ask())
    row = alikely.train(pattern_examples(), SMALL, reporter=Silent()).history.epochs[0]

    pruning.epoch(replace(row, epoch=1, eer=0.2), 2)
    with pytest.raises(optuna.TrialPruned):
        pruning.epoch(replace(row, epoch=2, eer=0.4), 2)
    assert pruning.epochs == 2


@pytest.mark.parametrize(
    ("examples", "changes", "arguments", "error", "message"),
    [
        (pattern_examples(12), {}, {}, TooFewError, "takes 20 identities with 2 items or more"),
        (identities(), {"validate_share": 0.0}, {}, SettingsError, "validate_share, which is 0"),
        (identities(), {}, {"trials": 1}, SettingsError, "takes 2 trials or more"),
        (identities(), {}, {"fresh": -1}, SettingsError, "0 fresh splits or more"),
        (replace(identities(), labels=None), {}, {}, InputError, "nothing is known of these items; give some"),
    ],
)
def test_what_cannot_be_tuned(examples, changes, arguments, error, message):
    with pytest.raises(error, match=message):
        tune(examples, SMALL.model_copy(update=changes), **{"trials": 2, **arguments}, reporter=Silent())


def test_without_optuna_it_says_how_to_get_it(monkeypatch):
    monkeypatch.setattr(search, "find_spec", lambda _: None)
    with pytest.raises(SettingsError, match=r"pip install alikely\[tune\]"):
        tune(identities(), SMALL, reporter=Silent())


def test_views_are_tuned_by_labels():
    settings = SMALL.model_copy(update={"loss": "vicreg", "items_per_batch": 64})
    found = tune(identities(), settings, trials=2, fresh=0, reporter=Silent())

    assert all(0 <= trial.value <= 1 for trial in found.trials)
    assert found.settings.loss == "vicreg"


@pytest.mark.parametrize("better", [True, False])
def test_the_line_at_the_end_trains_with_what_is_recommended(better, tmp_path, monkeypatch):
    start = Trial(1, {"learning_rate": 0.002}, 0.3, 1, "done", 1.0)
    trials = (start, replace(start, number=2, value=0.2))
    again = (Again(0, 0.3, 0.1 if better else 0.4),)
    monkeypatch.setattr("alikely.tuning.tune", lambda *_, **__: Tuned(SMALL, "eer", trials, again))
    given = ("--epochs", "1", "--set", "size = 16", "--set", "seed=4", "--items", "picture", "--skip-bad")
    verdict, line = command("tune", "pictures", *given, "--out", tmp_path).out.splitlines()[-2:]

    if better:
        assert verdict.endswith("the best settings won 1 of 1 times, and on average")
        assert line == (
            f"to train with the best settings: alikely train pictures --config {tmp_path}/best.toml --skip-bad "
            "--out model"
        )
    else:
        assert verdict.endswith("keep those you had")
        assert line == (
            "to train with the settings as they were: alikely train pictures --items picture --set 'size = 16' "
            "--set seed=4 --skip-bad --out model"
        )


def test_the_command(tmp_path):
    folder, out = pattern_folder(tmp_path / "pictures", 24, each=3), tmp_path / "tuned"
    small = ("--epochs", "1", "--set", "size=16", "--set", "encoder_settings={width=8,depth=2,dim=8,grid=2}")
    ran = command("tune", folder, *small, "--trials", "2", "--fresh", "1", "--out", out, "--losses", "triplet,info_nce")
    described = command("tune", folder, *small, "--trials", "2", "--fresh", "0", "--out", out, "--json")

    assert ran.code == described.code == 0, ran
    assert f"alikely train {folder} " in ran.out
    assert "eer, settings as they were" in ran.out
    assert "trial 1/2" in ran.err
    assert json.loads(described.out)["file"] == str(out / "best.toml")
    assert TrainSettings(**read_toml(out / "best.toml")).epochs == 1
    assert "no loss 'nonsense'" in refused("tune", folder, *small, "--losses", "nonsense", "--out", out)
