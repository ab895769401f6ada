"""Token dropping: how many go, that the rest keeps its order, that one stays, and seeds."""

import pytest
import torch

from alikely.contracts import Augmentation
from alikely.data.augmenting_texts import TEXT_AUGMENTATIONS, TextAugmentation, build_text_augmentation
from alikely.errors import SettingsError


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def batch_of(items: int, tokens: int) -> torch.Tensor:
    batch = torch.arange(tokens).repeat(items, 1)
    lengths = 1 + torch.arange(items) % tokens
    return batch.masked_fill(torch.arange(tokens) >= lengths[:, None], -1)


def test_no_drop_changes_nothing():
    batch = batch_of(5, 9)
    for chosen in ("none", {}, {"drop": 0}):
        assert torch.equal(build_text_augmentation(chosen)(batch, seeded()), batch)


@pytest.mark.parametrize("drop", [0.1, 0.5, 0.9])
def test_tokens_go_and_the_others_close_up_in_their_order(drop):
    batch = batch_of(60, 40)
    seen = TextAugmentation(drop)(batch, seeded())
    assert seen.shape == batch.shape
    for before, after in zip(batch, seen, strict=True):
        kept = after[after >= 0].tolist()
        assert kept == sorted(set(kept))
        assert set(kept) <= set(before[before >= 0].tolist())
        assert (after[len(kept) :] == -1).all()
        assert kept


def test_the_share_that_goes_is_the_probability():
    batch = torch.zeros(200, 500, dtype=torch.int64)
    seen = TextAugmentation(0.3)(batch, seeded())
    # 100,000 draws: the deviation of the share is 0.0014.
    assert (seen < 0).float().mean().item() == pytest.approx(0.3, abs=0.006)


def test_the_last_token_stays():
    batch = torch.full((500, 3), -1)
    batch[:, 0] = 4
    assert torch.equal(TextAugmentation(0.9)(batch, seeded()), batch)


def test_draws_come_from_the_generator_alone():
    batch, augment = batch_of(9, 30), TEXT_AUGMENTATIONS["strong"]
    assert torch.equal(augment(batch, seeded(1)), augment(batch, seeded(1)))
    assert not torch.equal(augment(batch, seeded(1)), augment(batch, seeded(2)))


def test_meets_the_contract_and_settings_make_it_again():
    for augment in TEXT_AUGMENTATIONS.values():
        assert isinstance(augment, Augmentation)
        assert build_text_augmentation(augment.settings()) == augment


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        ("heavy", "no augmentation 'heavy'; choose one of none, light, strong"),
        ({"rotate": 3}, "augmentation has no strength 'rotate'; it has drop"),
        ({"drop": 0.95}, "drop must be a number from 0 to 0.9, got 0.95"),
        ({"drop": -0.1}, "drop must be a number from 0 to 0.9, got -0.1"),
        ({"drop": "all"}, "drop must be a number from 0 to 0.9, got 'all'"),
        ({"drop": True}, "drop must be a number from 0 to 0.9, got True"),
    ],
)
def test_settings_that_do_not_fit(chosen, message):
    with pytest.raises(SettingsError, match=message):
        build_text_augmentation(chosen)
