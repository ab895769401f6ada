"""Parts: discriminants by hand, what they make of people in other lights, and who may use them."""

import numpy as np
import pytest
import torch

import alikely
from alikely.encoders.parts import Parts
from alikely.errors import SettingsError
from alikely.training.progress import Silent


def of_two_pixels(rng, each=200):
    """Pictures of 4x4 in which identities differ in the first pixel, and items of one identity in the second."""
    pictures = np.zeros((2 * each, 1, 4, 4), np.float32)
    labels = np.repeat([0, 1], each)
    pictures[:, 0, 0, 0] = labels * 2.0 - 1 + rng.normal(0, 0.1, 2 * each)
    pictures[:, 0, 0, 1] = rng.normal(0, 3, 2 * each)
    return torch.from_numpy(pictures), labels


def test_the_discriminant_is_along_what_differs_between_identities():
    pictures, labels = of_two_pixels(np.random.default_rng(0))
    encoder = Parts(size=4, parts=1, dim=3, components=2, shrinkage=0.0)
    encoder.start(pictures, labels)
    direction = encoder.weights[0, :, 0].numpy()
    # Fisher: the difference of the means over the deviation within, which is 30 times as large in the second pixel.
    assert abs(direction[1] / direction[0]) < 0.02
    assert (encoder.weights[0, :, 1:] == 0).all()  # two identities have one discriminant
    sides = encoder(pictures)[:, 0].numpy()
    assert (np.sign(sides) == np.sign(sides[-1])).tolist() == (labels == 1).tolist()


def test_parts_overlap_by_half_and_have_equal_weight():
    encoder = Parts(size=8, parts=2, dim=47)
    assert encoder.count == 9  # sides of 4, at 0, 2 and 4
    embeddings = encoder(torch.rand(3, 1, 8, 8))
    assert embeddings.shape == (3, 47)
    lengths = embeddings[:, :45].reshape(3, 9, 5).norm(dim=2)
    assert (embeddings[:, 45:] == 0).all()
    torch.testing.assert_close(lengths, torch.full((3, 9), 1 / 3))


def test_it_learns_at_once_and_a_model_keeps_it(tmp_path):
    rng = np.random.default_rng(1)
    faces = rng.normal(0, 1, (12, 8, 8))
    pictures, labels = [], []
    for person, face in enumerate(faces):
        for _ in range(8):
            light = 0.5 + rng.random() * np.linspace(0, 1, 8)[None, :]
            pictures.append(((face * light + rng.normal(0, 0.1, (8, 8)) + 4) * 30).clip(0, 255).astype(np.uint8))
            labels.append(f"person {person}")
    settings = alikely.TrainSettings(
        encoder="parts", size=8, encoder_settings={"parts": 2}, validate_share=0, calibrate_share=0.3, test_share=0
    )
    model, history, _ = alikely.train(
        alikely.examples_from(pictures, labels=labels), settings, out=tmp_path / "model", reporter=Silent()
    )
    assert history.epochs == ()
    again = alikely.load_model(tmp_path / "model")
    assert np.array_equal(again.embed(pictures[:5]), model.embed(pictures[:5]))
    assert model.compare(pictures[0], pictures[1]).distance < model.compare(pictures[0], pictures[9]).distance


def test_it_needs_labels_with_several_items():
    pictures = torch.rand(3, 1, 8, 8)
    with pytest.raises(SettingsError, match="two identities or more, some of them with two items"):
        Parts(size=8, dim=200).start(pictures, np.array([0, 1, 2]))
    pairs = [(0, 1, True), (2, 3, False), (0, 2, False), (4, 5, True)]
    items = [np.random.default_rng(i).integers(0, 255, (8, 8)).astype(np.uint8) for i in range(6)]
    settings = alikely.TrainSettings(encoder="parts", size=8, validate_share=0, calibrate_share=0, test_share=0)
    with pytest.raises(SettingsError, match="learns from labels, and the items have none"):
        alikely.train(alikely.examples_from(items, pairs=pairs), settings, reporter=Silent())


def test_other_sizes_are_refused():
    with pytest.raises(SettingsError, match=r"shrinkage must be at least 0 and at most 1, got 2\.0"):
        Parts(shrinkage=2.0)
    with pytest.raises(SettingsError, match="built for pictures of 64x64 pixels, got 80x80"):
        Parts()(torch.rand(1, 1, 80, 80))
