"""The Omniglot benchmark: its floor by hand, its trials as published, and a small run."""

import json
import sys

import numpy as np
import pytest
from PIL import Image

from benchmarks import omniglot


def drawn(path, *places):
    pixels = np.full((9, 9), 255, np.uint8)
    for row, column in places:
        pixels[row, column] = 0
    Image.fromarray(pixels).save(path)
    return path


def test_modified_hausdorff_by_hand(tmp_path):
    # Around their middles the first is at (0, -2), (0, 2), the second at (-1, 0), (1, 0): sqrt(5) from any to any.
    across = drawn(tmp_path / "across.png", (4, 2), (4, 6))
    down = drawn(tmp_path / "down.png", (3, 4), (5, 4))
    moved = drawn(tmp_path / "moved.png", (7, 1), (7, 5))

    table = omniglot.hausdorff([across], [across, down, moved])

    assert table[:, 0] == pytest.approx([0, 5**0.5, 0])


@pytest.mark.data
def test_the_official_runs_have_twenty_trials_each(real_data):
    runs = omniglot.official_runs(real_data)

    assert len(runs) == 20
    for known, asked, right in runs:
        assert len(known) == len(asked) == 20
        assert sorted(right) == list(range(20))
        assert all(path.is_file() for path in known + asked)


@pytest.mark.slow
@pytest.mark.data
def test_a_quick_run_beats_the_pixels(real_data, tmp_path, monkeypatch):
    found = tmp_path / "found.json"
    monkeypatch.setattr(sys, "argv", ["omniglot", "--data", str(real_data), "--quick", "--json", str(found)])
    omniglot.main()
    result = json.loads(found.read_text())
    assert result["metrics"]["accuracy"] > result["floors"]["nearest pixels"]["accuracy"]
