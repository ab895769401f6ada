"""Losses by name: their settings, and what is refused."""

import pytest
import torch

from alikely.distances import Euclidean
from alikely.errors import SettingsError
from alikely.losses import LOSSES, ArcFace, Contrastive, MultiSimilarity, Triplet, batch_loss, build_loss
from alikely.types import Known


def test_settings_take_the_place_of_the_defaults():
    assert build_loss("contrastive", {"margin": 2.5}, 0, 8) == Contrastive(margin=2.5)
    assert build_loss("triplet", {"margin": None, "mining": "all"}, 0, 8) == Triplet(margin=None, mining="all")
    assert build_loss("multi_similarity", {"epsilon": None, "beta": 40}, 0, 8) == MultiSimilarity(
        beta=40.0, epsilon=None
    )


def test_proxies_are_as_many_as_classes_and_as_long_as_embeddings():
    loss = build_loss("arcface", {"scale": 30.0}, classes=7, dim=12)
    assert isinstance(loss, ArcFace)
    assert loss.proxies.vectors.shape == (7, 12)
    assert loss.scale == 30.0


def test_the_start_of_the_proxies_follows_the_seed():
    torch.manual_seed(3)
    first = build_loss("proxy_anchor", {}, 7, 12)
    torch.manual_seed(3)
    assert torch.equal(first.proxies.vectors, build_loss("proxy_anchor", {}, 7, 12).proxies.vectors)


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("hinge", {}, r"no loss 'hinge'; choose one of: contrastive, .*, cosface"),
        ("contrastive", {"marign": 1.0}, r"loss contrastive has no setting 'marign'; it has: margin"),
        ("arcface", {"classes": 3}, r"loss arcface has no setting 'classes'; it has: margin, scale"),
        ("contrastive", {"margin": -1}, r"loss contrastive: margin must be a number above 0, got -1"),
        ("contrastive", {"margin": "wide"}, r"loss contrastive: margin must be a number, got 'wide'"),
        ("contrastive", {"margin": None}, r"margin must be a number, got None"),
        ("contrastive", {"margin": True}, r"margin must be a number, got True"),
        ("contrastive", {"margin": float("nan")}, r"margin must be a number above 0, got nan"),
        ("contrastive", {"margin": float("inf")}, r"margin must be a number above 0, got inf"),
        ("contrastive_two_margins", {"same_margin": 2.0}, r"same_margin must be below different_margin"),
        ("contrastive_two_margins", {"same_margin": -0.1}, r"same_margin must be a number at least 0, got -0.1"),
        ("logistic", {"offset": float("nan")}, r"offset must be a number, got nan"),
        ("triplet", {"mining": "hardest"}, r"loss triplet: there is no mining 'hardest'"),
        ("triplet", {"margin": "soft"}, r"loss triplet: margin must be a number or none, got 'soft'"),
        ("triplet", {"mining": 3}, r"loss triplet: mining must be a word, got 3"),
        ("info_nce", {"temperature": 0}, r"temperature must be a number above 0, got 0"),
        ("supervised_contrastive", {"temperature": -1.0}, r"temperature must be a number above 0"),
        ("multi_similarity", {"epsilon": -1.0}, r"epsilon must be a number at least 0"),
        ("multi_similarity", {"alpha": 0.0}, r"alpha must be a number above 0"),
        ("proxy_anchor", {"margin": 2.0}, r"margin must be a number at least 0 and at most 1, got 2"),
        ("arcface", {"margin": 28.6}, r"margin must be a number at least 0 and at most 1.5708, got 28.6"),
        ("cosface", {"scale": 0.0}, r"scale must be a number above 0"),
    ],
)
def test_what_is_refused(name, settings, message):
    with pytest.raises(SettingsError, match=message):
        build_loss(name, settings, classes=5, dim=8)


@pytest.mark.parametrize("name", [name for name, kind in LOSSES.items() if kind.takes == "labels"])
def test_proxies_need_labels(name):
    with pytest.raises(SettingsError, match=rf"{name} learns from labels, .* choose one of: contrastive, "):
        build_loss(name, {}, classes=0, dim=8)
    pairs = Known.from_pairs(4, torch.tensor([0]), torch.tensor([1]), torch.tensor([True]))
    with pytest.raises(SettingsError, match=r"learns from labels, and only pairs are known"):
        batch_loss(build_loss(name, {}, classes=5, dim=8), Euclidean(), torch.randn(4, 8), pairs)
