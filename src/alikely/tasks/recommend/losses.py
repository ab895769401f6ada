"""How well people match items, and which they liked -> one number to learn from."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor

MOST_WEIGHT = 50.0  # a person with more items to find counts as one with this many


def drawn_softmax(
    matches: Float[Tensor, "people items"],
    found: Bool[Tensor, "people items"],
    left_out: Bool[Tensor, "people items"],
    log_share: Float[Tensor, " items"] | None = None,
) -> Float[Tensor, ""]:
    """Cross entropy of the liked items (`found`) among all that are not `left_out`, the mean over people.

    log_share: where the items were drawn and not all are there: the logarithm of how likely each was to be there. It is
        taken off its match, so that what is drawn often is not pushed down for that (Yi et al. 2019, "Sampling-bias-
        corrected neural modeling for large corpus item recommendations", eq. 3).

    A person's items weigh alike; people weigh by the root of how many items they have to find, at most 50. People with
    nothing to find are left out; where there are none, the number is 0 with a gradient of 0.
    """
    corrected = matches if log_share is None else matches - log_share
    logs = corrected.masked_fill(left_out & ~found, torch.finfo(matches.dtype).min).log_softmax(dim=1)
    counts = found.sum(dim=1)
    of_person = -logs.masked_fill(~found, 0.0).sum(dim=1) / counts.clamp(min=1)
    weights = counts.clamp(max=MOST_WEIGHT).to(matches.dtype).sqrt()
    if not found.any():
        return matches.sum() * 0.0
    return (of_person.where(counts > 0, 0.0) * weights).sum() / weights.sum()
