"""Answers from a list of questions and answers: what is learned, what is answered, and what is not."""

import csv
import dataclasses
import json
import math

import numpy as np
import pytest

from alikely.errors import BadItemsError, CalibrationError, GalleryError, InputError, SettingsError, StorageError
from alikely.gallery import Gallery
from alikely.gallery.open_set import Shown
from alikely.gallery.strangers import Strangers
from alikely.tasks.sentences import Answers, learn_answers
from alikely.tasks.sentences.questions import read_questions
from tests.commands import command, refused
from tests.models import small_model
from tests.tasks.sentences.wordings import all_pairs, wordings

LEARNED = all_pairs()[:60]


def answer_to(verb, noun):
    return f"Page {verb}/{noun}."


@pytest.fixture(scope="module")
def faq(tmp_path_factory):
    """Sixty answers, each with two wordings of its question, and one field."""
    file = tmp_path_factory.mktemp("faq") / "faq.csv"
    with file.open("w", newline="", encoding="utf-8") as lines:
        writer = csv.writer(lines)
        writer.writerow(["question", "answer", "shop"])
        for place, (verb, noun) in enumerate(LEARNED):
            for wording in wordings(verb, noun)[:2]:
                writer.writerow([wording, answer_to(verb, noun), "AB"[place % 2]])
    return file


@pytest.fixture(scope="module")
def folder(faq, wordings_folder, tmp_path_factory):
    place = tmp_path_factory.mktemp("learned") / "answers"
    learned = learn_answers(faq, wordings_folder, place)
    assert (learned.questions, learned.answers, learned.skipped) == (120, 60, ())
    return place


def test_a_known_question_in_other_words_and_an_unknown_one(folder):
    with Answers(folder) as answers:
        known = answers.ask("I'd like to cancel the order", wrong=0.2, confidence=0.0)
        unknown = answers.ask("Will it rain tomorrow?", wrong=0.2, confidence=0.0)
        same = answers.ask(wordings(*LEARNED[7])[0], wrong=0.2, confidence=0.0)
    assert same.answer == answer_to(*LEARNED[7])
    assert same.known[0].distance == pytest.approx(0, abs=1e-6)
    assert same.known[0].fields["shop"] == "B"
    assert (same.exit_code, unknown.exit_code) == (0, 1)
    assert unknown.answer is None
    assert unknown.sentence().startswith("no answer known\n(nearest known question: ")
    assert len(unknown.known) == 3
    assert known.threshold.fpir == 0.2


def test_at_the_threshold_a_question_is_answered_and_beyond_it_not(folder, monkeypatch):
    question = "I would like to cancel the order"
    with Answers(folder) as answers:
        reply = answers.ask(question, confidence=0.0)
        for moved, answered in ((0.0, True), (-1e-9, False)):
            at = type(reply.threshold)(reply.known[0].distance + moved, 0.05, 0.0, "gallery", 60)
            monkeypatch.setattr(answers, "threshold", lambda *_, at=at: at)
            assert (answers.ask(question).answer is not None) == answered


def test_a_share_that_cannot_be_promised_is_an_estimate_unless_a_confidence_is_asked_for(folder):
    with Answers(folder) as answers:
        assert answers.ask("cancel order").threshold.confidence == 0
        with pytest.raises(CalibrationError, match="cannot be promised with 95 % confidence") as error:
            answers.ask("cancel order", confidence=0.95, wrong=0.001)
    for word in ("--fpir", "enrol", "template", "identit"):
        assert word not in str(error.value)
    for word in ("--wrong", "--confidence 0", "60 known answers are too few"):
        assert word in str(error.value)


def of_few(distances):
    """Answers each of whose questions lies so far from the nearest other."""
    count = len(distances)
    return Strangers(np.sort(np.array(distances)), np.arange(count), np.roll(np.arange(count), 1), count)


