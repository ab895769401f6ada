"""Identities and groups that stand in two parts of the user's own split, or in two sources."""

import numpy as np
import pytest
from PIL import Image

from alikely.data.checks import check_examples
from alikely.data.sources import examples_from, read_source
from alikely.types import Pairs
from tests.data.checks.faults import of, patterns, serious

PICTURES = patterns(8)


@pytest.mark.parametrize("column", ["part", "split", "fold", "subset"])
def test_an_identity_and_a_group_in_two_parts_of_a_table(column):
    examples = examples_from(
        PICTURES,
        labels=list("aabbccdd"),
        groups=list("ggggggkk"),
        columns={column: ["train", "train", "train", "test", "test", "test", "test", "test"]},
    )
    found = check_examples(examples)
    (identity,) = of(found, "shared_identity")
    assert (identity.severity, identity.count, identity.items) == ("warning", 1, ("array 3", "array 4"))
    assert "1 identity stands in several parts: b (train, test)" in identity.what
    (group,) = of(found, "shared_group")
    assert (group.severity, group.count, group.items) == ("warning", 1, ("array 1", "array 4"))
    assert "1 group stands in several parts" in group.what
    assert of(check_examples(examples, ignore=["shared_group"]), "shared_group") == []


def test_rows_without_a_part_belong_to_none():
    examples = examples_from(PICTURES[:4], list("aabb"), columns={"part": ["train", "", "", "test"]})
    assert of(check_examples(examples), "shared_identity") == []


def test_parts_from_python_win_over_columns():
    examples = examples_from(PICTURES[:4], list("abab"), columns={"part": list("xyxy")})
    assert of(check_examples(examples), "shared_identity") == []
    (finding,) = of(check_examples(examples, np.array(["one", "one", "two", "two"])), "shared_identity")
    assert finding.count == 2


def test_same_pairs_join_identities_over_parts():
    # 0 = 1 in fold 1, 1 = 2 in fold 2: one identity in both, and so is item 1. 4, 5 and 6 are in one fold only.
    columns = {"fold": np.array(["1", "2", "1", "2"])}
    pairs = Pairs(np.array([0, 1, 4, 5]), np.array([1, 2, 5, 6]), np.array([True, True, False, False]), columns)
    (finding,) = of(check_examples(examples_from(PICTURES[:7], pairs=pairs)), "shared_identity")
    assert finding.count == 2
    # What the same pairs join stands in folds 1 and 2, and so does the item 5 of two different pairs.
    assert finding.items == ("array 1", "array 2", "array 6")


def test_two_sources_share_what_they_should_not(tmp_path):
    for name, picture in (("train/a/1", 0), ("train/a/2", 1), ("train/b/1", 2), ("train/b/2", 3)):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(PICTURES[picture]).save(tmp_path / f"{name}.png")
    # b again, with another picture; c has a copy of a/1, byte for byte, and a copy of b/2, saved as JPEG; d is new.
    for name, picture in (("test/b/9.png", 4), ("test/c/1.png", 0), ("test/c/2.jpg", 3), ("test/d/1.png", 5)):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(PICTURES[picture]).save(tmp_path / name)
    (tmp_path / "test" / "d" / "2.png").write_bytes(b"no picture")
    train, test = read_source(tmp_path / "train"), read_source(tmp_path / "test")

    found = check_examples(train, against=test)

    assert serious(found) == ["unreadable", "identical", "near_duplicate", "shared_identity"]
    named = {finding.check: finding.items for finding in found}
    assert named["unreadable"] == (str(tmp_path / "test/d/2.png"),)
    assert named["identical"] == (str(tmp_path / "train/a/1.png"), str(tmp_path / "test/c/1.png"))
    assert named["near_duplicate"] == (str(tmp_path / "train/b/2.png"), str(tmp_path / "test/c/2.jpg"))
    assert named["shared_identity"] == (str(tmp_path / "train/b/1.png"), str(tmp_path / "test/b/9.png"))
    assert serious(check_examples(train)) == []
