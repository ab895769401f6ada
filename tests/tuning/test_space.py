from dataclasses import replace

import numpy as np
import pytest

from alikely import TrainSettings
from alikely.errors import SettingsError
from alikely.losses import LOSSES
from alikely.training.progress import Silent
from alikely.tuning import tune
from alikely.tuning.space import FOR_LABELS, FOR_PAIRS, FOR_SCORES, SCALES, space_of
from alikely.types import Pairs
from tests.pictures import pattern_examples

ENCODER = {"width": 8, "depth": 2, "grid": 2}
SMALL = TrainSettings(size=16, encoder_settings=ENCODER)
FACTS = {"channels": 1, "size": 16}


def space(settings=SMALL, losses=(), examples=None):
    return space_of(settings, settings.resolved("picture"), examples or pattern_examples(), FACTS, losses)


class First:
    """Chooses the lowest of each range, and notes what it is asked."""

    def __init__(self):
        self.asked = {}

    def suggest_float(self, name, low, high, *, log=False):
        self.asked[name] = (low, high)
        return low

    def suggest_categorical(self, name, choices):
        self.asked[name] = tuple(choices)
        return choices[0]

    def report(self, value, step):
        raise AssertionError

    def should_prune(self):
        raise AssertionError


@pytest.mark.parametrize(
    ("settings", "losses", "message"),
    [
        ({}, ("nonsense",), "no loss 'nonsense' to search"),
        ({"loss": "triplet"}, ("info_nce",), "loss is set to 'triplet', and losses to search are given"),
        ({}, ("vicreg",), "set loss = 'vicreg' alone"),
        (
            {"loss": "logistic", "learning_rate": 0.1, "encoder_settings": {"dim": 4}},
            (),
            "nothing is left to search",
        ),
    ],
)
def test_spaces_that_cannot_be(settings, losses, message):
    with pytest.raises(SettingsError, match=message):
        tune(pattern_examples(), TrainSettings(size=16, **settings), losses=losses, reporter=Silent())


def test_what_is_left_out_is_searched():
    first = First()
    changes = space().suggested(first)

    assert first.asked == {
        "loss": FOR_LABELS,
        "contrastive.margin": (0.2, 1.8),
        "learning_rate": (pytest.approx(2e-4), pytest.approx(1e-2)),
        "dim": (64, 128, 256),
    }
    assert changes == {
        "loss": "contrastive",
        "loss_settings": {"margin": 0.2},
        "learning_rate": 0.0002,
        "encoder_settings": {**ENCODER, "dim": 64},
    }
    assert space().start() == {"loss": "contrastive", "contrastive.margin": 1.0, "learning_rate": 0.002, "dim": 128}


@pytest.mark.parametrize(
    ("said", "asked"),
    [
        ({"loss": "info_nce"}, {"loss", "info_nce.temperature", "learning_rate", "dim"}),
        ({"loss": "logistic"}, {"loss", "learning_rate", "dim"}),
        ({"loss": "triplet", "loss_settings": {"margin": 0.1}}, {"loss", "learning_rate", "dim"}),
        ({"learning_rate": 0.002}, {"loss", "contrastive.margin", "dim"}),
        ({"encoder_settings": {"dim": 4}}, {"loss", "contrastive.margin", "learning_rate"}),
    ],
)
def test_what_is_said_stays(said, asked):
    first = First()
    settings = TrainSettings(**{"size": 16, **said})
    changed = settings.model_copy(update=space(settings).suggested(first))

    assert set(first.asked) == asked
    for name, value in said.items():
        kept = getattr(changed, name)
        assert kept == value or (isinstance(value, dict) and value.items() <= kept.items())


def test_the_losses_fit_what_is_known():
    examples = pattern_examples()
    pairs = Pairs(np.array([0, 0]), np.array([1, 9]), np.array([True, False]))
    by_pairs = replace(examples, labels=None, pairs=pairs)
    by_scores = replace(by_pairs, pairs=replace(pairs, score=np.array([0.9, 0.1])))

    assert space(examples=by_pairs).losses == FOR_PAIRS
    assert space(examples=by_scores).losses == ("contrastive", *FOR_SCORES)
    assert space(losses=("triplet", "info_nce")).losses == ("triplet", "info_nce")
    assert space(losses=("triplet",)).start()["triplet.margin"] == 0.2


@pytest.mark.parametrize("loss", SCALES)
def test_the_default_of_each_scale_lies_in_its_range(loss):
    name, low, high = SCALES[loss]
    start = space(TrainSettings(loss=loss)).start()[f"{loss}.{name}"]

    assert low < high
    assert low <= start <= high
    assert loss in LOSSES
