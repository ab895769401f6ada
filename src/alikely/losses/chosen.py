"""Numbers, and which of them count -> their mean, or the log of the sum of their exponentials; never NaN."""

import torch
from jaxtyping import Bool, Float
from torch import Tensor


def mean_of(values: Float[Tensor, "*shape"], chosen: Bool[Tensor, "*shape"]) -> Float[Tensor, ""]:
    """The mean of the chosen values; where none is chosen, 0 with a gradient of 0."""
    return values.where(chosen, 0.0).sum() / chosen.sum().clamp(min=1)


def logsumexp_of(
    values: Float[Tensor, "rows columns"], chosen: Bool[Tensor, "rows columns"], dim: int
) -> Float[Tensor, " _"]:
    """log(sum(exp(chosen values))) along `dim`; where none is chosen, the lowest number there is, with a gradient of 0.

    The softplus of it is log(1 + sum(exp(chosen values))), and 0 where none is chosen.
    """
    # Finite, so that no gradient depends on what infinity less infinity is taken to be.
    return values.masked_fill(~chosen, torch.finfo(values.dtype).min).logsumexp(dim=dim)
