"""RowPreparation: known answers, the same row from any source, bad rows, and its way through JSON."""

import json
from datetime import date, datetime
from math import cos, nan, pi, sin

import numpy as np
import pytest
import torch

from alikely.contracts import Preparation
from alikely.data.preparations import described, preparation_from
from alikely.data.rows import RowPreparation, draft_rows, rows_from
from alikely.data.rows.columns import FIRST_KNOWN, MISSING, UNSEEN
from alikely.data.rows.scales import LARGEST
from alikely.errors import InputError, ModelError

ROWS = [
    {"age": 20, "town": "Bern", "member": True, "since": date(2024, 1, 1)},
    {"age": 40, "town": "Zug", "member": False, "since": date(2024, 1, 3)},
    {"age": None, "town": "Bern", "member": None, "since": None},
]
MORE = {"age": 30, "town": None, "member": True, "since": "2024-01-03"}


def prepared(items=ROWS, settings=None) -> RowPreparation:
    return draft_rows(items, settings or {}).fitted(items, [])


def batch_of(preparation, *items) -> torch.Tensor:
    return preparation.join([preparation.read_one(item) for item in items])


def test_known_answers():
    preparation = prepared()
    assert isinstance(preparation, Preparation)
    assert [column.name for column in preparation.columns] == ["age", "member", "since", "town"]
    # Age: mean 30, deviation 10. Member: mean 1/2, deviation 1/2. The middle day is January 2nd; deviation 1 day.
    wanted = torch.tensor([[-1.0, 1, -1, 2], [1, -1, 1, 3], [nan, nan, nan, 2]])
    torch.testing.assert_close(batch_of(preparation, *ROWS), wanted, equal_nan=True)
    finished = preparation.finish(batch_of(preparation, ROWS[1], ROWS[2], MORE))
    # January 3rd 2024 was a Wednesday; date.toordinal() % 7 counts from Sunday.
    week = [sin(3 / 7 * 2 * pi), cos(3 / 7 * 2 * pi)]
    wanted = [
        [1, -1, 1, 0, 0, 0, *week, FIRST_KNOWN + 1],
        [0, 0, 0, 1, 1, 1, 0, 0, FIRST_KNOWN],
        [0, 1, 1, 0, 0, 0, *week, MISSING],
    ]
    torch.testing.assert_close(finished, torch.tensor(wanted))
    assert preparation.facts() == {"numbers": 8, "categories": [4]}


def test_finish_leaves_the_batch_as_it_was():
    preparation = prepared()
    batch = batch_of(preparation, *ROWS)
    before = batch.clone()
    preparation.finish(batch)
    torch.testing.assert_close(batch, before, equal_nan=True)


def test_the_same_row_from_a_table_and_from_python_is_the_same_tensor():
    items = [
        {
            "a": np.float32(place / 3),
            "b": float(place),
            "c": bool(place % 2),
            "d": datetime(2024, 1, 1 + place, place),
            "e": place % 3,
            "f": None if place % 4 else "word",
        }
        for place in range(20)
    ]
    preparation = prepared(items, {"columns": {"e": "category", "b": "category"}})
    for item in items:
        as_table = {name.upper(): "" if cell is None else str(cell) for name, cell in item.items()}
        as_json = json.loads(json.dumps(item, default=lambda cell: cell.item() if hasattr(cell, "item") else str(cell)))
        for other in (as_table, as_json):
            torch.testing.assert_close(preparation.read_one(other), preparation.read_one(item), equal_nan=True)


def test_only_the_rows_it_is_fitted_on_decide():
    draft = draft_rows([*ROWS, {"age": 1000, "town": "Chur", "member": True, "since": "1990-01-01"}], {})
    assert draft.fitted(ROWS, []) == prepared()


def test_categories_never_seen_are_known_as_such():
    assert prepared().read_one(MORE | {"town": "Chur"})[-1] == UNSEEN
    numbered = prepared([{"a": place % 3} for place in range(9)], {"columns": {"a": "category"}})
    assert [numbered.read_one({"a": cell})[0].item() for cell in (0, "1.0", 2.0, 3, None)] == [2, 3, 4, UNSEEN, MISSING]


def test_dates_show_the_periods_that_training_rows_have():
    def periods(*texts):
        return prepared([{"a": text, "b": 1} for text in texts]).columns[1].periods

    assert periods("2024-01-01", "2024-01-08") == ()
    assert periods("2024-01-01", "2024-01-02") == ("weekday",)
    assert periods("2024-01-01T10:00", "2024-01-08T11:30") == ("hour",)
    assert periods("2024-01-01", "2024-02-05") == ("season",)


