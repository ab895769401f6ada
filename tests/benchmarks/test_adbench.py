"""The ADBench benchmark: its protocol, its pretend anomalies, its figures, and that it runs."""

import numpy as np
import pytest

from benchmarks import adbench, adbench_choice
from tests.benchmarks.quick import quick_run


def table_of(normal=300, anomalies=40, columns=4, seed=0):
    """The columns of normal rows are equal up to noise; those of anomalies are drawn apart, from the same numbers."""
    rng = np.random.default_rng(seed)
    same = rng.normal(size=(normal, 1)) + 0.1 * rng.normal(size=(normal, columns))
    rows = np.concatenate([same, rng.normal(size=(anomalies, columns))])
    return np.column_stack([rows, np.arange(len(rows)) >= normal]).astype(float)


def test_a_seed_parts_normal_rows_and_judges_all_anomalies(monkeypatch):
    table = table_of()
    task = adbench.parted(table, 0)
    assert task.learned.shape == (150, 4)
    assert (task.anomalies.sum(), len(task.judged)) == (40, 150 + 40)
    everywhere = np.concatenate([task.learned, task.judged])
    assert sorted(everywhere.tolist()) == sorted(table[:, :-1].tolist())
    assert {tuple(row) for row in task.learned} <= {tuple(row) for row in table[:300, :-1]}
    assert not np.array_equal(adbench.parted(table, 1).learned, task.learned)
    monkeypatch.setattr(adbench, "MOST_LEARNED", 20)
    fewer = adbench.parted(table, 0)
    assert np.array_equal(fewer.learned, task.learned[:20])
    assert np.array_equal(fewer.judged, task.judged)


def test_replaced_cells_come_from_their_own_column_and_each_row_is_changed():
    rows = np.arange(50)[:, None] + np.arange(3)[None, :] / 10
    made = adbench.with_replaced_cells(rows, 400, 0.6, np.random.default_rng(0))
    assert np.allclose(made % 1, np.arange(3) / 10)
    assert not {tuple(row) for row in made} & {tuple(row) for row in rows}
    # A share of 1/3 to .6 + 1/3 of the cells, some of which is nobody's but drawn by chance from the row itself.
    assert 300 < len(made) < 400
    constant = np.ones((50, 3))
    assert len(adbench.with_replaced_cells(constant, 400, 0.6, np.random.default_rng(0))) == 0


def test_half_of_what_is_learned_from_is_normal_and_each_normal_row_comes_again_as_often():
    normal = adbench.parted(table_of(), 0).learned
    examples = adbench.examples_of(normal, 450, 0.6, seed=0)
    is_normal = examples.labels == "normal"
    assert is_normal.sum() == 450
    assert len(np.unique(examples.labels)) == 1 + (~is_normal).sum()
    counts = np.unique(
        [tuple(item.values()) for item, same in zip(examples.items, is_normal, strict=True) if same],
        axis=0,
        return_counts=True,
    )[1]
    assert (counts == 3).all()
    assert len(counts) == 150


def test_it_learns_what_the_columns_have_to_do_with_each_other():
    task = adbench.parted(table_of(), 0)
    found = adbench.scores_of(task, 0, {"most_rows": 640})
    assert found["auroc"] > 0.9
    assert found["auroc"] > adbench.floors_of(task, 0)["isolation forest"]


def test_views_learn_from_normal_rows_without_labels():
    task = adbench.parted(table_of(), 0)
    model = adbench.learn(task, 0, adbench_choice.CHANGES["VICReg"] | {"most_rows": 128, "epochs": 1})
    assert model.embed(adbench.as_rows(task.learned[:3])).shape == (
        3,
        64 + 8,
    )  # and the columns themselves, with their flags


def test_scores_by_hand():
    task = adbench.Task(np.zeros((2, 1)), np.array([[0.0], [1.0], [2.0]]), np.array([False, True, False]))
    assert task.auroc(np.array([0.0, 1.0, 2.0])) == 0.5
    assert adbench.nearest(np.array([[0.0], [5.0]]), np.array([[1.0], [9.0]]), 2).tolist() == [[1.0, 4.0], [4.0, 9.0]]


def test_means_over_all_tables_and_over_those_not_chosen_on():
    found = {"45_wine": {"auroc": 0.9, "seconds": 2.0}, "47_yeast": {"auroc": 0.5, "seconds": 4.0}}
    assert adbench.summed_up(found, ("auroc", "seconds")) == {
        "auroc": pytest.approx(0.7),
        "auroc_others": 0.5,
        "seconds": 3.0,
        "auroc_45_wine": 0.9,
        "auroc_47_yeast": 0.5,
    }


@pytest.mark.slow
@pytest.mark.data
def test_the_tables_are_those_of_the_figures(real_data):
    tables = adbench.read_tables(real_data)
    assert len(tables) == 19
    assert set(adbench.CHOSEN_ON) < set(tables)
    wine = adbench.floors_of(adbench.parted(tables["45_wine"], 0), 0)
    assert wine["1 nearest"] == pytest.approx(0.953, abs=0.005)


@pytest.mark.slow
@pytest.mark.data
@pytest.mark.parametrize("benchmark", [adbench, adbench_choice])
def test_it_runs(benchmark, real_data, tmp_path, monkeypatch):
    few = {of: table for of, table in adbench.read_tables(real_data).items() if of in ("45_wine", "39_vertebral")}
    monkeypatch.setattr(adbench_choice, "CHANGES", {"as it is": {}, "half as long": {"epochs": 1}})
    monkeypatch.setattr(benchmark, "read_tables", lambda _: few)
    result = quick_run(benchmark, real_data, tmp_path, monkeypatch)
    for who in (result["metrics"], *result["floors"].values()):
        assert 0.3 < who["auroc"] < 1
