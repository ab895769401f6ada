"""A table of distances of some thousand items in; their places on a plane, by t-SNE, out."""

import numpy as np
from jaxtyping import Float

FEWEST = 8  # with fewer, no neighbourhoods are to be kept: their distances are
PERPLEXITY = 30.0  # the usual one: about so many neighbours count
STEPS = 750
START = 1e-4  # spread of the places that t-SNE starts from, as its authors have it


def flattened(table: Float[np.ndarray, "items items"], seed: int) -> Float[np.ndarray, "items 2"]:
    """t-SNE (van der Maaten and Hinton 2008), begun from the plane that keeps distances best.

    So the far is arranged, too, not the near alone (Kobak and Linderman 2021). The same table and seed give the same
    places. Fewer than 8 items stay on the plane that it begins from.
    """
    from sklearn.manifold import TSNE
    from threadpoolctl import threadpool_limits

    # Both triangles alike, and nothing left over on the diagonal, which rounding may do.
    even = (table + table.T) / 2
    np.fill_diagonal(even, 0)
    # With several threads t-SNE adds in another order each time, and the places are others.
    with threadpool_limits(1):
        start = scaled(even, seed)
        if len(even) < FEWEST:
            return start
        largest = float(start.std(axis=0).max(initial=0)) or 1.0
        draw = np.random.default_rng(seed).normal(size=start.shape)
        method = TSNE(
            metric="precomputed",
            # What lies in one place at the start could never part.
            init=(START * (start / largest + 0.01 * draw)).astype(np.float32),
            perplexity=min(PERPLEXITY, (len(even) - 1) / 3),
            random_state=seed,
            max_iter=STEPS,
        )
        return method.fit_transform(even).astype(np.float64)  # type: ignore[no-any-return]


def scaled(table: Float[np.ndarray, "items items"], seed: int) -> Float[np.ndarray, "items 2"]:
    """Classical scaling (Torgerson 1952): the plane on which squared distances come nearest to those of the table."""
    from scipy.sparse.linalg import eigsh

    squared = table.astype(np.float64) ** 2
    mean = squared.mean(axis=0)
    centred = -(squared - mean[:, None] - mean[None, :] + mean.mean()) / 2
    if not centred.any():
        return np.zeros((len(table), 2))
    if len(table) < FEWEST:
        values, vectors = np.linalg.eigh(centred)
        values, vectors = values[-2:], vectors[:, -2:]
    else:
        values, vectors = eigsh(centred, k=2, v0=np.random.default_rng(seed).normal(size=len(table)))
    kept = vectors * np.sqrt(values.clip(min=0))
    # The longer axis lies; its sign, which no distance says, is that of its largest number.
    kept = kept[:, ::-1]
    signs = np.sign(kept[np.abs(kept).argmax(axis=0), np.arange(kept.shape[1])])
    places: Float[np.ndarray, "items 2"] = np.zeros((len(table), 2))
    places[:, : kept.shape[1]] = kept * np.where(signs == 0, 1.0, signs)
    return places
