"""Many vectors in; the few of them that leave none of the others far from the nearest of these, out."""

import numpy as np
from jaxtyping import Float, Int

from alikely.errors import SettingsError

# Of the largest squared distance to the mean: vectors nearer to each other than that are taken to be equal.
ROUNDING = 1e-6


def coreset(vectors: Float[np.ndarray, "vectors dim"], most: int, seed: int) -> Int[np.ndarray, " kept"]:
    """The positions of at most `most` of them, in the order of their choice; equal vectors once.

    The first is drawn by the seed, each further one is the vector that is farthest from those chosen before (of equally
    far ones the first): greedy k-center, by straight-line distances (Sener, Savarese 2018, algorithm 1; as a memory of
    patches: Roth et al. 2022, section 3.2). No k vectors can leave the farthest of the others at less than half the
    distance that these do (Gonzalez 1985).

    Raises SettingsError where `most` is below 1.
    """
    if most < 1:
        raise SettingsError(f"a memory must hold 1 or more, got {most}")
    if len(vectors) == 0:
        return np.zeros(0, np.int64)
    centred = vectors - vectors.mean(axis=0)
    squares = np.einsum("ij,ij->i", centred, centred)
    next_one = int(np.random.default_rng(seed).integers(len(vectors)))
    chosen: list[int] = []
    nearest = np.full(len(vectors), np.inf, vectors.dtype)
    for _ in range(min(most, len(vectors))):
        chosen.append(next_one)
        np.minimum(nearest, squares + squares[next_one] - 2 * (centred @ centred[next_one]), out=nearest)
        nearest[next_one] = 0
        next_one = int(nearest.argmax())
        if nearest[next_one] <= ROUNDING * squares.max():
            break
    return np.array(chosen, np.int64)
