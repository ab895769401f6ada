import numpy as np
import pytest

from alikely.errors import GalleryError, InputError, SettingsError
from tests.gallery.galleries import embeddings, gallery_of, passing_model, people


def test_a_gallery_goes_through_a_file_bit_for_bit(tmp_path):
    rows, labels = people(5, 4)
    one, other = (gallery_of(passing_model(8)) for _ in range(2))
    one.enrol(embeddings(rows, labels, {"price": [str(place) for place in range(20)], "shop": ["é"] * 20}))

    assert one.export_to(tmp_path / "all.npz") == 20
    assert other.import_from(tmp_path / "all.npz") == (20, 0)
    assert other.import_from(tmp_path / "all.npz") == (0, 20)

    assert other.described() == one.described()
    for mine, its in zip(one.templates(), other.templates(), strict=True):
        assert np.array_equal(mine.embeddings, its.embeddings)


def test_an_empty_gallery_goes_through_a_file(tmp_path):
    gallery = gallery_of(passing_model())

    assert gallery.export_to(tmp_path / "none.npz") == 0
    assert gallery.import_from(tmp_path / "none.npz") == (0, 0)


def test_files_that_do_not_fit_are_refused(tmp_path):
    gallery, file = gallery_of(passing_model()), tmp_path / "all.npz"
    gallery.enrol([np.zeros(2)], identity="a")
    gallery.export_to(file)

    with pytest.raises(GalleryError, match="was made with the model"):
        gallery_of(passing_model(distance="cosine")).import_from(file)
    with pytest.raises(SettingsError, match=r"exported as \.npz"):
        gallery.export_to(tmp_path / "all.csv")
    with pytest.raises(InputError, match="is not there"):
        gallery.import_from(tmp_path / "none.npz")
    file.write_bytes(file.read_bytes()[:100])
    with pytest.raises(InputError, match="holds no gallery"):
        gallery.import_from(file)
    file.write_text("no gallery")
    with pytest.raises(InputError, match="holds no gallery") as refused:
        gallery.import_from(file)
    assert "pickle" not in str(refused.value)
    with pytest.raises(InputError, match="cannot be read"):
        gallery.import_from(tmp_path)
    np.savez(file, keys=np.array(["a"]))
    with pytest.raises(InputError, match="holds no gallery"):
        gallery.import_from(file)
