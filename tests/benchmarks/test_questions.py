"""The benchmark of questions: which are made, how answers are counted, and that it runs."""

import json
import sys

import pytest

from benchmarks import questions
from benchmarks.questions import Asked
from benchmarks.stsb_data import ScoredText

PAIRS = [
    ScoredText("A dog runs.", "A dog is running.", 1.0),
    ScoredText("A dog is running!", "The dog runs", 0.95),  # one of its sentences is taken
    ScoredText("Same words", "same  words.", 1.0),  # the same in other signs: no question in other words
    ScoredText("A man eats.", "A cat sleeps.", 0.1),
    ScoredText("A cat sleeps.", "A cat is asleep.", 0.92),
    ScoredText("It rains.", "The sun shines.", 0.4),
    ScoredText("It rains.", "It pours.", 0.7),  # too like another to be unknown
]


def test_questions_that_pairs_make():
    asked = questions.asked_from(PAIRS)
    assert asked.known == ["A dog runs.", "A cat sleeps."]
    assert asked.again == ["A dog is running.", "A cat is asleep."]
    assert asked.unknown == ["A man eats."]
    assert questions.asked_from(PAIRS, most=1).known == ["A dog runs."]


def test_answers_are_counted():
    asked = Asked(["a", "b", "c", "d"], ["a'", "b'", "c'", "d'"], ["x", "y"])
    found = questions.counted([0, 2, None, 3, None, 1], [0, 2, 2, 3, 0, 1], asked)
    assert found == {"right": 0.5, "wrong": 0.25, "unknown": 0.5, "nearest": 0.75}


def test_tfidf_answers_what_is_nearly_the_same():
    asked = Asked(["a dog runs in the park", "the sun is hot"], ["a dog runs in a park", "sun is hot"], ["zzz qqq"])
    learned = [ScoredText(text, text, 1.0) for text in (*asked.known, *asked.again)]
    found = questions.by_tfidf(asked, learned)
    assert found["right"] == found["nearest"] == 1.0


@pytest.mark.slow
@pytest.mark.data
def test_it_runs(real_data, tmp_path, monkeypatch):
    found = tmp_path / "found.json"
    arguments = ["questions", "--data", str(real_data), "--seeds", "1", "--quick", "--json", str(found)]
    monkeypatch.setattr(sys, "argv", arguments)
    questions.main()
    result = json.loads(found.read_text())
    assert result["name"] == "questions"
    for who in (result["metrics"], *result["floors"].values()):
        assert 0 <= who["wrong"] + who["right"] <= 1
        assert who["nearest"] >= who["right"]
