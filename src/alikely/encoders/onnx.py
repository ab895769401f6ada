"""Items -> embeddings, by a network in an ONNX file, which stays as it is, and a head that can learn."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from alikely.contracts import Preparation
from alikely.data.preparation import PicturePreparation, draft_pictures
from alikely.data.steps import Standardise
from alikely.encoders.bounds import check_whole
from alikely.encoders.given import Given
from alikely.errors import InputError, SettingsError
from alikely.onnx_session import OnnxSession, shown_shape
from alikely.types import Kind

CHANNELS = {1: "grey", 3: "rgb"}
USUAL_SIZE = 224
TRIED = 3  # items that are tried once, together and one by one
APART = 1e-3  # relative to the largest number: further apart, an item's answer depends on its batch


class Onnx(nn.Module):
    """A network from anywhere, in an ONNX file: one input of floats (items ...), one output (items numbers).

    Its first axis must be free, so that batches of any size go through. Runs on the CPU. The file's bytes are kept
    among the weights, so that a model folder needs no file beside it.

    file: the .onnx file.
    channels, size: of pictures; 0: as the file says.
    given: numbers in an embedding; 0: as the file says.
    head: "none", "linear" or "mlp", as in `Given`.
    dim: length of the embedding; None: that of the network.
    hidden: width of the hidden layer of "mlp".
    normalise: embeddings have length 1.
    length, width: of a file whose bytes come later, in bytes, and the length of its output. Not for settings.

    Raises InputError for a file that is no such network, SettingsError where it does not fit the items.
    """

    kinds: ClassVar[tuple[Kind, ...]] = ("picture", "embedding")

    def __init__(
        self,
        file: str = "",
        channels: int = 0,
        size: int = 0,
        given: int = 0,
        head: str = "none",
        dim: int | None = None,
        hidden: int = 512,
        normalise: bool = True,
        length: int = 0,
        width: int = 0,
    ) -> None:
        super().__init__()
        self.file, self.channels, self.size, self.given = file, channels, size, given
        self.graph: Tensor
        self.session: OnnxSession | None = None
        if length:
            check_whole("onnx", "width", width, 1, 65536)
            self.register_buffer("graph", torch.zeros(length, dtype=torch.uint8))
            self.width = width
        else:
            content = _content(file)
            self.session = OnnxSession(content, file).require_floats()
            self.register_buffer("graph", torch.frombuffer(bytearray(content), dtype=torch.uint8))
            self.width = self._tried(self.session)
        self.head = Given(self.width, head, dim, hidden, normalise)
        self.dim = self.head.dim

    @staticmethod
    def preparation(kind: Kind, settings: Mapping[str, Any], chosen: Mapping[str, Any]) -> Preparation | None:
        """Pictures of the size and colour that the file asks for, their pixels in 0..1; of embeddings none.

        `chosen` may hold `mean` and `deviation`, a number for each channel, where the network learned from pictures
        standardised so; `size` and `colour` where the file leaves them open; and `shape`.
        """
        if kind != "picture":
            return None
        file = str(settings.get("file", ""))
        return _pictures(OnnxSession(_content(file), file).require_floats().sides(), chosen)

    @property
    def fixed(self) -> bool:
        """That `features` never change, so that they can be computed once."""
        return True

    def forward(self, batch: Float[Tensor, "items *shape"]) -> Float[Tensor, "items dim"]:
        """One embedding an item, same order."""
        embeddings: Tensor = self.head(self.features(batch))
        return embeddings

    def features(self, batch: Float[Tensor, "items *shape"]) -> Float[Tensor, "items width"]:
        """What the network in the file gives the head."""
        if self.session is None:
            self.session = OnnxSession(self.graph.cpu().numpy().tobytes(), self.file)
        return torch.from_numpy(self.session.run(batch.detach().float().cpu().numpy())).to(batch)

    def settings(self) -> dict[str, Any]:
        """All arguments that make this network again (without its weights and the bytes of the file)."""
        head = {name: self.head.settings()[name] for name in ("head", "dim", "hidden", "normalise")}
        items = {"channels": self.channels, "size": self.size, "given": self.given}
        return {"file": self.file} | items | head | {"length": len(self.graph), "width": self.width}

    def _tried(self, session: OnnxSession) -> int:
        """The length of an output, after some items went through: together, and one by one."""
        shape = (self.channels, self.size, self.size) if self.channels else (self.given,) if self.given else ()
        items = np.random.default_rng(0).random((TRIED, *session.item_shape(shape)), dtype=np.float32)
        together = session.run(items)
        alone = np.concatenate([session.run(items[place : place + 1]) for place in range(TRIED)])
        if np.abs(together - alone).max() > APART * max(1.0, float(np.abs(alone).max())):
            raise InputError(
                f"{self.file}: an answer depends on the other items of its batch; export the network in eval mode"
            )
        return int(together.shape[1])


def _content(file: str) -> bytes:
    if not file:
        raise SettingsError('onnx: which file? Name it: encoder_settings = { file = "network.onnx" }')
    path = Path(file).expanduser()
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); name an .onnx file") from None
    if not content:
        raise InputError(f"{path}: is empty; name an .onnx file")
    return content


def _pictures(sides: tuple[int | None, ...], chosen: Mapping[str, Any]) -> PicturePreparation:
    """Pictures for a network that takes items with these sides."""
    if len(sides) != 3 or sides[1] != sides[2] or sides[0] not in (None, *CHANNELS):
        raise SettingsError(
            f"onnx: the file takes items of shape {shown_shape(sides)}, but pictures are square: "
            "(1 or 3, pixels, pixels)"
        )
    steps = dict(chosen)
    standard = {name: steps.pop(name) for name in ("mean", "deviation") if steps.get(name) is not None}
    if sides[0] is not None:
        steps["colour"] = CHANNELS[sides[0]]
    steps["size"] = sides[1] or steps.get("size") or USUAL_SIZE
    framed = draft_pictures((), steps)
    if not standard:
        return framed
    try:
        values = {name: tuple(float(value) for value in numbers) for name, numbers in standard.items()}
        return PicturePreparation(framed.item_steps, (*framed.batch_steps, Standardise(**values)))
    except (TypeError, ValueError):
        raise SettingsError(
            f"preparation: mean and deviation go together, a number for each channel; got {standard}"
        ) from None
