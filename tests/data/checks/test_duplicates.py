"""Copies and near-copies in two identities, two parts or a different pair: every one, and none else."""

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from alikely.data.checks import check_examples
from alikely.data.checks.duplicates import duplicates
from alikely.data.checks.measures import Measures, measure
from alikely.data.checks.near_pictures import NEAR, _limit
from alikely.data.sources import examples_from, read_source
from tests.data.checks.faults import CHANGES, of, pattern, patterns, serious

PICTURES = patterns(40)
COPIES = [np.asarray(CHANGES["half"](pattern(i))) for i in range(40)]


def found(examples, parts=None):
    return list(duplicates(examples, measure(examples), parts))


def write(folder, **contents):
    for name, content in contents.items():
        label, number = name.split("_")
        (folder / label).mkdir(exist_ok=True)
        (folder / label / f"{number}.png").write_bytes(content)


def test_identical_files_under_several_labels(tmp_path):
    # Of one length, so that the content decides. Whether they are pictures does not matter; empty files say nothing.
    write(tmp_path, a_1=b"11", a_2=b"22", a_3=b"", b_1=b"22", b_2=b"33", b_3=b"", c_1=b"22", c_2=b"44")
    (finding,) = found(read_source(tmp_path))
    names = [str(tmp_path / name) for name in ("a/2.png", "b/1.png", "c/1.png")]
    assert (finding.check, finding.severity, finding.items) == ("identical", "warning", tuple(names))
    assert finding.count == 1
    assert finding.pairs == ((names[0], names[1]), (names[0], names[2]))
    assert finding.what == (
        f"1 item stands, byte for byte the same, under several labels: {names[0]} (a) = {names[1]} (b) = {names[2]} (c)"
    )


def test_identical_arrays_and_pictures():
    items = [*PICTURES[:2], PICTURES[0].copy(), pattern(8), pattern(8)]
    (finding,) = found(examples_from(items, ["a", "a", "b", "b", "a"]))
    assert finding.items == ("array 1", "array 3", "picture 4", "picture 5")


def test_identical_within_an_identity_is_a_note():
    (finding,) = found(examples_from([PICTURES[0], PICTURES[0], PICTURES[1], PICTURES[0]], list("aaba")))
    assert (finding.check, finding.severity, finding.count) == ("repeated", "note", 2)
    assert finding.pairs == (("array 1", "array 2"), ("array 1", "array 4"))


@pytest.mark.parametrize("change", CHANGES)
def test_each_change_of_a_copy_is_seen_through(change):
    copies = [CHANGES[change](pattern(i)) for i in range(20)]
    examples = examples_from([*PICTURES[:20], *copies], [i % 20 + 100 * (i >= 20) for i in range(40)])
    (finding,) = found(examples)
    assert (finding.check, finding.severity, finding.count) == ("near_duplicate", "warning", 20)
    assert set(finding.pairs) == {(f"array {i}", f"picture {20 + i}") for i in range(1, 21)}
    assert len(finding.shown) == 8


def test_near_copies_of_one_identity_are_no_finding_but_in_two_parts_they_are():
    examples = examples_from([PICTURES[0], COPIES[0], PICTURES[1], PICTURES[2]], list("aabb"))
    assert found(examples) == []
    (finding,) = found(examples, np.array(["train", "test", "train", "test"]))
    assert (finding.check, finding.count) == ("near_duplicate", 1)
    assert finding.what == (
        "1 pair of pictures under different parts look like copies of each other: array 1 (train) and array 2 (test)"
    )


def test_copies_in_a_different_pair():
    items = [PICTURES[0], PICTURES[1], PICTURES[0], COPIES[1]]
    pairs = [(0, 1, False), (0, 2, False), (1, 3, False), (2, 3, False), (1, 2, True)]
    identical, near = found(examples_from(items, pairs=pairs))
    assert (identical.check, identical.severity, identical.pairs) == ("identical", "warning", (("array 1", "array 3"),))
    assert (near.check, near.severity, near.pairs) == ("near_duplicate", "warning", (("array 2", "array 4"),))


def test_flat_pictures_are_not_compared():
    flat = [np.full((16, 16), grey, np.uint8) for grey in (10, 200)]
    flat[1][0, 0] = 201
    assert found(examples_from([*flat, *PICTURES[:2]], list("abab"))) == []


