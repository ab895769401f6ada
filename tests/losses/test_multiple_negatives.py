"""Multiple negatives: by hand, its guard against false negatives, and against sentence-transformers."""

import math

import pytest
import torch

from alikely.distances import Cosine
from alikely.errors import SettingsError
from alikely.losses import InfoNCE, MultipleNegatives, batch_loss, build_loss
from alikely.mining import trusted_negatives
from alikely.types import Known

# Items on a line at 0, 1, 2 and 4.
LINE = torch.tensor([0.0, 1.0, 2.0, 4.0])
DISTANCES = (LINE[:, None] - LINE).abs()


def pairs(*rows):
    left, right, same = zip(*rows, strict=True)
    return Known.from_pairs(4, torch.tensor(left), torch.tensor(right), torch.tensor(same))


def test_one_positive_pair_against_the_rest_of_the_batch_by_hand():
    known = pairs((0, 1, True))  # of 2 and 4 nothing is known
    exp = math.exp
    first = -math.log(exp(-1) / (exp(-1) + exp(-2) + exp(-4)))
    second = -math.log(exp(-1) / (exp(-1) + exp(-1) + exp(-3)))
    value = MultipleNegatives(scale=1.0)(DISTANCES, known.same, known.different)
    assert value.item() == pytest.approx((first + second) / 2)


def test_a_given_negative_is_one_of_the_negatives():
    triplet = pairs((0, 1, True), (0, 2, False))
    value = MultipleNegatives(scale=1.0, in_batch=False)(DISTANCES, triplet.same, triplet.different)
    # Of the anchor 1 no negative is known.
    assert value.item() == pytest.approx(math.log(1 + math.exp(1 - 2)) / 2)
    with_rest = MultipleNegatives(scale=1.0)(DISTANCES, triplet.same, triplet.different)
    assert with_rest == MultipleNegatives(scale=1.0)(DISTANCES, triplet.same, torch.zeros(4, 4, dtype=torch.bool))


def test_where_all_is_known_it_is_info_nce():
    known = Known.from_labels(torch.arange(20) % 6)
    embeddings = torch.randn(20, 8, generator=torch.Generator().manual_seed(0)).requires_grad_()
    first, second = (batch_loss(loss, Cosine(), embeddings, known) for loss in (MultipleNegatives(20.0), InfoNCE(0.05)))
    assert torch.equal(first, second)


@pytest.mark.parametrize(
    ("guard", "left_out"),
    [
        # Item 1 has its positive 3 at a distance of 3, its negatives at 1 and 1; item 3 has its own at 3, and 4 and 2.
        (0.0, [(1, 0), (1, 2), (3, 2)]),
        (1.0, [(1, 0), (1, 2)]),  # 2 is nearer by 1, which is not more than 1
        (2.0, []),
        (1e9, []),
    ],
)
def test_the_guard_leaves_out_what_is_nearer_than_the_positive_by_more(guard, left_out):
    same = pairs((1, 3, True)).same
    different = ~same & ~torch.eye(4, dtype=torch.bool)
    trusted = trusted_negatives(DISTANCES, same, different, guard)
    assert (different & ~trusted).nonzero().tolist() == [list(pair) for pair in left_out]
    guarded = MultipleNegatives(1.0, guard=guard)(DISTANCES, same, torch.zeros_like(same))
    assert guarded == InfoNCE(1.0)(DISTANCES, same, trusted)


def test_of_several_positives_the_nearest_counts_for_the_guard():
    same = pairs((1, 0, True), (1, 3, True)).same  # of anchor 1 at 1 and 3
    trusted = trusted_negatives(DISTANCES, same, ~same, guard=0.5)
    assert trusted[1, 2]  # at 1: as near as the nearest positive


def test_equal_items_are_no_negatives_under_the_guard():
    # Two pairs that say the same: without the guard the loss cannot reach 0.
    embeddings = torch.tensor([[1.0, 0.0], [1.0, 0.1], [1.0, 0.0], [1.0, 0.1]])
    known = pairs((0, 1, True), (2, 3, True))
    free, guarded = (
        batch_loss(MultipleNegatives(1000.0, guard=guard), Cosine(), embeddings, known) for guard in (None, 0.001)
    )
    assert free > 1
    assert guarded < free / 2


def rows(count, seed):
    return torch.randn(count, 8, generator=torch.Generator().manual_seed(seed)).double().requires_grad_()


@pytest.mark.parametrize("hard", [False, True])
def test_one_way_it_equals_sentence_transformers(hard):
    peers = pytest.importorskip("sentence_transformers.sentence_transformer.losses")
    queries, answers, wrong = rows(12, 0), rows(12, 1), rows(12, 2)
    columns = [answers, wrong] if hard else [answers]
    theirs = peers.MultipleNegativesRankingLoss(None).compute_loss_from_embeddings([queries, *columns], None)
    # One way: a table of queries by answers.
    table = Cosine().table(queries, torch.cat(columns))
    same = torch.eye(*table.shape, dtype=torch.bool)
    ours = MultipleNegatives(in_batch=False)(table, same, ~same)
    torch.testing.assert_close(ours, theirs)
    torch.testing.assert_close(*(torch.autograd.grad(value, queries)[0] for value in (ours, theirs)))


def test_without_anything_known_there_is_nothing_to_learn():
    distances = DISTANCES.clone().requires_grad_()
    nothing = torch.zeros(4, 4, dtype=torch.bool)
    value = MultipleNegatives(guard=0.1)(distances, nothing, nothing)
    value.backward()
    assert value == 0
    assert (distances.grad == 0).all()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"scale": 0}, "scale must be a number above 0, got 0"),
        ({"guard": -0.1}, "guard must be a number at least 0, got -0.1"),
        ({"in_batch": "yes"}, "in_batch must be true or false, got 'yes'"),
    ],
)
def test_settings_that_do_not_fit_are_refused(settings, message):
    with pytest.raises(SettingsError, match=message):
        build_loss("multiple_negatives", settings, 0, 8)
