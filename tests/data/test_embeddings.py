"""Embeddings that have been computed already: each is checked, and nothing else is done to it."""

import json

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from alikely.data.embeddings import EmbeddingPreparation, draft_embeddings, embeddings_from
from alikely.errors import InputError, ModelError, SettingsError

ROWS = [np.array([1.0, 2.0, 3.0]), np.array([4, 5, 6]), np.array([0.5, -1, 2], np.float16)]


def test_embeddings_stay_as_they_are():
    preparation = draft_embeddings(ROWS, {})
    batch = preparation.join([preparation.read_one(row) for row in ROWS])
    assert batch.dtype == torch.float32
    assert batch.tolist() == [[1, 2, 3], [4, 5, 6], [0.5, -1, 2]]
    assert preparation.finish(batch) is batch
    assert preparation.fitted(ROWS, list(batch)) is preparation
    assert preparation.facts() == {"given": 3}
    assert embeddings_from(json.loads(json.dumps(preparation.settings())), preparation.files()) == preparation


@given(hnp.arrays(np.float32, st.integers(1, 40), elements=st.floats(-1e6, 1e6, width=32)))
def test_any_finite_row_comes_back(row):
    assert EmbeddingPreparation(len(row)).read_one(row).numpy().tolist() == row.tolist()


@pytest.mark.parametrize(
    ("item", "message"),
    [
        (np.array([1.0, 2.0]), "an embedding of 2 numbers, .* 3"),
        (np.array([1.0, np.nan, 2.0]), "number 2 of the embedding is nan"),
        (np.array([1.0, 2.0, -np.inf]), "number 3 of the embedding is -inf"),
        (np.array([1.0, 2.0, 1e300]), r"number 3 of the embedding is 1e\+300"),
        (np.ones((1, 3)), r"one row of numbers, got shape \(1, 3\)"),
        (np.ones(0), r"got shape \(0,\)"),
        (np.array(["a", "b", "c"]), "one row of numbers, got shape .* of <U1"),
        (np.array([True, False, True]), "of bool"),
        (np.array([1j, 2, 3]), "of complex128"),
        ("1,2,3", "an array of numbers, got str"),
    ],
)
def test_items_that_are_no_embedding(item, message):
    with pytest.raises(InputError, match=message):
        EmbeddingPreparation(3).read_one(item)


def test_most_of_the_items_say_how_long_an_embedding_is():
    assert draft_embeddings([np.ones(2), *ROWS, "bad"], {}).dim == 3
    with pytest.raises(InputError, match="no embedding can be read: an embedding is an array of numbers, got str"):
        draft_embeddings(["a"], {})
    with pytest.raises(InputError, match="there are none"):
        draft_embeddings([], {})


def test_settings_that_do_not_fit():
    with pytest.raises(SettingsError, match="embeddings have no setting 'longest'; they have none"):
        draft_embeddings(ROWS, {"longest": 3})
    with pytest.raises(SettingsError, match="embeddings have 1 to 65536 numbers, got 0"):
        EmbeddingPreparation(0)
    for settings in ({}, {"dim": 0}, {"dim": 3, "later": 1}):
        with pytest.raises(ModelError, match="preparation: "):
            embeddings_from(settings, {})
