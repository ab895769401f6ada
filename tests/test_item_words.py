"""What a model says of its items: a few short lines, however much its preparation knows."""

from dataclasses import replace

import numpy as np
import pytest

from alikely.card import model_card
from alikely.data.embeddings import EmbeddingPreparation
from alikely.data.rows import draft_rows
from alikely.data.sequences import draft_sequences
from alikely.data.texts import draft_texts
from alikely.item_words import TWO_ITEMS, UNLIKE, lines_of
from tests.models import small_model

TEXTS = [f"number {place} of some texts" for place in range(50)]
ROWS = [{"amount": float(place), "city": ["Rome", "Oslo"][place % 2]} for place in range(40)]
CURVES = [np.zeros((5, 2)) + np.arange(5)[:, None] for _ in range(3)]


def cases():
    yield small_model().preparation, ["pictures in grey, 16 x 16 pixels", "steps: colour, resize"]
    texts = draft_texts(TEXTS, {"tokens": "words"}).fitted(TEXTS, [])
    yield (
        texts,
        [
            "texts as 5 words of the training texts",
            "the first 256 of a text are used; capitals are read as small letters",
        ],
    )
    rows = draft_rows(ROWS, {}).fitted(ROWS, [])
    yield (
        rows,
        ["rows of 2 columns", "amount: number, around 19.5, deviation 11.54", "city: category, 2 known: Oslo, Rome"],
    )
    curves = draft_sequences(CURVES, {"centre": True, "derivatives": True})
    yield (
        curves,
        [
            "sequences of 2 channels",
            "the mean of each channel is taken away in each sequence",
            "each channel standardised over all training sequences",
            "the encoder is told too: the difference from the step before, how long and how large it is",
            "at most 2,000 steps; longer ones are thinned out",
        ],
    )
    yield EmbeddingPreparation(7), ["embeddings of 7 numbers, made elsewhere"]


@pytest.mark.parametrize(("preparation", "lines"), list(cases()), ids=lambda case: getattr(case, "kind", ""))
def test_each_kind_in_a_few_lines(preparation, lines):
    assert lines_of(preparation) == lines


@pytest.mark.parametrize(("preparation", "lines"), list(cases()), ids=lambda case: getattr(case, "kind", ""))
def test_the_card_says_what_the_items_are_and_how_to_name_two(preparation, lines):
    card = model_card(replace(small_model(calibrated=False), preparation=preparation), "mine")

    assert f"## Items\n\n{lines[0][0].upper()}{lines[0][1:]}." in card
    for line in lines[1:]:
        assert f"- {line}\n" in card
    in_python, in_shell = TWO_ITEMS[preparation.kind]
    assert f"alikely compare mine {in_shell}" in card
    assert f"model.embed([{in_python}])" in card
    assert UNLIKE[preparation.kind] in card
    assert len(card) < 3000
