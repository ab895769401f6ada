"""Items of earlier batches as further columns: what is kept, and what the losses make of it."""

import pytest
import torch

from alikely.distances import Cosine, Euclidean
from alikely.losses import LOSSES, Contrastive, Earlier, InfoNCE, batch_loss, build_loss, compares_earlier
from alikely.types import Known

COMPARING = [name for name, kind in LOSSES.items() if kind.takes in ("pairs", "table")]


def rows(count, seed=0):
    return torch.randn(count, 4, generator=torch.Generator().manual_seed(seed)).requires_grad_()


def numbers(*values):
    return torch.tensor(values, dtype=torch.int64)


def test_the_latest_items_are_kept_each_once():
    first, second = rows(3), rows(2, seed=1)
    earlier = Earlier.none(4, first).with_batch(first, numbers(0, 0, 1), numbers(10, 11, 12))
    assert earlier.items.tolist() == [10, 11, 12]
    earlier = earlier.with_batch(second, numbers(0, 2), numbers(11, 13))  # 11 as it is now
    assert earlier.items.tolist() == [10, 12, 11, 13]
    assert earlier.labels.tolist() == [0, 1, 0, 2]
    assert torch.equal(earlier.embeddings, torch.cat([first[[0, 2]], second]).detach())
    earlier = earlier.with_batch(rows(1), numbers(5), numbers(14))
    assert earlier.items.tolist() == [12, 11, 13, 14]
    assert earlier.labels.tolist() == [1, 0, 2, 5]
    assert torch.equal(earlier.embeddings, torch.cat([first[[2]], second, rows(1)]).detach())
    assert not earlier.embeddings.requires_grad


def test_an_item_is_not_compared_with_what_it_was_before():
    earlier = Earlier.none(4, rows(3)).with_batch(rows(3), numbers(0, 0, 1), numbers(10, 11, 12))
    assert earlier.without(numbers(11, 99)).items.tolist() == [10, 12]


def test_info_nce_has_earlier_items_as_negatives_and_as_positives_by_hand():
    embeddings = torch.tensor([[0.0], [1.0]], requires_grad=True)
    earlier = Earlier.none(9, embeddings).with_batch(torch.tensor([[3.0], [-2.0]]), numbers(0, 1), numbers(7, 8))
    known = Known.from_labels(numbers(0, 0))
    value = batch_loss(InfoNCE(1.0), Euclidean(), embeddings, known, earlier)
    # Positives 1 and 3 of the item at 0, whose negative is at 2; 1 and 2 of the item at 1, whose negative is at 3.
    pairs = torch.tensor([1.0 - 2, 3 - 2, 1 - 3, 2 - 3])
    torch.testing.assert_close(value, torch.nn.functional.softplus(pairs).mean())


def test_contrastive_has_each_pair_once():
    embeddings = torch.tensor([[0.0], [0.5]], requires_grad=True)
    earlier = Earlier.none(9, embeddings).with_batch(torch.tensor([[1.0], [0.25]]), numbers(0, 1), numbers(7, 8))
    value = batch_loss(Contrastive(1.0), Euclidean(), embeddings, Known.from_labels(numbers(0, 0)), earlier)
    # same: 0.5 within the batch, 1 and 0.5 with the first; different: twice 0.25 with the second
    assert value.item() == pytest.approx((0.25 + 1 + 0.25) / 3 + 0.75**2)


@pytest.mark.parametrize("name", COMPARING)
def test_it_is_the_same_as_a_table_of_which_only_the_rows_of_the_batch_are_learned_from(name):
    batch, before = rows(12), rows(20, seed=1).detach()
    labels, others = torch.arange(12) % 4, torch.arange(20) % 5
    torch.manual_seed(0)
    loss = build_loss(name, {}, 0, 4)
    earlier = Earlier.none(20, before).with_batch(before, others, torch.arange(20) + 100)
    value = batch_loss(loss, Cosine(), batch, Known.from_labels(labels), earlier)
    every = Known.from_labels(torch.cat([labels, others]))
    table = Cosine().table(batch, torch.cat([batch, before]))
    if LOSSES[name].takes == "table":
        expected = loss(table, every.same[:12], every.different[:12])
    else:
        left, right = torch.triu(every.same[:12] | every.different[:12]).nonzero(as_tuple=True)
        expected = loss(table[left, right], every.same[left, right])
    torch.testing.assert_close(value, expected)
    assert torch.autograd.grad(value, batch)[0].abs().sum() > 0


@pytest.mark.parametrize("name", COMPARING)
def test_an_empty_memory_changes_nothing(name):
    batch, known = rows(12), Known.from_labels(torch.arange(12) % 4)
    loss = build_loss(name, {}, 0, 4)
    empty = Earlier.none(20, batch)
    assert torch.equal(batch_loss(loss, Cosine(), batch, known, empty), batch_loss(loss, Cosine(), batch, known))


@pytest.mark.parametrize("name", ["arcface", "cosent", "pml:CircleLoss"])
def test_other_losses_do_not_look_at_it(name):
    assert not compares_earlier(name)
    assert compares_earlier(f"{name}+info_nce")
