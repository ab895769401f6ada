"""The fields that templates have, with their values or ranges: known answers by hand."""

import numpy as np

from alikely.gallery.fields_there import MOST_VALUES, fields_there
from alikely.types import Templates


def templates(*fields) -> Templates:
    rows = np.zeros((len(fields), 2), np.float32)
    return Templates(tuple(f"k{n}" for n in range(len(fields))), ("anna",) * len(fields), rows, fields)


def test_values_are_counted_and_numbers_have_a_range():
    one = templates({"shop": "B", "price": 3}, {"shop": "A", "price": -1.5, "new": True})
    two = templates({"shop": "B", "new": True}, {}, {"new": False})
    assert fields_there([one, two]) == {
        "fields": [
            {"name": "new", "kind": "truth", "templates": 3, "values": [[True, 2], [False, 1]], "more": False},
            {"name": "price", "kind": "number", "templates": 2, "smallest": -1.5, "largest": 3},
            {"name": "shop", "kind": "text", "templates": 3, "values": [["B", 2], ["A", 1]], "more": False},
        ],
        "templates": 5,
        "all": True,
    }


def test_values_of_several_kinds_are_kept_apart():
    told = fields_there([templates({"size": 1}, {"size": "1"}, {"size": True})])["fields"]
    assert [(one["kind"], one["templates"]) for one in told] == [("number", 1), ("text", 1), ("truth", 1)]


def test_many_values_and_many_templates_are_cut():
    many = [templates(*({"word": f"w{n:03d}"} for n in range(start, start + 10))) for start in range(0, 100, 10)]
    (field,) = fields_there(many)["fields"]
    assert ([value for value, _ in field["values"]], field["more"]) == ([f"w{n:03d}" for n in range(MOST_VALUES)], True)
    cut = fields_there(many, most=25)
    assert (cut["templates"], cut["all"], cut["fields"][0]["templates"]) == (25, False, 25)
    whole = fields_there(many, most=100)
    assert (whole["templates"], whole["all"]) == (100, True)


def test_nothing_has_no_fields():
    assert fields_there([]) == {"fields": [], "templates": 0, "all": True}
