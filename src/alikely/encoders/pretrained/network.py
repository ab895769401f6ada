"""Pictures or texts -> embeddings, by a network of transformers that has been trained elsewhere, and a head."""

from collections.abc import Mapping
from contextlib import nullcontext
from typing import Any, ClassVar

import torch
from jaxtyping import Float, Shaped
from torch import Tensor, nn

from alikely.contracts import Preparation
from alikely.encoders.bounds import check_choice, check_whole
from alikely.encoders.given import Given
from alikely.encoders.pretrained.adapters import add_adapters
from alikely.encoders.pretrained.architecture import (
    Layers,
    architecture_from,
    empty_network,
    pretrained_layers,
    pretrained_network,
    read_architecture,
)
from alikely.encoders.pretrained.folder import folder_of
from alikely.encoders.pretrained.pooling import pool, require_pooling
from alikely.encoders.pretrained.preparing import pictures_of, texts_of
from alikely.errors import SettingsError
from alikely.types import Kind

TUNINGS = ("frozen", "fine_tuned", "adapters")
PIECE = 32  # texts that go through the network at once on a CPU
TRIED = 2  # tokens of the text that is tried once, to see how long an embedding is


class Pretrained(nn.Module):
    """Any network of transformers for pictures or texts, and any of sentence-transformers for texts, and a head.

    model: a local folder, or the name of a model of the Hugging Face hub.
    tuning: "frozen" (only the head learns), "fine_tuned" (all of it), or "adapters" (low-rank updates of the attention,
        Hu et al. 2021).
    tokens: how many tokens the texts' tokenizer knows; 0 for pictures.
    channels, size: of the pictures.
    pooling: tokens or places -> one row: mean, cls, max, last, mean_sqrt, pooled, or several such as mean+max; None: as
        the folder says, else mean for texts; for pictures cls where the network has such a token, else pooled.
    head: "none", "linear" or "mlp", as in `Given`.
    dim: length of the embedding; None: that of the network.
    hidden: width of the hidden layer of "mlp".
    normalise: embeddings have length 1.
    rank: of the adapters.
    architecture: what a model folder says of the network in place of `model`; its weights come after. Not for settings.

    Raises SettingsError for settings that do not fit, InputError for a folder that cannot be used.
    """

    kinds: ClassVar[tuple[Kind, ...]] = ("picture", "text")

    def __init__(
        self,
        model: str = "",
        tuning: str = "frozen",
        tokens: int = 0,
        channels: int = 0,
        size: int = 0,
        pooling: str | None = None,
        head: str = "none",
        dim: int | None = None,
        hidden: int = 512,
        normalise: bool = True,
        rank: int = 8,
        architecture: dict[str, Any] | None = None,
    ) -> None:
        super().__init__()
        check_choice("pretrained", "tuning", tuning, TUNINGS)
        check_whole("pretrained", "rank", rank, 1, 1024)
        if pooling is not None:
            require_pooling(pooling)
        self.model, self.tuning, self.rank = model, tuning, rank
        self.tokens, self.channels, self.size = tokens, channels, size
        folder = None if architecture is not None else folder_of(model)
        self.architecture = architecture_from(architecture) if folder is None else read_architecture(folder)  # type: ignore[arg-type]
        self.body = empty_network(self.architecture.config) if folder is None else pretrained_network(folder)
        self.layers = Layers(self.architecture.layers) if folder is None else pretrained_layers(folder)
        self.pooling = pooling or self.architecture.pooling or self._usual_pooling()
        self._require_fit()
        self._choose_what_learns()
        self.head = Given(self._length(), head, dim, hidden, normalise)
        self.dim = self.head.dim

    @staticmethod
    def preparation(kind: Kind, settings: Mapping[str, Any], chosen: Mapping[str, Any]) -> Preparation:
        """How the network's items were prepared when it learned; `settings` are the encoder's, `chosen` changes it."""
        folder = folder_of(str(settings.get("model", "")))
        return texts_of(folder, chosen) if kind == "text" else pictures_of(folder, chosen)

    @property
    def fixed(self) -> bool:
        """Whether `features` never change, so that they can be computed once."""
        return self.tuning == "frozen"

    def forward(self, batch: Shaped[Tensor, "items *shape"]) -> Float[Tensor, "items dim"]:
        """One embedding an item, same order. Raises SettingsError for a batch that does not fit."""
        embeddings: Tensor = self.head(self.features(batch))
        return embeddings

    def features(self, batch: Shaped[Tensor, "items *shape"]) -> Float[Tensor, "items given"]:
        """What the network gives the head: tokens (-1 where there is none) or pictures -> one row an item."""
        if self.fixed:
            self.body.eval()  # no dropout, no statistics of the batch
        with torch.no_grad() if self.fixed else nullcontext():
            if not self.tokens:
                return self._rows(*self._looked_at(batch))
            # A graph that is exported holds one way for batches of all sizes.
            if torch.compiler.is_compiling() or batch.device.type != "cpu" or len(batch) <= PIECE:
                return self._rows(*self._read(batch))
            # Texts of like length together: the answer is the same, and little padding is computed.
            lengths = (batch >= 0).sum(dim=1)
            order = lengths.argsort(stable=True)
            pieces = [
                self._rows(*self._read(batch[some, : int(lengths[some].max())])) for some in torch.split(order, PIECE)
            ]
            return torch.cat(pieces)[order.argsort()]

    def settings(self) -> dict[str, Any]:
        """All arguments that make this network again (without its weights), with no need of the folder it came from."""
        names = ("model", "tuning", "tokens", "channels", "size", "pooling", "rank")
        head = {name: self.head.settings()[name] for name in ("head", "dim", "hidden", "normalise")}
        return {name: getattr(self, name) for name in names} | head | {"architecture": self.architecture.to_dict()}

    def _rows(self, states: Tensor, present: Tensor, pooled: Tensor | None) -> Tensor:
        rows: Tensor = self.layers(pool(self.pooling, states, present, pooled))
        return rows

    def _read(self, batch: Tensor) -> tuple[Tensor, Tensor, Tensor | None]:
        present = batch >= 0
        # Some networks count places by what is no padding: so it must be theirs.
        tokens = torch.where(present, batch, getattr(self.body.config, "pad_token_id", None) or 0)
        answer = self.body(input_ids=tokens, attention_mask=present.long())
        return self._floats(answer.last_hidden_state), present, self._pooled(answer)

    def _looked_at(self, batch: Tensor) -> tuple[Tensor, Tensor, Tensor | None]:
        if batch.shape[1:] != (self.channels, self.size, self.size):
            raise SettingsError(
                f"pretrained was built for pictures of {self.channels}x{self.size}x{self.size} (channels, pixels), "
                f"got {'x'.join(map(str, batch.shape[1:]))}"
            )
        answer = self.body(pixel_values=batch)
        states = self._floats(answer.last_hidden_state)
        if states.ndim == 4:  # maps (items channels height width)
            states = states.flatten(2).mT
        return states, torch.ones(states.shape[:2], dtype=torch.bool, device=states.device), self._pooled(answer)

    def _pooled(self, answer: Any) -> Tensor | None:
        rows = answer.get("pooler_output")
        return None if rows is None else self._floats(rows).flatten(1)

    def _floats(self, states: Tensor) -> Tensor:
        """In the precision of the weights, whatever autocast made of them."""
        return states.to(next(self.body.parameters()).dtype)

    def _usual_pooling(self) -> str:
        if self.tokens:
            return "mean"
        named = [name for name, _ in self.body.named_parameters()]
        return "cls" if any(name.endswith("cls_token") for name in named) else "pooled"

    def _require_fit(self) -> None:
        known = getattr(self.body.config, "vocab_size", None)
        if bool(self.tokens) == bool(self.channels):
            raise SettingsError("pretrained: either tokens (for texts) or channels and size (for pictures) must be set")
        if self.tokens and known is None:
            raise SettingsError(f"pretrained: {self.model} reads no texts; choose a network for texts")
        if known is not None and self.tokens > known:
            raise SettingsError(f"pretrained: the tokenizer knows {self.tokens} tokens, the network {known}")
        if self.channels and known is not None:
            raise SettingsError(f"pretrained: {self.model} reads texts, not pictures; choose a network for pictures")

    def _choose_what_learns(self) -> None:
        if self.tuning == "adapters":
            add_adapters(self.body, self.rank)
        elif self.tuning == "frozen":
            self.body.requires_grad_(False)
        else:
            for name, weights in self.body.named_parameters():
                weights.requires_grad_("pooled" in self.pooling or not name.startswith("pooler."))
        self.layers.requires_grad_(self.tuning == "fine_tuned")

    def _length(self) -> int:
        device = next(self.body.parameters()).device
        if self.tokens:
            batch = torch.zeros(1, TRIED, dtype=torch.long, device=device)
        else:
            batch = torch.zeros(1, self.channels, self.size, self.size, device=device)
        training = self.body.training
        self.body.eval()
        try:
            with torch.no_grad():
                return self.features(batch).shape[1]
        except (RuntimeError, ValueError) as error:
            raise SettingsError(f"pretrained: {self.model} cannot take such items ({error})") from None
        finally:
            self.body.train(training)
