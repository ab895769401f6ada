"""What gives the embeddings in the encoder's place: late, from any thread, copied, in any batches."""

import pickle
import threading
from copy import deepcopy
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from alikely.data.preparations import draft_preparation
from alikely.data.reading import read_batch
from alikely.distances import build_distance
from alikely.encoders import build_encoder, default_settings
from alikely.engine import PIECE, OnnxEngine
from alikely.errors import InputError, SettingsError
from alikely.export import speed
from alikely.export.graph import onnx_of
from alikely.export.quantising import quantised
from alikely.export.speed import in_turns, speedup
from alikely.model import BATCH, SiameseModel, finished, ready
from alikely.onnx_session import OnnxSession
from tests.models import pictures, small_model

WORDS = ("red", "green", "blue", "house", "tree", "river", "stone")


@pytest.fixture(scope="module")
def picture_model():
    return small_model(calibrated=False)


@pytest.fixture(scope="module")
def engine(picture_model):
    batch = finished(picture_model.preparation, read_batch(picture_model.preparation, pictures()))
    network = onnx_of(picture_model.encoder, "cnn", "picture", batch)
    return OnnxEngine(network, "encoder.onnx", picture_model.preparation, picture_model.dim)


@pytest.fixture(scope="module")
def texts():
    """A model of texts, and the same with its engine."""
    items = [" ".join(WORDS[: 1 + place % 7]) for place in range(10)]
    preparation = draft_preparation("text", items, {})
    preparation = preparation.fitted(items, [])
    torch.manual_seed(0)
    encoder = ready(build_encoder("gru", default_settings("gru", preparation.facts()) | {"dim": 8, "width": 8}))
    model = SiameseModel(preparation, encoder, "gru", build_distance("cosine", 8), "cosine")
    network = onnx_of(encoder, "gru", "text", read_batch(preparation, items))
    return model, replace(model, engine=OnnxEngine(network, "encoder.onnx", preparation, 8))


def test_the_network_is_loaded_when_it_is_asked_with_the_threads_of_then(engine, picture_model, monkeypatch):
    asked = []

    class Told(OnnxSession):
        def __init__(self, content, name):
            asked.append(torch.get_num_threads())
            super().__init__(content, name)

    monkeypatch.setattr("alikely.engine.OnnxSession", Told)
    fresh = deepcopy(engine)
    assert asked == []
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(3)
        fresh(read_batch(picture_model.preparation, pictures()))
        fresh(read_batch(picture_model.preparation, pictures()))
    finally:
        torch.set_num_threads(before)
    assert asked == [3]


def test_copies_and_pickles_answer_the_same(engine, picture_model):
    read = read_batch(picture_model.preparation, pictures())
    for again in (deepcopy(engine), pickle.loads(pickle.dumps(engine)), deepcopy(engine.session())):
        answer = again.run(finished_floats(picture_model, read)) if isinstance(again, OnnxSession) else again(read)
        np.testing.assert_array_equal(answer, engine(read))
    whole = replace(picture_model, engine=engine)
    np.testing.assert_array_equal(deepcopy(whole).embed(pictures()), whole.embed(pictures()))


def finished_floats(model, read):
    return finished(model.preparation, read).contiguous().numpy()


def test_several_threads_may_ask_at_once(engine, picture_model):
    reads = [read_batch(picture_model.preparation, pictures(5, seed=seed)) for seed in range(8)]
    fresh, answers = deepcopy(engine), [None] * len(reads)

    def ask(place):
        for _ in range(20):
            answers[place] = fresh(reads[place])

    threads = [threading.Thread(target=ask, args=(place,)) for place in range(len(reads))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for read, answer in zip(reads, answers, strict=True):
        np.testing.assert_array_equal(answer, engine(read))


@pytest.mark.parametrize("count", [0, 1, PIECE, PIECE + 1, BATCH, BATCH + 1])
def test_any_number_of_items_in_their_order(engine, picture_model, count):
    read = torch.from_numpy(np.random.default_rng(0).integers(0, 256, (count, 1, 16, 16), dtype=np.uint8))
    expected = picture_model.embed_read(read)
    assert engine(read).shape == (count, picture_model.dim)
    assert engine(read).dtype == np.float32
    np.testing.assert_allclose(engine(read), expected, atol=1e-6)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.lists(st.sampled_from(WORDS), min_size=1, max_size=30), min_size=1, max_size=3 * PIECE))
def test_texts_of_any_lengths_in_their_order(texts, lists):
    by_torch, by_onnx = texts
    items = [" ".join(words) for words in lists]
    np.testing.assert_allclose(by_onnx.embed(items), by_torch.embed(items), atol=1e-5)


def test_a_file_that_is_no_network_is_told_when_it_is_asked(picture_model):
    broken = OnnxEngine(b"nothing", "model/encoder.onnx", picture_model.preparation, 8)
    with pytest.raises(InputError, match=r"model/encoder\.onnx: is no ONNX file that can be run"):
        broken(torch.zeros(1, 1, 16, 16))


def test_int8_where_there_is_nothing_to_quantise():
    encoder = ready(build_encoder("given", {"given": 5, "head": "none"}))
    with pytest.raises(SettingsError, match="nothing in this network that int8 makes faster"):
        quantised(onnx_of(encoder, "given", "embedding", torch.ones(3, 5)), [])


def test_int8_is_static_for_convolutions_and_in_blocks_for_the_rest(engine, picture_model, texts):
    batch = finished_floats(picture_model, read_batch(picture_model.preparation, pictures()))
    content, way = quantised(engine.content, [batch])
    assert way == "static"
    far = np.abs(OnnxSession(content, "int8").run(batch) - engine.session().run(batch)).max()
    assert 1e-5 < far < 0.1
    assert not OnnxSession(content, "int8").one_at_a_time
    content, way = quantised(texts[1].engine.content, [])
    assert way == "blocks"
    assert len(content) < len(texts[1].engine.content)
    assert not OnnxSession(content, "int8").one_at_a_time
    assert not texts[1].engine.session().one_at_a_time


def test_ways_take_turns():
    asked = []
    taken = in_turns({"a": lambda: asked.append("a"), "b": lambda: asked.append("b")}, 0.0)
    assert asked == ["a", "b"] * (speed.FEWEST + 1)
    assert {name: len(each) for name, each in taken.items()} == {"a": speed.FEWEST, "b": speed.FEWEST}


def test_speedup_known_answer():
    # Ratios 1, 2, 3, 4, 10: the quartiles are 2 and 4, and one turn that was disturbed moves nothing.
    found = speedup(np.array([1.0, 2.0, 3.0, 4.0, 10.0]), np.ones(5))
    assert (found.times, found.low, found.high) == (3.0, 2.0, 4.0)
    assert found.to_dict() == {"times": 3.0, "low": 2.0, "high": 4.0}
