"""What every loss keeps, with every distance: finite, unmoved by order and by what is unknown, quadratic in memory."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.utils._python_dispatch import TorchDispatchMode

from alikely.contracts import PairLoss, ProxyLoss, ScoreLoss, TableLoss, ViewLoss
from alikely.distances import DISTANCES, build_distance
from alikely.losses import LOSSES, batch_loss, build_loss
from alikely.types import Known

DIM = 8
CLASSES = 12
# Every loss as it comes, and the triplet loss in all its kinds.
MORE = {
    "triplet all": ("triplet", {"mining": "all"}),
    "triplet batch_hard": ("triplet", {"mining": "batch_hard"}),
    "triplet soft all": ("triplet", {"mining": "all", "margin": None}),
    "triplet soft batch_hard": ("triplet", {"mining": "batch_hard", "margin": None}),
    "multi_similarity unmined": ("multi_similarity", {"epsilon": None}),
    "multiple_negatives given": ("multiple_negatives", {"in_batch": False, "guard": 0.1}),
}
CASES = {name: (name, {}) for name in LOSSES} | MORE
WITH_TABLES = [case for case, (name, _) in CASES.items() if LOSSES[name].takes == "table"]
WITHOUT_PROXIES = [case for case, (name, _) in CASES.items() if LOSSES[name].takes != "labels"]
WITHOUT_VIEWS = [case for case, (name, _) in CASES.items() if LOSSES[name].takes != "views"]
# These need both kinds; the others learn from one kind alone.
NEED_BOTH = [case for case in WITH_TABLES if case != "multi_similarity unmined"]

# To the angle and to views it matters which item of a pair is the left one: the order of the batch decides that here.
UNMOVED_BY_ORDER = [case for case in WITHOUT_VIEWS if case != "angle"]


def make(case):
    name, given_settings = CASES[case]
    torch.manual_seed(0)
    return build_loss(name, given_settings, classes=CLASSES, dim=DIM)


def draw(rows, seed=0):
    return torch.randn(rows, DIM, generator=torch.Generator().manual_seed(seed)).requires_grad_()


def value_and_gradient(case, embeddings, known, distance="cosine"):
    value = batch_loss(make(case), build_distance(distance, DIM), embeddings, known)
    (gradient,) = torch.autograd.grad(value, embeddings)
    return value, gradient


def some_pairs(rows, seed=0):
    generator = torch.Generator().manual_seed(seed)
    left = torch.arange(0, rows - 2)
    right = left + torch.randint(1, 3, (rows - 2,), generator=generator)
    return Known.from_pairs(rows, left, right, torch.arange(rows - 2) % 3 == 0)


@pytest.mark.parametrize("case", CASES)
def test_every_loss_matches_its_protocol(case):
    loss = make(case)
    protocols = {"pairs": PairLoss, "table": TableLoss, "scores": ScoreLoss, "labels": ProxyLoss, "views": ViewLoss}
    assert isinstance(loss, protocols[loss.takes])


@pytest.mark.parametrize("distance", DISTANCES)
@pytest.mark.parametrize("case", CASES)
def test_value_and_gradient_are_finite_and_there_is_something_to_learn(case, distance):
    embeddings = draw(40)
    value, gradient = value_and_gradient(case, embeddings, Known.from_labels(torch.arange(40) % CLASSES), distance)
    assert value.shape == ()
    assert value > 0
    assert gradient.isfinite().all()
    assert gradient.abs().sum() > 0


# Semi-hard triplets come and go with every step, and the mean with them.
@pytest.mark.parametrize("case", [case for case in WITHOUT_PROXIES if case != "triplet"])
def test_a_step_against_the_gradient_makes_it_smaller(case):
    known = Known.from_labels(torch.arange(40) % CLASSES)
    embeddings = draw(40)
    before, gradient = value_and_gradient(case, embeddings, known)
    after, _ = value_and_gradient(
        case, (embeddings - 1e-3 * gradient / gradient.norm()).detach().requires_grad_(), known
    )
    assert after < before


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("labels", [[0] * 6, list(range(6)), [3]])
def test_without_positives_or_without_negatives(case, labels):
    value, gradient = value_and_gradient(case, draw(len(labels)), Known.from_labels(torch.tensor(labels)))
    assert value.isfinite()
    assert gradient.isfinite().all()
    if case in NEED_BOTH:
        assert value == 0
        assert (gradient == 0).all()


@pytest.mark.parametrize("distance", DISTANCES)
@pytest.mark.parametrize("case", CASES)
def test_collapsed_embeddings_have_finite_gradients(case, distance):
    known = Known.from_labels(torch.arange(30) % CLASSES)
    for place in (0.0, 1.0):
        value, gradient = value_and_gradient(case, torch.full((30, DIM), place, requires_grad=True), known, distance)
        assert value.isfinite()
        assert gradient.isfinite().all()


# Multiple negatives takes what is unknown for different, unless it is told not to.
@pytest.mark.parametrize("case", [case for case in WITHOUT_PROXIES if case != "multiple_negatives"])
def test_explicit_pairs_work_and_what_is_unknown_is_ignored(case):
    known = some_pairs(30)
    known = Known.from_pairs(
        33, *torch.triu(known.same | known.different).nonzero(as_tuple=True), torch.arange(28) % 3 == 0
    )
    embeddings = draw(33)
    value, gradient = value_and_gradient(case, embeddings, known)
    assert value.isfinite()
    assert value > 0
    assert (gradient[30:] == 0).all()  # of the last three nothing is known
    moved = embeddings.detach().clone()
    moved[30:] = 100
    elsewhere, _ = value_and_gradient(case, moved.requires_grad_(), known)
    torch.testing.assert_close(elsewhere, value)


@pytest.mark.parametrize("case", WITHOUT_PROXIES)
def test_all_pairs_given_one_by_one_are_the_same_as_labels(case):
    labels = torch.arange(20) % 6
    left, right = torch.triu_indices(20, 20, offset=1)
    by_pairs = Known.from_pairs(20, left, right, labels[left] == labels[right])
    embeddings = draw(20)
    first, first_gradient = value_and_gradient(case, embeddings, by_pairs)
    second, second_gradient = value_and_gradient(case, embeddings, Known.from_labels(labels))
    torch.testing.assert_close(first, second)
    torch.testing.assert_close(first_gradient, second_gradient)


@settings(deadline=None, max_examples=40)
@given(case=st.sampled_from(UNMOVED_BY_ORDER), rows=st.integers(2, 40), seed=st.integers(0, 10_000))
def test_the_order_of_the_batch_does_not_matter(case, rows, seed):
    generator = torch.Generator().manual_seed(seed)
    labels = torch.randint(0, CLASSES, (rows,), generator=generator)
    order = torch.randperm(rows, generator=generator)
    embeddings = draw(rows, seed)
    value, gradient = value_and_gradient(case, embeddings, Known.from_labels(labels))
    shuffled = embeddings[order].detach().requires_grad_()
    other, other_gradient = value_and_gradient(case, shuffled, Known.from_labels(labels[order]))
    assert value > -1e-6
    torch.testing.assert_close(other, value, rtol=1e-4, atol=1e-6)
    torch.testing.assert_close(other_gradient, gradient[order], rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("case", CASES)
def test_autocast_does_not_change_the_answer(case):
    known = Known.from_labels(torch.arange(30) % CLASSES)
    expected, _ = value_and_gradient(case, draw(30), known)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        value = batch_loss(make(case), build_distance("cosine", DIM), draw(30), known)
    assert value.dtype == torch.float32
    torch.testing.assert_close(value, expected)


@pytest.mark.parametrize("case", CASES)
def test_half_precision_embeddings_get_half_precision_gradients(case):
    embeddings = draw(30).detach().bfloat16().requires_grad_()
    value, gradient = value_and_gradient(case, embeddings, Known.from_labels(torch.arange(30) % CLASSES))
    assert value.dtype == torch.float32
    assert gradient.dtype == torch.bfloat16
    assert gradient.isfinite().all()


class Allocations(TorchDispatchMode):
    """Notes the largest tensor that any operation makes, forward or backward, in numbers."""

    def __init__(self):
        super().__init__()
        self.largest = 0

    def __torch_dispatch__(self, operation, types, arguments=(), keywords=None):
        answer = operation(*arguments, **(keywords or {}))
        for part in answer if isinstance(answer, (tuple, list)) else (answer,):
            if isinstance(part, torch.Tensor):
                self.largest = max(self.largest, part.numel())
        return answer


def memory(loss, distance, rows, labels):
    """The largest tensor, and all that is kept for the way back, both in numbers."""
    kept = {}

    def keep(tensor):
        kept[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes() // 4
        return tensor

    embeddings = draw(rows)
    with Allocations() as made, torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        batch_loss(loss, distance, embeddings, Known.from_labels(labels % CLASSES)).backward()
    return made.largest, sum(kept.values())


# What a loss of views keeps goes with the width of its projector.
@pytest.mark.parametrize("case", WITHOUT_VIEWS)
def test_memory_is_quadratic_in_the_batch(case):
    rows = 1024
    loss = make(case)
    largest, kept = memory(loss, build_distance("cosine", DIM), rows, torch.arange(rows) // 4)
    # Losses of scores get the embeddings of both items of each pair.
    room = rows * rows * (DIM // 2 if loss.takes == "scores" else 1)
    assert largest <= room
    assert kept <= 20 * room


@pytest.mark.parametrize("case", [case for case in CASES if case.startswith("triplet")])
def test_memory_is_quadratic_with_two_labels_only(case):
    rows = 256  # 4 million triplets
    largest, kept = memory(make(case), build_distance("cosine", DIM), rows, torch.arange(rows) % 2)
    assert largest <= rows * rows
    assert kept <= 20 * rows * rows


@pytest.mark.parametrize("name", DISTANCES)
def test_tables_never_hold_the_differences(name):
    rows = 64
    left = torch.randn(rows, 512, requires_grad=True)
    with Allocations() as made:
        build_distance(name, 512).table(left, left).sum().backward()
    assert made.largest <= max(rows * rows, rows * 512)
