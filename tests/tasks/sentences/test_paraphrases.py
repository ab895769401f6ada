"""Paraphrases and groups of a corpus: what is found, how it is read, what is refused."""

import csv
import dataclasses
import json

import numpy as np
import pytest

import alikely
from alikely.errors import BadItemsError, CalibrationError, InputError, SettingsError, TooFewError
from alikely.tasks.sentences import group_texts, paraphrases, read_corpus
from tests.commands import command, refused
from tests.models import small_model
from tests.tasks.sentences.wordings import wordings

ASKED = [("cancel", "order"), ("print", "photo"), ("insure", "phone")]
CORPUS = [text for pair in ASKED for text in wordings(*pair)]


@pytest.fixture
def corpus_file(tmp_path):
    file = tmp_path / "corpus.txt"
    file.write_text("\n".join(["", *CORPUS, "  ", CORPUS[0].replace(" ", "  ")]) + "\n", encoding="utf-8")
    return file


def asked_by(text):
    return next(pair for pair in ASKED if text in wordings(*pair))


def test_paraphrases_are_wordings_of_one_question_nearest_first(wordings_model):
    found = paraphrases(wordings_model, CORPUS, fmr=0.1)
    assert len(found) >= 6
    far = [distance for _, _, distance in found]
    assert far == sorted(far)
    assert max(far) <= found.limit.distance == wordings_model.calibration.threshold(fmr=0.1)
    # At a rate of 10 %, of 66 pairs some may be wrong; the nearest are not.
    assert all(asked_by(left) == asked_by(right) for left, right, _ in list(found)[:6])
    assert found.limit.pairs == 12 * 11 // 2


def test_each_distance_is_what_compare_says(wordings_model):
    for left, right, distance in list(paraphrases(wordings_model, CORPUS, fmr=0.1))[:5]:
        assert wordings_model.compare(left, right, fmr=0.1).distance == pytest.approx(distance, abs=1e-6)


def test_groups_hold_one_question_each(wordings_model):
    found = group_texts(wordings_model, CORPUS, fmr=0.1)
    assert {asked_by(members[0]) for members in found} == set(ASKED)
    for members in found:
        assert len({asked_by(text) for text in members}) == 1


def test_a_file_with_a_text_a_line(corpus_file):
    examples = read_corpus(corpus_file)
    assert list(examples.items) == CORPUS
    assert examples.names[0].endswith("(line 2)")
    assert examples.notes == ("texts that repeat another and were taken once: 1",)


def test_a_table(tmp_path):
    (tmp_path / "table.csv").write_text("id,text\n1,Hello there\n2,Good bye\n")
    assert list(read_corpus(tmp_path / "table.csv").items) == ["Hello there", "Good bye"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "corpus.txt: is empty; give a text in each line"),
        (b" \n\t\n", "corpus.txt: is empty; give a text in each line"),
        (b"good\nbad \xff\n", "corpus.txt, line 2: is not UTF-8; save the file as UTF-8"),
    ],
)
def test_a_corpus_that_is_none(tmp_path, content, said):
    (tmp_path / "corpus.txt").write_bytes(content)
    with pytest.raises(InputError) as error:
        read_corpus(tmp_path / "corpus.txt")
    assert str(error.value).endswith(said)


def test_what_cannot_be_is_said(wordings_model, tmp_path):
    with pytest.raises(InputError, match="cannot be opened"):
        paraphrases(wordings_model, tmp_path / "none.txt")
    with pytest.raises(TooFewError, match="the corpus has 1 text; there must be two"):
        paraphrases(wordings_model, ["one"])
    with pytest.raises(SettingsError, match="the model takes pictures, and sentences are texts"):
        group_texts(small_model(), CORPUS)
    with pytest.raises(CalibrationError, match="the model has no calibration"):
        paraphrases(dataclasses.replace(wordings_model, calibration=None), CORPUS)
    with pytest.raises(SettingsError, match="k must be 1 or more"):
        paraphrases(wordings_model, CORPUS, k=0)


def test_texts_that_cannot_be_read_are_named_or_left_out(wordings_model):
    bad = [*CORPUS, "half \ud800 of it", "\u200b"]
    with pytest.raises(BadItemsError) as error:
        paraphrases(wordings_model, bad)
    assert len(error.value.problems) == 2
    found = paraphrases(wordings_model, bad, skip_bad=True)
    assert len(found.skipped) == 2
    assert len(found.said) == len(CORPUS)


def test_commands(wordings_folder, corpus_file, tmp_path):
    out = tmp_path / "pairs.csv"
    ran = command("sentences", "paraphrases", wordings_folder, corpus_file, "--fmr", "0.1", "--out", out)
    assert ran.code == 0, ran.err
    assert "pairs among 12 items" in ran.out
    assert "taken once: 1" in ran.err
    assert "may be wrong" in ran.err
    with out.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["left", "right", "distance"]
    ran = command("sentences", "paraphrases", wordings_folder, corpus_file, "--fmr", "0.1", "--json")
    answer = json.loads(ran.out)
    assert len(answer["pairs"]) == len(rows)
    assert answer["limit"]["fmr"] == 0.1
    ran = command("sentences", "groups", wordings_folder, corpus_file, "--fmr", "0.1", "--out", out)
    assert ran.out.startswith("3 groups with ")
    with out.open(newline="") as file:
        assert {row["group"] for row in csv.DictReader(file)} == {"1", "2", "3"}
    groups = json.loads(command("sentences", "groups", wordings_folder, corpus_file, "--fmr", "0.1", "--json").out)
    assert groups["groups"][0]["items"][0] == {"item": groups["groups"][0]["middle"], "distance": 0.0}


def test_commands_refuse(wordings_folder, corpus_file, tmp_path):
    said = refused("sentences", "paraphrases", wordings_folder, corpus_file, "--out", tmp_path / "pairs.xls")
    assert "is written as .csv" in said
    alikely.save_model(small_model(), tmp_path / "pictures")
    assert "sentences are texts" in refused("sentences", "groups", tmp_path / "pictures", corpus_file)


def test_nothing_alike_is_an_answer_too(wordings_model):
    found = paraphrases(wordings_model, ["xyz", "Cancel order"], fmr=0.1)
    assert len(found) == 0
    assert found.title() == "0 pairs among 2 items"
    assert np.isfinite(found.limit.distance)
