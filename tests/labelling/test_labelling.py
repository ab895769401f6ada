"""Labelling as one thing: questions of every kind of items, answers that are told what the model says only then."""

import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from alikely.data.sources import examples_from, read_source
from alikely.errors import GalleryError, InputError, SettingsError
from alikely.labelling import Labelling, labels_in, write_pairs
from tests.models import pictures, small_model
from tests.server.models_of_kinds import model_of


@pytest.fixture
def files(tmp_path):
    """The model, ten pictures as files."""
    paths = []
    for number, picture in enumerate(pictures(10)):
        paths.append(tmp_path / f"{number}.png")
        Image.fromarray(picture).save(paths[-1])
    return small_model(), examples_from(paths)


def labelling_of(files, folder, **changes):
    model, examples = files
    return Labelling(replace(examples, **changes), model.embed(examples.items), model, folder)


def test_a_whole_round(files, tmp_path):
    labelling = labelling_of(files, tmp_path / "labels")
    first, second, third = labelling.questions("Ann", 3)
    assert set(first.to_dict()) == {"left", "right", "shown"}
    assert [set(side) for side in first.shown] == [{"picture"}, {"picture"}]
    assert first.shown[0]["picture"].startswith("data:image/jpeg;base64,")
    said = labelling.answer(first.left, first.right, "same", "Ann", 3)
    assert said.answer.probability is not None
    assert 0 < said.answer.probability < 1
    assert said.others == (0, 0)
    # From the other side, by somebody else.
    assert labelling.answer(first.right, first.left, "different", "Ben").others == (1, 0)
    # Both are at work: the second of the new ones is for Ben.
    assert labelling.questions("Ann")[0] == third
    assert labelling.questions("Ben")[0] == second
    standing = labelling.standing("Ann")
    assert (standing.answered, standing.today, standing.left, standing.pairs) == (1, 1, 44, 45)
    assert standing.leaned[0] == 2
    assert standing.leaned[1] == 1
    assert standing.to_dict()["labels"]["divided"] == 1
    assert labelling.undo("Ann") == first
    assert labelling.standing("Ann").answered == 0
    # Ben has judged it, so that it is one to be judged twice; new ones come first.
    assert labelling.questions("Ann")[0] == third


def test_answers_survive_another_start(files, tmp_path):
    labelling = labelling_of(files, tmp_path / "labels")
    (question,) = labelling.questions("Ann")
    labelling.answer(question.left, question.right, "same", "Ann")
    again = labelling_of(files, tmp_path / "labels")
    assert again.standing("Ann").answered == 1
    assert question not in again.questions("Ann", 20)


def test_all_pairs_come_once_and_then_none(files, tmp_path):
    labelling = labelling_of(files, tmp_path / "labels")
    seen = set()
    while questions := labelling.questions("Ann", 20):
        for question in questions:
            seen.add(frozenset((question.left, question.right)))
            labelling.answer(question.left, question.right, "skip", "Ann")
    assert len(seen) == 45


def test_what_the_data_knows_is_told_after_the_answer(files, tmp_path):
    labels = np.array(["a", "b"])[np.arange(10) % 2]
    labelling = labelling_of(files, tmp_path / "labels", labels=labels)
    assert labelling.all_known
    question = labelling.questions("Ann")[0]
    assert labelling.answer(question.left, question.right, "same", "Ann").answer.known is not None


def test_a_pair_that_is_not_asked_and_an_undo_of_nothing(files, tmp_path):
    labelling = labelling_of(files, tmp_path / "labels")
    with pytest.raises(GalleryError, match="not among those that are asked"):
        labelling.answer("0" * 16, "1" * 16, "same", "Ann")
    with pytest.raises(GalleryError, match="no answer that could be undone"):
        labelling.undo("Ann")
    with pytest.raises(SettingsError, match="1 to 20 pairs at once, got 21"):
        labelling.questions("Ann", 21)
    with pytest.raises(InputError, match="a labeller's name"):
        labelling.questions(" ")


@pytest.mark.parametrize(("kind", "shown"), [("text", {"text"}), ("row", {"cells"}), ("sequence", {"curves", "steps"})])
def test_items_of_other_kinds_are_shown_and_written(kind, shown, tmp_path):
    model, examples = model_of(kind)
    labelling = Labelling(examples, model.embed(examples.items), model, tmp_path / "labels")
    question = labelling.questions("Ann")[0]
    assert [set(side) for side in question.shown] == [shown, shown]
    json.dumps(question.to_dict(), allow_nan=False)
    labelling.answer(question.left, question.right, "same", "Ann")
    written = write_pairs(labels_in(tmp_path / "labels"), tmp_path / "out" / "pairs.csv")
    read = read_source(written[0], kind)
    assert (read.kind, len(read), read.pairs.same.tolist()) == (kind, 2, [True])


def test_equal_items_are_asked_once(tmp_path):
    model = small_model()
    Image.fromarray(pictures(1)[0]).save(tmp_path / "a.png")
    Image.fromarray(pictures(2)[1]).save(tmp_path / "b.png")
    examples = examples_from([tmp_path / "a.png", tmp_path / "b.png", tmp_path / "a.png"])
    labelling = Labelling(examples, model.embed(examples.items), model, tmp_path / "labels")
    assert len(labelling.questions("Ann", 20)) == 1
