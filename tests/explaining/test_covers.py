"""Covers, and the maps made with them: by hand where the distance is linear, and the sums that integrals must keep."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from alikely.data.reading import read_batch
from alikely.distances import Euclidean, Manhattan
from alikely.encoders import ENCODERS
from alikely.errors import ModelError
from alikely.explaining import random_covers, relevance
from alikely.model import SiameseModel, as_floats, ready
from tests.models import pictures, small_model


class Weighted(nn.Module):
    """Picture -> one number: the weighted sum of its pixels, plus 100."""

    dim = 1

    def __init__(self, weights):
        super().__init__()
        self.weights = nn.Parameter(weights)

    def forward(self, batch):
        return (batch * self.weights).sum(dim=(1, 2, 3))[:, None] + 100


class Untraceable(Weighted):
    def forward(self, batch):
        return super().forward(batch).detach()


def model_of(encoder, distance):
    like = small_model(calibrated=False)
    return SiameseModel(like.preparation, ready(encoder), "own", distance, "own")


def uniform(levels, height=16, width=16):
    return ((torch.arange(levels) + 0.5) / levels)[:, None, None].expand(levels, height, width)


@settings(max_examples=25, deadline=None)
@given(
    height=st.integers(8, 40),
    width=st.integers(8, 40),
    count=st.integers(1, 20),
    cells=st.integers(2, 8),
    seed=st.integers(0, 99),
)
def test_covers_are_between_0_and_1_and_cover_half_of_every_pixel(height, width, count, cells, seed):
    covers = random_covers(height, width, count, cells, seed)

    assert covers.shape == (count + count % 2, height, width)
    assert covers.min() >= 0
    assert covers.max() <= 1
    torch.testing.assert_close(covers.mean(dim=0), torch.full((height, width), 0.5))


def test_covers_follow_from_the_seed_and_differ_from_each_other():
    covers = random_covers(24, 24, count=8, seed=3)

    assert torch.equal(covers, random_covers(24, 24, count=8, seed=3))
    assert not torch.equal(covers, random_covers(24, 24, count=8, seed=4))
    assert len({tuple(cover.ravel().tolist()) for cover in covers}) == 8


def test_a_linear_distance_has_its_weights_as_map():
    # The distance is 100 + w . x - 0, so covering pixel i changes it by w_i (mean - x_i), whatever else is covered.
    torch.manual_seed(0)
    weights = torch.randn(1, 16, 16) * 0.1
    model = model_of(Weighted(weights), Manhattan())
    picture = read_batch(model.preparation, pictures(1))[0]

    found = relevance(model, picture, np.zeros(1, np.float32), random_covers(16, 16, 6), smooth=0.0)

    whole = as_floats(picture)
    assert found == pytest.approx((weights * (whole.mean() - whole))[0].numpy(), abs=1e-5)


def test_what_is_alike_is_above_0_and_what_is_unlike_below():
    # Left half: a brighter picture comes nearer to the other one. Right half: farther away.
    weights = torch.ones(1, 16, 16)
    weights[..., 8:] = -1
    model = model_of(Weighted(weights), Euclidean())
    picture = torch.zeros(1, 16, 16, dtype=torch.uint8)
    picture[:, 4:12, 2:6] = 255
    picture[:, 4:12, 10:14] = 255
    other = np.array([1000], np.float32)

    found = relevance(model, picture, other, random_covers(16, 16))

    assert found[4:12, 2:6].min() > 0
    assert found[4:12, 10:14].max() < 0


@pytest.mark.parametrize("encoder", [name for name, kind in ENCODERS.items() if kind.kinds == ("picture",)])
def test_under_even_covers_the_map_sums_to_the_whole_change(encoder):
    # The completeness of integrated gradients (Sundararajan et al. 2017, proposition 1), smoothed or not.
    size = 72 if encoder == "koch" else 32
    model = small_model(encoder, size=size, calibrated=False)
    whole, other = read_batch(model.preparation, pictures(2, size=size))
    blank = as_floats(whole).mean().expand_as(whole)
    rows = torch.from_numpy(model.embed_read(torch.stack([as_floats(whole), blank, as_floats(other)])))
    before, after = model.distance.between(rows[:2], rows[2:].expand(2, -1)).tolist()

    for smooth in (0.0, 1 / 24):
        found = relevance(model, whole, rows[2].numpy(), uniform(64, size, size), smooth)
        assert found.sum() == pytest.approx(after - before, rel=0.02, abs=1e-4)


@pytest.mark.parametrize("distance", ["euclidean", "squared_euclidean", "manhattan", "cosine", "learned"])
def test_every_distance_gives_a_map_that_does_not_depend_on_how_many_covers_go_at_once(distance, monkeypatch):
    model = small_model(distance=distance, calibrated=False)
    items = read_batch(model.preparation, pictures(2))
    other = model.embed_read(items[1:])[0]
    whole = relevance(model, items[0], other, random_covers(16, 16))
    monkeypatch.setattr("alikely.explaining.covers.PIXELS_AT_ONCE", 5 * 256)

    assert np.isfinite(whole).all()
    assert whole.any()
    assert relevance(model, items[0], other, random_covers(16, 16)) == pytest.approx(whole, abs=1e-6, rel=1e-3)


def test_nothing_of_the_model_is_changed():
    model = small_model()
    before = model.fingerprint()
    items = read_batch(model.preparation, pictures(2))
    with torch.inference_mode():
        relevance(model, items[0], model.embed_read(items[1:])[0], random_covers(16, 16))

    assert model.fingerprint() == before
    assert all(weight.grad is None for weight in model.encoder.parameters())


def test_a_blank_picture_has_a_map_of_zeros():
    model = small_model()
    blank = torch.full((1, 16, 16), 77, dtype=torch.uint8)

    assert not relevance(model, blank, model.embed_read(blank[None])[0] + 1, random_covers(16, 16)).any()


def test_an_encoder_without_gradients_is_named():
    model = model_of(Untraceable(torch.ones(1, 16, 16)), Euclidean())

    with pytest.raises(ModelError, match="the encoder gives no gradient"):
        relevance(model, read_batch(model.preparation, pictures(1))[0], np.zeros(1, np.float32), random_covers(16, 16))


def test_weights_that_are_not_finite_are_named():
    model = model_of(Weighted(torch.full((1, 16, 16), torch.nan)), Euclidean())

    with pytest.raises(ModelError, match="not finite"):
        relevance(model, read_batch(model.preparation, pictures(1))[0], np.zeros(1, np.float32), random_covers(16, 16))
