"""A model's calibration that keeps a promise, and a new one that would take its place."""

from dataclasses import replace

import numpy as np
import pytest

import alikely
from alikely.calibration import calibrate
from alikely.errors import CalibrationError
from alikely.metrics import PairDistances
from alikely.recalibration import refuse_worse
from alikely.storage import save_model
from tests.gallery.galleries import embeddings as given
from tests.gallery.galleries import passing_model, people


def test_a_threshold_that_accepts_nothing_replaces_none_that_does(tmp_path):
    rows, labels = people(60, 4)
    model = passing_model(8)
    found = alikely.calibrate_model(model, given(rows, labels), fmr=0.3)
    save_model(found.model, tmp_path / "model")
    # All same pairs lie in the middle of the different ones: at an FMR of 5 %, none is accepted.
    same = np.arange(1100) < 100
    distances = np.concatenate([np.ones(100), np.linspace(0.5, 1.5, 1000)]).astype(np.float32)
    pairs = PairDistances.from_table(distances, same, np.arange(1100), np.arange(1100) + np.where(same, 0, 1100))
    useless = replace(found, calibration=calibrate(pairs, "euclidean", model.fingerprint(), fmr=0.05))

    assert useless.calibration.confidence == 0.95
    with pytest.raises(CalibrationError, match="0 % of the same pairs accepted"):
        refuse_worse(useless, tmp_path / "model")
    refuse_worse(found, tmp_path / "model")
    (tmp_path / "model" / "calibration.json").write_text("{")
    refuse_worse(useless, tmp_path / "model")  # nothing that could be lost
