"""Links between things -> which of them are joined, directly or through others."""

import numpy as np
from jaxtyping import Int
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components


def joined(count: int, left: Int[np.ndarray, " links"], right: Int[np.ndarray, " links"]) -> Int[np.ndarray, " count"]:
    """The number, from 0, of the connected component that each of `count` things is in."""
    graph = coo_array((np.ones(len(left), dtype=np.int8), (left, right)), shape=(count, count))
    return np.asarray(connected_components(graph, directed=False)[1], dtype=np.int64)
