"""Corrupted rows: known answers, seeds, bounds."""

import pytest
import torch

from alikely.data.augmentations import build_augmentation
from alikely.data.augmenting_rows import ROW_AUGMENTATIONS, RowAugmentation, build_row_augmentation
from alikely.errors import SettingsError


def numbered(count: int, columns: int = 3) -> torch.Tensor:
    """Row i holds i + column / 10, so that each cell tells where it came from."""
    return torch.arange(count)[:, None] + torch.arange(columns)[None, :] / 10


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_with_probability_1_each_cell_comes_from_another_row_of_its_own_column():
    batch = numbered(50, 4)
    seen = RowAugmentation(corrupt=1.0)(batch, seeded())
    assert (seen != batch).all()
    torch.testing.assert_close(seen % 1, batch % 1, atol=1e-4, rtol=0)
    # Each cell by itself: hardly any row has two neighbouring cells of one row.
    assert (seen[:, 0].floor() == seen[:, 1].floor()).float().mean() < 0.2


def test_as_many_cells_change_as_asked_and_all_other_rows_are_drawn():
    batch = numbered(2000)
    seen = RowAugmentation(corrupt=0.3)(batch, seeded())
    assert (seen != batch).float().mean().item() == pytest.approx(0.3, abs=0.03)
    pairs = RowAugmentation(corrupt=1.0)(numbered(3, 900), seeded())
    assert {(row, int(cell)) for row in range(3) for cell in pairs[row] // 1 if cell != row} >= {(0, 1), (0, 2), (2, 0)}


@pytest.mark.parametrize("setting", ["none", {}, {"corrupt": 0}])
def test_no_strength_changes_nothing(setting):
    batch = numbered(5)
    assert build_row_augmentation(setting)(batch, seeded()) is batch


def test_one_row_stays_as_it_is_and_missing_cells_move_whole():
    assert torch.equal(RowAugmentation(corrupt=1.0)(numbered(1), seeded()), numbered(1))
    batch = torch.tensor([[float("nan"), 1.0], [2.0, float("nan")]])
    seen = RowAugmentation(corrupt=1.0)(batch, seeded())
    torch.testing.assert_close(seen, batch.flip(0), equal_nan=True)


def test_equal_seeds_give_equal_batches():
    strong = build_augmentation("row", "strong")
    assert torch.equal(strong(numbered(20), seeded(1)), strong(numbered(20), seeded(1)))
    assert not torch.equal(strong(numbered(20), seeded(1)), strong(numbered(20), seeded(2)))


@pytest.mark.parametrize("setting", ROW_AUGMENTATIONS)
def test_settings_make_it_again(setting):
    made = build_row_augmentation(setting)
    assert build_row_augmentation(made.settings()) == made


@pytest.mark.parametrize(
    ("setting", "problem"),
    [
        ("soft", "there is no augmentation 'soft'; choose one of none, light, strong"),
        ({"rotate": 1}, "augmentation has no strength 'rotate'; it has corrupt"),
        ({"corrupt": 1.5}, "corrupt must be a number from 0 to 1, got 1.5"),
        ({"corrupt": True}, "corrupt must be a number from 0 to 1, got True"),
        ({"corrupt": float("nan")}, "corrupt must be a number from 0 to 1, got nan"),
    ],
)
def test_settings_that_do_not_fit(setting, problem):
    with pytest.raises(SettingsError, match=problem):
        build_row_augmentation(setting)
