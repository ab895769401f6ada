"""What the numbers of an epoch say when training goes wrong, in plain words: what it means and what to try."""

import math
from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from alikely.errors import TrainingError

NO_SPREAD = 1e-3  # deviation of a batch's distances as a share of their mean, or of 1 where the mean is smaller
NOTHING_APART = 0.1  # mean cosine distance of projections, where `simsiam` learns: about 1 where all is well
SINCE = 5  # epochs since the best one: one or two may be worse by chance
WORSE, LEAST_WORSE = 1.1, 0.005  # how much larger an error of held-back items is where something was lost
MOSTLY = 0.9  # share of an epoch's steps


def learned_by_heart(losses: Sequence[float], errors: Sequence[float]) -> str | None:
    """The alarm of a training that learned its items by heart; None when it did not.

    `losses` and `errors` (of held-back items, such as the EER): one an epoch. It did where the error was least in the
    first half of the epochs, at least 5 before the end, is larger by a tenth or more there, and the loss has fallen.
    """
    best = min(range(len(errors)), key=errors.__getitem__, default=0)
    if (
        2 * (best + 1) > len(errors)
        or len(errors) - best <= SINCE
        or errors[-1] < WORSE * errors[best] + LEAST_WORSE
        or losses[-1] >= losses[best]
    ):
        return None
    return (
        f"after epoch {best + 1} of {len(errors)} held-back items were told apart worse and worse (an error of "
        f"{errors[best]:.3f} there, {errors[-1]:.3f} at the end), while the loss fell: the network learns the training "
        "items by heart. Try more identities, a stronger augment, a smaller encoder, or fewer epochs"
    )


def require_finite(loss: float, epoch: int, step: int) -> None:
    """Raises TrainingError where the loss is not a number or infinite."""
    if not math.isfinite(loss):
        raise TrainingError(
            f"the loss is {loss} in epoch {epoch}, step {step}: the weights have run away. "
            "Try a learning_rate ten times lower, clip = 1.0, or precision = 'fp32'"
        )


def spread(distances: Float[Tensor, "items items"]) -> float:
    """The standard deviation of a batch's distances over the larger of their mean and 1e-3; 0 means all are equal."""
    rows, columns = torch.triu_indices(len(distances), len(distances), 1)
    values = distances.detach()[rows, columns].float()
    if len(values) < 2:
        return math.inf
    return float(values.std() / values.mean().clamp(min=1e-3))


def alarms_of_epoch(losses: list[float], spreads: list[float], loss_name: str) -> list[str]:
    """The alarms that an epoch gives rise to; none when all is well. `losses` and `spreads`: one a step.

    The spreads are those of `spread`; for the loss `simsiam` how far its projections lie apart.
    """
    found = []
    if loss_name == "simsiam":
        if spreads and sum(value < NOTHING_APART for value in spreads) > MOSTLY * len(spreads):
            found.append(
                "the projections have collapsed: those of all items are nearly equal, so that each view foretells any "
                "other. Try a lower learning_rate, larger batches (items_per_batch), or loss = 'vicreg'"
            )
        return found
    if losses and sum(loss == 0 for loss in losses) > MOSTLY * len(losses):
        if loss_name == "triplet":
            what = "no triplet was active: all different items are farther than the same by the margin"
        else:
            what = f"the loss ({loss_name}) was 0: no pair was wrong by its margin"
        found.append(
            f"{what} in nearly all steps, so nothing more is learned. Try a larger margin, loss = 'info_nce', "
            "stronger augmentation, or batches with harder items (groups_per_batch)"
        )
    if spreads and sum(value < NO_SPREAD for value in spreads) > MOSTLY * len(spreads):
        found.append(
            "the embeddings have collapsed: all distances of a batch are nearly equal, and the loss sticks at what "
            "that gives (the margin). Try a lower learning_rate, mining = 'semi_hard', "
            "or loss = 'info_nce'"
        )
    return found
