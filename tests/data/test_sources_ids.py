"""Pairs that name rows of another table by id; ids that cannot be are named."""

import pytest

from alikely.data.sources import read_items, read_source
from alikely.errors import InputError
from tests.data.source_files import table

# --- ids


@pytest.fixture
def people(tmp_path):
    table(tmp_path, "id,age,city,label\np1,31,Bern,x\np2,47,Wien,y\np3,31,Bern,z\n", "items.csv")
    return tmp_path


def test_pairs_of_rows_by_id(people):
    path = table(people, "left,right,same\np1,p3,1\np1,p2,0\n", "pairs.csv")
    for source in (people, path, table(people, "left,right,same\np1,p3,1\np1,p2,0\n", "others.csv")):
        found = read_source(source)
        assert found.kind == "row"
        assert found.items[0] == {"age": "31", "city": "Bern"}
        assert found.names == ("p1", "p2", "p3")
        assert found.labels.tolist() == ["x", "y", "z"]
        assert list(zip(found.pairs.left, found.pairs.right, found.pairs.same, strict=True)) == [
            (0, 2, True),
            (0, 1, False),
        ]


def test_the_other_forms_by_id(people):
    table(people, "id,age,city\np1,31,Bern\np2,47,Wien\np3,31,Bern\np4,2,x\n", "items.csv")
    (people / "pairs.csv").unlink(missing_ok=True)
    path = table(people, "left,right\np1,p3\n", "pairs.csv")
    assert read_source(people, "row").labels.tolist() == ["p1", "p2", "p1", "p4"]
    path.unlink()
    path = table(people, "anchor,positive,negative\np1,p3,p2\n", "triplets.csv")
    assert read_source(people, "row").pairs.units.tolist() == [0, 0]
    path.unlink()
    table(people, "left,right,score\np1,p3,2\np1,p2,1\n", "scores.csv")
    assert read_source(people, "row").pairs.score.tolist() == [1, 0]


def test_positives_by_id_beside_labels_are_pairs(people):
    table(people, "left,right\np1,p3\n", "pairs.csv")
    found = read_source(people)
    assert found.labels.tolist() == ["x", "y", "z"]
    assert found.pairs.same.tolist() == [True]


def test_texts_and_files_by_id(tmp_path):
    table(tmp_path, "id,text\n1,hello\n2,bye\n3,hello\n", "items.csv")
    table(tmp_path, "left,right,same\n1,2,0\n3,2,0\n", "pairs.csv")
    found = read_source(tmp_path)
    assert found.items == ("hello", "bye")
    assert len(found.pairs) == 1  # 1 and 3 are one text
    table(tmp_path, "left,right\n1,2\n", "pairs.csv")
    assert read_source(tmp_path).labels.tolist() == ["bye", "bye"]
    (tmp_path / "a.png").write_bytes(b"x")
    (tmp_path / "b.png").write_bytes(b"x")
    table(tmp_path, "id,path\n1,a.png\n2,b.png\n", "items.csv")
    table(tmp_path, "left,right,same\n1,2,0\n", "pairs.csv")
    assert read_source(tmp_path).kind == "picture"


@pytest.mark.parametrize(
    ("items", "pairs", "problem"),
    [
        (None, "p1,p9,1", "pairs.csv, line 2: the column 'right' names the item 'p9', which is not among the ids"),
        (None, "p1,p1,1", "pairs.csv, line 2: left and right are the same item, p1; name two, or remove the row"),
        ("id,age,city\np1,1,a\np1,2,b\n", "p1,p1,1", "items.csv, line 3: the id 'p1' stands there for a second item"),
        ("id,age,city\np1,1,a\n,2,b\n", "p1,p1,1", "items.csv, line 3: the cell of column 'id' is empty"),
    ],
)
def test_ids_that_cannot_be(people, items, pairs, problem):
    if items:
        table(people, items, "items.csv")
    table(people, f"left,right,same\n{pairs}\n", "pairs.csv")
    with pytest.raises(InputError, match=problem):
        read_source(people, "row")


def test_tables_of_pairs_that_cannot_be_used(people):
    table(people, "left,right,same\np1,p2,1\n", "pairs.csv")
    table(people, "left,right,score\np1,p2,1\n", "scores.csv")
    with pytest.raises(InputError, match=r"holds pairs\.csv and scores\.csv"):
        read_source(people)
    (people / "scores.csv").unlink()
    table(people, "one,two\np1,p2\n", "pairs.csv")
    with pytest.raises(InputError, match=r"pairs\.csv: has the columns one, two, but needs left,right,same or"):
        read_source(people)
    (people / "items.csv").unlink()
    with pytest.raises(InputError, match=r"pairs of rows name them by their ids; write the rows into a table items"):
        read_items(table(people, "left,right,same\np1,p2,1\n", "pairs.csv"), "row")
