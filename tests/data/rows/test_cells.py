"""Cells: one text whatever the type, and what a text says as a number, a truth, a day, a category."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alikely.data.rows.cells import CellProblem, as_names, category_of, days_of, number_of, text_of, truth_of
from alikely.errors import InputError


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (" a b ", "a b"),
        (3, "3"),
        (-0.5, "-0.5"),
        (np.int64(3), "3"),
        (np.float64(0.25), "0.25"),
        (Decimal("1.50"), "1.50"),
        (True, "true"),
        (np.bool_(False), "false"),
        (date(2024, 2, 29), "2024-02-29"),
        (datetime(2024, 2, 29, 6, 30), "2024-02-29T06:30:00"),
        (np.datetime64("2024-02-29"), "2024-02-29T00:00:00"),
        (np.str_("a"), "a"),
    ],
)
def test_a_cell_becomes_the_text_of_a_table(cell, text):
    assert text_of(cell) == text


@pytest.mark.parametrize("cell", [None, "", "  ", float("nan"), "nan", "NaN", np.float32("nan"), np.datetime64("NaT")])
def test_missing_cells(cell):
    assert text_of(cell) is None


@pytest.mark.parametrize(
    ("cell", "problem"),
    [
        ([1], "is a list; give a text, a number"),
        (b"a", "is a bytes"),
        (float("inf"), "is infinite; give a finite number"),
        (Decimal("-Infinity"), "is infinite"),
    ],
)
def test_cells_that_are_none(cell, problem):
    with pytest.raises(CellProblem, match=problem):
        text_of(cell)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("3", 3.0),
        ("-.5", -0.5),
        ("+2.", 2.0),
        ("1e3", 1000.0),
        ("1e400", float("inf")),
        ("-Infinity", float("-inf")),
        ("12,5", None),
        ("1_000", None),
        ("0x10", None),
        ("٣", None),
        ("three", None),
    ],
)
def test_numbers(text, number):
    assert number_of(text) == number


def test_a_whole_number_too_long_to_write_out_is_infinite():
    assert number_of(str(text_of(10**5000))) == float("inf")
    assert number_of(str(text_of(-(10**5000)))) == float("-inf")


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_comes_back_from_its_text(number):
    assert number_of(str(text_of(number))) == number


@pytest.mark.parametrize(("text", "truth"), [("TRUE", True), ("yes", True), ("0", False), ("No", False), ("2", None)])
def test_truths(text, truth):
    assert truth_of(text) is truth


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("0001-01-01", 1.0),
        ("2024-01-01", date(2024, 1, 1).toordinal()),
        ("2024-01-01T18:00", date(2024, 1, 1).toordinal() + 0.75),
        ("2024-01-01 18:00:00+06:00", date(2024, 1, 1).toordinal() + 0.5),
        ("20240101", None),
        ("2024-13-01", None),
        ("0001-01-01T00:00+14:00", None),
        ("soon", None),
    ],
)
def test_days(text, days):
    assert days_of(text) == days


@given(st.datetimes(), st.timedeltas(timedelta(hours=-12), timedelta(hours=12)).map(lambda shift: shift // 60 * 60))
def test_a_zone_does_not_move_a_moment(moment, shift):
    try:
        elsewhere = moment.replace(tzinfo=UTC).astimezone(timezone(shift))
    except OverflowError:
        return
    assert days_of(str(text_of(elsewhere))) == pytest.approx(days_of(str(text_of(moment))), abs=1e-6)


@pytest.mark.parametrize(
    ("text", "category"),
    [("1.0", "1"), ("-3.00", "-3"), ("007", "007"), ("1.5", "1.5"), ("True", "true"), ("Bern", "Bern")],
)
def test_categories(text, category):
    assert category_of(text) == category


def test_names_are_those_of_tables():
    assert as_names({" Age ": 3, "CITY": "Bern"}) == {"age": 3, "city": "Bern"}


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ({"Age": 1, "age ": 2}, "the column 'age' stands there twice"),
        ({3: 1}, "the column 3 has no text as its name"),
        (["a"], r"\['a'\] is no row; give a mapping"),
    ],
)
def test_rows_that_are_none(row, problem):
    with pytest.raises(InputError, match=problem):
        as_names(row)
