"""Bad tables and places: each line gets an error that names the thing and the way out, and nothing is written."""

import json

import pytest

from tests.commands import SMALL, command, refused


def table_of(source, name="table.csv", columns="path,label", change=lambda rows: rows):
    rows = [f"pictures/{path.parent.name}/{path.name},{path.parent.name}" for path in sorted(source.glob("*/*.png"))]
    path = source.parent / name
    path.write_text("\n".join([columns, *change(rows)]) + "\n")
    return path


@pytest.mark.parametrize(
    ("columns", "change", "problem"),
    [
        ("path,name", lambda rows: rows, "has the columns path, name, but needs path,label"),
        (
            "path,label",
            lambda rows: [*rows[:5], "pictures/id01/004.png,", *rows[6:]],
            "line 7: the cell of column 'label'",
        ),
        ("path,label", lambda rows: [*rows[:2], ",id00", *rows[3:]], "line 4: the cell of column 'path' is empty"),
        (
            "path,label",
            lambda rows: [*rows, "pictures/nowhere.png,id00"],
            "1 of 97 files are not there:\n  pictures/nowhere.png",
        ),
        ("path,label", lambda rows: [*rows, f"{rows[0].split(',')[0]},id09"], "has the label 'id00' in line 2"),
        ("path,label", lambda rows: [*rows, "a,b,c,d"], "line 98: has 4 cells for 2 columns"),
        ("path,label", lambda rows: rows[:0], "has no rows"),
    ],
)
def test_a_table_with_a_fault(source, out, columns, change, problem):
    table = table_of(source, columns=columns, change=change)

    message = refused("train", table, "--out", out, *SMALL)

    assert message.startswith(str(table))
    assert problem in message


def test_a_table_in_another_encoding(source, out):
    table = table_of(source)
    table.write_bytes(table.read_bytes().replace(b"id07\n", "Jürgen\n".encode("latin-1")))

    message = refused("train", table, "--out", out, *SMALL)

    assert f"{table}, line 30: is not UTF-8" in message
    assert "save the table as UTF-8" in message


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_table_with_a_byte_order_mark_is_read(source, tmp_path, encoding):
    table = table_of(source)
    table.write_bytes(table.read_text().encode(encoding))

    ran = command("train", table, "--out", tmp_path / "model", *SMALL, "--json")

    assert json.loads(ran.out)["data"]["items"] == 96


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("table.csv", "", "is empty; it needs a line with the names of the columns"),
        ("table.jsonl", '{"path": "a.png", "label": "a"}\n{oops\n', "line 2: is not JSON"),
        ("table.csv", 'path,label\n"a.png,b\n', "cannot be read as CSV"),
        ("table.csv", "left,right,same\na.png,b.png,perhaps\n", "line 2: the column 'same' says 'perhaps'"),
        ("table.csv", "left,right,same\na.png,a.png,1\n", "line 2: left and right are the same item"),
    ],
)
def test_a_table_that_is_none(tmp_path, out, name, content, problem):
    (tmp_path / name).write_text(content)

    message = refused("train", tmp_path / name, "--out", out)

    assert message.startswith(str(tmp_path / name))
    assert problem in message


def test_a_source_that_is_not_there(tmp_path, out, model):
    nowhere = tmp_path / "nowhere"

    for message in (
        refused("train", nowhere, "--out", out),
        refused("evaluate", model, nowhere),
        refused("embed", model, nowhere, "--out", out.with_suffix(".npz")),
    ):
        assert message.startswith(f"{nowhere}: is not there; give a folder, or a table that ends in ")


def test_an_out_that_is_there_is_left_alone(source, tmp_path):
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "dear.txt").write_text("mine")

    message = refused("train", source, "--out", tmp_path / "model", *SMALL)

    assert message.startswith(
        f"{tmp_path / 'model'}: is there already; name another folder, or replace it: --overwrite"
    )
    assert [path.name for path in (tmp_path / "model").iterdir()] == ["dear.txt"]


def test_overwrite_replaces_a_model_but_nothing_else(source, tmp_path):
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "dear.txt").write_text("mine")
    (tmp_path / "file").write_text("mine")

    for name in ("model", "file"):
        message = refused("train", source, "--out", tmp_path / name, *SMALL, "--overwrite")
        assert message == f"{tmp_path / name}: is there but is no model, so it is not replaced; name another folder\n"
    (tmp_path / "model" / "dear.txt").unlink()
    for _ in range(2):
        assert command("train", source, "--out", tmp_path / "model", *SMALL, "--overwrite").code == 0
    assert (tmp_path / "file").read_text() == "mine"


def test_an_out_below_a_file(source, model, tmp_path):
    (tmp_path / "file").write_text("mine")

    assert "cannot be written" in refused("train", source, "--out", tmp_path / "file" / "model", *SMALL)
    assert "cannot be written" in refused("embed", model, source, "--out", tmp_path / "file" / "e.npz")


@pytest.mark.parametrize("name", [".", "..", "/", "pictures/.."])
def test_an_out_that_is_no_name(source, monkeypatch, name):
    monkeypatch.chdir(source.parent)

    assert "name" in refused("train", source, "--out", name, *SMALL)
