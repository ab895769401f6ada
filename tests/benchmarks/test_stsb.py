"""The STS-B benchmark: what is left out of the training pairs, the measures of its floor, and that it runs."""

import numpy as np
import pytest

from benchmarks import stsb, stsb_choice
from benchmarks.stsb_data import (
    ScoredText,
    examples_of,
    more_texts,
    plain,
    scored_texts,
    texts_of,
    without_sentences_of,
)
from benchmarks.stsb_floors import boosted_distances, overlaps, tfidf_distances
from tests.benchmarks.quick import quick_run


def write(path, *rows):
    path.parent.mkdir(exist_ok=True, parents=True)
    path.write_text("left,right,score\n" + "".join(f"{left},{right},{score}\n" for left, right, score in rows))


@pytest.fixture
def small(tmp_path):
    write(tmp_path / "stsb" / "train.csv", ("A cat.", "A dog.", 2.5), ("One.", "Two.", 0))
    write(tmp_path / "stsb" / "dev.csv", ("Birds fly.", "A bird flies.", 5))
    write(tmp_path / "stsb" / "test.csv", ("Fish swim", "A fish.", 4))
    write(
        tmp_path / "sts12_16" / "all.csv",
        ("A DOG", "a cat", 2.5),  # in the training part
        ("birds  fly!", "Something else.", 3),  # a sentence of the development part
        ("New.", "A fish", 3),  # a sentence of the test part
        ("New.", "A horse.", 1),
        ("No score.", "Nobody asked.", ""),
    )
    return tmp_path


def test_pairs_that_are_known_or_judged_are_left_out(small):
    assert more_texts(small) == [ScoredText("New.", "A horse.", 0.2)]


@pytest.mark.data
def test_no_sentence_of_a_judged_part_is_learned_from(real_data):
    judged = [*scored_texts(real_data / "stsb" / "dev.csv"), *scored_texts(real_data / "stsb" / "test.csv")]
    taken = {plain(text) for text in texts_of(judged)}
    assert not {plain(text) for text in texts_of(more_texts(real_data))} & taken


def test_what_makes_two_spellings_one_sentence():
    assert plain("  It's  1,000 Ünïts!") == "it s 1 000 ünïts"
    pairs = [ScoredText("a b", "c", 0), ScoredText("d", "e", 1)]
    assert without_sentences_of(pairs, [ScoredText("A, B.", "x", 0)]) == pairs[1:]


def test_examples_hold_each_text_once():
    examples = examples_of([ScoredText("a", "b", 0.4), ScoredText("b", "c", 0.5)])
    assert examples.items == ("a", "b", "c")
    assert examples.pairs.left.tolist() == [0, 1]
    assert examples.pairs.right.tolist() == [1, 2]
    assert examples.pairs.score.tolist() == [0.4, 0.5]
    assert examples.pairs.same.tolist() == [False, True]


def test_overlaps_by_hand():
    row = overlaps([ScoredText("a cat 7", "A cat not", 0)])[0]
    # Words 2 of 4; threes of "a cat 7": 5, of "a cat not": 7, shared 4 ("a c", " ca", "cat", "at "); couples 1 of 3.
    expected = [2 / 4, 4 / 8, 1 / 3, 0, 2 / 3, 1, 3, 0, 2 / 3, 1]
    assert row.tolist() == pytest.approx(expected)
    assert (overlaps([ScoredText("b c", "a", 0)]) == overlaps([ScoredText("a", "b c", 0)])).all()
    assert np.isfinite(overlaps([ScoredText("!", "?", 0)])).all()


def test_floors_find_what_is_alike():
    learned = [ScoredText(f"the cat {n}", f"the cat {n}" if n % 2 else "no dogs", float(n % 2)) for n in range(100)]
    judged = [ScoredText("the cat 3", "the cat 3", 1), ScoredText("the cat 3", "nothing here", 0)]
    for near, far in (tfidf_distances(learned, judged), boosted_distances(learned, judged, seed=0)):
        assert near < far


@pytest.mark.slow
@pytest.mark.data
@pytest.mark.parametrize("benchmark", [stsb, stsb_choice])
def test_it_runs(benchmark, real_data, tmp_path, monkeypatch):
    result = quick_run(benchmark, real_data, tmp_path, monkeypatch)
    for who in (result["metrics"], *result["floors"].values()):
        assert 0.6 < who["from_scratch"] < 0.9