def test_hours_and_seasons_by_hand():
    preparation = prepared([{"a": "2024-01-01T00:00"}, {"a": "2024-07-01T06:00"}])
    noon = preparation.finish(batch_of(preparation, {"a": "2024-07-01T18:00"}))[0]
    # value, flag, weekday (both days are Mondays: not among them), hour, season
    assert preparation.columns[0].periods == ("hour", "season")
    torch.testing.assert_close(noon[2:4], torch.tensor([-1.0, 0.0]), atol=1e-3, rtol=0)
    winter, summer = (
        preparation.finish(batch_of(preparation, {"a": day}))[0, 4:] for day in ("2024-01-01", "2024-07-01")
    )
    assert (winter @ summer).item() == pytest.approx(-1, abs=0.01)


def test_a_year_later_is_the_same_season_and_far_dates_are_bounded():
    preparation = prepared([{"a": "2024-01-01"}, {"a": "2024-03-02"}])
    near, later, far = preparation.finish(
        batch_of(preparation, {"a": "2024-01-01"}, {"a": "2025-01-01"}, {"a": "9999-01-01"})
    )
    torch.testing.assert_close(near[-2:], later[-2:], atol=0.02, rtol=0)
    assert far[0] == LARGEST
    assert torch.isfinite(far).all()


def test_numbers_of_any_size_stay_finite():
    preparation = prepared([{"a": 1e300 * place, "b": 5} for place in range(5)])
    finished = preparation.finish(batch_of(preparation, {"a": -1.7e308, "b": 1e300}, {"a": 1e300, "b": -4}))
    assert torch.isfinite(finished).all()
    assert finished.abs().max() <= LARGEST


def test_training_rows_may_lack_every_cell_of_a_column():
    preparation = draft_rows(ROWS, {}).fitted(ROWS[2:], [])
    assert torch.isfinite(preparation.finish(batch_of(preparation, *ROWS))).all()


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"age": "old"}, "column 'age': 'old' is no number, where other rows have numbers"),
        ({"age": "12,5"}, "column 'age': '12,5' is no number, where other rows have numbers with a decimal point"),
        ({"age": float("inf")}, "column 'age': is infinite; give a finite number, or leave the cell empty"),
        ({"age": "inf"}, "column 'age': 'inf' is infinite"),
        ({"age": 10**400}, "column 'age': '1000.*' is infinite"),
        ({"age": [3]}, "column 'age': is a list"),
        ({"town": 3}, "column 'town': '3' is a number, where other rows have words"),
        ({"town": "3"}, "column 'town': '3' is a number, where other rows have words"),
        ({"member": "perhaps"}, "column 'member': 'perhaps' is neither true nor false"),
        ({"since": "soon"}, "column 'since': 'soon' is no date, where other rows have dates; write it as 2026-05-31"),
        ({"since": 20240101}, "column 'since': '20240101' is no date"),
        ({"Age": 3}, "the column 'age' stands there twice"),
    ],
)
def test_bad_cells_are_told_with_row_column_value_and_way_out(changes, problem):
    for preparation in (draft_rows(ROWS, {}), prepared()):
        with pytest.raises(InputError, match=f"the row: {problem}"):
            preparation.read_one(MORE | changes)


def test_a_missing_column_is_told_and_a_further_one_is_not_looked_at():
    preparation = prepared()
    assert torch.equal(preparation.read_one(MORE | {"colour": [1]}), preparation.read_one(MORE))
    misspelt = {"agee" if name == "age" else name: cell for name, cell in MORE.items()}
    with pytest.raises(InputError, match="the row: the column 'age' is missing; the row has agee, town, member, since"):
        preparation.read_one(misspelt)


def test_the_schema_in_words():
    assert prepared([row | {"name": ""} for row in ROWS]).lines() == [
        "age: number, around 30, deviation 10",
        "member: true or false",
        "since: date, around 2024-01-02, deviation 1 days, weekday",
        "town: category, 2 known: Bern, Zug",
        "name: left out (has no filled cell)",
    ]


@pytest.mark.parametrize("numbers", ["standard", "quantile"])
def test_settings_make_it_again(numbers):
    preparation = prepared(settings={"numbers": numbers})
    again = preparation_from(json.loads(json.dumps(described(preparation))), {})
    assert again == preparation
    assert preparation.files() == {}


@pytest.mark.parametrize(
    "broken",
    [
        {"columns": None},
        {"columns": [{"name": "a"}]},
        {"columns": [{"name": "a", "kind": "colour"}]},
        {"columns": [{"name": "a", "kind": "number", "mean": 0.0, "deviation": 0.0}]},
        {"columns": [{"name": "a", "kind": "number", "mean": "x", "deviation": 1.0}]},
        {"columns": [{"name": "a", "kind": "category", "words": True}, {"kind": "number"}]},
        {
            "columns": [{"name": "a", "kind": "number", "places": [], "heights": [], "deviation": 1.0}],
            "numbers": "quantile",
        },
        {"numbers": "log", "columns": [{"name": "a", "kind": "number"}]},
    ],
)
def test_settings_that_do_not_hold_together(broken):
    with pytest.raises(ModelError, match="the columns of the rows do not fit together"):
        rows_from(prepared().settings() | broken, {})
