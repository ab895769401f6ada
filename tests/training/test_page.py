"""The report that a training writes: what it says of the course of the training."""

import re
from dataclasses import replace

import pytest

import alikely
from alikely.training.progress import Silent
from tests.pictures import pattern_examples
from tests.training.test_train import FAST


def scored():
    items = pattern_examples(60, each=2)
    pairs = [(2 * number, 2 * number + 1, number % 5 / 4) for number in range(60)]
    return alikely.examples_from(items.items, scores=pairs, score_range=(0, 1))


@pytest.mark.parametrize(
    ("examples", "changes", "kept", "watched"),
    [
        (pattern_examples(24), {}, "the dot: its EER was the lowest", "EER of held-back identities,"),
        (pattern_examples(12), {}, "the dot, which is the last one", "EER of the calibration identities,"),
        (scored(), {"loss": "cosent"}, "the dot: its Spearman was the highest", "Spearman of held-back pairs,"),
        (
            replace(pattern_examples(24), labels=None),
            {"loss": "vicreg", "items_per_batch": 32},
            "the dot, which is the last one",
            "EER of two views of each held-back item,",
        ),
    ],
    ids=["labels", "few", "scores", "views"],
)
def test_the_report_says_what_the_epochs_were_watched_on_and_what_chose_the_best(
    examples, changes, kept, watched, tmp_path
):
    alikely.train(examples, FAST.model_copy(update=changes), out=tmp_path / "model", reporter=Silent())
    page = (tmp_path / "model" / "report.html").read_text()
    words = " ".join(re.sub("<[^>]+>", "", page.partition('<section id="learning">')[2]).split())

    assert kept in words
    assert watched in words
