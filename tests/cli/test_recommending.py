"""alikely recommend fit, for, like: what they print, their JSON, their errors."""

import csv
import json
import re
import shutil

import pytest

from tests.commands import command, refused
from tests.tasks.recommend.shop import items, likes

FIT = ("--column", "title=text", "--column", "price=leave_out", "--column", "stock=leave_out", "--epochs", "1")


def write(path, rows):
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return path


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shop")
    return write(folder / "items.csv", items()), write(folder / "likes.csv", [*likes(), {"person": "v0", "item": "zz"}])


@pytest.fixture(scope="module")
def shop(tables):
    folder = tables[0].parent / "shop"
    ran = command("recommend", "fit", *tables, "--out", folder, *FIT)
    assert ran.code == 0, ran
    assert "data: 1 row of 1 item not in the catalogue left out: zz" in ran.err
    assert "characteristics" in ran.out
    return folder


def test_fit_in_json(tables, tmp_path):
    ran = command("recommend", "fit", *tables, "--out", tmp_path / "shop", *FIT, "--json")
    found = json.loads(ran.out)
    assert found["people"] == 40
    assert found["items"] == 60
    assert found["characteristics"] == ["text: title", "row: kind"]
    assert found["skipped"] == []


def test_a_recommender_is_replaced_only_when_told_to(tables, shop, tmp_path):
    out = tmp_path / "kept"
    shutil.copytree(shop, out)
    before = {file.name: file.read_bytes() for file in out.iterdir()}
    assert "replace it: --overwrite" in refused("recommend", "fit", *tables, "--out", out, *FIT)
    assert {file.name: file.read_bytes() for file in out.iterdir()} == before
    assert command("recommend", "fit", *tables, "--out", out, *FIT, "--seed", "1", "--overwrite").code == 0
    assert {file.name: file.read_bytes() for file in out.iterdir()} != before


def test_skip_bad_leaves_out_histories_without_a_person(tables, tmp_path):
    likes_file = tmp_path / "likes.csv"
    likes_file.write_text(tables[1].read_text() + ",p1\n")
    assert "the cell of column 'person' is empty" in refused(
        "recommend", "fit", tables[0], likes_file, "--out", tmp_path / "x", *FIT
    )
    ran = command("recommend", "fit", tables[0], likes_file, "--out", tmp_path / "x", *FIT, "--skip-bad")
    assert ran.code == 0
    assert "data: 1 row without a person or an item left out: line " in ran.err


def test_for_somebody_new(shop):
    ran = command("recommend", "for", shop, "--history", "p1, p5,gone", "--k", "2")
    assert ran.code == 0
    lines = ran.out.splitlines()
    assert len(lines) == 2
    assert all(re.fullmatch(r"p\d+ \(\w+ thing \d\): because you liked p\d \(\w+ thing 0\)", line) for line in lines)
    assert "left out: gone: is not in the catalogue" in ran.err


def test_for_in_json(shop):
    found = json.loads(
        command("recommend", "for", shop, "--person", "v1", "--k", "3", "--where", "stock = 1", "--json").out
    )
    assert len(found["items"]) == 3
    assert all(item["fields"]["stock"] == 1 and item["reason"] for item in found["items"])
    assert found["unknown"] == []
    assert found["by_popularity"] is False


def test_for_nobody_says_so(shop):
    ran = command("recommend", "for", shop, "--k", "1")
    assert "the items that most people liked" in ran.out
    assert ran.out.splitlines()[1].endswith("liked by many")


def test_like(shop):
    assert len(command("recommend", "like", shop, "p2", "--k", "4").out.splitlines()) == 4
    found = json.loads(command("recommend", "like", shop, "p2", "--k", "4", "--json").out)
    assert {item["reason"] for item in found["items"]} == {"p2"}
    assert command("recommend", "like", shop, "p2", "--where", "price < 0").out == "no item meets the condition\n"


def test_errors(shop, tables, tmp_path):
    assert "there is no person 'nobody'" in refused("recommend", "for", shop, "--person", "nobody")
    assert "there is no item 'gone'" in refused("recommend", "like", shop, "gone")
    assert "none of the items" in refused("recommend", "for", shop, "--history", "gone")
    assert "no such folder" in refused("recommend", "like", tmp_path / "none", "p1")
    assert "NAME=KIND" in refused("recommend", "fit", *tables, "--out", tmp_path / "x", "--column", "title")
    assert "is no recommender" in refused("recommend", "fit", *tables, "--out", tables[0].parent)
