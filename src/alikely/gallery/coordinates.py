"""A model's distance in; how a store must measure to find what is nearest, and the exact distances, out."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float

from alikely.contracts import Distance, Metric
from alikely.distances import Cosine, Euclidean, ExpManhattan, Learned, Manhattan, SquaredEuclidean
from alikely.errors import SettingsError
from alikely.model import SiameseModel

# Each distance of ours grows with the one that a store measures.
_METRICS: dict[type[Distance], Metric] = {
    Euclidean: "euclidean",
    SquaredEuclidean: "euclidean",
    Manhattan: "manhattan",
    ExpManhattan: "manhattan",
    Cosine: "cosine",
}


@dataclass(frozen=True, eq=False)
class Coordinates:
    """Where a store keeps an embedding, such that the store's `metric` puts templates in the order of the model's own.

    `scale` is what each number of an embedding is multiplied by first (None: nothing); `distance` gives, from what is
    kept, the distances of the model, exactly.
    """

    metric: Metric
    distance: Distance
    scale: Float[np.ndarray, " dim"] | None = None

    def of(self, embeddings: Float[np.ndarray, "items dim"]) -> Float[np.ndarray, "items dim"]:
        """What the store keeps of these embeddings, float32."""
        return (embeddings if self.scale is None else embeddings * self.scale).astype(np.float32)

    def between(
        self, left: Float[np.ndarray, "pairs dim"], right: Float[np.ndarray, "pairs dim"]
    ) -> Float[np.ndarray, " pairs"]:
        """The model's distances row by row, float64, of what the store keeps."""
        return self._measured(self.distance.between, left, right)

    def table(
        self, left: Float[np.ndarray, "rows dim"], right: Float[np.ndarray, "columns dim"]
    ) -> Float[np.ndarray, "rows columns"]:
        """The same, all by all."""
        return self._measured(self.distance.table, left, right)

    def _measured(
        self, measure: Callable[..., torch.Tensor], left: Float[np.ndarray, "..."], right: Float[np.ndarray, "..."]
    ) -> Float[np.ndarray, "..."]:
        with torch.inference_mode():
            measured = measure(torch.from_numpy(left.copy()), torch.from_numpy(right.copy()))
        return np.asarray(measured.numpy(), dtype=np.float64)


def coordinates_of(model: SiameseModel) -> Coordinates:
    """The coordinates for the distance of a model. Raises SettingsError for a distance that no store can search by."""
    distance = model.distance
    if isinstance(distance, Learned):
        # The sum of weighted differences is the plain sum once the weights are multiplied in.
        return Coordinates("manhattan", Manhattan(), distance.weights().detach().cpu().numpy())
    if type(distance) not in _METRICS:
        raise SettingsError(
            f"a gallery cannot search by the distance {model.distance_name!r} ({type(distance).__name__}): no store "
            "measures so; use a model with one of the distances euclidean, squared_euclidean, manhattan, "
            "exp_manhattan, cosine, learned"
        )
    return Coordinates(_METRICS[type(distance)], distance)
