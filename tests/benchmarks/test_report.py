"""The table of a benchmark: a row a metric, or a row for each candidate where there are many."""

from io import StringIO

from rich.console import Console

from benchmarks.report import MOST_COLUMNS, Result, comparison


def printed(candidates):
    beside = {f"other{number}": {"eer": 0.2, "eer_sd": 0.01} for number in range(candidates)}
    out = StringIO()
    Console(file=out, width=200).print(comparison(Result("name", {"eer": 0.1, "auc": 0.9}, 1.0, floors=beside)))
    return [[cell.strip() for cell in line.split("│")[1:-1]] for line in out.getvalue().split("\n") if "│" in line]


def test_few_columns_give_a_row_a_metric():
    assert printed(1) == [["eer", "0.1", "0.2 ± 0.01"], ["auc", "0.9", ""]]
    assert len(printed(MOST_COLUMNS - 1)) == 2


def test_many_candidates_give_a_row_each():
    rows = printed(MOST_COLUMNS)
    assert rows[0] == ["ours", "0.1", "0.9"]
    assert rows[1] == ["other0 (this run)", "0.2 ± 0.01", ""]
    assert len(rows) == MOST_COLUMNS + 1
