"""The small run of the benchmark of the page Map: it says what it promises, beside an empty page and SVG."""

import json
import shutil
import sys

import pytest

from benchmarks import map_page


@pytest.mark.browser
@pytest.mark.skipif(shutil.which("chromium") is None, reason="chromium is not installed")
@pytest.mark.slow
def test_small_run(tmp_path, monkeypatch):
    file = tmp_path / "map_page.json"
    monkeypatch.setattr(sys, "argv", ["map_page", "--quick", "--json", str(file)])
    map_page.main()
    said = json.loads(file.read_text())
    assert set(said["metrics"]) == {"ready_s", "tip_ms", "frame_ms"}
    assert set(said["floors"]) == {"empty page", "plotly SVG"}
    assert set(said["floors"]["plotly SVG"]) == set(said["metrics"])
    assert all(0 < value < 60_000 for value in said["metrics"].values())
    # The screen shows no more than it can, whatever is on it.
    assert said["floors"]["empty page"]["frame_ms"] > 3