def test_the_limit_of_few_questions_is_a_predictive_quantile_by_hand(folder, monkeypatch):
    # 30 distances: half .4, half .6. Mean .5, deviation sqrt(30 / 29) / 10; t(.05; 29) = -1.69913.
    seen = Shown(30, 30, of_few([0.4, 0.6] * 15))
    monkeypatch.setattr("alikely.tasks.sentences.limit.shown_to_others", lambda *_: seen)
    with Answers(folder) as answers:
        found = answers.threshold(0.05)
    by_hand = 0.5 - 1.699127 * math.sqrt(30 / 29) / 10 * math.sqrt(31 / 30)
    assert found.distance == pytest.approx(by_hand, abs=1e-6)
    assert (found.fpir, found.confidence, found.identities) == (0.05, 0.0, 30)


def test_one_pair_alike_does_not_silence_a_short_list_and_the_limit_is_never_negative(folder, monkeypatch):
    of = {"one pair": [0.0, 0.0] + [0.5] * 28, "half alike": [0.0] * 15 + [0.9] * 15}
    found = {}
    for name, distances in of.items():
        seen = Shown(30, 30, of_few(distances))
        monkeypatch.setattr("alikely.tasks.sentences.limit.shown_to_others", lambda *_, seen=seen: seen)
        with Answers(folder) as answers:
            found[name] = answers.threshold(0.05).distance
    assert found["one pair"] > 0.2
    assert found["half alike"] == 0.0


def test_many_questions_are_counted(folder):
    with Answers(folder) as answers:
        assert answers.threshold(0.2) == answers.gallery.threshold(0.2, 0.0)
        assert answers.threshold(0.049) != answers.gallery.threshold(0.049, 0.0)
        assert answers.threshold(0.2, 0.95) == answers.gallery.threshold(0.2, 0.95)


def test_too_few_for_an_estimate_and_shares_that_are_none(folder, wordings_model, tmp_path):
    uncalibrated = dataclasses.replace(wordings_model, calibration=None)
    records = [{"question": wordings(*pair)[0], "answer": answer_to(*pair)} for pair in LEARNED[:5]]
    done = learn_answers(records, uncalibrated, tmp_path / "five")
    assert done.close is None
    assert "cannot even be estimated: 5 known answers are too few" in done.promise
    assert "about 20 answers" in done.promise
    with Answers(folder) as answers:
        with pytest.raises(SettingsError, match="--wrong"):
            answers.ask("cancel order", wrong=1.5)
        with pytest.raises(SettingsError, match="confidence"):
            answers.ask("cancel order", confidence=1.0)


def test_the_answer_says_whether_its_share_is_an_estimate(folder):
    with Answers(folder) as answers:
        assert "20 %, an estimate)" in answers.ask("cancel order", wrong=0.2).sentence()
        assert "at most 20 %, at 95 % confidence)" in answers.ask("cancel order", wrong=0.2, confidence=0.95).sentence()


def test_the_same_question_with_two_answers(tmp_path):
    table = tmp_path / "faq.csv"
    table.write_text(
        'question,answer\nHow old?,Ten.\n"how  OLD",Eleven.\nWhere?,Here.\nWhere?,Here.\nWhy?,"A, b"\n',
        encoding="utf-8",
    )
    with pytest.raises(BadItemsError) as error:
        read_questions(table)
    assert error.value.problems == (("'How old?' (line 2)", "has 2 answers: 'Ten.' (line 2) and 'Eleven.' (line 3)"),)
    assert "--skip-bad" in str(error.value)
    examples, skipped = read_questions(table, skip_bad=True)
    assert list(examples.items) == ["Where?", "Why?"]
    assert list(examples.labels) == ["Here.", "A, b"]
    assert len(skipped) == 1


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("q,a\nx,y\n", "has the columns q, a, but needs question and answer"),
        ("question,answer\n", "holds no questions"),
        ("question,answer\nx,\n", "line 2: the cell of column 'answer' is empty"),
        ("question,answer\nx,y\nx,z\n", "'x' (line 2): has 2 answers"),
        ("", "is empty"),
    ],
)
def test_tables_that_are_none(tmp_path, wordings_model, content, said):
    (tmp_path / "faq.csv").write_text(content)
    with pytest.raises(InputError) as error:
        learn_answers(tmp_path / "faq.csv", wordings_model, tmp_path / "out")
    assert said in str(error.value)
    assert not (tmp_path / "out").exists()


