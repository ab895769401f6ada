"""Texts and sequences -> embeddings, by the Manhattan LSTM: the last state of one LSTM, to be compared by its L1.

Mueller, Thyagarajan 2016, *Siamese Recurrent Architectures for Learning Sentence Similarity*, AAAI. Its exp(-L1) is the
distance `exp_manhattan`.
"""

from typing import Any, ClassVar

from jaxtyping import Float, Shaped
from torch import Tensor, nn

from alikely.encoders.bounds import check_share, check_whole
from alikely.encoders.padded import Front, Pooling, lengths_of
from alikely.encoders.recurrent import Recurrence
from alikely.types import Kind

FORGET_BIAS = 2.5  # so that much is remembered at first
DEVIATION = 0.1  # of the first weights: "small" in the paper


class ManhattanLstm(nn.Module):
    """One LSTM read from the front; the embedding is its last state: `dim` numbers in -1..1, not normalised.

    The first weights are normal and small, the bias of the forget gate is 2.5, as in the paper. There, words came as
    vectors trained elsewhere; here the vectors of the tokens are learned with the rest.

    tokens: of texts: how many there are; 0 for sequences.
    channels: of sequences: numbers a step; 0 for texts.
    dim: length of the embedding: 50 in the paper.
    front: length of what stands for a token, or for a step's channels: 300 in the paper.
    dropout: share of these numbers left out in training.
    """

    kinds: ClassVar[tuple[Kind, ...]] = ("text", "sequence")

    def __init__(
        self, tokens: int = 0, channels: int = 0, dim: int = 50, front: int = 300, dropout: float = 0.0
    ) -> None:
        super().__init__()
        check_whole("manhattan_lstm", "tokens", tokens, 0, 10_000_000)
        check_whole("manhattan_lstm", "channels", channels, 0, 65536)
        check_whole("manhattan_lstm", "dim", dim, 1, 65536)
        check_whole("manhattan_lstm", "front", front, 1, 65536)
        check_share("manhattan_lstm", "dropout", dropout)
        self.tokens = tokens
        self.channels = channels
        self.dim = dim
        self.front = front
        self.dropout = dropout
        self.first = Front("manhattan_lstm", tokens, channels, front)
        self.drop = nn.Dropout(dropout)
        self.recurrence = Recurrence(nn.LSTM, front, dim, layers=1, both_ways=False, dropout=0.0)
        self.pool = Pooling("last", dim, both_ways=False)
        for name, weights in self.recurrence.named_parameters():
            if "weight" in name:
                nn.init.normal_(weights, 0.0, DEVIATION)
            else:
                nn.init.zeros_(weights)
                if "bias_ih" in name:  # torch has two biases and adds them; the second quarter is the forget gate's
                    nn.init.constant_(weights[dim : 2 * dim], FORGET_BIAS)

    def forward(self, batch: Shaped[Tensor, "items steps *channels"]) -> Float[Tensor, "items dim"]:
        """One embedding an item, same order, each number in -1..1. Raises SettingsError for a batch that does not fit.

        batch: texts as whole numbers, padded with -1, or sequences as floats, padded with NaN.
        """
        lengths = lengths_of(batch)
        steps = self.recurrence(self.drop(self.first(batch)), lengths)
        embeddings: Tensor = self.pool(steps, lengths)
        return embeddings.to(next(self.parameters()).dtype)

    def settings(self) -> dict[str, Any]:
        """All arguments that make this network again (without its weights)."""
        return {name: getattr(self, name) for name in ("tokens", "channels", "dim", "front", "dropout")}
