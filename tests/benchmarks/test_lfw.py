"""The LFW benchmark: who may learn, how a fold is judged, the floors where the answer is known, and that it runs."""

import json
import sys

import numpy as np
import pytest
from PIL import Image

from benchmarks import lfw, lfw_floors
from benchmarks.report import read_options

SMALL = {
    "encoder_settings": {"stem": 8, "stages": [8, 16], "dim": 16},
    "size": 32,
    "epochs": 1,
    "labels_per_batch": 8,
    "items_per_label": 2,
}


def made_up(folder, people=24, each=3):
    """People in the layout of the real set; each is a pattern, seen a little brighter or darker. Two folds of pairs."""
    rng = np.random.default_rng(0)
    for person in range(people):
        of_person = folder / "lfw" / "images" / f"P{person:02d}"
        of_person.mkdir(parents=True)
        pattern = np.kron(rng.uniform(60, 190, (8, 8)), np.ones((8, 8)))
        for number in range(each):
            picture = (pattern + rng.uniform(-30, 30) + rng.normal(0, 4, pattern.shape)).clip(0, 255).astype(np.uint8)
            Image.fromarray(picture).save(of_person / f"P{person:02d}_{number + 1:04d}.jpg")
    (folder / "lfw" / "dev_pairs.csv").write_text(
        f"part,left,right,same\ntrain,{name(0, 1)},{name(0, 2)},1\n"
        f"test,{name(3, 1)},{name(3, 2)},1\ntest,{name(4, 1)},{name(5, 1)},0\n"
    )
    lines = ["fold,left,right,same"]
    for fold in (1, 2):
        first = 5 * (fold - 1)
        for person in range(first, first + 5):
            other = first + (person + 1 - first) % 5
            lines.append(f"{fold},{name(person, 1)},{name(person, 2)},1")
            lines.append(f"{fold},{name(person, 1)},{name(other, 1)},0")
    (folder / "lfw" / "pairs.csv").write_text("\n".join(lines) + "\n")
    return folder


def name(person, number):
    return f"images/P{person:02d}/P{person:02d}_{number:04d}.jpg"


def people_of(examples, places):
    return set(examples.labels[places])


def test_a_fold_by_hand():
    distances = np.array([0.1, 0.3, 0.3, 0.5, 0.6])
    same = np.array([True, True, False, True, False])
    assert lfw.share_right(distances, same, 0.2) == 3 / 5  # the first, and both that are different
    assert lfw.share_right(distances, same, 0.3) == 3 / 5  # equal distances are both called same: one right, one wrong
    assert lfw.share_right(distances, same, 0.5) == 4 / 5
    assert lfw.share_right(distances, same, -1.0) == 2 / 5
    assert lfw.share_right(distances, same, 9.0) == 3 / 5


def test_the_threshold_lies_in_the_middle_whatever_the_numbers_of_pairs():
    rng = np.random.default_rng(0)
    same, different = rng.normal(0.4, 0.1, 400), rng.normal(0.8, 0.1, 40_000)
    assert lfw.threshold_between(same, different) == pytest.approx(0.6, abs=0.01)
    assert lfw.threshold_between(1000 * same, 1000 * different) == pytest.approx(600, abs=10)


def test_nobody_is_in_two_parts_and_the_seed_draws_who_is_held_back(tmp_path, monkeypatch):
    monkeypatch.setattr(lfw, "HELD_BACK", 6)
    examples = lfw.people_and_pictures(made_up(tmp_path))
    pairs = lfw.official_pairs(tmp_path, examples)
    assert len(pairs.same) == 20
    fold = pairs.of_fold("2")
    parts = lfw.parts_of(examples.labels, fold, seed=0)
    learned, held_back, judged = (people_of(examples, places) for places in parts)
    assert judged == {f"P{person:02d}" for person in range(5, 10)}
    assert len(held_back) == 6
    assert learned | held_back | judged == set(examples.labels)
    assert len(learned) + len(held_back) + len(judged) == 24
    # Of those judged only what stands in a pair; of the others every picture.
    assert len(parts.judged) == 10
    assert len(parts.learned) + len(parts.held_back) == 3 * 19
    assert people_of(examples, lfw.parts_of(examples.labels, fold, seed=1).held_back) != held_back


