"""The schema: what is inferred, what the user says, what is left out and why."""

from datetime import date, timedelta

import pytest

from alikely.data.rows import draft_rows
from alikely.errors import InputError, SettingsError

TOWNS = ("Basel", "Bern", "Zug")


def rows(count: int = 40) -> list[dict]:
    return [
        {
            "Age": 20 + place,
            "town": TOWNS[place % 3],
            "member": place % 2 == 0,
            "since": date(2020, 1, 1) + timedelta(days=place),
            "zip": 4000 + place % 3,
            "name": f"person {place}",
            "note": None,
        }
        for place in range(count)
    ]


def kinds(items, settings=None) -> dict[str, str]:
    draft = draft_rows(items, settings or {})
    return {column.name: column.kind for column in draft.columns} | dict.fromkeys(draft.left_out, "leave_out")


def test_kinds_are_inferred_from_typed_cells_and_from_text_alike():
    wanted = {
        "age": "number",
        "town": "category",
        "member": "boolean",
        "since": "date",
        "zip": "number",
        "name": "leave_out",
        "note": "leave_out",
    }
    assert kinds(rows()) == wanted
    as_text = [{name: "" if cell is None else str(cell) for name, cell in row.items()} for row in rows()]
    assert kinds(as_text) == wanted


def test_the_batch_has_numbers_then_dates_then_categories():
    assert [column.kind for column in draft_rows(rows(), {}).columns] == [
        "number",
        "boolean",
        "number",
        "date",
        "category",
    ]


def test_the_user_corrects_it():
    said = kinds(rows(), {"columns": {"ZIP": "category", "age": "leave_out", "name": "category"}})
    assert (said["zip"], said["age"], said["name"]) == ("category", "leave_out", "category")


def test_what_is_left_out_is_said():
    assert draft_rows(rows(), {"columns": {"age": "leave_out"}}).left_out == {
        "age": "as you said",
        "name": "40 different texts in 40 rows, too many to be categories",
        "note": "has no filled cell",
    }


@pytest.mark.parametrize(
    ("different", "count", "kind"),
    [
        (20, 20, "category"),
        (21, 83, "leave_out"),
        (21, 84, "category"),
        (1000, 4000, "category"),
        (1001, 9000, "leave_out"),
    ],
)
def test_too_many_different_texts_are_no_categories(different, count, kind):
    items = [{"a": f"word {place % different}", "b": 1} for place in range(count)]
    assert kinds(items)["a"] == kind


@pytest.mark.parametrize(("words", "kind"), [(1, "number"), (2, "category")])
def test_a_few_words_among_numbers_are_mistakes_and_many_are_not(words, kind):
    items = [{"a": place % 5} for place in range(10 if words == 1 else 19)]
    for place in range(words):
        items[place] = {"a": "word"}
    draft = draft_rows(items, {})
    assert draft.columns[0].kind == kind
    if kind == "number":
        with pytest.raises(InputError, match="the row: column 'a': 'word' is no number"):
            draft.read_one(items[0])


def test_rows_that_are_none_are_passed_over_until_they_are_read():
    draft = draft_rows([*rows(), "a text"], {})
    with pytest.raises(InputError, match="a text: 'a text' is no row"):
        draft.read_one("a text")


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"scale": "standard"}, "rows have no setting 'scale'; there are columns, numbers"),
        ({"numbers": "log"}, "numbers must be one of standard, quantile, got 'log'"),
        ({"numbers": ["log"]}, "numbers must be one of standard, quantile, got"),
        ({"columns": ["age"]}, "columns must be a table"),
        ({"columns": {"age": "numeral"}}, "column 'age' must be one of number, boolean, date, category, leave_out"),
        ({"columns": {"agee": "number"}}, "have no column 'agee'; did you mean 'age'"),
        ({"columns": {"x": "number"}}, "have no column 'x'; there are: age, town"),
    ],
)
def test_settings_that_do_not_fit(settings, problem):
    with pytest.raises(SettingsError, match=problem):
        draft_rows(rows(), settings)


@pytest.mark.parametrize(
    ("items", "problem"),
    [
        ([{}], "the rows have no columns"),
        (["a", "b"], "the rows have no columns"),
        ([{"a": None}, {"a": ""}], "no column of the rows can be used: a: has no filled cell"),
    ],
)
def test_rows_without_a_column_to_use(items, problem):
    with pytest.raises(InputError, match=problem):
        draft_rows(items, {})


def test_too_many_categories_said_by_the_user():
    items = [{"a": f"word {place}"} for place in range(10_001)]
    draft = draft_rows(items, {"columns": {"a": "category"}})
    with pytest.raises(SettingsError, match="column 'a' has 10001 categories, and the most is 10000"):
        draft.fitted(items, [])
