"""What scores and embeddings made elsewhere become: distances of pairs, and where needed their way back."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from alikely.metrics import PairDistances


@dataclass(frozen=True, eq=False)
class Similarities:
    """Similarities, ascending, whose distance is `largest` - similarity; those a little above `largest` count as it."""

    ascending: Float[np.ndarray, " pairs"]
    largest: float

    @classmethod
    def of(cls, similarities: Float[np.ndarray, " pairs"], largest: float) -> "Similarities":
        """From similarities in any order."""
        return cls(np.sort(similarities), largest)

    def distances(self, similarities: Float[np.ndarray, " pairs"]) -> Float[np.ndarray, " pairs"]:
        """0 for the largest similarity, growing as the similarity falls."""
        return np.maximum(self.largest - similarities, 0.0)

    def at(self, threshold: float) -> float | None:
        """The similarity from which on the distance is at most `threshold`: exactly for all that were given.

        None where none of them is alike enough.
        """
        # Ascending similarities are falling distances. Subtracting back could miss the last bit.
        distances = self.distances(self.ascending)
        place = int(np.searchsorted(-distances, -threshold, side="left"))
        return float(self.ascending[place]) if place < len(self.ascending) else None


@dataclass(frozen=True, eq=False)
class MadeElsewhere:
    """Distances of pairs, what they are called, and what to know before relying on them.

    `distance` names them: "cosine", "distance", "1 - similarity". `similarities` are there where similarities were
    given, so that thresholds can be told as such. Without `identities_known`, each pair is an identity of its own.
    """

    pairs: PairDistances
    distance: str
    similarities: Similarities | None = None
    notes: tuple[str, ...] = ()
    identities_known: bool = True