def test_records_from_python_and_all_questions_in_doubt(wordings_model, tmp_path):
    records = [{"question": "Cancel order?", "answer": "No."}, {"question": "Sell phone?", "answer": "Yes."}]
    assert learn_answers(records, wordings_model, tmp_path / "two").questions == 2
    with pytest.raises(InputError, match="all questions have several answers"):
        read_questions([{"question": "a b", "answer": "1"}, {"question": "A b!", "answer": "2"}], skip_bad=True)


def test_folders_and_models_that_do_not_fit(folder, faq, wordings_model, wordings_folder, tmp_path):
    with pytest.raises(StorageError, match="is there already; name another folder"):
        learn_answers(faq, wordings_folder, folder)
    with pytest.raises(SettingsError, match="the model takes pictures, and sentences are texts"):
        learn_answers(faq, small_model(), tmp_path / "out")
    for place, said in ((tmp_path / "nowhere", "there is no such folder"), (wordings_folder, "no questions and")):
        with pytest.raises(GalleryError, match=said) as error:
            Answers(place)
        assert "alikely sentences learn" in str(error.value)
    with Gallery.create(tmp_path / "plain", wordings_folder) as gallery:
        gallery.enrol("Hello there", identity="hello")
    with pytest.raises(GalleryError, match="not of questions and answers"):
        Answers(tmp_path / "plain")
    with Answers(folder) as answers, pytest.raises(InputError, match="the question is blank"):
        answers.ask(" \n")


def test_questions_of_different_answers_that_lie_together_are_told(wordings_model, tmp_path):
    records = [{"question": wordings(*pair)[0], "answer": answer_to(*pair)} for pair in LEARNED]
    records.append({"question": "order cancel", "answer": "One."})
    records.append({"question": "cancel order order", "answer": "Two."})
    close = learn_answers(records, wordings_model, tmp_path / "answers").close
    assert close is not None
    assert {"order cancel", "cancel order order"} in [{left, right} for left, right, _ in close]


def test_commands(faq, wordings_folder, tmp_path):
    out = tmp_path / "answers"
    ran = command("sentences", "learn", faq, "--model", wordings_folder, "--out", out)
    assert (ran.code, ran.out) == (0, f"120 questions with 60 answers learned, in {out}\n"), ran.err
    assert "is an estimate: 60 known answers are too few to promise it with 95 % confidence" in ran.err
    ran = command("sentences", "ask", out, wordings(*LEARNED[0])[0], "--wrong", "0.2")
    assert ran.code == 0
    assert ran.out.startswith(answer_to(*LEARNED[0]))
    ran = command("sentences", "ask", out, "Will it rain tomorrow?", "--wrong", "0.2", "--json")
    assert ran.code == 1
    assert json.loads(ran.out)["answer"] is None
    assert len(json.loads(ran.out)["known"]) == 3
    assert "is there already" in refused("sentences", "learn", faq, "--model", wordings_folder, "--out", out)
    assert "nowhere" in refused("sentences", "ask", tmp_path / "nowhere", "x")


def test_the_command_names_what_it_left_out(wordings_folder, tmp_path):
    (tmp_path / "faq.csv").write_text("question,answer\nx y,1\nX y,2\ncancel order,3\nprint photo,4\n")
    ran = command(
        "sentences", "learn", tmp_path / "faq.csv", "--model", wordings_folder, "--out", tmp_path / "o", "--skip-bad"
    )
    assert ran.code == 0
    assert "left out: 'x y' (line 2): has 2 answers" in ran.err
    assert ran.out.startswith("2 questions with 2 answers learned")
