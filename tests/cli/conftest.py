"""A folder with pictures and a small model, to run commands in."""

import pytest

from alikely.storage import save_model
from tests.models import small_model
from tests.pictures import pattern_folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with pictures of 24 identities, of 6 others, and a model that was not trained."""
    folder = tmp_path_factory.mktemp("commands")
    pattern_folder(folder / "pictures")
    pattern_folder(folder / "others", identities=6, each=4, seed=1)
    save_model(small_model(), folder / "model")
    return folder


@pytest.fixture
def here(folder, monkeypatch):
    monkeypatch.chdir(folder)
