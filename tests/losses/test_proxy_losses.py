"""Losses with proxies: by hand, and against pytorch-metric-learning."""

import math

import pytest
import torch
from pytorch_metric_learning.losses import ArcFaceLoss, CosFaceLoss, ProxyAnchorLoss
from torch import nn

from alikely.errors import SettingsError
from alikely.losses import ArcFace, CosFace, ProxyAnchor

PROXIES = torch.tensor([[2.0, 0.0], [0.0, 0.5]])  # their lengths must not matter
LABELS = torch.arange(40) % 6


def with_proxies(loss, vectors):
    loss.proxies.vectors = nn.Parameter(vectors)
    return loss


def at(degrees):
    """A row of length 3 at this angle from the first proxy; the second lies at 90 degrees."""
    return [3 * math.cos(math.radians(degrees)), 3 * math.sin(math.radians(degrees))]


def cross_entropy(own, other):
    return math.log1p(math.exp(other - own))


@pytest.mark.parametrize(
    ("degrees", "own"),
    [
        (60, 2 * math.cos(math.radians(90))),
        (149, 2 * math.cos(math.radians(179))),  # just before the cosine turns
        (170, 2 * (math.cos(math.radians(170)) - math.pi / 6 * 0.5)),  # beyond it
    ],
)
def test_arcface_by_hand(degrees, own):
    loss = with_proxies(ArcFace(2, 2, margin=math.pi / 6, scale=2.0), PROXIES)
    value = loss(torch.tensor([at(degrees)]), torch.tensor([0]))
    assert value.item() == pytest.approx(cross_entropy(own, 2 * math.sin(math.radians(degrees))), rel=1e-4)


def test_cosface_by_hand():
    loss = with_proxies(CosFace(2, 2, margin=0.25, scale=2.0), PROXIES)
    value = loss(torch.tensor([at(60), at(0)]), torch.tensor([0, 1]))
    rows = [cross_entropy(2 * (0.5 - 0.25), 2 * math.sqrt(0.75)), cross_entropy(2 * (0 - 0.25), 2)]
    assert value.item() == pytest.approx(sum(rows) / 2)


def test_proxy_anchor_by_hand():
    loss = with_proxies(ProxyAnchor(3, 2, margin=0.1, alpha=2.0), torch.tensor([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]]))
    value = loss(torch.tensor([at(60), at(0), at(90)]), torch.tensor([0, 0, 1]))
    exp, log = math.exp, math.log
    pull = [log(1 + exp(-2 * (0.5 - 0.1)) + exp(-2 * (1 - 0.1))), log(1 + exp(-2 * (1 - 0.1)))]
    push = [
        log(1 + exp(2 * (0 + 0.1))),
        log(1 + exp(2 * (math.sqrt(0.75) + 0.1)) + exp(2 * (0 + 0.1))),
        log(1 + exp(2 * (-0.5 + 0.1)) + exp(2 * (-1 + 0.1)) + exp(2 * (0 + 0.1))),  # this one has no item: it pushes
    ]
    assert value.item() == pytest.approx(sum(pull) / 2 + sum(push) / 3)


@pytest.mark.parametrize(
    ("loss", "peer", "transposed"),
    [
        (ProxyAnchor(6, 8, margin=0.2, alpha=16.0), ProxyAnchorLoss(6, 8, margin=0.2, alpha=16), False),
        (ProxyAnchor(9, 8), ProxyAnchorLoss(9, 8), False),  # three proxies without items
        (ArcFace(6, 8, margin=0.5, scale=16.0), ArcFaceLoss(6, 8, margin=math.degrees(0.5), scale=16), True),
        (ArcFace(6, 8, margin=1.5), ArcFaceLoss(6, 8, margin=math.degrees(1.5)), True),  # often beyond pi
        (CosFace(6, 8), CosFaceLoss(6, 8), True),
    ],
)
def test_equals_pytorch_metric_learning(loss, peer, transposed):
    loss.double(), peer.double()
    vectors = peer.W if transposed else peer.proxies
    vectors.data = loss.proxies.vectors.data.T.clone() if transposed else loss.proxies.vectors.data.clone()
    embeddings = torch.randn(40, 8, generator=torch.Generator().manual_seed(0)).double().requires_grad_()
    ours, theirs = loss(embeddings, LABELS), peer(embeddings, LABELS)
    torch.testing.assert_close(ours, theirs)
    ours_by_item, ours_by_proxy = torch.autograd.grad(ours, [embeddings, loss.proxies.vectors])
    theirs_by_item, theirs_by_proxy = torch.autograd.grad(theirs, [embeddings, vectors])
    torch.testing.assert_close(ours_by_item, theirs_by_item)
    torch.testing.assert_close(ours_by_proxy, theirs_by_proxy.T if transposed else theirs_by_proxy)


@pytest.mark.parametrize("kind", [ProxyAnchor, ArcFace, CosFace])
def test_items_exactly_on_or_opposite_their_proxy_have_finite_gradients(kind):
    loss = with_proxies(kind(2, 2), torch.eye(2))
    embeddings = torch.tensor([[1.0, 0.0], [-1.0, 0.0], [0.0, 0.0]], requires_grad=True)
    loss(embeddings, torch.tensor([0, 0, 1])).backward()
    assert embeddings.grad.isfinite().all()
    assert loss.proxies.vectors.grad.isfinite().all()


@pytest.mark.parametrize("kind", [ProxyAnchor, ArcFace, CosFace])
def test_training_brings_items_to_their_proxy(kind):
    torch.manual_seed(0)
    embeddings = nn.Parameter(torch.randn(12, 4))
    labels = torch.arange(12) % 3
    loss = kind(3, 4)
    optimizer = torch.optim.Adam([embeddings, *loss.parameters()], lr=0.05)
    for _ in range(150):
        optimizer.zero_grad()
        loss(embeddings, labels).backward()
        optimizer.step()
    assert torch.equal(loss.proxies(embeddings, labels).argmax(dim=1), labels)


@pytest.mark.parametrize("label", [-1, 2])
def test_a_label_without_a_proxy_is_refused(label):
    with pytest.raises(SettingsError, match=r"labels must be numbers from 0 to 1, got .*as many classes as"):
        ArcFace(2, 2)(torch.ones(2, 2), torch.tensor([0, label]))
