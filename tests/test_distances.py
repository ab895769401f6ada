"""Every distance: known answers, and the contract that all of them keep."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.autograd import gradcheck

from alikely.contracts import Distance
from alikely.distances import DISTANCES, Euclidean, Learned, build_distance
from alikely.errors import SettingsError

DIM = 8


@pytest.fixture(params=DISTANCES)
def distance(request):
    return build_distance(request.param, DIM)


def draw(rows, seed=0, dtype=torch.float32, dim=DIM):
    return torch.randn(rows, dim, generator=torch.Generator().manual_seed(seed), dtype=dtype)


LEFT = torch.tensor([[0.0, 0.0], [3.0, 4.0], [1.0, 0.0], [1.0, 1.0], [2.0, 0.0]])
RIGHT = torch.tensor([[3.0, 4.0], [3.0, 4.0], [0.0, 5.0], [-2.0, -2.0], [1.0, 1.0]])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("euclidean", [5.0, 0.0, math.sqrt(26), math.sqrt(18), math.sqrt(2)]),
        ("squared_euclidean", [25.0, 0.0, 26.0, 18.0, 2.0]),
        ("manhattan", [7.0, 0.0, 6.0, 6.0, 2.0]),
        ("exp_manhattan", [1 - math.exp(-value) for value in (7.0, 0.0, 6.0, 6.0, 2.0)]),
        ("cosine", [1.0, 0.0, 1.0, 2.0, 1 - math.sqrt(0.5)]),  # first row: a zero vector has no direction
        ("learned", [value / math.sqrt(2) for value in (7.0, 0.0, 6.0, 6.0, 2.0)]),  # each weight is 1 / sqrt(2)
    ],
)
def test_known_answers(name, expected):
    distance = build_distance(name, 2)
    assert distance.between(LEFT, RIGHT).tolist() == pytest.approx(expected, rel=1e-5, abs=1e-6)
    assert distance.table(LEFT, RIGHT).diagonal().tolist() == pytest.approx(expected, rel=1e-5, abs=1e-6)


def test_learned_weighs_each_number():
    distance = Learned(2)
    weights = torch.tensor([0.5, 3.0])
    distance.raw_weights.data = weights.expm1().log()
    assert distance.between(torch.tensor([[1.0, 1.0]]), torch.tensor([[3.0, 0.0]])).item() == pytest.approx(4.0)


def test_learned_weights_are_learned_and_stay_above_zero():
    distance = Learned(DIM)
    optimizer = torch.optim.SGD(distance.parameters(), lr=10.0)
    before = distance.weights().detach()
    for _ in range(20):
        optimizer.zero_grad()
        distance.table(draw(6), draw(6)).sum().backward()
        optimizer.step()
    after = distance.weights()
    assert (after < before).all()
    assert (after >= 0).all()


def test_all_meet_the_contract(distance):
    assert isinstance(distance, Distance)


@pytest.mark.parametrize("rows", [1, 2, 25, 26, 60, 300])
def test_an_item_is_at_distance_zero_from_itself(distance, rows):
    items = 100 + draw(rows)  # far from the origin, where a product of matrices would lose the difference
    for itself in (distance.table(items, items).diagonal(), distance.between(items, items)):
        assert (itself >= 0).all()
        assert itself.max() <= 1e-6


@settings(deadline=None, max_examples=20)
@given(
    name=st.sampled_from(list(DISTANCES)),
    rows=st.integers(1, 40),
    columns=st.integers(1, 40),
    seed=st.integers(0, 10_000),
    scale=st.sampled_from([1e-3, 1.0, 1e3]),
)
def test_symmetric_never_negative_and_table_agrees_with_between(name, rows, columns, seed, scale):
    distance = build_distance(name, DIM)
    left, right = scale * draw(rows, seed), scale * draw(columns, seed + 1)
    table = distance.table(left, right)
    assert table.shape == (rows, columns)
    assert (table >= 0).all()
    torch.testing.assert_close(table, distance.table(right, left).T)
    row_by_row = distance.between(left.repeat_interleave(columns, dim=0), right.repeat(rows, 1))
    torch.testing.assert_close(table, row_by_row.view(rows, columns), rtol=1e-5, atol=1e-6)


def test_gradients_are_those_of_the_definition(distance):
    if isinstance(distance, torch.nn.Module):
        distance.double()
    left, right = draw(3, 1, torch.float64).requires_grad_(), draw(4, 2, torch.float64).requires_grad_()
    assert gradcheck(distance.table, (left, right))
    assert gradcheck(distance.between, (left, right[:3].detach()))


@pytest.mark.parametrize("value", [0.0, 1e-30, 1.0, 1e15])
def test_gradients_are_finite_at_distance_zero(distance, value):
    items = torch.full((30, DIM), value, requires_grad=True)
    (distance.table(items, items).sum() + distance.between(items, items).sum()).backward()
    assert items.grad.isfinite().all()


def test_zero_vectors_have_a_defined_cosine_distance():
    zeros = torch.zeros(3, DIM)
    cosine = build_distance("cosine", DIM)
    assert (cosine.table(zeros, draw(5)) == 1).all()
    assert (cosine.between(zeros, zeros) == 1).all()


@pytest.mark.parametrize("autocast", [True, False])
def test_half_precision_is_computed_in_float32(distance, autocast):
    items = draw(30).bfloat16()
    expected = distance.table(items.float(), items.float())
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=autocast):
        table = distance.table(items, items)
        rows = distance.between(items, items.roll(1, 0))
    assert table.dtype == rows.dtype == torch.float32
    torch.testing.assert_close(table, expected)


def test_float64_stays_float64(distance):
    assert distance.table(draw(3, dtype=torch.float64), draw(3, dtype=torch.float64)).dtype == torch.float64


def test_empty_batches(distance):
    assert distance.table(draw(0), draw(3)).shape == (0, 3)
    assert distance.between(draw(0), draw(0)).shape == (0,)


def test_unknown_names_are_refused_with_the_choices():
    with pytest.raises(SettingsError, match=r"no distance 'hamming'; choose one of: euclidean, .*cosine, learned"):
        build_distance("hamming", DIM)


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
@pytest.mark.parametrize("apart", [0.0, 1e-6, 1e-3, 1.0])
def test_tables_without_a_gradient_are_as_exact_as_float32_allows(scale, apart):
    generator = torch.Generator().manual_seed(0)
    rows = torch.randn(40, 64, generator=generator)
    others = torch.cat([rows + apart * torch.randn(40, 64, generator=generator), 1 + torch.randn(9, 64)])
    left, right = scale * rows, scale * others
    exact = (left.double()[:, None] - right.double()[None]).square().sum(dim=2).sqrt()

    assert torch.allclose(Euclidean().table(left, right).double(), exact, rtol=2e-6, atol=0)
    learning = Euclidean().table(left.requires_grad_(), right)
    assert torch.allclose(learning.double(), exact, rtol=2e-6, atol=0)


def test_a_table_of_equal_embeddings_is_measured_in_parts():
    assert Euclidean().table(torch.ones(300, 4), torch.ones(300, 4)).max() == 0
