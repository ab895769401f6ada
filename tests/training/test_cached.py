"""Gradients of a batch in pieces: those of the whole, in less memory, with dropout too."""

import pytest
import torch
from torch import nn

from alikely.distances import Cosine
from alikely.losses import InfoNCE, batch_loss, build_loss
from alikely.training.cached import backward_in_pieces
from alikely.types import Known


def network(dropout=0.0):
    torch.manual_seed(0)
    layers = [nn.Linear(6, 32), nn.LayerNorm(32), nn.Tanh(), nn.Dropout(dropout), nn.Linear(32, 8)]
    return nn.Sequential(*layers).double()


def gradients(modules):
    return [weight.grad.clone() for module in modules for weight in module.parameters()]


BATCH = torch.randn(23, 6, generator=torch.Generator().manual_seed(1)).double()
KNOWN = Known.from_labels(torch.arange(23) % 6)


@pytest.mark.parametrize("at_once", [1, 4, 22, 23, 100])
@pytest.mark.parametrize("name", ["info_nce", "contrastive+proxy_anchor"])
def test_loss_embeddings_and_gradients_are_those_of_the_whole_batch(at_once, name):
    torch.manual_seed(3)
    loss = build_loss(name, {}, 6, 8)
    if isinstance(loss, nn.Module):
        loss.double()
    modules = [network(), *([loss] if isinstance(loss, nn.Module) else [])]
    encoder = modules[0]
    whole = encoder(BATCH)
    expected = batch_loss(loss, Cosine(), whole, KNOWN)
    expected.backward()
    wanted = gradients(modules)
    for module in modules:
        module.zero_grad()

    value, embeddings = backward_in_pieces(encoder, BATCH, at_once, lambda e: batch_loss(loss, Cosine(), e, KNOWN))

    torch.testing.assert_close(value, expected.detach(), rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(embeddings, whole.detach(), rtol=1e-12, atol=1e-12)
    for ours, theirs in zip(gradients(modules), wanted, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-10, atol=1e-12)


def test_dropout_leaves_out_the_same_both_times():
    encoder = network(dropout=0.5)
    torch.manual_seed(7)
    # What backward_in_pieces does on the way there, with everything kept.
    whole = torch.cat([encoder(piece) for piece in BATCH.tensor_split(5)])
    after = torch.get_rng_state()
    batch_loss(InfoNCE(), Cosine(), whole, KNOWN).backward()
    wanted = gradients([encoder])
    encoder.zero_grad()

    torch.manual_seed(7)
    _, embeddings = backward_in_pieces(encoder, BATCH, 5, lambda e: batch_loss(InfoNCE(), Cosine(), e, KNOWN))

    torch.testing.assert_close(embeddings, whole.detach())
    for ours, theirs in zip(gradients([encoder]), wanted, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-10, atol=1e-12)
    assert torch.equal(torch.get_rng_state(), after)  # and what is drawn next is drawn anew


class Kept:
    """How many numbers wait for the way back, now and at most."""

    def __init__(self):
        self.now = self.most = 0

    def keep(self, tensor):
        self.now += tensor.numel()
        self.most = max(self.most, self.now)
        return tensor, Released(self, tensor.numel())

    @staticmethod
    def give(kept):
        return kept[0]


class Released:
    def __init__(self, kept, count):
        self.kept, self.count = kept, count

    def __del__(self):
        self.kept.now -= self.count


def most_kept(items, at_once):
    encoder = nn.Sequential(nn.Linear(16, 512), nn.Tanh(), nn.Linear(512, 512), nn.Tanh(), nn.Linear(512, 4))
    kept = Kept()
    with torch.autograd.graph.saved_tensors_hooks(kept.keep, kept.give):
        backward_in_pieces(encoder, torch.randn(items, 16), at_once, lambda embeddings: embeddings.square().sum())
    return kept.most


def test_what_the_encoder_keeps_grows_with_the_piece_not_with_the_batch():
    weights = 512 * 512 + 512 * 4  # which are kept whatever the batch
    piece = most_kept(32, 16) - weights
    assert most_kept(512, 16) - weights <= piece
    assert most_kept(512, 512) - weights > 25 * piece


def test_gradients_are_added_to_those_that_are_there():
    encoder = network()
    for _ in range(2):
        backward_in_pieces(encoder, BATCH, 7, lambda e: batch_loss(InfoNCE(), Cosine(), e, KNOWN))
    twice = gradients([encoder])
    encoder.zero_grad()
    backward_in_pieces(encoder, BATCH, 7, lambda e: batch_loss(InfoNCE(), Cosine(), e, KNOWN))
    for once, both in zip(gradients([encoder]), twice, strict=True):
        torch.testing.assert_close(both, 2 * once)


@pytest.mark.parametrize(
    ("items", "at_once", "sizes"), [(7, 3, [3, 2, 2]), (6, 3, [3, 3]), (3, 2, [3]), (5, 2, [3, 2]), (3, 1, [1, 1, 1])]
)
def test_the_pieces_are_of_like_size_and_no_item_is_alone(items, at_once, sizes):
    seen = []

    def encode(piece):
        seen.append(len(piece))
        return piece * torch.ones(1, requires_grad=True)

    backward_in_pieces(encode, torch.ones(items, 2), at_once, lambda embeddings: embeddings.sum())
    assert seen == sizes * 2


def test_what_the_loss_draws_is_not_drawn_again():
    drawn = []

    def loss_of(embeddings):
        drawn.append(torch.rand(3))
        return embeddings.square().sum()

    backward_in_pieces(network(dropout=0.5), BATCH, 5, loss_of)
    assert not torch.equal(torch.rand(3), drawn[0])
