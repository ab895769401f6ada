"""The benchmark of duplicates: its hashes where the answer is known, what is found and what wrong, that it runs."""

import json

import numpy as np
import pytest
from PIL import Image

from benchmarks import duplicates
from benchmarks.report import Options


def test_hashes():
    falling = Image.fromarray(np.tile(np.linspace(255, 0, 64).astype(np.uint8), (64, 1)))
    assert not duplicates.difference_hash(falling).any()
    assert duplicates.difference_hash(duplicates.mirrored(falling)).all()
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64), dtype=np.uint8))
    assert duplicates.frequency_hash(noise).sum() == 32  # half lie above their median
    assert duplicates.by_hash([noise, falling, noise], duplicates.frequency_hash) == {(0, 2)}


def test_what_is_found_and_what_is_wrong(monkeypatch):
    monkeypatch.setattr(duplicates, "CHANGES", {"jpeg": None, "half": None})
    copies = {(0, 3): "jpeg", (0, 4): "half", (1, 5): "jpeg"}
    related = {*copies, (3, 4)}
    found = duplicates.judged({(0, 3), (3, 4), (1, 2)}, copies | dict.fromkeys([(2, 6)], "half"), related, 6)
    assert (found["jpeg"], found["half"]) == (0.5, 0.0)
    assert found["share_wrong"] == pytest.approx(1 / 3)
    assert found["wrong"] == pytest.approx(1 / (15 - 4))


@pytest.mark.slow
@pytest.mark.data
def test_it_runs(real_data, tmp_path):
    result = duplicates.run(Options(real_data, 1, True, tmp_path / "found.json"))
    assert set(result.floors) == {"thumbnails", "dHash", "pHash"}
    for who in (result.metrics, *result.floors.values()):
        assert 0 <= who["orl.found"] <= 1
    # So few pictures with so many copies tell little of how near different ones come; a mirrored one is 0 apart.
    assert result.metrics["orl.mirrored"] == result.metrics["fashion.mirrored"] == 1
    assert json.dumps(dict(result.metrics))
