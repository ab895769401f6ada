"""A training that was stopped, by Ctrl-C or kill -9, goes on and ends with the same weights."""

import os
import signal
import subprocess
import sys
import textwrap
import time

import numpy as np
import pytest

import alikely
from alikely import TrainSettings
from alikely.errors import ModelError, SettingsError
from alikely.storage import load_model
from alikely.training.progress import Silent
from tests.pictures import pattern_examples, pattern_folder
from tests.training.fast import FAST, same_weights


def test_resuming_without_a_checkpoint_is_refused(tmp_path):
    with pytest.raises(ModelError, match="no checkpoint"):
        alikely.train(pattern_examples(), FAST, out=tmp_path / "model", resume=True, reporter=Silent())


def test_ctrl_c_leaves_a_usable_model_and_a_way_to_go_on(tmp_path):
    class Impatient(Silent):
        def step(self, epoch, step, steps, loss, pairs_per_second):
            if epoch == 3 and step == 2:
                raise KeyboardInterrupt

    examples = pattern_examples()
    settings = FAST.model_copy(update={"epochs": 5})
    stopped = alikely.train(examples, settings, out=tmp_path / "model", reporter=Impatient())
    resumed = alikely.train(examples, settings, out=tmp_path / "model", resume=True, reporter=Silent())
    straight = alikely.train(examples, settings, reporter=Silent())

    assert stopped.history.ended == "interrupted"
    assert len(stopped.history.epochs) == 2
    assert resumed.history.ended == "all epochs"
    assert same_weights(resumed.model, straight.model)
    assert same_weights(load_model(tmp_path / "model"), straight.model)


PROGRAM = """
    import sys
    from pathlib import Path
    import torch
    import alikely
    from alikely import TrainSettings

    torch.set_num_threads(1)
    source, out, resume = Path(sys.argv[1]), sys.argv[2], sys.argv[3] == "resume"
    settings = TrainSettings.model_validate_json(sys.argv[4])
    alikely.train(source, settings, out=out, resume=resume)
"""


def run(tmp_path, out, settings, resume=False, kill_after=None):
    arguments = [str(tmp_path / "pictures"), str(out), "resume" if resume else "anew", settings.model_dump_json()]
    command = [sys.executable, "-c", textwrap.dedent(PROGRAM), *arguments]
    epochs = 0
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        for line in process.stderr:
            epochs += line.startswith("epoch")
            if epochs == kill_after:
                time.sleep(np.random.default_rng(kill_after).uniform(0, 0.15))
                os.kill(process.pid, signal.SIGKILL)
                break
        process.stderr.read()
        return process.wait()


@pytest.mark.slow
@pytest.mark.parametrize("kill_after", [1, 2, 4])
def test_after_kill_9_resume_ends_with_the_same_weights_bit_for_bit(tmp_path, kill_after):
    pattern_folder(tmp_path / "pictures")
    settings = TrainSettings(**{**FAST.model_dump(), "epochs": 12, "augment": "strong", "precision": "auto"})

    assert run(tmp_path, tmp_path / "straight", settings) == 0
    assert run(tmp_path, tmp_path / "killed", settings, kill_after=kill_after) == -signal.SIGKILL
    assert not (tmp_path / "killed").exists()
    assert run(tmp_path, tmp_path / "killed", settings, resume=True) == 0

    assert same_weights(load_model(tmp_path / "killed"), load_model(tmp_path / "straight"))
    assert (tmp_path / "killed" / "calibration.json").read_text() == (
        tmp_path / "straight" / "calibration.json"
    ).read_text()


def test_resuming_with_other_settings_or_data_is_refused(tmp_path):
    class Impatient(Silent):
        def epoch(self, epoch, epochs):
            raise KeyboardInterrupt

    alikely.train(pattern_examples(), FAST, out=tmp_path / "model", reporter=Impatient())

    with pytest.raises(SettingsError, match=r"learning_rate was 0\.002, is 0\.001"):
        changed = FAST.model_copy(update={"learning_rate": 0.001})
        alikely.train(pattern_examples(), changed, out=tmp_path / "model", resume=True, reporter=Silent())
    with pytest.raises(SettingsError, match="data are not those"):
        alikely.train(pattern_examples(seed=1), FAST, out=tmp_path / "model", resume=True, reporter=Silent())
