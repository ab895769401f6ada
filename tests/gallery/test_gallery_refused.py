"""What a gallery refuses: another model, nothing enrolled, settings and items that cannot be."""

import numpy as np
import pytest

from alikely.data.sources import examples_from
from alikely.errors import CalibrationError, GalleryError, InputError, ModelError, SettingsError
from alikely.gallery.gallery import Gallery
from alikely.gallery.held import about
from alikely.gallery.joining import Joining
from tests.gallery.galleries import calibrated, embeddings, gallery_of, line, passing_model
from tests.gallery.naive import NaiveStore


def test_a_gallery_of_another_model_is_refused():
    one, other = passing_model(2), passing_model(2, "manhattan")
    store = NaiveStore(2, "euclidean", about(one, Joining(), None))

    with pytest.raises(GalleryError, match=r"was made with the model .* gallery rebuild"):
        Gallery.on(store, other)
    with pytest.raises(GalleryError, match="is a store, but no gallery"):
        Gallery.on(NaiveStore(2, "euclidean", {}), one)
    with pytest.raises(GalleryError, match="gallery of version 99"):
        Gallery.on(NaiveStore(2, "euclidean", {**about(one, Joining(), None), "version": 99}), one)


def test_an_empty_gallery_says_so():
    gallery = gallery_of(calibrated(passing_model()))

    for ask in (gallery.identify, gallery.search):
        with pytest.raises(GalleryError, match="the gallery is empty"):
            ask(np.zeros(2))
    with pytest.raises(GalleryError, match="the identity 'a' is not there"):
        gallery.verify(np.zeros(2), "a")


def test_bad_settings_and_items_are_refused():
    gallery = gallery_of(passing_model())
    gallery.enrol(embeddings(line(0), ["a"]))

    with pytest.raises(CalibrationError, match="the model has no calibration"):
        gallery.verify(np.zeros(2), "a")
    with pytest.raises(SettingsError, match="1 to 10,000 of the nearest"):
        gallery.search(np.zeros(2), k=0)
    with pytest.raises(InputError, match="3 numbers"):
        gallery.search(np.zeros(3))
    with pytest.raises(InputError, match="not blank"):
        gallery.enrol([np.zeros(2)], identity=" ")
    for too_long in ({"identity": "x" * 501}, {}):
        with pytest.raises(InputError, match=r"may have 500 signs, and 'x{20}'\.\.\. has 501"):
            gallery.enrol(embeddings(np.zeros((2, 2)), ["a", "x" * 501]), **too_long)
    assert gallery.enrol([np.ones(2)], identity="x" * 500).new == 1
    with pytest.raises(SettingsError, match="the field 'price'"):
        gallery.enrol([np.zeros(2)], identity="a", fields={"price": float("nan")})
    with pytest.raises(SettingsError, match="these items are pictures"):
        gallery.enrol(examples_from([np.zeros((4, 4), np.uint8)]))
    gallery_with_calibration = gallery_of(calibrated(passing_model()))
    gallery_with_calibration.enrol(embeddings(line(*range(30)), range(30)))
    with pytest.raises(SettingsError, match="the prior"):
        gallery_with_calibration.identify(np.zeros(2), fpir=0.5, confidence=0.0, prior=0.0)


def test_embeddings_that_are_not_finite_are_the_models_fault():
    model = passing_model(2)
    gallery = gallery_of(model)
    huge = np.full((1, 2), 3e38, dtype=np.float32)
    model.encoder.forward = lambda batch: batch * 10

    with pytest.raises(ModelError, match="embedding 1: its embedding is not finite"):
        gallery.enrol(embeddings(huge, ["a"]))
