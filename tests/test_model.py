import itertools
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from alikely.distances import DISTANCES
from alikely.errors import InputError, ModelError
from alikely.model import BATCH, distances_of_examples
from alikely.types import Examples, Pairs
from tests.models import pictures, small_model
from tests.pictures import pattern_examples

MODEL = small_model()


@pytest.mark.parametrize("distance", list(DISTANCES))
def test_an_item_is_at_distance_0_of_itself_and_a_pair_has_no_order(distance):
    model = small_model(distance=distance, calibrated=False)
    items = pictures(8)

    for left, right in itertools.pairwise(items):
        assert model.distance_of(left, left) == pytest.approx(0, abs=1e-6)
        assert model.distance_of(left, right) == model.distance_of(right, left) > 0


@given(st.permutations(range(6)))
@settings(max_examples=20, deadline=None)
def test_embeddings_stand_in_the_order_of_the_items(order):
    items = pictures(6)

    np.testing.assert_allclose(MODEL.embed([items[i] for i in order]), MODEL.embed(items)[list(order)], atol=1e-5)


def test_no_items_give_no_embeddings():
    assert MODEL.embed([]).shape == (0, 8)
    assert MODEL.embed([]).dtype == np.float32


def test_one_picture_is_one_embedding_however_it_is_given(tmp_path):
    pixels = pictures(1)[0]
    path = tmp_path / "picture.png"
    Image.fromarray(pixels).save(path)

    first, *others = MODEL.embed(
        [path, str(path), pixels, Image.fromarray(pixels), Image.open(path), pixels[:, :, None]]
    )

    for other in others:
        np.testing.assert_allclose(other, first, atol=1e-6)
    alone = [MODEL.embed([item])[0] for item in (path, str(path), pixels, Image.fromarray(pixels))]
    for other in alone[1:]:
        np.testing.assert_array_equal(other, alone[0])


def test_more_than_a_batch_is_told_in_steps_and_equals_one_by_one():
    items = pictures(BATCH + 3, size=16)
    told = []

    embeddings = MODEL.embed(items, progress=lambda done, total: told.append((done, total)))

    assert told == [(BATCH, BATCH + 3), (BATCH + 3, BATCH + 3)]
    for place in (0, BATCH - 1, BATCH, BATCH + 2):
        np.testing.assert_allclose(embeddings[place], MODEL.embed([items[place]])[0], atol=1e-5)


def test_compare_decides_on_the_distance_of_the_two():
    left, right = pictures(2)

    decision = MODEL.compare(left, right, fmr=0.05, fnmr=0.1, prior=0.2)

    assert decision == MODEL.calibration.decide(MODEL.distance_of(left, right), fmr=0.05, fnmr=0.1, prior=0.2)


def test_an_item_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(InputError, match=r"nowhere\.png: is not there"):
        MODEL.compare(pictures(1)[0], tmp_path / "nowhere.png")
    with pytest.raises(InputError, match="array 2"):
        MODEL.embed([pictures(1)[0], np.zeros((2, 2, 7))])


def test_weights_that_are_not_numbers_are_told():
    model = small_model()
    next(model.encoder.parameters()).data.fill_(float("nan"))

    with pytest.raises(ModelError, match="between array 1 and array 2 is nan"):
        model.distance_of(*pictures(2))


def test_the_fingerprint_changes_with_whatever_changes_a_distance():
    model, same = small_model(calibrated=False), small_model(calibrated=False)
    other = small_model(calibrated=False)
    next(other.encoder.parameters()).data[0, 0, 0, 0] += 1e-6

    assert model.fingerprint() == same.fingerprint()
    variants = [other, small_model(distance="cosine", calibrated=False), small_model(size=32, calibrated=False)]
    assert len({model.fingerprint(), *(variant.fingerprint() for variant in variants)}) == 4


def test_distances_of_examples_are_those_of_all_pairs_or_of_the_known_ones():
    examples = pattern_examples(identities=3, each=2)
    embeddings = MODEL.embed(examples.items)
    every = MODEL.pair_distances(examples)
    pairs = Pairs(np.array([0, 4]), np.array([1, 2]), np.array([True, False]))
    known = distances_of_examples(embeddings, Examples(examples.items, examples.names, pairs=pairs), MODEL.distance)

    assert (len(every.same), len(every.different)) == (3, 12)
    expected = [float(np.linalg.norm(embeddings[a] - embeddings[b])) for a, b in ((0, 1), (4, 2))]
    np.testing.assert_allclose([known.same[0], known.different[0]], expected, rtol=1e-5)
    with pytest.raises(InputError, match="nothing is known"):
        distances_of_examples(embeddings, Examples(examples.items, examples.names), MODEL.distance)


def test_embedding_leaves_the_gradients_and_the_mode_alone():
    MODEL.embed(pictures(2))

    assert not MODEL.encoder.training
    assert torch.is_grad_enabled()


def test_an_engine_stands_in_for_the_encoder():
    model = small_model()
    asked = []

    def engine(read):
        asked.append(len(read))
        return np.full((len(read), model.dim), 2.0, np.float32)

    quick = replace(model, engine=engine)

    assert (quick.embed(pictures(3)) == 2.0).all()
    assert quick.distance_of(*pictures(2)) == 0.0
    assert asked == [3, 2]
    assert quick.fingerprint() == model.fingerprint()
