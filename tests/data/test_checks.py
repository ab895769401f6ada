"""What is wrong with examples is found, and what is right is left in peace."""

import numpy as np
import pytest
from PIL import Image

from alikely.data.checks import check_examples, require_enough
from alikely.data.sources import examples_from, read_source
from alikely.errors import InputError, TooFewError


def write(folder, **contents):
    for name, content in contents.items():
        label, number = name.split("_")
        (folder / label).mkdir(exist_ok=True)
        (folder / label / f"{number}.png").write_bytes(content)


def pictures(count):
    """Arrays of which no two are alike."""
    return [np.full((2, 2), i, np.uint8) for i in range(count)]


def test_nothing_wrong():
    assert check_examples(examples_from(pictures(4), ["a", "a", "b", "b"])) == []
    assert check_examples(examples_from(pictures(3), pairs=[(0, 1, True), (1, 2, False)])) == []


def test_identical_files_under_two_identities(tmp_path):
    # Of one length, so that the content decides; a/3 and b/3 are empty, which reading will say.
    write(tmp_path, a_1=b"11", a_2=b"22", a_3=b"", b_1=b"22", b_2=b"33", b_3=b"", c_1=b"22", c_2=b"44", a_4=b"11")
    (finding,) = check_examples(read_source(tmp_path))
    names = [str(tmp_path / name) for name in ("a/2.png", "b/1.png", "c/1.png")]
    assert (finding.check, finding.severity, finding.items) == ("identical", "warning", tuple(names))
    assert finding.what == (
        f"1 items stand, byte for byte the same, under several labels: {names[0]} (a) = {names[1]} (b) = {names[2]} (c)"
    )


def test_identical_arrays_and_pictures():
    items = [*pictures(2), np.full((2, 2), 0, np.uint8), Image.new("L", (2, 2), 9), Image.new("L", (2, 2), 9)]
    (finding,) = check_examples(examples_from(items, ["a", "a", "b", "b", "a"]))
    assert finding.items == ("array 1", "array 3", "picture 4", "picture 5")


def test_a_file_that_cannot_be_read_is_left_to_the_reading(tmp_path):
    write(tmp_path, a_1=b"1", a_2=b"2", b_1=b"3", b_2=b"4")
    (tmp_path / "a" / "3.png").symlink_to("nowhere")
    assert check_examples(read_source(tmp_path)) == []


def test_identical_files_in_a_different_pair():
    items = [*pictures(2), np.full((2, 2), 0, np.uint8)]
    (finding,) = check_examples(examples_from(items, pairs=[(0, 1, False), (0, 2, False), (1, 2, True)]))
    assert (finding.check, finding.severity, finding.items) == ("identical", "warning", ("array 1", "array 3"))


def test_contradictory_pairs():
    given = [(0, 1, True), (1, 0, False), (1, 2, False), (2, 3, True), (2, 3, False)]
    (finding,) = check_examples(examples_from(pictures(4), pairs=given))
    assert (finding.check, finding.severity) == ("contradiction", "error")
    assert finding.items == ("array 1", "array 2", "array 3", "array 4")
    assert finding.what == (
        "2 pairs are said to be the same and to be different: array 1 and array 2, array 3 and array 4"
    )


def test_labels_that_differ_in_spelling():
    labels = ["Anna B", "anna b ", "annab", "bo", "bo"]
    found = check_examples(examples_from(pictures(5), labels))
    assert [finding.check for finding in found] == ["spelling", "single"]
    assert found[0].items == ("array 1", "array 2", "array 3")
    assert found[0].severity == "warning"


def test_single_items():
    found = check_examples(examples_from(pictures(7), [0, 1, 2, 3, 4, 4, 5]))
    assert [(finding.check, finding.severity) for finding in found] == [("single", "note")]
    assert found[0].what == "5 of 6 identities have a single item, of use only as different: 0, 1, 2 and 2 more"
    assert found[0].items == ("array 1", "array 2", "array 3", "array 4", "array 7")


def test_what_the_source_says_is_a_note_and_comes_last(tmp_path):
    write(tmp_path, a_1=b"1", b_1=b"1", b_2=b"2")
    (tmp_path / "a" / "x.txt").touch()
    found = check_examples(read_source(tmp_path))
    assert [finding.check for finding in found] == ["identical", "single", "source"]
    assert found[-1].what == "left out because they end in .txt: 1"


@pytest.mark.parametrize(
    ("labels", "problem"),
    [
        (["a", "a"], r"found 2 items of 1 identity \(a\)"),
        (["a", "b"], "each of the 2 identities has a single item"),
    ],
)
def test_too_few_identities(labels, problem):
    with pytest.raises(TooFewError, match=problem):
        require_enough(examples_from(pictures(2), labels))


@pytest.mark.parametrize("same", [True, False])
def test_too_few_pairs(same):
    with pytest.raises(TooFewError, match="1 same and 0" if same else "0 same and 1"):
        require_enough(examples_from(pictures(2), pairs=[(0, 1, same)]))


def test_nothing_known():
    with pytest.raises(InputError, match="give labels or pairs"):
        require_enough(examples_from(pictures(2)))


def test_enough():
    require_enough(examples_from(pictures(3), ["a", "a", "b"]))
    require_enough(examples_from(pictures(3), pairs=[(0, 1, True), (1, 2, False)]))
