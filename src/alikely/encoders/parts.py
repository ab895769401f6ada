"""Pictures that lie upon each other -> embeddings, by linear discriminants of their parts, found in closed form."""

from typing import Any, ClassVar

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional

from alikely.encoders.bounds import check_input, check_whole
from alikely.errors import SettingsError
from alikely.types import Kind


class Parts(nn.Module):
    """Overlapping square parts, each projected by a linear discriminant of its own; no step of training.

    For pictures in which a thing stands at the same place each time: faces cropped by their eyes, forms, labels. Each
    part is standardised by its principal components (Turk, Pentland 1991) and projected to what tells identities apart
    (Fisher 1936; for faces Belhumeur, Hespanha, Kriegman 1997), with the deviations inside of identities shrunk
    towards equal ones. The projections of each part have length 1, so that a part in the shadow weighs no more than
    another. It learns in seconds from 20 to 50 identities, of which networks learn little else than themselves.

    channels, size: of the pictures; height and width are equal.
    parts: a part's side is a `parts`-th of the picture's, and parts overlap by half.
    components: principal components of each part; no more than it has pixels.
    dim: length of the embedding. Each part has an equal number of it, of which as many as there are identities, less
        one, are not 0; what is left over at the end is 0.
    shrinkage: 0 takes the deviations inside of identities as they are, 1 as all equal.
    learns: steps of training change the discriminants further; with few identities that makes them worse.
    """

    kinds: ClassVar[tuple[Kind, ...]] = ("picture",)

    def __init__(
        self,
        channels: int = 1,
        size: int = 64,
        parts: int = 4,
        components: int = 80,
        dim: int = 1960,
        shrinkage: float = 0.1,
        learns: bool = False,
    ) -> None:
        super().__init__()
        check_whole("parts", "channels", channels, 1, 1024)
        check_whole("parts", "size", size, 4, 1024)
        check_whole("parts", "parts", parts, 1, size // 2)
        check_whole("parts", "components", components, 1, 4096)
        check_whole("parts", "dim", dim, 1, 65536)
        if not 0 <= shrinkage <= 1:
            raise SettingsError(f"parts: shrinkage must be at least 0 and at most 1, got {shrinkage}")
        self.channels, self.size, self.parts = channels, size, parts
        self.components, self.dim, self.shrinkage, self.learns = components, dim, shrinkage, learns
        self.side = size // parts
        self.step = max(1, self.side // 2)
        self.count = ((size - self.side) // self.step + 1) ** 2
        if dim < self.count:
            raise SettingsError(f"parts: dim must be at least {self.count}, a number for each part, got {dim}")
        numbers = dim // self.count
        pixels = channels * self.side**2
        # Until `start`, directions drawn at random.
        drawn = torch.randn(self.count, pixels, numbers) * pixels**-0.5
        self.weights = nn.Parameter(drawn, requires_grad=learns)
        self.biases = nn.Parameter(torch.zeros(self.count, 1, numbers), requires_grad=learns)

    def start(self, batch: Float[Tensor, "items channels height width"], labels: Int[np.ndarray, " items"]) -> None:
        """Find the discriminants of these pictures, in closed form; `labels` are numbers of their identities.

        Raises SettingsError where no identity has two items, or there is only one.
        """
        from sklearn.decomposition import PCA
        from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

        counts = np.unique(labels, return_counts=True)[1]
        if len(counts) < 2 or counts.max() < 2:
            raise SettingsError("the encoder parts needs two identities or more, some of them with two items or more")
        for place, part in enumerate(self._cut(batch).cpu().numpy()):
            components = min(self.components, part.shape[1], len(part) - 1)
            pca = PCA(components, svd_solver="covariance_eigh").fit(part)
            found = LinearDiscriminantAnalysis(solver="eigen", shrinkage=self.shrinkage or None)
            found.fit(pca.transform(part), labels)
            directions = pca.components_.T @ found.scalings_[:, : min(self.weights.shape[2], len(counts) - 1)]
            self.weights.data[place] = 0
            self.weights.data[place, :, : directions.shape[1]] = torch.from_numpy(directions.astype(np.float32))
            self.biases.data[place] = 0
            self.biases.data[place, 0, : directions.shape[1]] = torch.from_numpy(
                -(pca.mean_ @ directions).astype(np.float32)
            )

    def forward(self, batch: Float[Tensor, "items channels height width"]) -> Float[Tensor, "items dim"]:
        """One embedding of length 1 an item, same order. Raises SettingsError for pictures of another size."""
        check_input("parts", tuple(batch.shape), self.channels, self.size)
        if tuple(batch.shape[2:]) != (self.size, self.size):
            raise SettingsError(
                f"parts was built for pictures of {self.size}x{self.size} pixels, got "
                f"{batch.shape[3]}x{batch.shape[2]}; prepare them at size {self.size}, or build it for their size"
            )
        with torch.autocast(batch.device.type, enabled=False):
            projected = torch.baddbmm(self.biases, self._cut(batch.to(self.weights.dtype)), self.weights)
        directions = functional.normalize(projected, dim=2)
        embeddings = directions.permute(1, 0, 2).flatten(1) / self.count**0.5
        return functional.pad(embeddings, (0, self.dim - embeddings.shape[1]))

    def settings(self) -> dict[str, Any]:
        """All arguments that make this encoder again (without its weights)."""
        names = ("channels", "size", "parts", "components", "dim", "shrinkage", "learns")
        return {name: getattr(self, name) for name in names}

    def _cut(self, batch: Tensor) -> Float[Tensor, "parts items pixels"]:
        return functional.unfold(batch, self.side, stride=self.step).permute(2, 0, 1)