def test_the_limit_falls_where_different_pictures_are_alike():
    assert _limit(np.full(999, 0.1, np.float32)) == NEAR
    assert _limit(np.full(1000, 1.0, np.float32)) == NEAR
    assert _limit(np.full(1000, 0.4, np.float32)) == pytest.approx(0.1)
    # Copies among them, up to a twentieth, do not count.
    assert _limit(np.array([0.0] * 49 + [0.4] * 951, np.float32)) == pytest.approx(0.1)


def test_pictures_of_one_part_by_a_fixed_camera_are_no_copies():
    """All alike but for a spot of their own: nearer than NEAR, and yet each its own."""
    rng = np.random.default_rng(0)
    base = np.asarray(pattern(3)).astype(int)
    items = []
    for _ in range(80):
        item = base.copy()
        top, left = rng.integers(0, 40, 2)
        item[top : top + 8, left : left + 8] -= 25
        items.append(item.clip(0, 255).astype(np.uint8))
    assert of(found(examples_from(items, [i % 2 for i in range(80)])), "near_duplicate") == []
    (finding,) = of(
        found(examples_from([*items, np.asarray(CHANGES["darker"](Image.fromarray(items[0])))], [*[0, 1] * 40, 1])),
        "near_duplicate",
    )
    assert finding.pairs == (("array 1", "array 81"),)


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_every_planted_copy_is_found_and_none_else(data):
    """Ten identities of four pictures each; some pictures stand, as they are or changed, under another label too."""
    sources = data.draw(st.lists(st.integers(0, 39), unique=True, max_size=8))
    exact = data.draw(st.lists(st.booleans(), min_size=len(sources), max_size=len(sources)))
    further = data.draw(st.lists(st.integers(1, 9), min_size=len(sources), max_size=len(sources)))
    labels = [i % 10 for i in range(40)] + [(i % 10 + more) % 10 for i, more in zip(sources, further, strict=True)]
    items = [*PICTURES, *(PICTURES[i].copy() if same else COPIES[i] for i, same in zip(sources, exact, strict=True))]

    named = {finding.check: set(finding.pairs) for finding in found(examples_from(items, labels))}

    planted = [(f"array {i + 1}", f"array {41 + k}") for k, i in enumerate(sources)]
    for check, kind in (("identical", True), ("near_duplicate", False)):
        assert named.get(check, set()) == {pair for pair, same in zip(planted, exact, strict=True) if same == kind}


def test_faults_of_all_kinds_are_all_named():
    """Copies across identities, near-copies, contradictory pairs and a chain, all in one set."""
    items = [*PICTURES[:8], PICTURES[0].copy(), COPIES[2]]
    pairs = [
        (0, 1, True), (1, 0, False),  # both
        (2, 3, True), (3, 4, True), (2, 4, False),  # a chain
        (0, 8, False),  # byte for byte the same
        (2, 9, False),  # nearly
        (5, 6, False), (6, 7, True),  # fine
    ]  # fmt: skip
    findings = check_examples(examples_from(items, pairs=pairs))
    assert serious(findings) == ["contradiction", "contradiction", "identical", "near_duplicate"]
    assert {pair for finding in findings for pair in finding.pairs} == {
        ("array 1", "array 2"),
        ("array 3", "array 5"),
        ("array 1", "array 9"),
        ("array 3", "array 10"),
    }


def test_ten_thousand_pictures_are_compared_in_seconds():
    rng = np.random.default_rng(0)
    thumbnails = rng.integers(0, 256, (10_000, 8, 8), dtype=np.uint8).repeat(4, axis=1).repeat(4, axis=2)
    thumbnails[9_999] = thumbnails[0] // 2
    count = len(thumbnails)
    digests, nothing = tuple(str(i).encode() for i in range(count)), (None,) * count
    measures = Measures(digests, nothing, {}, np.zeros(count, dtype=bool), nothing, thumbnails)
    examples = examples_from([PICTURES[0]] * count, np.arange(count) // 2)
    start = time.process_time()
    (finding,) = duplicates(examples, measures)
    assert finding.pairs == (("array 1", "array 10000"),)
    assert time.process_time() - start < 20
