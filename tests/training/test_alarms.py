import math

import pytest
import torch

from alikely.errors import TrainingError
from alikely.training.alarms import alarms_of_epoch, learned_by_heart, require_finite, spread


@pytest.mark.parametrize("loss", [math.nan, math.inf, -math.inf])
def test_a_loss_that_is_not_finite_ends_the_training(loss):
    with pytest.raises(TrainingError, match="epoch 3, step 7"):
        require_finite(loss, 3, 7)


def test_spread_is_deviation_over_mean():
    distances = torch.tensor([[0.0, 1.0, 2.0], [1.0, 0.0, 3.0], [2.0, 3.0, 0.0]])

    assert spread(distances) == pytest.approx(1.0 / 2.0)  # of 1, 2, 3: deviation 1, mean 2


def test_all_embeddings_equal_has_no_spread():
    assert spread(torch.zeros(5, 5)) == 0


def test_a_healthy_epoch_gives_no_alarm():
    assert alarms_of_epoch([0.5, 0.4], [0.3, 0.3], "triplet") == []


def test_no_active_triplet_is_told_by_name():
    (alarm,) = alarms_of_epoch([0.0] * 20, [0.3] * 20, "triplet")

    assert "no triplet was active" in alarm


def test_some_steps_without_an_active_triplet_are_no_alarm():
    assert alarms_of_epoch([0.0] * 10 + [0.1] * 10, [0.3] * 20, "triplet") == []


def test_collapse_is_told():
    (alarm,) = alarms_of_epoch([1.0] * 20, [1e-5] * 20, "contrastive")

    assert "collapsed" in alarm


FALLS = [3.0, 2.5, 2.0, 1.5, 1.0]
WORSENS = [0.25, 0.25, 0.25, 0.25]


@pytest.mark.parametrize(
    ("losses", "errors", "told"),
    [
        ([5.0, 4.0, *FALLS], [0.3, 0.2, *WORSENS, 0.3], True),
        ([5.0, 4.0, *FALLS], [0.3, 0.2, *WORSENS, 0.224], False),  # a tenth worse and .005 is the border
        ([5.0, 4.0, *FALLS], [0.3, 0.2, *WORSENS, 0.226], True),
        ([5.0, 4.0, 3.0, *FALLS], [0.3, 0.3, 0.3, 0.3, 0.2, 0.3, 0.3, 0.3], False),  # best in the second half
        ([5.0, 4.0, *FALLS[:-1], 4.0], [0.3, 0.2, *WORSENS, 0.3], False),  # the loss has not fallen since
        ([5.0, 4.0, *FALLS[1:]], [0.3, 0.2, *WORSENS[1:], 0.3], False),  # too soon to say
        ([5.0, 4.0], [0.2, 0.4], False),
        ([5.0], [0.3], False),
        ([], [], False),
    ],
)
def test_learning_by_heart_is_told(losses, errors, told):
    alarm = learned_by_heart(losses, errors)
    assert (alarm is not None) == told
    if alarm is not None:
        assert "after epoch 2 of 7" in alarm
