"""The parts that learn: the loss by hand, attention with padding, the chance to be drawn."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from alikely.tasks.recommend.losses import drawn_softmax
from alikely.tasks.recommend.network import log_share, padded
from alikely.tasks.recommend.people import PersonEncoder


def table(rows):
    return torch.tensor(rows, dtype=torch.bool)


def test_softmax_by_hand():
    matches = torch.log(torch.tensor([[1.0, 2.0, 5.0]]))
    found, left_out = table([[False, True, False]]), table([[False, False, False]])
    assert drawn_softmax(matches, found, left_out).item() == pytest.approx(-math.log(2 / 8))
    # What the person has already is not ranked.
    assert drawn_softmax(matches, found, table([[False, False, True]])).item() == pytest.approx(-math.log(2 / 3))


def test_what_is_drawn_often_is_corrected():
    # exp(match) / chance: 1 / 1, 2 / 0.5, 5 / 0.25 = 1, 4, 20
    matches = torch.log(torch.tensor([[1.0, 2.0, 5.0]]))
    found, none = table([[False, True, False]]), table([[False, False, False]])
    log_chance = torch.log(torch.tensor([1.0, 0.5, 0.25]))
    assert drawn_softmax(matches, found, none, log_chance).item() == pytest.approx(-math.log(4 / 25))


def test_people_weigh_by_the_root_of_what_there_is_to_find():
    matches = torch.zeros(3, 4)
    found = table([[True, False, False, False], [True, True, True, True], [False] * 4])
    left_out = table([[False, True, True, False], [False] * 4, [False] * 4])
    # -log(1/2) of one item, -log(1/4) of four; the third person has nothing to find.
    expected = (1 * math.log(2) + 2 * math.log(4)) / 3
    assert drawn_softmax(matches, found, left_out).item() == pytest.approx(expected)


def test_nothing_to_find_is_zero_with_a_gradient():
    matches = torch.zeros(2, 3, requires_grad=True)
    loss = drawn_softmax(matches, table([[False] * 3] * 2), table([[True] * 3] * 2))
    loss.backward()
    assert loss.item() == 0
    assert matches.grad.abs().sum() == 0


def test_chance_to_be_ranked():
    # Liked by nobody: drawn with 1/4. Liked by half, three people in the batch: 1 - 3/4 * 1/8.
    found = log_share(np.array([0.0, 0.5, 1.0]), 0.25, 3).exp()
    assert found.tolist() == pytest.approx([0.25, 1 - 0.75 * 0.125, 1.0])


def test_attention_by_hand():
    person = PersonEncoder(dim=1, heads=1)
    with torch.no_grad():
        person.start.fill_(10.0)
        person.queries.fill_(1.0)
        person.key.weight.fill_(math.log(3))
        person.value.weight.fill_(2.0)
    liked = torch.tensor([[[0.0], [1.0]]])
    # Weights exp(0) and exp(log 3), so 1/4 and 3/4; values 0 and 2.
    assert person(liked, table([[True, True]])).item() == pytest.approx(10 + 1.5)
    assert person.added(liked, table([[True, True]])).flatten().tolist() == pytest.approx([0, 1.5])


@settings(deadline=None, max_examples=20)
@given(st.lists(st.integers(0, 30), min_size=1, max_size=6), st.integers(0, 1000))
def test_a_batch_gives_what_one_by_one_gives(lengths, seed):
    torch.manual_seed(seed)
    person, vectors = PersonEncoder(dim=6, heads=3), torch.randn(40, 6)
    histories = [torch.randperm(40)[:length].numpy() for length in lengths]
    places, present = padded(histories)
    with torch.no_grad():
        together = person(vectors[places], present)
        for row, history in enumerate(histories):
            places, present = padded([history])
            torch.testing.assert_close(person(vectors[places], present)[0], together[row])


def test_nobody_is_the_start_and_has_finite_gradients():
    person = PersonEncoder(dim=4, heads=2)
    found = person(torch.randn(1, 3, 4), table([[False] * 3]))
    torch.testing.assert_close(found[0], person.start)
    found.sum().backward()
    assert all(p.grad is None or p.grad.isfinite().all() for p in person.parameters())


def test_the_order_of_the_items_does_not_matter():
    person, liked = PersonEncoder(dim=4, heads=2), torch.randn(1, 5, 4)
    present = torch.ones(1, 5, dtype=torch.bool)
    torch.testing.assert_close(person(liked, present), person(liked.flip(1), present))
