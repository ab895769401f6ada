"""Pictures -> embeddings, by the network of Koch, Zemel, Salakhutdinov 2015 as published.

*Siamese Neural Networks for One-shot Image Recognition*, ICML deep learning workshop, fig. 4. Its learned distance
(weighted L1) and logistic loss belong to the distances and the losses.
"""

from typing import Any, ClassVar

from jaxtyping import Float
from torch import Tensor, nn

from alikely.encoders.bounds import check_input, check_whole
from alikely.errors import SettingsError
from alikely.types import Kind


def map_side(size: int) -> int:
    """Pixels a side of the last map for pictures of `size` pixels: 6 for 105; less than 1 where it does not fit."""
    side = (size - 9) // 2
    side = (side - 6) // 2
    side = (side - 3) // 2
    return side - 3


SMALLEST = next(size for size in range(1, 106) if map_side(size) >= 1)


class Koch(nn.Module):
    """64@10x10, 128@7x7, 128@4x4 (each ReLU and 2x2 maximum), 256@4x4 ReLU, then one fully connected sigmoid layer.

    The embedding is `dim` numbers in 0..1 (4096 in the paper): it is not normalised. Weights are drawn as in section
    3.2: convolutions normal(0, .01), the full layer normal(0, .2), all biases normal(.5, .01).

    channels: of the pictures; 1 in the paper.
    size: height and width of the pictures: 105 in the paper, at least 65. Others are refused: the full layer is made
        for one size.
    dim: length of the embedding.
    """

    kinds: ClassVar[tuple[Kind, ...]] = ("picture",)

    def __init__(self, channels: int = 1, size: int = 105, dim: int = 4096) -> None:
        super().__init__()
        check_whole("koch", "channels", channels, 1, 1024)
        check_whole("koch", "size", size, SMALLEST, 1024)
        check_whole("koch", "dim", dim, 1, 65536)
        self.channels = channels
        self.size = size
        self.dim = dim
        self.convolutions = nn.Sequential(
            nn.Conv2d(channels, 64, 10),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(64, 128, 7),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(128, 128, 4),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(128, 256, 4),
            nn.ReLU(),
        )
        self.full = nn.Linear(256 * map_side(size) ** 2, dim)
        for layer in self.convolutions:
            if isinstance(layer, nn.Conv2d):
                nn.init.normal_(layer.weight, 0.0, 0.01)
                self._draw_bias(layer)
        nn.init.normal_(self.full.weight, 0.0, 0.2)
        self._draw_bias(self.full)

    @staticmethod
    def _draw_bias(layer: nn.Conv2d | nn.Linear) -> None:
        if layer.bias is not None:
            nn.init.normal_(layer.bias, 0.5, 0.01)

    def forward(self, batch: Float[Tensor, "items channels height width"]) -> Float[Tensor, "items dim"]:
        """One embedding an item, same order, each number in 0..1. Raises SettingsError for pictures of another size."""
        check_input("koch", tuple(batch.shape), self.channels, SMALLEST)
        if tuple(batch.shape[2:]) != (self.size, self.size):
            raise SettingsError(
                f"koch was built for pictures of {self.size}x{self.size} pixels, got "
                f"{batch.shape[3]}x{batch.shape[2]}; prepare them at size {self.size}, or build it for their size"
            )
        embeddings: Tensor = self.full(self.convolutions(batch).flatten(1))
        return embeddings.to(self.full.weight.dtype).sigmoid()

    def settings(self) -> dict[str, Any]:
        """All arguments that make this network again (without its weights)."""
        return {"channels": self.channels, "size": self.size, "dim": self.dim}
