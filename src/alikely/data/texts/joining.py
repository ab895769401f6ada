"""Texts that have been read -> one batch, padded behind their end."""

from collections.abc import Sequence

from jaxtyping import Int
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

PADDING = -1


def join_tokens(read: Sequence[Tensor]) -> Int[Tensor, "items tokens"]:
    """Numbers of tokens (1 text or more), padded with -1 to the longest."""
    return pad_sequence(list(read), batch_first=True, padding_value=PADDING)
