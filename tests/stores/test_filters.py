"""Conditions on fields: what they mean, that SQLite says the same, and what is said of those that are none."""

import sqlite3
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alikely.errors import SettingsError
from alikely.stores.conditions import Among, Compared, Either, Every, Missing
from alikely.stores.filter_sql import rows_that_meet
from alikely.stores.filters import parse_filter
from alikely.stores.values import kind_of, unfit_value
from tests.pace import slower

SHIRT = {"shop": "B", "price": 19.5, "unit price": 20, "sold": True, "size": 40}


@pytest.mark.parametrize(
    ("text", "met"),
    [
        ("shop = 'B'", True),
        ("shop = 'b'", False),
        ("shop = 'B' and price < 20", True),
        ("shop = 'A' or price < 20", True),
        ("price < 19.5", False),  # exactly at the border
        ("price <= 19.5", True),
        ("price >= 19.5 and price > 19.4", True),
        ("price = 1.95e1", True),
        ("size = 40.0", True),  # whole numbers and others compare
        ("size = '40'", False),  # a text is no number
        ("size != '40'", True),
        ("size < '50'", False),
        ("size >= '0'", False),
        ("sold = true", True),
        ("sold = 1", False),  # a truth is no number
        ("sold != false", True),
        ("size in (38, 40)", True),
        ("size not in (38, 40)", False),
        ("not size in (38, '40')", True),
        ('"unit price" = 20', True),
        ("colour = 'red'", False),
        ("colour != 'red'", False),  # missing: meets nothing but `is missing`
        ("not colour = 'red'", False),
        ("colour not in ('red')", False),
        ("colour is missing", True),
        ("shop is not missing", True),
        ("not shop is missing", True),
        ("not (shop = 'B' and price < 20)", False),
        ("not (shop = 'A' or price > 20)", True),
        ("shop = 'A' or shop = 'B' and price > 20", False),  # and binds closer
        ("(shop = 'A' or shop = 'B') and price < 20", True),
        ("NOT NOT SOLD = TRUE", False),  # names keep their case: there is no SOLD
        ("Not sold = FALSE", True),
    ],
)
def test_known_answers(text, met):
    assert parse_filter(text).matches(SHIRT) is met


def test_the_form_of_a_condition():
    assert parse_filter("a=1 or not(b in('it''s',-2)and c is missing)").condition == Either(
        (Compared("a", "=", 1), Either((Among("b", ("it's", -2), inside=False), Missing("c", missing=False))))
    )
    assert parse_filter('"a ""b""" < .5 and größe > -1').condition == Every(
        (Compared('a "b"', "<", 0.5), Compared("größe", ">", -1))
    )


@pytest.mark.parametrize(
    ("text", "column", "said"),
    [
        ("", 0, "expected the name of a field"),
        ("   ", 3, "expected the name"),
        ("shop", 4, "expected one of"),
        ("shop = ", 7, "expected a value"),
        ("shop = B", 7, "single quotes"),
        ("price < 20 price > 3", 11, "expected and, or, or the end"),
        ("price == 20", 7, "expected a value"),
        ("shop = 'B", 7, "not closed"),
        ('"shop = 1', 0, "not closed"),
        ("20 < price", 0, "expected the name"),
        ("price < 20;", 10, "means nothing"),
        ("price < 20 -- x", 11, "means nothing"),
        ("(price < 20", 11, "expected )"),
        ("price in 20", 9, "expected ("),
        ("price in (20", 12, "expected , or )"),
        ("price in ()", 10, "expected a value"),
        ("price is 20", 9, "expected missing or not missing"),
        ("price is not 20", 13, "expected missing"),
        ("price not 20", 10, "expected in"),
        ("sold < true", 7, "never less or more"),
        ("and = 1", 0, "double quotes"),
        ('"" = 1', 0, "name of a field"),
        ("price < 12abc", 8, "means nothing"),
        ("price < 1e999", 8, "finite"),
        ("price < 99999999999999999999", 8, "write it as a text"),
        ("shop = 'a\0'", 7, "NUL"),
        ("shop = '\ud800'", 7, "half a sign"),
        ("(" * 60 + "a = 1" + ")" * 60, 51, "inside each other"),
    ],
)
def test_what_is_no_condition_is_shown(text, column, said):
    with pytest.raises(SettingsError) as caught:
        parse_filter(text)
    line, mark = str(caught.value).split("\n")[1:3]
    assert line[2:] == text.replace("\n", " ")
    assert mark.index("^") - 2 == column
    assert said in mark


@pytest.mark.parametrize(
    ("text", "shown", "said"),
    [
        ("not " * 2000 + "a = 1", "not not", "inside each other"),
        (" or ".join(["a = 1"] * 201), "a = 1", "more than 200 comparisons"),
        (f"a in ({','.join(['1'] * 10_001)})", "1)", "more than 10,000 values"),
        ("a < " + "9" * 5000, "9999", "a whole number of more than 100 digits"),  # Python itself reads 4300
        ("a < 1 " + "?" * 2_000_000, "????", "this means nothing here"),
        ("a = 1 " * 1000 + "b", "a = 1 a = 1", "expected and, or, or the end"),
    ],
)
def test_of_a_long_one_what_is_around_is_shown(text, shown, said):
    with pytest.raises(SettingsError) as caught:
        parse_filter(text)
    line, mark = str(caught.value).split("\n")[1:3]
    assert len(line) < 500
    assert line[mark.index("^") :].startswith(shown)
    assert said in mark


