"""The benchmark of the stores: its data, its turns, and that a small run fills all it promises."""

import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from benchmarks.search import in_batches, made_up, one_at_a_time


def test_made_up_embeddings_are_one_long_and_lie_by_identity():
    templates, queries = made_up(count=2_000, queries=50, seed=0)
    assert (templates.shape, queries.shape) == ((2_000, 128), (50, 128))
    np.testing.assert_allclose(np.linalg.norm(templates, axis=1), 1, rtol=1e-5)
    alike = np.linalg.norm(templates[0:2_000:20] - templates[1:2_000:20], axis=1)
    others = np.linalg.norm(templates[0:1_980:20] - templates[20:2_000:20], axis=1)
    assert np.median(alike) < 0.5 * np.median(others)
    assert np.array_equal(made_up(2_000, 50, 0)[0], templates)


def test_ways_take_turns_and_never_ask_twice_the_same_one_after_the_other():
    queries, asked = np.arange(5.0)[:, None], ([], [])
    ways = [lambda query, to=to: to.append(float(query[0, 0])) for to in asked]
    seconds = one_at_a_time(ways, queries, rounds=4)
    assert len(asked[0]) == len(asked[1]) == 10
    assert set(asked[0]) == set(asked[1]) == set(queries[:, 0].tolist())
    assert all(one != other for one, other in zip(*asked, strict=True))
    assert min(seconds) > 0


def test_a_way_that_takes_twice_as_long_has_half_the_ratio(monkeypatch):
    now = [0.0]
    monkeypatch.setattr("benchmarks.search.time", SimpleNamespace(perf_counter=lambda: now[0]))

    def work(seconds):
        def passes(_):
            now[0] += seconds

        return passes

    ours, bare, ratio = in_batches(work(0.02), work(0.01), np.ones((200, 50)), rounds=9)
    assert (ours, bare, ratio) == pytest.approx((200 / 0.02, 200 / 0.01, 0.5))


def test_a_small_run(tmp_path):
    """In a process of its own: elsewhere pytorch-metric-learning may have replaced the search of FAISS."""
    found = tmp_path / "found.json"
    command = [sys.executable, "-m", "benchmarks.search", "--quick", "--json", str(found)]
    subprocess.run(command, check=True, capture_output=True, cwd=Path(__file__).parents[2])
    result = json.loads(found.read_text())
    assert result["metrics"]["recall"] > 0.9
    ratios = [value for name, value in result["metrics"].items() if "_over_faiss_" in name]
    assert len(ratios) == 4
    assert result["metrics"]["over_faiss"] == min(ratios)
    assert set(result["floors"]["bare FAISS"]) < set(result["metrics"])
    assert "graph" in result["settings"]["index_3000"]
    assert "lists" in result["settings"]["index_6000"]
