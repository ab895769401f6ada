"""Tables of items and of who liked what: what they become, and what cannot be used."""

import numpy as np
import pytest

from alikely.cli.app import said_columns
from alikely.errors import BadItemsError, InputError, SettingsError
from alikely.tasks.recommend import RecommendSettings
from alikely.tasks.recommend.catalogue import fields_of, read_catalogue
from alikely.tasks.recommend.characteristics import parts_of, plain_features, read_parts, readable
from alikely.tasks.recommend.histories import read_histories

IDS = ("a", "b", "c")


def test_histories_are_in_the_order_of_time_and_each_item_once():
    rows = [
        {"person": "x", "item": "a", "time": 3},
        {"person": "x", "item": "b", "time": 1},
        {"person": "x", "item": "c", "time": 2},
        {"person": "x", "item": "c", "time": 9},
        {"person": "w", "item": "b", "time": "2026-05-31"},
    ]
    found = read_histories(rows, IDS, None)
    assert found.people == ("w", "x")
    assert [liked.tolist() for liked in found.liked] == [[1], [1, 0, 2]]
    assert found.counts(3).tolist() == [1, 2, 1]
    assert found.notes == ("rows that repeat a person and an item, of which the latest was taken: 1",)


def test_a_rating_is_a_threshold_and_the_rest_was_seen():
    rows = [{"person": "x", "item": item, "rating": rating} for item, rating in (("a", 4), ("b", 3.5), ("c", "5"))]
    found = read_histories(rows, IDS, 4.0)
    assert found.liked[0].tolist() == [0, 2]
    assert found.seen[0].tolist() == [1]
    assert read_histories(rows, IDS, None).liked[0].tolist() == [0, 1, 2]


def test_rows_without_a_person_or_an_item_are_left_out_and_named_when_told_to():
    rows = [{"person": "x", "item": "a"}, {"person": " ", "item": "a"}, {"person": "x", "item": ""}]
    with pytest.raises(InputError, match="record 2: the cell of column 'person' is empty"):
        read_histories(rows, IDS, None)
    found = read_histories(rows, IDS, None, skip_bad=True)
    assert found.people == ("x",)
    assert found.notes == ("2 rows without a person or an item left out: record 2, record 3",)


@pytest.mark.parametrize(
    ("cells", "titles"),
    [
        ([{"kind": "tea", "Name": "Darjeeling"}], ("Darjeeling",)),
        ([{"name": "Assam", "title": "The best"}], ("The best",)),
        ([{"price": 3, "kind": "tea"}, {"price": 4, "kind": None}], ("tea", "")),
        ([{"price": 3, "stock": 1}], ("price 3, stock 1",)),
        ([{"code": "12"}, {"code": "A4"}], ("code 12", "code A4")),
        ([{"path": "/here/a.png", "kind": "tea"}], ("tea",)),
        ([{"path": "/here/a.png"}], ("",)),
        ([{}], ("",)),
        ([{"title": "a" * 500}], None),
    ],
)
def test_titles_are_the_column_so_called_or_the_first_of_texts_or_all_fields(cells, titles):
    found = read_catalogue([{"id": f"i{row}", **one} for row, one in enumerate(cells)]).titles()
    assert found == titles if titles else len(found[0]) < 100


def test_unknown_items_are_named_and_the_others_go_on():
    rows = [{"person": "x", "item": item} for item in ("a", "z", "z", "y")]
    found = read_histories(rows, IDS, None)
    assert found.liked[0].tolist() == [0]
    assert found.notes == ("3 rows of 2 items not in the catalogue left out: z, y",)


@pytest.mark.parametrize(
    ("rows", "liked", "said"),
    [
        ([{"person": "x", "item": "z"}], None, "no history is left: 1 row of 1 item not in the catalogue"),
        ([{"person": "x", "thing": "a"}], None, "needs person and item"),
        ([{"person": "x", "item": "a"}], 4.0, "no column rating"),
        ([{"person": "x", "item": "a", "rating": "good"}], 4.0, "record 1: the rating 'good' is no finite number"),
        ([{"person": "x", "item": "a", "time": "soon"}], None, "record 1: the time 'soon' is neither"),
        ([{"person": " ", "item": "a"}], None, "column 'person' is empty"),
        ([], None, "needs person and item"),
    ],
)
def test_histories_that_cannot_be_used(rows, liked, said):
    with pytest.raises(InputError, match=said):
        read_histories(rows, IDS, liked)