def test_the_time_it_takes_to_read_one_grows_with_its_length_only():
    """Each step once copied all that was left: of this one 80 GB, for about 5 seconds."""
    values, begun = ",".join(["1"] * 10_000), time.process_time()
    parse_filter(f"a in ({values})" + " " * 4_000_000)
    assert time.process_time() - begun < 2 * slower()


NAMES = st.sampled_from(["a", "b", "unit price", 'say "x"', "in"])
VALUES = st.one_of(
    st.booleans(),
    st.integers(-3, 3),
    st.sampled_from([0.5, -0.5, 1.0, -0.0, 1e300, 2**62, 2**53 + 1, float(2**53)]),
    st.sampled_from(["", "1", "A", "a", "ä", "it's", "true", "\U0001f600", "￿"]),
)
FIELDS = st.dictionaries(NAMES, VALUES, max_size=4)


def said_value(value):
    return (
        ("false", "true")[value]
        if isinstance(value, bool)
        else repr(value)
        if not isinstance(value, str)
        else ("'" + value.replace("'", "''") + "'")
    )


def said_name(name):
    return '"' + name.replace('"', '""') + '"'


COMPARISONS = st.one_of(
    st.builds(
        lambda name, sign, value: f"{said_name(name)} {sign} {said_value(value)}",
        NAMES,
        st.sampled_from(["=", "!="]),
        VALUES,
    ),
    st.builds(
        lambda name, sign, value: f"{said_name(name)} {sign} {said_value(value)}",
        NAMES,
        st.sampled_from(["<", "<=", ">", ">="]),
        VALUES.filter(lambda value: not isinstance(value, bool)),
    ),
    st.builds(
        lambda name, word, values: f"{said_name(name)} {word} ({', '.join(map(said_value, values))})",
        NAMES,
        st.sampled_from(["in", "not in"]),
        st.lists(VALUES, min_size=1, max_size=3),
    ),
    st.builds(lambda name, word: f"{said_name(name)} {word}", NAMES, st.sampled_from(["is missing", "is not missing"])),
)
FILTERS = st.recursive(
    COMPARISONS,
    lambda inner: st.one_of(
        st.builds("not ({})".format, inner),
        st.builds("({}) and ({})".format, inner, inner),
        st.builds("({}) or ({})".format, inner, inner),
    ),
    max_leaves=6,
)


def rows_by_sql(text, all_fields):
    database = sqlite3.connect(":memory:")
    database.execute("CREATE TABLE templates (row INTEGER PRIMARY KEY)")
    database.execute("CREATE TABLE fields (name, kind, value, row, PRIMARY KEY (name, kind, value, row)) WITHOUT ROWID")
    for row, fields in enumerate(all_fields):
        database.execute("INSERT INTO templates VALUES (?)", [row])
        lines = [(name, kind_of(value), value, row) for name, value in fields.items()]
        database.executemany("INSERT INTO fields VALUES (?, ?, ?, ?)", lines)
    found = rows_that_meet(
        parse_filter(text).condition,
        lambda sql, given: np.array([row for (row,) in database.execute(sql, given)], dtype=np.int64),
    )
    database.close()
    return found.tolist()


@given(FILTERS, st.lists(FIELDS, min_size=1, max_size=6))
def test_sqlite_finds_what_the_definition_says(text, all_fields):
    meets = parse_filter(text).matches
    assert rows_by_sql(text, all_fields) == [row for row, fields in enumerate(all_fields) if meets(fields)]


@given(FILTERS, FIELDS)
def test_not_is_never_met_with_what_it_stands_before(text, fields):
    assert not (parse_filter(text).matches(fields) and parse_filter(f"not ({text})").matches(fields))


@given(st.text(alphabet="ab =<>!'\"(),.1-ednotrisg\0;", max_size=30))
def test_any_text_is_a_condition_or_an_error_of_ours(text):
    try:
        condition = parse_filter(text).condition
    except SettingsError:
        return
    rows_by_sql(text, [{"a": 1}, {"b": "x"}])
    assert condition.met_by({}) in (True, False)


@pytest.mark.parametrize("name", ["a') OR 1=1 --", '"; DROP TABLE templates; --', "a\nb", "?"])
def test_no_name_or_value_becomes_a_part_of_the_query(name):
    assert rows_by_sql(f"{said_name(name)} = {said_value(name)}", [{}, {name: name}, {name: "other"}]) == [1]


@pytest.mark.parametrize("value", [None, [1], b"x", float("nan"), float("-inf"), 2**63, "a\0", "\udfff"])
def test_values_that_no_store_keeps(value):
    assert unfit_value(value)


def test_long_lists_and_chains_are_answered():
    fields = [{"a": number} for number in range(5)]
    assert rows_by_sql(f"a in ({', '.join(map(str, range(3, 10_000)))})", fields) == [3, 4]
    assert rows_by_sql(" or ".join(f"a = {number}" for number in range(2, 200)), fields) == [2, 3, 4]
    nested = "a = 0"
    for number in range(1, 25):
        nested = f"({nested} or a = {number}) and a != 1"
    assert rows_by_sql(nested, fields) == [0, 2, 3, 4]
