"""Embeddings in a file: what is written is what the model gives, and bad news comes before the work."""

from importlib import util

import numpy as np
import pytest

import alikely
from alikely import embedding
from alikely.embedding import embed_to_file
from alikely.errors import SettingsError
from tests.models import small_model
from tests.pictures import pattern_examples, pattern_folder

MODEL = small_model()


def read_npz(path):
    with np.load(path) as content:
        return content["names"].tolist(), content["labels"].tolist(), content["embeddings"]


def read_parquet(path):
    parquet = pytest.importorskip("pyarrow.parquet")
    table = parquet.read_table(path)
    rows = np.array(table.column("embedding").to_pylist(), dtype=np.float32)
    return table.column("name").to_pylist(), table.column("label").to_pylist(), rows


@pytest.mark.parametrize(("name", "read"), [("e.npz", read_npz), ("e.parquet", read_parquet), ("e.NPZ", read_npz)])
def test_what_is_written_is_what_is_read_back(tmp_path, name, read):
    source = pattern_folder(tmp_path / "pictures", identities=3, each=2)

    done = embed_to_file(MODEL, source, tmp_path / "new" / name)
    names, labels, embeddings = read(tmp_path / "new" / name)

    assert (done.items, done.dim, done.skipped) == (6, 8, ())
    assert names == [str(path) for path in sorted(source.glob("*/*.png"))]
    assert labels == ["id00", "id00", "id01", "id01", "id02", "id02"]
    np.testing.assert_array_equal(embeddings, MODEL.embed(names))
    assert [path.name for path in (tmp_path / "new").iterdir()] == [name]


def test_items_without_labels_are_written_without(tmp_path):
    examples = alikely.examples_from(list(pattern_examples(2, 2).items))

    embed_to_file(MODEL, examples, tmp_path / "e.npz")

    with np.load(tmp_path / "e.npz") as content:
        assert sorted(content) == ["embeddings", "names"]
        assert content["names"].tolist() == ["array 1", "array 2", "array 3", "array 4"]


def test_a_file_that_cannot_be_written_is_told_before_anything_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(embedding, "read_items", lambda *_: pytest.fail("it was read"))
    monkeypatch.setattr(embedding, "find_spec", lambda name: None if name == "pyarrow" else util.find_spec(name))

    with pytest.raises(SettingsError, match=r"written as \.npz or \.parquet"):
        embed_to_file(MODEL, tmp_path, tmp_path / "e.csv")
    with pytest.raises(SettingsError, match=r"needs pyarrow; run: pip install alikely\[parquet\]"):
        embed_to_file(MODEL, tmp_path, tmp_path / "e.parquet")


def test_progress_is_told_for_reading_and_for_embedding(tmp_path):
    told = []
    source = pattern_folder(tmp_path / "pictures", identities=3, each=2)

    embed_to_file(MODEL, source, tmp_path / "e.npz", progress=lambda *how_far: told.append(how_far))

    at_the_end = {phase: how_far for phase, *how_far in told}
    assert list(at_the_end.items()) == [("reading", [6, 6]), ("embedding", [6, 6])]