def test_a_table_that_is_not_there(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        read_histories(tmp_path / "likes.csv", IDS, None)


def test_fields_are_what_they_look_like():
    cells = {"price": "3.50", "stock": "1", "code": "007", "name": " pan ", "new": True, "none": "", "big": "1e999"}
    assert fields_of(cells) == {"price": 3.5, "stock": 1, "code": "007", "name": "pan", "new": True, "big": "1e999"}


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([{"name": "a"}], "needs one called id"),
        ([{"id": "a"}, {"id": "b"}, {"id": "a"}], "record 3: the id 'a' stands in record 1 already"),
        ([{"id": "a"}, {"id": ""}], "column 'id' is empty"),
        ([], "needs one called id"),
    ],
)
def test_catalogues_that_cannot_be_used(rows, said):
    with pytest.raises(InputError, match=said):
        read_catalogue(rows)


def test_plain_features_by_hand():
    rows = [
        {"id": "a", "text": "red pan", "kind": "x"},
        {"id": "b", "text": "pan", "kind": "y"},
        {"id": "c", "text": "red", "kind": "x"},
        {"id": "d", "text": "", "kind": ""},
        {"id": "e", "text": "", "kind": "y"},
    ]
    catalogue = read_catalogue(rows)
    parts = parts_of(catalogue, RecommendSettings())
    found = plain_features(parts, read_parts(parts, catalogue), 5).numpy()
    # A column for: nothing known, ?, pan, red; unseen, missing, x, y; 1 for all.
    assert {tuple(column) for column in found.T.astype(int)} == {
        (0, 0, 0, 0, 0),
        (0, 0, 0, 1, 1),
        (1, 1, 0, 0, 0),
        (1, 0, 1, 0, 0),
        (0, 0, 0, 1, 0),
        (0, 1, 0, 0, 1),
        (1, 1, 1, 1, 1),
    }


def test_ids_alone_have_no_parts():
    catalogue = read_catalogue([{"id": "a"}, {"id": "b"}])
    parts = parts_of(catalogue, RecommendSettings())
    assert parts == ()
    assert plain_features(parts, (), 2).tolist() == [[1], [1]]


def test_columns_are_left_out_and_unknown_ones_refused():
    catalogue = read_catalogue([{"id": str(i), "price": i, "size": i % 3} for i in range(9)])
    parts = parts_of(catalogue, RecommendSettings(columns={"price": "leave_out"}))
    assert [part.columns for part in parts] == [("size",)]
    with pytest.raises(SettingsError, match="no column 'prize'"):
        parts_of(catalogue, RecommendSettings(columns={"prize": "text"}))


def test_pictures_that_cannot_be_read_are_listed(tmp_path):
    from PIL import Image

    Image.fromarray(np.zeros((8, 8), np.uint8)).save(tmp_path / "good.png")
    (tmp_path / "bad.png").write_bytes(b"no picture")
    (tmp_path / "items.csv").write_text("id,path\na,good.png\nb,bad.png\n")
    catalogue = read_catalogue(tmp_path / "items.csv")
    parts = parts_of(catalogue, RecommendSettings())
    good, problems = readable(parts, catalogue)
    assert good == [0]
    assert [name for name, _ in problems] == ["b"]
    with pytest.raises(BadItemsError, match="b: "):
        read_parts(parts, catalogue)


@pytest.mark.parametrize(
    "values",
    [
        {"epochs": -1},
        {"dim": 1},
        {"ridge": ()},
        {"content_ridge": (0.0,)},
        {"columns": {"a": "song"}},
        {"encoders": {"text": "magic"}},
        {"seed": True},
    ],
)
def test_settings_have_bounds(values):
    with pytest.raises(SettingsError, match=next(iter(values)) if "encoders" not in values else "magic"):
        RecommendSettings(**values)


def test_columns_as_they_are_said():
    assert said_columns(["Title=text", "price = leave_out"]) == {"title": "text", "price": "leave_out"}
    with pytest.raises(SettingsError, match="NAME=KIND"):
        said_columns(["title"])
