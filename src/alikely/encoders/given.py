"""Embeddings made elsewhere -> embeddings: as they are, or through a head; also the head of networks made elsewhere."""

from typing import Any, ClassVar

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from alikely.encoders.bounds import check_choice, check_share, check_whole
from alikely.errors import SettingsError
from alikely.types import Kind

HEADS = ("none", "linear", "mlp")


class Given(nn.Module):
    """Embeddings -> embeddings. A head begins with what it is given, so that learning starts from there.

    With as many numbers out as in, `linear` begins as the identity, else as a random projection with orthogonal rows
    (or columns). `mlp` adds one hidden layer (GELU), whose part of the answer begins at 0.

    given: numbers in an embedding that comes in.
    head: "none" (nothing learns), "linear" or "mlp".
    dim: length of the embedding that goes out; None: as many as come in.
    hidden: width of the hidden layer of "mlp".
    normalise: embeddings have length 1.
    dropout: share of the numbers left out in training, before the head.
    """

    kinds: ClassVar[tuple[Kind, ...]] = ("embedding",)

    def __init__(
        self,
        given: int = 1,
        head: str = "linear",
        dim: int | None = None,
        hidden: int = 512,
        normalise: bool = True,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        check_whole("given", "given", given, 1, 65536)
        check_choice("given", "head", head, HEADS)
        check_whole("given", "dim", given if dim is None else dim, 1, 65536)
        check_whole("given", "hidden", hidden, 1, 65536)
        check_share("given", "dropout", dropout)
        if head == "none" and dim not in (None, given):
            raise SettingsError(
                f"given: without a head an embedding keeps its {given} numbers, so dim cannot be {dim}; "
                "leave dim out, or choose head = linear or mlp"
            )
        self.given = given
        self.head = head
        self.dim = given if dim is None else dim
        self.hidden = hidden
        self.normalise = normalise
        self.dropout = dropout
        if head != "none":
            self.linear = nn.Linear(given, self.dim)
            (nn.init.eye_ if self.dim == given else nn.init.orthogonal_)(self.linear.weight)
            nn.init.zeros_(self.linear.bias)
        if head == "mlp":
            self.into = nn.Linear(given, hidden)
            self.out = nn.Linear(hidden, self.dim, bias=False)
            nn.init.zeros_(self.out.weight)

    def forward(self, batch: Float[Tensor, "items given"]) -> Float[Tensor, "items dim"]:
        """One embedding an item, same order. Raises SettingsError for embeddings of another length."""
        if batch.shape[1] != self.given:
            raise SettingsError(f"given was built for embeddings of {self.given} numbers, got {batch.shape[1]}")
        rows = batch
        if self.head != "none":
            dropped = functional.dropout(batch, self.dropout, self.training)
            rows = self.linear(dropped)
            if self.head == "mlp":
                rows = rows + self.out(functional.gelu(self.into(dropped)))
            rows = rows.to(self.linear.weight.dtype)  # whatever autocast made of them
        return functional.normalize(rows, dim=1) if self.normalise else rows

    def settings(self) -> dict[str, Any]:
        """All arguments that make this network again (without its weights)."""
        names = ("given", "head", "dim", "hidden", "normalise", "dropout")
        return {name: getattr(self, name) for name in names}
