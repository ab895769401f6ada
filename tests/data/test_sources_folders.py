"""A folder becomes Examples by the names of its folders; what is left out or misplaced is said."""

import os

import pytest
from PIL import Image

from alikely.data.sources import read_items, read_source
from alikely.errors import InputError
from tests.data.source_files import table, touch

# --- folders


def test_folder_of_identities(tmp_path):
    touch(tmp_path, "bo/2.PNG", "bo/1.jpg", "anna/x/deep/1.webp", "anna/2.tif")
    found = read_source(tmp_path)
    assert found.labels.tolist() == ["anna", "anna", "bo", "bo"]
    assert found.names == tuple(str(tmp_path / n) for n in ("anna/2.tif", "anna/x/deep/1.webp", "bo/1.jpg", "bo/2.PNG"))
    assert found.items == tuple(tmp_path / n for n in ("anna/2.tif", "anna/x/deep/1.webp", "bo/1.jpg", "bo/2.PNG"))
    assert found.groups is None
    assert found.pairs is None
    assert found.notes == ()
    assert read_source(str(tmp_path)).names == found.names


def test_what_is_left_out_of_a_folder_is_said(tmp_path):
    touch(
        tmp_path, "anna/1.png", "anna/.DS_Store", ".git/1.png", "bo/1.png", "bo/a.txt", "bo/b.TXT", "bo/c", "loose.png"
    )
    touch(tmp_path, "empty/readme.md", "__MACOSX/1.png")
    found = read_source(tmp_path)
    assert found.labels.tolist() == ["anna", "bo"]
    assert sorted(found.notes) == [
        "left out because hidden: 3",
        "left out because they end in .md: 1",
        "left out because they end in .txt: 2",
        "left out because they have no ending: 1",
        "left out folders without a picture: 1",
        "left out pictures beside the identity folders: 1",
    ]


def test_links_are_followed_but_never_in_a_circle(tmp_path):
    touch(tmp_path, "data/anna/1.png", "elsewhere/1.png")
    os.symlink(tmp_path / "elsewhere", tmp_path / "data" / "bo")
    os.symlink(tmp_path / "data", tmp_path / "data" / "anna" / "up")
    os.symlink("itself", tmp_path / "data" / "itself")
    os.symlink("nowhere.png", tmp_path / "data" / "anna" / "broken.png")
    found = read_source(tmp_path / "data")
    assert [name.removeprefix(f"{tmp_path}/data/") for name in found.names] == [
        "anna/1.png",
        "anna/broken.png",
        "bo/1.png",
    ]
    assert "left out links to a folder above them: 1" in found.notes


def test_folders_without_identities(tmp_path):
    with pytest.raises(InputError, match="holds no picture"):
        read_source(tmp_path)
    touch(tmp_path, "a.txt")
    with pytest.raises(InputError, match=r"holds no picture \(left out because they end in \.txt: 1\)"):
        read_items(tmp_path)
    touch(tmp_path, "1.png", "2.png")
    with pytest.raises(InputError, match="2 pictures lie directly in the folder"):
        read_source(tmp_path)


def test_a_folder_that_cannot_be_listed(tmp_path, monkeypatch):
    touch(tmp_path, "anna/1.png")

    def refuse(_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "listdir", refuse)
    with pytest.raises(InputError, match="cannot be listed"):
        read_source(tmp_path)


def test_items_without_labels(tmp_path):
    touch(tmp_path, "1.png", "more/2.png")
    assert read_items(tmp_path).labels is None
    assert len(read_items(tmp_path)) == 2
    assert read_items(tmp_path / "1.png").items == (tmp_path / "1.png",)
    assert read_items(table(tmp_path, "path\n1.png\n")).labels is None
    assert read_items(table(tmp_path, "path,label\n1.png,a\n")).labels.tolist() == ["a"]
    (tmp_path / "1.png").unlink()
    assert read_items(tmp_path).labels.tolist() == ["more"]
    with pytest.raises(InputError, match="not there"):
        read_items(tmp_path / "1.png")


def test_a_folder_that_is_named_one_level_too_high_is_told(tmp_path):
    for name in ("north/anna", "north/ben", "south/cleo"):
        (tmp_path / name).mkdir(parents=True)
        Image.new("L", (8, 8)).save(tmp_path / name / "1.png")

    (note,) = read_source(tmp_path).notes

    assert "two folders down" in note
    assert "(north ...)" in note
    assert "(anna, ben ...)" in note
    Image.new("L", (8, 8)).save(tmp_path / "north" / "1.png")
    assert read_source(tmp_path).notes == ()


def test_a_folder_in_which_all_lies_in_one_folder_is_refused_with_the_right_one(tmp_path):
    touch(tmp_path, "images/anna/1.png", "images/ben/1.png", "pairs.csv")
    with pytest.raises(InputError, match=f"all pictures lie in images.*name {tmp_path / 'images'}"):
        read_source(tmp_path)
    assert read_source(tmp_path / "images").labels.tolist() == ["anna", "ben"]
    assert read_items(tmp_path).labels.tolist() == ["images", "images"]
