"""Tables that the page reads in the browser are those that the commands read; values of fields likewise."""

import json

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alikely.data.tables import read_table
from alikely.errors import InputError
from alikely.gallery.fields import fields_of
from tests.server.web.written import serving_written

pytestmark = pytest.mark.browser

READ = """async ([text, name]) => {
    const {readTable} = await import("/static/tables.js");
    try {
        const {columns, rows, problems} = readTable(text, name);
        const bad = problems.map(({place}) => place);
        return {columns, rows: rows.map(({place, cells}) => [place, cells]), problems: bad};
    } catch (error) {
        return error.message;
    }
}"""
VALUES = """async (cells) => (await import("/static/field_values.js")).valuesOf(cells)"""


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    with serving_written("embedding", tmp_path_factory.mktemp("tables")) as running:
        yield running


@pytest.fixture
def page(open_page, written):
    page = open_page(written)
    page.goto("/compare")
    return page


def by_command(path):
    """The same table as the commands read it."""
    table = read_table(path, known=())
    rows = [
        [place, {name: table.columns[name][row] for name in table.columns}] for row, place in enumerate(table.places)
    ]
    return {"columns": list(table.columns), "rows": rows, "problems": []}


@pytest.mark.parametrize(
    "text",
    [
        "a,b\n1,2\n",
        "a,b\r\n1,2\r\n\r\n3,4",
        " A ;b\n1;2,5\n",
        "a\tb\nx y\t\n",
        'a,b\n"one\ntwo",2\n"say ""no""",3\n',
        'a,b\n"x, y",\n,z\n',
        "a\nonly\nthis\n",
        "\na,b\n\n1,2\n",
        ",0,1,,10\nx,3,2,,1\n",
        "2019;2021\n0.5;0.25\n",
        "1.5,a\n2.5,b\n",
    ],
)
def test_a_table_is_what_the_commands_read(page, tmp_path, text):
    path = tmp_path / "table.csv"
    path.write_bytes(text.encode())
    assert page.evaluate(READ, [text, "table.csv"]) == by_command(path)


def test_tables_drawn_at_random_come_back_as_they_were_written(page):
    cell = st.text(st.sampled_from("ab ,;\t\"'\n\\é0"), max_size=6)

    @settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(st.sampled_from(",;\t"), st.lists(st.tuples(cell, cell), min_size=1, max_size=4))
    def check(sign, rows):
        quoted = [sign.join('"' + one.replace('"', '""') + '"' for one in row) for row in rows]
        read = page.evaluate(READ, [f"one{sign}two\n" + "\n".join(quoted), "table.csv"])
        assert read["problems"] == []
        assert [(cells["one"], cells["two"]) for _, cells in read["rows"]] == rows

    check()


@pytest.mark.parametrize(
    ("text", "name", "columns", "rows", "problems"),
    [
        ("a,b\n1\n1,2\n", "t.csv", ["a", "b"], [["line 3", {"a": "1", "b": "2"}]], ["line 2"]),
        ('{"A ": 1}\n\n{"b": null}', "t.jsonl", ["a", "b"], [["line 1", {"a": 1}], ["line 3", {"b": None}]], []),
        ('[{"a": 1}, 5]', "t.json", ["a"], [["record 1", {"a": 1}]], ["record 2"]),
    ],
)
def test_lines_that_fit_no_table_are_named(page, text, name, columns, rows, problems):
    assert page.evaluate(READ, [text, name]) == {"columns": columns, "rows": rows, "problems": problems}


@pytest.mark.parametrize(
    ("text", "expected"),
    [("a,a\n1,2\n", "has two columns called “a”; rename one"), ('a\n"x', "has a quote in line 2 that is not closed")],
)
def test_what_is_no_table_is_refused_in_words(page, text, expected):
    assert page.evaluate(READ, [text, "t.csv"]) == expected


@pytest.mark.parametrize("head", ["0.5,1.5", "1,1", "2,1", "-1,0", ",1e3", "1,2,2.5"])
def test_a_first_line_of_numbers_is_no_line_of_names(page, tmp_path, head):
    """Neither the page nor the commands lose an item as such a line."""
    path = tmp_path / "table.csv"
    path.write_text(f"\n{head}\n3,4\n")
    with pytest.raises(InputError, match=r"line 2: holds numbers and no names, .*; write the names of the columns"):
        read_table(path, known=())
    said = page.evaluate(READ, [path.read_text(), "table.csv"])
    assert said == "begins with a line of numbers; write the names of the columns above it"


@pytest.mark.parametrize(
    "cells",
    [
        ["1", "2.5", ""],
        ["007", "12"],
        ["+41", "3"],
        ["true", "FALSE"],
        ["true", "maybe"],
        ["12", "n/a", ""],
        ["-3", "-0.5"],
    ],
)
def test_a_column_becomes_the_fields_that_the_commands_make_of_it(page, cells):
    expected = [one.get("it") for one in fields_of({"it": np.array(cells)}, len(cells))]
    assert page.evaluate(VALUES, cells) == expected
    assert json.dumps(page.evaluate(VALUES, cells)) == json.dumps(expected)
