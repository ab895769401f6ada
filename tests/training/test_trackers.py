import pytest

import alikely
from alikely.errors import SettingsError
from alikely.training import trackers
from alikely.training.progress import Silent
from alikely.training.trackers import Trackers, require_installed
from tests.pictures import pattern_examples
from tests.training.test_train import FAST


def test_tensorboard_gets_the_numbers_of_each_epoch(tmp_path, monkeypatch):
    pytest.importorskip("tensorboardX")
    monkeypatch.chdir(tmp_path)

    alikely.train(
        pattern_examples(), FAST.model_copy(update={"trackers": ("tensorboard",), "epochs": 2}), reporter=Silent()
    )

    (events,) = [
        path for path in (tmp_path / "alikely-logs").rglob("events.out*") if b"pairs_per_second" in path.read_bytes()
    ]
    content = events.read_bytes()
    assert content.count(b"pairs_per_second") == 2
    assert b"eer" in content


def test_without_trackers_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Trackers((), tmp_path / "logs", {}).close()

    assert list(tmp_path.iterdir()) == []


def test_unknown_and_missing_trackers_are_named(monkeypatch):
    with pytest.raises(SettingsError, match="no tracker 'paper'; there are: tensorboard, mlflow, wandb"):
        require_installed(("paper",))
    monkeypatch.setitem(trackers.AVAILABLE, "wandb", lambda: False)
    with pytest.raises(SettingsError, match="wandb is not installed"):
        require_installed(("wandb",))
