"""A model that learned from texts, and pairs of texts to calibrate it by: what withdraws the promise."""

import csv
from dataclasses import replace

import numpy as np
import pytest

import alikely
from alikely.errors import ModelError
from alikely.recalibration.unlearned import UNCHECKED, unlearned

SETTINGS = alikely.TrainSettings(epochs=1, encoder_settings={"dim": 16}, items="text")
PEOPLE = 60


def text(person, item):
    return f"{'abcdefghij'[person % 10] * 3}{person} walks to street {person * 7} and says {item}"


@pytest.fixture(scope="module")
def trained():
    labels = np.repeat([f"p{person}" for person in range(PEOPLE)], 4)
    items = tuple(text(person, item) for person in range(PEOPLE) for item in range(4))
    return alikely.train(alikely.Examples(items, items, labels, kind="text"), SETTINGS).model


def pairs_of(path, people, identities=False, moved=0):
    """All same pairs, and one different pair of each two neighbours; `moved` numbers give texts never seen."""
    rows = []
    for place, person in enumerate(people):
        ends = [text(person + moved, item) for item in range(4)]
        others = [(other, text(other + moved, 3)) for other in people[place + 1 : place + 9]]
        rows += [(ends[0], end, 1, f"p{person + moved}", f"p{person + moved}") for end in ends[1:]]
        rows += [(ends[0], end, 0, f"p{person + moved}", f"p{other + moved}") for other, end in others]
    with path.open("w", newline="") as file:
        table = csv.writer(file)
        width = 5 if identities else 3
        table.writerow(["left", "right", "same", "left_identity", "right_identity"][:width])
        table.writerows(row[:width] for row in rows)
    return path


def people_of(model, part):
    return [int(label[1:]) for label in model.record["data"]["labels"][part]]


def test_pairs_of_items_that_were_learned_from_promise_nothing(trained, tmp_path):
    people = people_of(trained, "train")
    found = alikely.calibrate_model(trained, pairs_of(tmp_path / "pairs.csv", people), fmr=0.2)

    assert found.calibration.confidence == 0
    assert f"the model learned from {4 * len(people)} of these {4 * len(people)} items" in found.notes[0]
    assert "which promise nothing for others" in found.title()
    assert found.model.record["data"]["calibrated_unlearned"] is False


def test_so_do_pairs_that_name_identities_that_were(trained, tmp_path):
    people = people_of(trained, "train")
    table = pairs_of(tmp_path / "pairs.csv", people, identities=True)
    found = alikely.calibrate_model(trained, table, fmr=0.2)

    assert found.calibration.confidence == 0
    assert f"{len(people)} of {len(people)} identities (p" in found.notes[0]
    assert found.calibration.identities == len(people)


def test_pairs_of_others_do_promise(trained, tmp_path):
    table = pairs_of(tmp_path / "pairs.csv", range(40), moved=1000)
    found = alikely.calibrate_model(trained, table, fmr=0.5)

    assert found.calibration.confidence == 0.95
    assert not any("learned from" in note for note in found.notes)
    assert "of 40 groups of items that same pairs join; promised" in found.title()
    assert found.title().endswith("with 95 % confidence, if no two groups show one identity")
    assert found.model.record["data"]["calibrated_unlearned"] is True


def test_items_of_one_name_are_one_identity(trained, tmp_path):
    table = tmp_path / "pairs.csv"
    rows = [f"{text(1000 + n, 0)},{text(1000 + n, 1)},{n % 2},{n // 4},{n // 4 if n % 2 else -1}" for n in range(48)]
    table.write_text("\n".join(["left,right,same,left_identity,right_identity", *rows]) + "\n")
    found = alikely.calibrate_model(trained, table, confidence=0.0)

    assert found.calibration.identities == 12 + 1
    assert "of 13 identities" in found.title()
    assert len(found.model.record["data"]["labels"]["calibrate"]) == 13


def test_a_model_that_does_not_know_says_that_nobody_checked(trained, tmp_path):
    examples = alikely.read_source(pairs_of(tmp_path / "pairs.csv", people_of(trained, "train")))
    data = {key: value for key, value in trained.record["data"].items() if key != "learned"}
    older = replace(trained, record={**trained.record, "data": data})

    assert (unlearned(older, examples).proven, unlearned(older, examples).note) == (None, UNCHECKED)
    damaged = replace(trained, record={"data": {**data, "learned": "%"}})
    with pytest.raises(ModelError, match="damaged"):
        unlearned(damaged, examples)


def test_a_model_of_pairs_knows_items_that_come_with_labels(trained, tmp_path):
    """Its record has no labels, so that it takes the items to know."""
    data = {**trained.record["data"], "labels": {"train": [], "validate": []}}
    of_pairs = replace(trained, record={"data": data})
    person = people_of(trained, "train")[0]
    items = tuple(text(person, item) for item in range(4))

    found = unlearned(of_pairs, alikely.Examples(items, items, np.array(["a", "a", "b", "b"]), kind="text"))
    assert (found.proven, "the model learned from 4 of these 4 items" in found.note) == (False, True)
