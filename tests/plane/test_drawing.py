"""Maps with what is known of their items: colours, groups, names, tables, CSV; numbers and categories told apart."""

import csv
import math

import numpy as np
import pytest

from alikely.errors import InputError, SettingsError
from alikely.plane import Drawing, colours_of

PLACES = np.array([[0.0, 0.0], [4.0, 0.0], [0.0, 2.0], [4.0, 2.0]])


def drawing() -> Drawing:
    fields = {
        "label": colours_of("label", ["b", "a", "a", None], label=True),
        "shop": colours_of("shop", ["Bern, Süd", "Bern, Süd", "Chur", ""]),
    }
    return Drawing.of(PLACES, ["one.png", "two.png", "ONE more", "=4"], fields, "label")


def test_places_fill_the_square_and_keep_their_shape():
    drawn = drawing()
    assert drawn.places.tolist() == [[-1, -0.5], [1, -0.5], [-1, 0.5], [1, 0.5]]
    packed = np.frombuffer(drawn.packed(), "<i2").reshape(-1, 2)
    assert packed.tolist() == [[-32767, -16384], [32767, -16384], [-32767, 16384], [32767, 16384]]


@pytest.mark.parametrize("places", [np.zeros((0, 2)), np.zeros((1, 2)), np.ones((3, 2))])
def test_no_item_one_item_and_all_in_one_place(places):
    names = [str(number) for number in range(len(places))]
    drawn = Drawing.of(places, names, {"label": colours_of("label", ["x"] * len(places), label=True)}, "label")
    assert np.array_equal(drawn.places, np.zeros(places.shape))
    assert [row.spread for row in drawn.spreads("label")] == [0.0] * min(1, len(places))
    assert len(drawn.packed()) == 4 * len(places)


def test_categories_stand_by_how_frequent_they_are():
    colours = colours_of("kind", ["b", "a", "b", "", None, " a ", "c", "a"])
    assert (colours.kind, colours.values, colours.counts.tolist()) == ("category", ("a", "b", "c"), [3, 2, 1])
    assert colours.codes.tolist() == [1, 0, 1, -1, -1, 0, 2, 0]
    assert np.frombuffer(colours.packed(), "<i4").tolist() == [1, 0, 1, -1, -1, 0, 2, 0]
    told = colours.to_dict()
    assert (told["of"], told["missing"], told["values"]) == (3, 2, [("a", 3), ("b", 2), ("c", 1)])


def test_many_numbers_are_numbers_few_are_categories():
    many = colours_of("price", [*(str(number / 2) for number in range(20)), "", None])
    assert many.kind == "number"
    assert many.numbers[:3].tolist() == [0, 0.5, 1]
    assert math.isnan(many.numbers[20])
    told = many.to_dict()
    assert (told["smallest"], told["largest"], told["missing"]) == (0, 9.5, 2)
    assert np.frombuffer(many.packed(), "<f4")[1] == 0.5
    assert many.texts(np.array([1, 20])) == ["0.5", ""]
    assert colours_of("digit", [str(number % 10) for number in range(100)]).kind == "category"
    assert colours_of("label", [str(number) for number in range(100)], label=True).kind == "category"
    # Infinity is no place on a scale; nor is a word among numbers.
    for odd in ("inf", "about 3", "nan"):
        assert colours_of("x", [odd, *(str(number) for number in range(20))]).kind == "category"


def test_found_by_name_and_label_the_exact_first():
    drawn = drawing()
    assert drawn.found("one", 9).tolist() == [0, 2]
    assert drawn.found("ONE MORE ", 9).tolist() == [2]
    assert drawn.found("a", 9).tolist() == [1, 2]
    assert drawn.found("b", 9).tolist() == [0]
    assert drawn.found(".png", 1).tolist() == [0]
    assert drawn.found("  ", 9).tolist() == drawn.found("none such", 9).tolist() == []
    exact = Drawing.of(PLACES[:2], ["in between", "tween"], {})
    assert exact.found("tween", 9).tolist() == [1, 0]


def test_counts_of_a_group():
    drawn = drawing()
    assert drawn.counts(np.array([0, 1, 2, 3]), "label") == [("a", 2, 2), ("b", 1, 1)]
    assert drawn.counts(np.array([1]), "shop") == [("Bern, Süd", 1, 2)]
    assert drawn.counts(np.array([3]), "label") == []
    assert drawn.labels(np.array([0, 3])) == ["b", None]


def test_spread_against_that_of_all():
    rows = drawing().spreads("label")
    assert [(row.value, row.items) for row in rows] == [("a", 2), ("b", 1)]
    # a: (1, -0.5) and (-1, 0.5), around (0, 0); all are as far from there.
    assert rows[0].middle == (0, 0)
    assert rows[0].spread == pytest.approx(1)
    assert rows[1].spread == 0


def test_csv_reads_back():
    drawn = drawing()
    lines = "".join(drawn.csv(np.array([0, 3])))
    rows = list(csv.DictReader(lines.splitlines()))
    assert rows[0] == {"name": "one.png", "x": "-1.00000", "y": "-0.50000", "label": "b", "shop": "Bern, Süd"}
    assert rows[1]["label"] == ""
    many = Drawing.of(np.zeros((2500, 2)), [str(number) for number in range(2500)], {})
    assert "".join(many.csv(np.arange(2500))).count("\n") == 2501


def test_what_is_not_there():
    drawn = drawing()
    with pytest.raises(SettingsError, match="'size': there are label, shop"):
        drawn.field("size")
    with pytest.raises(InputError, match="no item 4"):
        drawn.numbers([0, 4])
    with pytest.raises(InputError, match="no item -1"):
        drawn.numbers([-1])
    numbers = Drawing.of(np.zeros((20, 2)), ["x"] * 20, {"n": colours_of("n", [str(n) for n in range(20)])})
    with pytest.raises(SettingsError, match="n is a number"):
        numbers.spreads("n")
    assert numbers.counts(np.array([1]), "n") == []