def test_settings_are_chosen_by_the_test_part_of_the_development_set(tmp_path):
    examples = lfw.people_and_pictures(made_up(tmp_path))
    pairs = lfw.development_pairs(tmp_path, examples)
    assert [(examples.names[i], examples.names[j]) for i, j in zip(pairs.left, pairs.right, strict=True)] == [
        tuple(str(tmp_path / "lfw" / name(*end)) for end in ends) for ends in (((3, 1), (3, 2)), ((4, 1), (5, 1)))
    ]
    assert pairs.same.tolist() == [True, False]


def test_a_fold_is_judged_by_its_own_pairs(tmp_path, monkeypatch):
    monkeypatch.setattr(lfw, "HELD_BACK", 6)
    examples = lfw.people_and_pictures(made_up(tmp_path))
    fold = lfw.official_pairs(tmp_path, examples).of_fold("1")
    parts = lfw.parts_of(examples.labels, fold, seed=0)
    # A direction for each person: all right. The two people of each different pair in one direction: half right.
    own = np.eye(24, dtype=np.float32)[[int(label[1:]) for label in examples.labels[parts.asked()]]]
    found = lfw.judged(own, examples.labels, parts, fold)
    assert (found["accuracy"], found["eer"]) == (1.0, 0.0)
    assert found["distances"] == [0.0, 1.0] * 5
    blind = own.copy()
    blind[len(parts.held_back) :] = 1
    assert lfw.judged(blind, examples.labels, parts, fold)["accuracy"] == 0.5


def test_hog_of_an_edge_by_hand():
    # Dark above, bright below: all gradients point down, a quarter turn: between directions 4 and 5 of 9 (4.5).
    picture = np.zeros((1, 16, 16), np.float32)
    picture[:, 8:] = 1
    rows = lfw_floors.hog(picture).reshape(4, 9)
    assert np.allclose(rows[:, [0, 1, 2, 3, 6, 7, 8]], 0)
    assert np.allclose(rows[:, 4], rows[:, 5])
    assert np.allclose(rows, rows[0])  # the edge lies alike in all four cells
    assert np.linalg.norm(rows) == pytest.approx(1, abs=1e-3)


def test_no_gradient_outdoes_all_others_in_a_block():
    # Steps of 1 on the left and of 0.1 on the right: by length .704 and .070 in each cell, and .2 is the most.
    picture = np.zeros((1, 16, 16), np.float32)
    picture[:, :, 4:] = 1
    picture[:, :, 12:] = 1.1
    left, right, *_ = lfw_floors.hog(picture).reshape(4, 9)
    assert right[0] / left[0] == pytest.approx(0.0704 / 0.2, rel=1e-3)
    assert np.allclose(left[1:], 0)


def test_hog_does_not_see_the_light():
    rng = np.random.default_rng(0)
    pictures = rng.uniform(0, 0.5, (3, 64, 64)).astype(np.float32)
    assert lfw_floors.hog(pictures).shape == (3, 7 * 7 * 4 * 9)
    np.testing.assert_allclose(lfw_floors.hog(pictures * 1.5 + 0.2), lfw_floors.hog(pictures), atol=1e-3)


def test_lbp_by_hand():
    flat = lfw_floors.lbp(np.full((1, 16, 8), 0.5, np.float32))
    assert flat.shape == (1, 2 * 59)
    # All neighbours are as bright: pattern 255, the last of the 58 that are uniform; 64 pixels in each of two cells.
    assert np.flatnonzero(flat).tolist() == [57, 59 + 57]
    assert flat[0, 57] == 8.0
    # A single bright pixel: its own pattern is 0, the others see it or nothing.
    point = np.zeros((1, 8, 8), np.float32)
    point[0, 4, 4] = 1
    assert lfw_floors.lbp(point)[0, 0] == 1.0
    assert lfw_floors.lbp(point).astype(np.float64).ravel() @ lfw_floors.lbp(point).ravel() == pytest.approx(64)


def test_lbp_does_not_see_brightness_and_contrast():
    pictures = np.random.default_rng(0).uniform(0, 0.5, (2, 16, 16)).astype(np.float32)
    assert np.array_equal(lfw_floors.lbp(pictures), lfw_floors.lbp(pictures * 2))


def test_what_varies_within_people_is_divided_out():
    # The first number is the person's, the second is ten times as large and anyone's.
    rng = np.random.default_rng(0)
    people = np.repeat(np.arange(200), 4)
    rows = np.stack([people % 20 + rng.normal(0, 0.1, 800), rng.normal(0, 10, 800)], axis=1)
    turned = rows @ lfw_floors.within_people(rows, people)
    ratio = turned.std(axis=0) / rows.std(axis=0)
    assert ratio[0] > 1.5 * ratio[1]
    alone = np.concatenate([people, 1000 + np.arange(300)])
    with_single = np.concatenate([rows, rng.normal(0, 50, (300, 2))])
    np.testing.assert_allclose(
        lfw_floors.within_people(with_single, alone), lfw_floors.within_people(rows, people), atol=1e-12
    )


