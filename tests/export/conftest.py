"""A small model of digits, made once for each file of tests, and the exporter in a form that is quick."""

from unittest import mock

import pytest

from alikely.export import making
from alikely.export.graph import onnx_of
from tests.export.digits import make


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return make(tmp_path_factory.mktemp("made"))


@pytest.fixture
def own(made, tmp_path):
    """A folder of its own to each test."""
    return made.copy(tmp_path / "model")


@pytest.fixture(scope="module")
def followed_once():
    """The exporter takes seconds, and gives the same bytes for the same encoder: here it follows each once."""
    kept = {}

    def remembered(encoder, *others):
        key = (repr(encoder), *(weights.numpy().tobytes() for weights in encoder.state_dict().values()))
        if key not in kept:
            kept[key] = onnx_of(encoder, *others)
        return kept[key]

    with mock.patch.object(making, "onnx_of", remembered):
        yield
