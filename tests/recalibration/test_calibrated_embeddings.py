import numpy as np
import pytest

import alikely
from alikely.distances import DISTANCES, build_distance
from alikely.embedding import embed_to_file
from alikely.errors import InputError, SettingsError
from alikely.metrics import all_pairs
from alikely.recalibration.embeddings import embeddings_of
from tests.models import small_model
from tests.pictures import pattern_examples
from tests.recalibration.made import embeddings


@pytest.mark.parametrize("name", [name for name in DISTANCES if name != "learned"])
def test_all_pairs_at_the_named_distance(name):
    made = embeddings(identities=6)
    found, expected = embeddings_of(made, name), all_pairs(*made.values(), build_distance(name, 16))

    np.testing.assert_array_equal(found.pairs.same, expected.same)
    np.testing.assert_array_equal(found.pairs.different, expected.different)
    assert (found.distance, found.notes, found.pairs.identities) == (name, (), 6)


@pytest.mark.parametrize("name", ["e.npz", "e.parquet"])
def test_what_embed_writes_gives_what_the_model_gives(tmp_path, name):
    if name.endswith("parquet"):
        pytest.importorskip("pyarrow")
    model, examples = small_model(), pattern_examples(identities=20, each=4)
    embed_to_file(model, examples, tmp_path / name)

    found = alikely.calibrate_embeddings(tmp_path / name, "euclidean", confidence=0.0)
    expected = alikely.calibrate_model(model, examples, confidence=0.0)

    assert found.calibration.to_dict() == expected.calibration.to_dict() | {"model": None}
    assert found.rates == expected.rates


@pytest.mark.parametrize("kind", [np.float64, np.float16, np.int32])
def test_numbers_of_other_kinds_are_read(tmp_path, kind):
    made = embeddings(identities=5)
    rows = (made["embeddings"] * 100).astype(kind)
    np.savez(tmp_path / "e.npz", embeddings=rows, labels=np.repeat(np.arange(5), 5))

    found = embeddings_of(tmp_path / "e.npz", "manhattan")

    assert found.pairs.same[0] == pytest.approx(np.abs(rows[0].astype(float) - rows[1].astype(float)).sum(), rel=1e-5)


@pytest.mark.parametrize("fixed", [True, False])
def test_parquet_lists_of_others_are_read(tmp_path, fixed):
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    made = embeddings(identities=5)
    kind = pyarrow.list_(pyarrow.float64(), 16) if fixed else pyarrow.list_(pyarrow.float64())
    cells = pyarrow.array([row.astype(float).tolist() for row in made["embeddings"]], kind)
    parquet.write_table(pyarrow.table({"label": made["labels"].tolist(), "embedding": cells}), tmp_path / "e.parquet")

    found, expected = embeddings_of(tmp_path / "e.parquet", "cosine"), embeddings_of(made, "cosine")

    np.testing.assert_allclose(found.pairs.different, expected.pairs.different, atol=1e-6)


def parquet_with(tmp_path, cells, labels):
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    parquet.write_table(pyarrow.table({"embedding": cells, "label": labels}), tmp_path / "e.parquet")
    return tmp_path / "e.parquet"


@pytest.mark.parametrize(
    ("cells", "labels", "message"),
    [
        ([[1.0, 2.0], [1.0]], ["a", "b"], "equally long; their lengths are not"),
        ([[1.0, 2.0], None], ["a", "b"], "embeddings must all be there"),
        ([1.0, 2.0], ["a", "b"], "holds double, but needs lists of numbers"),
        ([["x"], ["y"]], ["a", "b"], "must be numbers, one row for each item"),
        ([[1.0], [2.0]], ["a", None], "1 items have no label, the first in row 2"),
    ],
)
def test_parquet_that_cannot_be_used(tmp_path, cells, labels, message):
    with pytest.raises(InputError, match=message):
        embeddings_of(parquet_with(tmp_path, cells, labels), "cosine")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"embeddings": np.zeros(5)}, r"one row for each item, got shape \(5,\) of float64"),
        ({"embeddings": np.zeros((2, 3), bool)}, "of bool"),
        ({"labels": np.array(["a"])}, "has 200 embeddings and 1 labels"),
        ({"embeddings": np.full((200, 2), np.nan)}, "embeddings must be finite, got NaN or infinity for 200 of 200"),
    ],
)
def test_arrays_that_cannot_be_used(change, message):
    with pytest.raises(InputError, match=message):
        embeddings_of(embeddings() | change, "cosine")


def test_files_that_cannot_be_used(tmp_path):
    np.savez(tmp_path / "nameless.npz", embeddings=np.zeros((2, 3)))
    np.savez(tmp_path / "pickled.npz", embeddings=np.zeros((2, 3)), labels=np.array(["a", None], dtype=object))
    (tmp_path / "words.npz").write_text("these are words")

    for name, message in [
        ("nameless.npz", "holds embeddings, but needs embeddings and labels"),
        ("pickled.npz", "cannot be read as .npz .* labels as text or whole numbers"),
        ("words.npz", "cannot be read as .npz"),
        ("nowhere.npz", "No such file"),
        ("e.csv", "are read from .npz or .parquet"),
    ]:
        with pytest.raises(InputError, match=message):
            embeddings_of(tmp_path / name, "cosine")


def test_distances_that_cannot_be_used():
    with pytest.raises(SettingsError, match="'learned' has weights"):
        embeddings_of(embeddings(), "learned")
    with pytest.raises(SettingsError, match="no distance 'angle'; choose one of"):
        embeddings_of(embeddings(), "angle")
