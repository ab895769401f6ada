"""The small run of the benchmark of planes: it says what it promises, and neighbours stay nearer than by PCA."""

import json
import sys

from benchmarks import plane


def test_small_run(tmp_path, monkeypatch):
    file = tmp_path / "plane.json"
    monkeypatch.setattr(sys, "argv", ["plane", "--quick", "--json", str(file)])
    plane.main()
    said = json.loads(file.read_text())
    assert set(said["metrics"]) == {"seconds_200", "seconds_4000", "trustworthiness"}
    assert 0.5 < said["floors"]["pca"]["trustworthiness"] < said["metrics"]["trustworthiness"] <= 1
