"""The benchmark of the service: what it measures by, and that a small run fills all it promises."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from alikely.errors import SettingsError
from benchmarks import serving
from benchmarks.report import Options
from benchmarks.serving import processor_seconds, resident_mb, smooth


def test_pictures_have_coarse_parts():
    picture = smooth(112, np.random.default_rng(0))
    assert (picture.shape, picture.dtype) == ((112, 112), np.uint8)
    near = np.abs(np.diff(picture.astype(float), axis=1)).mean()
    assert near < 0.5 * picture.astype(float).std()


GROWS = """
import time
print("begun", flush=True)
input()
kept = b"1" * 200_000_000
until = time.process_time() + 0.3
while time.process_time() < until:
    pass
print("grown", flush=True)
input()
"""


def test_memory_and_work_of_a_process():
    # In a process of its own: this one may have memory left from other tests, which new arrays take first.
    with subprocess.Popen([sys.executable, "-c", GROWS], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as grows:
        grows.stdout.readline()
        before, started = resident_mb(grows.pid), processor_seconds(grows.pid)
        grows.stdin.write(b"\n")
        grows.stdin.flush()
        grows.stdout.readline()
        assert 190 < resident_mb(grows.pid) - before < 210
        assert 0.2 < processor_seconds(grows.pid) - started < 2.0
        grows.stdin.close()


def test_without_the_load_it_says_what_to_install(monkeypatch):
    monkeypatch.setattr(serving.shutil, "which", lambda _: None)
    with pytest.raises(SettingsError, match="apt install wrk"):
        serving.measured(Options(data=Path(), seeds=1, quick=True, json=None))


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("wrk") is None, reason="the load comes from wrk, which is not installed")
def test_a_small_run_fills_all_it_promises(tmp_path):
    out = tmp_path / "result.json"
    subprocess.run([sys.executable, "-m", "benchmarks.serving", "--quick", "--json", str(out)], check=True)
    result = json.loads(out.read_text())
    metrics = result["metrics"]
    assert {"over_session", "over_bare_endpoint", "growth_mb", "memory_mb"} <= set(metrics)
    for network in ("resnet", "cnn"):
        for clients in (1, 8, 64):
            assert {f"{network}.{clients}{end}" for end in ("", ".p50_ms", ".p99_ms")} <= set(metrics)
    beside = result["floors"]["bare endpoint"]["cnn.64"]
    assert metrics["over_bare_endpoint"] == pytest.approx(metrics["cnn.64"] / beside)
    assert 0 < metrics["over_bare_endpoint"] < 1
    assert metrics["watched_requests"] >= 500
