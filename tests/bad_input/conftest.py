"""Good pictures and a good model, to spoil; and where nothing may be written."""

import pytest

from alikely.storage import save_model
from tests.models import small_model
from tests.pictures import pattern_folder


@pytest.fixture
def source(tmp_path):
    """Pictures of 24 identities, 4 of each."""
    return pattern_folder(tmp_path / "pictures", identities=24, each=4)


@pytest.fixture
def out(tmp_path):
    """Where no model is yet; after the test, none may be there, and nothing beside it."""
    before = {path.name for path in tmp_path.iterdir()} | {"pictures", "table.csv", "table.jsonl", "run.toml"}
    yield tmp_path / "model"
    assert {path.name for path in tmp_path.iterdir()} <= before


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return save_model(small_model(), tmp_path_factory.mktemp("saved") / "model")
