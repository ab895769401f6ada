"""The eight symmetries of the square, told apart by four letters."""

import pytest
import torch

from alikely.data.symmetries import symmetries_of, turn
from alikely.errors import InputError, SettingsError


def batch_of(count: int, channels: int = 1, height: int = 12, width: int = 12) -> torch.Tensor:
    return torch.rand(count, channels, height, width, generator=torch.Generator().manual_seed(7))


# a b   the letters of a square, and where each symmetry puts them
# c d
SEEN = ["abcd", "bdac", "dcba", "cadb", "badc", "acbd", "cdab", "dbca"]


def test_the_eight_symmetries_of_a_square():
    square = torch.tensor([0.1, 0.2, 0.3, 0.4]).view(1, 1, 2, 2).expand(8, 1, 2, 2)
    letters = {0.1: "a", 0.2: "b", 0.3: "c", 0.4: "d"}
    turned = turn(square, torch.arange(8))
    seen = ["".join(letters[round(value, 1)] for value in item.flatten().tolist()) for item in turned]
    assert seen == SEEN
    assert len(set(seen)) == 8


def test_turning_goes_item_by_item_without_loss():
    batch = batch_of(40, 2, 5, 5)
    numbers = torch.randint(8, (40,), generator=torch.Generator().manual_seed(0))
    turned = turn(batch, numbers)
    for place, number in enumerate(numbers):
        torch.testing.assert_close(
            turned[place : place + 1], turn(batch[place : place + 1], number[None]), rtol=0, atol=0
        )
        torch.testing.assert_close(turned[place].sort().values.sum(), batch[place].sum())
    assert torch.equal(batch, batch_of(40, 2, 5, 5))


def test_turning_refuses_what_is_not_square_and_other_numbers():
    with pytest.raises(InputError, match="only square pictures can be turned, got 6x5"):
        turn(batch_of(1, 1, 5, 6), torch.tensor([1]))
    with pytest.raises(InputError, match="from 0 to 7, got 2 to 8"):
        turn(batch_of(2), torch.tensor([8, 2]))
    assert turn(batch_of(0), torch.zeros(0, dtype=torch.long)).shape == (0, 1, 12, 12)


@pytest.mark.parametrize(
    ("name", "expected"), [("none", (0,)), ("mirrored", (0, 4)), ("turned", (0, 1, 2, 3)), ("both", tuple(range(8)))]
)
def test_symmetries_by_name(name, expected):
    assert symmetries_of(name) == expected


def test_symmetries_of_another_word():
    with pytest.raises(SettingsError, match="new_classes must be one of none, mirrored, turned, both, got 'all'"):
        symmetries_of("all")
