"""The benchmark of the data checks runs on a small set, and its figures are what they say."""

import json

import numpy as np
import pytest

from alikely.data.checks.measures import measure
from alikely.data.sources import examples_from
from benchmarks import checks
from benchmarks.report import Options
from tests.data.checks.faults import patterns
from tests.pictures import pattern_folder


def test_copies_are_made_and_found():
    assert checks.copies_found(examples_from(patterns(10), np.arange(10)), np.random.default_rng(0)) == 1.0


def test_flagged_counts_the_draws_with_a_shortcut():
    rng = np.random.default_rng(0)
    items = [rng.integers(0, 256, (16, 16 + i // 3), dtype=np.uint8) for i in range(36)]
    wide = examples_from(items, np.arange(36) // 3)
    plain = examples_from([item[:, :16] for item in items], np.arange(36) // 3)
    assert checks.flagged(wide, measure(wide), 6, 3, rng) == 1.0
    assert checks.flagged(plain, measure(plain), 6, 3, rng) == 0.0
    assert checks.highest_auc(wide, measure(wide)) == 1.0


def test_it_runs_over_the_sets_that_are_there(tmp_path):
    pattern_folder(tmp_path / "orl", identities=12, each=4)
    result = checks.run(Options(data=tmp_path, seeds=1, quick=True, json=None))
    assert {name.split(".")[0] for name in result.metrics} == {"orl"}
    assert result.metrics["orl.near"] == 0
    assert json.loads(json.dumps(result.metrics)) == pytest.approx(dict(result.metrics))
