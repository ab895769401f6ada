"""The gallery's code knows no difference: what it answers on a folder, it answers on Milvus."""

import pytest

from alikely.errors import GalleryError, SettingsError
from alikely.gallery import Gallery
from tests.gallery.galleries import calibrated, embeddings, passing_model, people

pytest.importorskip("milvus_lite")


@pytest.mark.parametrize("distance", ["euclidean", "cosine"])
def test_milvus_answers_as_a_folder_does(tmp_path, distance):
    model = calibrated(passing_model(8, distance))
    rows, labels = people(25, 2, noise=0.05)
    source = embeddings(rows, labels, {"price": [str(label) for label in labels]})
    folder, milvus = (Gallery.create(tmp_path / name, model) for name in ("all", "all.db"))
    queries = rows[:6] + 0.02

    with folder, milvus:
        assert milvus.enrol(source) == folder.enrol(source)
        assert milvus.enrol(source).new == 0
        assert milvus.identities("price < 5") == folder.identities("price < 5")
        for query in queries:
            one, other = (gallery.identify(query, fpir=0.1, confidence=0.0) for gallery in (folder, milvus))
            assert one.identity == other.identity
            assert one.distance == pytest.approx(other.distance, abs=1e-5)
            assert one.threshold.distance == pytest.approx(other.threshold.distance, rel=1e-4)
            found = [[hit.key for hit in gallery.search(query, 4, "price > 2")] for gallery in (folder, milvus)]
            assert found[0] == found[1]
        done = milvus.remove(identity="3")
        assert done.templates == 2
        assert done.searched > 0
        assert done.exit_code == bool(done.traces)  # Milvus overwrites in its own time, and that is said
        with pytest.raises(GalleryError, match="is not there"):
            milvus.remove(identity="3")
        milvus.export_to(tmp_path / "all.npz")
        folder.remove(identity="3")
        assert folder.import_from(tmp_path / "all.npz") == (0, 48)
    with Gallery.open(tmp_path / "all.db", model) as again:
        assert len(again) == 48
    with pytest.raises(GalleryError, match="is no folder of a gallery"):
        Gallery.rebuild(tmp_path / "all.db", model, source)


def test_what_milvus_cannot_measure_is_refused(tmp_path):
    with pytest.raises(SettingsError, match="manhattan"):
        Gallery.create(tmp_path / "all.db", passing_model(8, "learned"))