def test_a_run_is_kept_and_gone_on_with(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(lfw, "HELD_BACK", 6)
    monkeypatch.setattr(lfw_floors, "COMPONENTS", 10)
    monkeypatch.setattr(lfw, "ProcessPoolExecutor", InThisProcess)
    data, keep = made_up(tmp_path), tmp_path / "keep"
    options = read_options("", needs_data=True, keeps=True, arguments=["--data", str(data), "--keep", str(keep)])
    settings = {**lfw.SETTINGS, **SMALL}
    first = lfw.run_folds(options, settings, [1])
    assert "fold 1: accuracy" in capsys.readouterr().out
    both = lfw.run_folds(options, settings, [1, 2])
    assert both[0] == first[0]
    assert capsys.readouterr().out.startswith("fold 2: accuracy")  # and not the first
    assert both[0]["same"] == [True, False] * 5
    for who in (both[1]["ours"], *both[1]["floors"].values()):
        assert len(who["distances"]) == 10
    found = lfw.over_folds([fold["ours"] for fold in both], np.array(both[0]["same"] + both[1]["same"]))
    assert found["accuracy"] == (both[0]["ours"]["accuracy"] + both[1]["ours"]["accuracy"]) / 2
    other = lfw.run_folds(options, {**settings, "learning_rate": 1e-3}, [1])
    assert other[0]["ours"]["distances"] != first[0]["ours"]["distances"]


class InThisProcess:
    """An executor that runs each call at once."""

    def __init__(self, *arguments, **settings):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *problem):
        pass

    def submit(self, call, *arguments):
        from concurrent.futures import Future

        future = Future()
        future.set_result(call(*arguments))
        return future


def test_means_over_folds_by_hand():
    folds = [
        {"accuracy": 0.8, "eer": 0.1, "distances": [0.1, 0.9]},
        {"accuracy": 0.9, "eer": 0.3, "distances": [0.6, 0.5]},
    ]
    found = lfw.over_folds(folds, np.array([True, False, True, False]))
    assert found["accuracy"] == pytest.approx(0.85)
    assert found["accuracy_se"] == pytest.approx(0.05)  # 0.1 / sqrt(2) / sqrt(2)
    assert found["eer"] == pytest.approx(0.2)
    assert found["eer_pooled"] == pytest.approx(0.5)  # 0.1 and 0.6 the same, 0.9 and 0.5 different
    assert "accuracy_se" not in lfw.over_folds(folds[:1], np.array([True, False]))


@pytest.mark.data
def test_nobody_of_a_fold_is_learned_from_in_the_real_data(real_data):
    examples = lfw.people_and_pictures(real_data)
    pairs = lfw.official_pairs(real_data, examples)
    assert (len(examples), len(set(examples.labels)), len(pairs.same)) == (13_233, 5749, 6000)
    assert np.array_equal(examples.labels[pairs.left] == examples.labels[pairs.right], pairs.same)
    for number in range(1, 11):
        fold = pairs.of_fold(str(number))
        assert (len(fold.same), int(fold.same.sum())) == (600, 300)
        parts = lfw.parts_of(examples.labels, fold, seed=0)
        learned, held_back, judged = (people_of(examples, places) for places in parts)
        assert judged == people_of(examples, np.concatenate([fold.left, fold.right]))
        assert len(held_back) == lfw.HELD_BACK
        assert learned.isdisjoint(held_back)
        assert judged.isdisjoint(learned | held_back)
        assert len(parts.learned) > 11_000


@pytest.mark.slow
@pytest.mark.data
def test_it_runs(real_data, tmp_path, monkeypatch):
    found = tmp_path / "found.json"
    monkeypatch.setattr(sys, "argv", ["lfw", "--data", str(real_data), "--quick", "--json", str(found)])
    lfw.main()
    result = json.loads(found.read_text())
    assert result["name"] == "lfw"
    for who in (result["metrics"], *result["floors"].values()):
        assert 0.5 < who["accuracy"] < 1
        assert 0 < who["eer"] < 0.5
    assert result["floors"]["LBP + whitened PCA"]["accuracy"] > 0.65
