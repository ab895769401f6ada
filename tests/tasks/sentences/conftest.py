"""One small model of texts for all tests of sentences."""

import pytest

import alikely
from tests.tasks.sentences.wordings import trained


@pytest.fixture(scope="session")
def wordings_model():
    return trained()


@pytest.fixture(scope="session")
def wordings_folder(wordings_model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("models") / "wordings"
    alikely.save_model(wordings_model, folder)
    return folder
