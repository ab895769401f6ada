"""Items with what they promise and how alike they are -> some of them, good and unlike each other."""

import numpy as np
from jaxtyping import Float, Int


def diverse(
    appeal: Float[np.ndarray, " items"], vectors: Float[np.ndarray, "items dim"], count: int, diversity: float
) -> Int[np.ndarray, " chosen"]:
    """The places of `count` items (fewer where there are no more), one after another by maximal marginal relevance.

    Each time the item with the largest (1 - diversity) * appeal - diversity * likeness, where likeness is the largest
    cosine with those chosen before (0 for the first). Carbonell, Goldstein 1998. `appeal` is put on 0..1 before, so
    that both count; `diversity` 0 gives the order of appeal. Of equals, the first.
    """
    low, high = float(appeal.min(initial=np.inf)), float(appeal.max(initial=-np.inf))
    promise = (appeal - low) / (high - low) if high > low else np.zeros(len(appeal))
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit = vectors / np.where(lengths > 0, lengths, 1)
    likeness = np.zeros(len(appeal))
    chosen: list[int] = []
    left = np.ones(len(appeal), bool)
    while len(chosen) < min(count, len(appeal)):
        gain = np.where(left, (1 - diversity) * promise - diversity * likeness, -np.inf)
        best = int(np.argmax(gain))
        cosines = unit @ unit[best]
        likeness = cosines if not chosen else np.maximum(likeness, cosines)
        chosen.append(best)
        left[best] = False
    return np.array(chosen, dtype=np.int64)
