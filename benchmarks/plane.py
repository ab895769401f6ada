"""Places on a plane: how well they keep neighbours, beside the first two principal components, and how long they take.

    python -m benchmarks.plane

Made-up embeddings as those of `python -m benchmarks.search`: identities with 20 items each around 500 centres in a
space of 24 dimensions, turned into 128 and made 1 long; distance: cosine. `metrics.trustworthiness` (Venna and Kaski
2001; 1: whoever is a neighbour on the plane was one before; .5: chance) counts the 10 nearest among 4,000 of the items,
drawn by a seed, of the larger size. `seconds` of 5,000 items and of 100,000, as fast as the machine's processors allow.
"""

import time

import numpy as np
from jaxtyping import Float
from sklearn.decomposition import PCA
from sklearn.manifold import trustworthiness

from alikely.distances import Cosine
from alikely.plane import plane_of
from benchmarks.report import Result, publish, read_options
from benchmarks.search import made_up

SIZES, QUICK_SIZES = (5_000, 100_000), (200, 4_000)
JUDGED, NEIGHBOURS = 4_000, 10


def kept(embeddings: Float[np.ndarray, "items dim"], places: Float[np.ndarray, "items 2"]) -> float:
    """The trustworthiness of the places, on some of the items."""
    some = np.random.default_rng(0).permutation(len(places))[:JUDGED]
    return float(trustworthiness(embeddings[some], places[some], n_neighbors=NEIGHBOURS))


def main() -> None:
    """Measure, print, write."""
    options = read_options(__doc__ or "", needs_data=False)
    begun = time.perf_counter()
    sizes = QUICK_SIZES if options.quick else SIZES
    embeddings, _ = made_up(sizes[1], 1, seed=0)
    metrics: dict[str, float] = {}
    for size in sizes:
        start = time.perf_counter()
        places = plane_of(embeddings[:size], Cosine(), landmarks=size // 4 if options.quick else 3_000)
        metrics[f"seconds_{size}"] = time.perf_counter() - start
    metrics["trustworthiness"] = kept(embeddings, places)
    start = time.perf_counter()
    components = PCA(2, random_state=0).fit_transform(embeddings)
    spent = time.perf_counter() - start
    floors = {"pca": {"trustworthiness": kept(embeddings, components), f"seconds_{sizes[1]}": spent}}
    seconds = time.perf_counter() - begun
    publish(
        Result("plane", metrics, seconds, floors, settings={"items": sizes[1], "dim": embeddings.shape[1]}), options
    )


if __name__ == "__main__":
    main()
