"""A pretrained network -> the same with low-rank adapters: few weights learn, the pretrained ones stay as they are."""

from jaxtyping import Float
from torch import Tensor, nn

from alikely.errors import SettingsError

ALPHA = 16.0  # the update is scaled by ALPHA / rank, so that another rank asks for no other learning rate


class LowRank(nn.Module):
    """A linear layer that stays as it is, and a low-rank update of it that learns: W x + (alpha / rank) B A x.

    Hu et al. 2021, "LoRA", eq. 3 and section 4.1: A is drawn at random, B begins at 0, so that learning starts from
    the pretrained layer.
    """

    def __init__(self, linear: nn.Linear, rank: int) -> None:
        super().__init__()
        self.linear = linear.requires_grad_(False)
        like = {"device": linear.weight.device, "dtype": linear.weight.dtype}
        self.down = nn.Linear(linear.in_features, rank, bias=False, **like)
        self.up = nn.Linear(rank, linear.out_features, bias=False, **like)
        nn.init.zeros_(self.up.weight)
        self.scale = ALPHA / rank

    def forward(self, batch: Float[Tensor, "*items taken"]) -> Float[Tensor, "*items given"]:
        """The layer's answer and the update's."""
        answer: Tensor = self.linear(batch) + self.scale * self.up(self.down(batch))
        return answer


def add_adapters(network: nn.Module, rank: int) -> int:
    """Wrap every linear layer of the network's attention; all other weights stop learning. How many were wrapped.

    Raises SettingsError where the network has no attention.
    """
    network.requires_grad_(False)
    layers = {name: module for name, module in network.named_modules() if isinstance(module, nn.Linear)}
    attention = [name for name in layers if _of_attention(name)]
    if not attention:
        raise SettingsError(
            f"pretrained: {type(network).__name__} has no attention to put adapters on; "
            "choose tuning = frozen or fine_tuned"
        )
    for name in attention:
        network.set_submodule(name, LowRank(layers[name], rank))
    return len(attention)


def _of_attention(name: str) -> bool:
    lower = name.lower()
    return "attention" in lower or "attn" in lower
