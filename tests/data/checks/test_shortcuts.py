"""A statistic that alone gives the answer is named with its AUC; what says little, or says it by chance, is not."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from sklearn.metrics import roc_auc_score

from alikely.data.checks import check_examples
from alikely.data.checks.questions import OfIdentities, OfPairs, auc, question_of_pairs, questions_of_identities
from alikely.data.checks.shortcuts import LIMIT, NEARLY_ONE, surely
from alikely.data.sources import examples_from, read_source
from alikely.errors import SettingsError
from alikely.types import Pairs
from tests.data.checks.faults import of, patterns

NUMBERS = st.lists(st.integers(0, 5), min_size=1, max_size=20)


def noise(rng, height=16, width=16):
    return rng.integers(0, 200, (height, width), dtype=np.uint8)


def named(examples, **given):
    return {finding.statistic: finding for finding in of(check_examples(examples, **given), "shortcut")}


# --- the AUC


@pytest.mark.parametrize(
    ("lower", "higher", "expected"),
    [
        ([1.0], [2.0], 1.0),
        ([2.0], [1.0], 0.0),
        ([1.0], [1.0], 0.5),
        ([1.0, 3.0], [2.0, 3.0], 0.625),  # 1<2 1<3 3>2 3=3: (1 + 1 + 0 + .5) / 4
    ],
)
def test_auc_known_answers(lower, higher, expected):
    assert auc(np.array(lower), np.array(higher)) == expected


@settings(deadline=None)
@given(NUMBERS, NUMBERS)
def test_auc_as_scikit_learn(lower, higher):
    truth = [0] * len(lower) + [1] * len(higher)
    assert auc(np.array(lower, float), np.array(higher, float)) == pytest.approx(roc_auc_score(truth, lower + higher))


# --- the questions


def test_pairs_of_labels_are_all_there_and_within_their_group():
    examples = examples_from(patterns(6), list("aabbcc"), groups=list("ggggkk"))
    question = question_of_pairs(examples, np.random.default_rng(0))
    assert {tuple(pair) for pair in question.same.tolist()} == {(0, 1), (2, 3), (4, 5)}
    assert {tuple(pair) for pair in question.different.tolist()} == {(0, 2), (0, 3), (1, 2), (1, 3)}
    assert question.tells == "same pairs from different pairs of one group"
    # |0 - 0|, |1 - 3|, |5 - 5| against 1, 3, 1, 3.
    assert question.answer(np.array([0.0, 0.0, 1.0, 3.0, 5.0, 5.0])) == pytest.approx((4 + 4 + 2) / 12)
    # Texts: equal in 0-1 and 4-5 only, and in none of the different pairs.
    assert question.answer(np.array(list("xxyzuu"))) == pytest.approx((4 + 4 + 2) / 12)


def test_of_many_pairs_some_are_drawn_that_hold_what_they_say():
    labels = np.arange(2000) % 7
    examples = examples_from([np.zeros((2, 2))] * 2000, labels)
    question = question_of_pairs(examples, np.random.default_rng(0))
    for pairs, same in ((question.same, True), (question.different, False)):
        assert len(pairs) == 20_000
        assert (pairs[:, 0] != pairs[:, 1]).all()
        assert ((labels[pairs[:, 0]] == labels[pairs[:, 1]]) == same).all()


def test_without_both_kinds_of_pairs_nothing_is_asked():
    rng = np.random.default_rng(0)
    assert question_of_pairs(examples_from(patterns(3)), rng) is None
    assert question_of_pairs(examples_from(patterns(3), list("abc")), rng) is None
    assert question_of_pairs(examples_from(patterns(3), pairs=[(0, 1, True)]), rng) is None


def test_the_imitated_identity_of_a_group_stands_against_its_single_items():
    labels = ["a", "f1", "a", "f2", "b", "b", "c", "c", "d", "e"]
    groups = ["1", "1", "1", "1", "2", "2", "2", "2", "3", "3"]
    assert questions_of_identities(examples_from(patterns(10), labels, groups)) == []  # one such group says nothing
    labels[6:8] = ["f3", "f4"]
    (question,) = questions_of_identities(examples_from(patterns(10), labels, groups))
    assert [(own.tolist(), others.tolist()) for own, others in question.blocks] == [([0, 2], [1, 3]), ([4, 5], [6, 7])]
    # Higher in one group, lower in the other: no direction.
    assert question.answer(np.array([1.0, 0, 1, 0, 0, 0, 1, 1, 0, 0])) == 0.5
    assert question.answer(np.array([0.0, 1, 0, 1, 5, 5, 6, 6, 0, 0])) == 1.0


def test_classes_are_asked_for_one_by_one_where_they_are_large():
    items = [np.zeros((2, 2))] * 120
    labels = np.array(["good"] * 60 + ["cracked"] * 50 + ["bent"] * 10)
    questions = questions_of_identities(examples_from(items, labels))
    assert [question.tells for question in questions] == ["cracked from all others", "good from all others"]
    assert questions_of_identities(examples_from(items, np.arange(120) // 10)) == []


def test_draws_leave_out_and_repeat_whole_identities():
    # Three identities of two: 0 and 1 are alike in the statistic, 2 is apart.
    question = OfPairs(
        np.array([[0, 1], [2, 3], [4, 5]]),
        np.array([[i, j] for i in range(6) for j in range(6) if i // 2 < j // 2]),
        np.arange(6) // 2,
        "",
    )
    values = np.array([0.0, 1.0, 0.0, 1.0, 9.0, 10.0])
    drawn = question.drawn(values, np.random.default_rng(0))
    assert question.independent == 3
    assert question.answer(values) == pytest.approx((0.5 + 0.5 + 8) / 12)  # 0 0 1 1 between alike, 8 and more else
    # Without identity 2 the statistic says less than nothing; without 0 or 1 it is right always.
    assert drawn.min() == pytest.approx(0.25)
    assert drawn.max() == 1.0
    blocks = OfIdentities(((np.array([0]), np.array([1])), (np.array([2]), np.array([3]))), "")
    assert set(blocks.drawn(np.array([0.0, 1, 0, 0]), np.random.default_rng(0))) == {0.5, 0.75, 1.0}


# --- what is named


def test_a_form_of_its_own_for_each_identity_is_named():
    rng = np.random.default_rng(0)
    items = [noise(rng, width=16 + label) for label in range(8) for _ in range(4)]
    examples = examples_from(items, np.arange(32) // 4)
    found = named(examples)
    assert set(found) == {"width", "aspect"}
    assert found["width"].auc == 1.0
    assert found["width"].severity == "warning"
    assert found["width"].what.startswith("width alone tells same pairs from different pairs, AUC 1.000")
    assert found["width"].pairs == (("array 1", "array 32"),)
    assert set(named(examples, ignore=["width"])) == {"aspect"}
    assert named(examples, ignore=["shortcut"]) == {}


def test_the_paper_of_imitations_is_named_and_their_ink_is_not():
    """Per writer: ten genuine on paper of one grey, ten forged on lighter paper; the paper of writers differs."""
    rng = np.random.default_rng(0)
    items, labels, groups, kinds = [], [], [], []
    for writer in range(6):
        paper = 200 - 8 * writer
        for number in range(20):
            item = np.full((20, 20), paper + 10 * (number >= 10) + rng.integers(0, 3), np.uint8)
            item.ravel()[rng.choice(400, rng.integers(30, 80), replace=False)] = 0
            items.append(item)
            labels.append(f"{writer}" if number < 10 else f"forged {writer}-{number}")
            groups.append(f"{writer}")
            kinds.append("genuine" if number < 10 else "forged")
    examples = examples_from(items, labels, groups, columns={"kind": kinds})
    found = named(examples)
    assert {"background_grey", "border_grey"} <= set(found) <= {"background_grey", "border_grey", "lightest_pixel"}
    assert found["background_grey"].auc == 1.0
    assert "an identity from the rest of its group, AUC 1.000" in found["background_grey"].what
    assert "the paper's" in found["background_grey"].what


def test_a_class_with_a_format_of_its_own_is_named(tmp_path):
    rng = np.random.default_rng(0)
    for number in range(120):
        good = number < 60
        folder = tmp_path / ("good" if good else "defective")
        folder.mkdir(exist_ok=True)
        Image.fromarray(noise(rng)).save(folder / f"{number}.{'png' if good else 'bmp'}")
    found = named(read_source(tmp_path))
    assert set(found) == {"format", "bytes_per_pixel"}
    assert found["format"].auc == 1.0


def test_a_column_is_a_note_unless_it_is_another_name_of_the_label():
    items = patterns(24)
    labels = np.arange(24) // 3
    columns = {
        "camera": [f"camera {label % 7}" for label in labels],
        "name": [f"name of {label}" for label in labels],
        "nothing": ["x"] * 24,
        "number": list(range(24)),
        "day": [["mo", "tu"][i % 2] for i in range(24)],
        "part": labels,
    }
    found = named(examples_from(items, labels, columns=columns))
    assert {name: finding.severity for name, finding in found.items()} == {"camera": "note", "number": "note"}
    assert "the column camera alone tells same pairs from different pairs" in found["camera"].what


def test_a_column_of_given_pairs_is_named():
    rng = np.random.default_rng(0)
    items = patterns(40)
    same = np.arange(20) % 2 == 0
    columns = {
        "rater": np.where(same, "anna", "ben"),
        "id": np.arange(20).astype(str),
        "row": np.array([f"r{i}" for i in range(20)]),
        "mood": rng.permutation(["good", "bad"] * 10),
    }
    pairs = Pairs(np.arange(20), np.arange(20, 40), same, columns)
    found = named(examples_from(items, pairs=pairs))
    assert {name: finding.auc for name, finding in found.items()} == {"rater": 1.0}
    assert named(examples_from(items, pairs=pairs), ignore=["rater"]) == {}


def test_a_column_of_a_few_pairs_may_tell_by_chance():
    """Of four pairs, a third of all orders put two raters right."""
    pairs = Pairs(
        np.arange(4), np.arange(4, 8), np.array([True, True, False, False]), {"rater": np.array(["a", "a", "b", "b"])}
    )
    assert named(examples_from(patterns(8), pairs=pairs)) == {}


def pairs_over(identities):
    """All pairs of identities of two items."""
    every = np.array([(i, j) for i in range(2 * identities) for j in range(i + 1, 2 * identities)])
    same = every[:, 0] // 2 == every[:, 1] // 2
    return OfPairs(every[same], every[~same], np.arange(2 * identities) // 2, "")


@pytest.mark.parametrize(
    ("levels", "reached", "sure"),
    [
        # Two identities on one level: 4 of 60 pairs, whose distances of 0 0 1 1 answer one in four right.
        ([0, 0, 20, 40, 60, 80], (56 + 1) / 60, False),
        ([0, 20, 40, 60, 80, 100], 1.0, True),
        # Fewer than five identities: nearly always right, or not sure.
        ([0, 0, 20, 40], (20 + 1) / 24, False),
        ([0, 20, 40, 60], 1.0, True),
    ],
)
def test_what_hangs_on_two_identities_is_not_sure(levels, reached, sure):
    question = pairs_over(len(levels))
    values = np.repeat(np.array(levels, float), 2) + np.tile([0.0, 1.0], len(levels))
    assert question.answer(values) == pytest.approx(reached)
    assert surely(question, values, reached, np.random.default_rng(0)) == sure


def test_fewer_than_five_identities_must_be_told_nearly_always():
    """Two identities of four: however they are drawn, they are these two."""
    every = np.array([(i, j) for i in range(8) for j in range(i + 1, 8)])
    same = every[:, 0] // 4 == every[:, 1] // 4
    question = OfPairs(every[same], every[~same], np.arange(8) // 4, "")
    values = np.array([0.0, 1, 2, 3, 5, 6, 7, 8])
    reached = question.answer(values)
    assert LIMIT < question.drawn(values, np.random.default_rng(0)).min() <= reached < NEARLY_ONE
    assert not surely(question, values, reached, np.random.default_rng(0))


def test_given_pairs_whose_files_tell_are_named():
    rng = np.random.default_rng(0)
    items = [noise(rng, width=16 + i // 2) for i in range(24)]
    pairs = [(i, i + 1, True) for i in range(0, 24, 2)] + [(i, i + 3, False) for i in range(0, 20, 2)]
    assert set(named(examples_from(items, pairs=pairs))) == {"width", "aspect"}


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(("identities", "each"), [(2, 2), (2, 4), (3, 3), (6, 2), (12, 4)])
def test_chance_is_not_called_a_shortcut(seed, identities, each):
    rng = np.random.default_rng(seed)
    items = [noise(rng, rng.integers(10, 30), rng.integers(10, 30)) for _ in range(identities * each)]
    assert named(examples_from(items, np.arange(len(items)) // each)) == {}


def test_few_pictures_may_show_a_width_by_chance():
    """Two identities of two pictures: a third of all orders separate them."""
    rng = np.random.default_rng(0)
    items = [noise(rng, width=width) for width in (10, 10, 20, 20)]
    assert named(examples_from(items, list("aabb"))) == {}


def test_the_same_data_give_the_same_findings():
    rng = np.random.default_rng(0)
    items = [noise(rng, width=16 + label // 2 + int(rng.integers(0, 2))) for label in range(300) for _ in range(3)]
    examples = examples_from(items, np.arange(900) // 3)
    assert check_examples(examples) == check_examples(examples)


def test_ignore_knows_its_names():
    examples = examples_from(patterns(4), list("aabb"), columns={"light": list("wxyz")})
    with pytest.raises(SettingsError, match=r"there is no lihgt; there are: too_few, .*width.*light"):
        check_examples(examples, ignore=["lihgt"])
    check_examples(examples, ignore=["light", "width", "single"])


def test_a_shortcut_says_which_command_passes_it_over():
    """What is said stands in reports and model cards too, where there is no option --ignore."""
    rng = np.random.default_rng(0)
    items = [noise(rng, width=16 + number // 4) for number in range(40)]
    what = named(examples_from(items, np.arange(40) // 4))["width"].what
    assert what.endswith("or, where it is what is meant, pass over this (alikely check --ignore width)")


# --- real sets


@pytest.mark.data
def test_the_paper_of_raw_signatures_is_a_shortcut_and_binarised_ones_have_none(real_data):
    if not (real_data / "cedar_raw").exists():
        pytest.skip("cedar_raw is not unpacked")
    found = named(read_source(real_data / "cedar_raw"))
    assert found["background_grey"].auc >= 0.99
    assert found["border_grey"].auc >= 0.99
    assert found["background_grey"].severity == "warning"


@pytest.mark.data
@pytest.mark.parametrize("name", ["cedar", "orl"])
def test_sets_without_a_shortcut(real_data, name):
    found = check_examples(read_source(real_data / name))
    assert [finding.what for finding in found if finding.severity != "note"] == []
