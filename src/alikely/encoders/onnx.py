"""Items -> embeddings, by a network in an ONNX file, which stays as it is, and a head that can learn."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from alikely.contracts import Preparation
from alikely.data.items import counted
from alikely.data.preparation import PicturePreparation, draft_pictures
from alikely.data.steps import Standardise
from alikely.encoders.bounds import check_whole
from alikely.encoders.given import Given
from alikely.errors import InputError, ModelError, SettingsError
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
        self.session: _Session | None = None
        if length:
            check_whole("onnx", "width", width, 1, 65536)
            self.register_buffer("graph", torch.zeros(length, dtype=torch.uint8))
            self.width = width
        else:
            content = _content(file)
            self.session = _Session(content, file)
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
        return _pictures(_Session(_content(file), file).sides(), chosen)

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
            self.session = _Session(self.graph.cpu().numpy().tobytes(), self.file)
        return torch.from_numpy(self.session.run(batch.detach().float().cpu().numpy())).to(batch)

    def settings(self) -> dict[str, Any]:
        """All arguments that make this network again (without its weights and the bytes of the file)."""
        head = {name: self.head.settings()[name] for name in ("head", "dim", "hidden", "normalise")}
        items = {"channels": self.channels, "size": self.size, "given": self.given}
        return {"file": self.file} | items | head | {"length": len(self.graph), "width": self.width}

    def _tried(self, session: "_Session") -> int:
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


class _Session:
    """The network running; made from the file's bytes, and made anew where it is copied."""

    def __init__(self, content: bytes, name: str) -> None:
        try:
            import onnxruntime
        except ImportError:
            raise SettingsError(f"{name}: running ONNX needs onnxruntime; run: pip install alikely[onnx]") from None
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 4
        options.intra_op_num_threads = torch.get_num_threads()
        try:
            self.network = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # its own exceptions share no class but this
            raise InputError(f"{name}: is no ONNX file that can be run ({_first_line(error)})") from None
        self.content, self.name = content, name
        inputs, outputs = self.network.get_inputs(), self.network.get_outputs()
        if len(inputs) != 1 or len(outputs) != 1:
            raise InputError(
                f"{name}: has {counted(len(inputs), 'input', 'inputs')} ({', '.join(i.name for i in inputs)}) and "
                f"{counted(len(outputs), 'output', 'outputs')} "
                f"({', '.join(o.name for o in outputs)}); export it with one of each: items in, embeddings out"
            )
        self.input = inputs[0]
        if self.input.type != "tensor(float)":
            raise InputError(f"{name}: takes {self.input.type}, but must take tensor(float); export it with float32")
        if not self.input.shape or isinstance(self.input.shape[0], int):
            raise InputError(
                f"{name}: takes batches of shape {self.input.shape}, but the first number, that of the items, must be "
                "free; export it with a dynamic first axis (torch.onnx.export: dynamic_axes={'input': {0: 'items'}})"
            )

    def __deepcopy__(self, memo: dict[int, Any]) -> "_Session":
        return _Session(self.content, self.name)

    def sides(self) -> tuple[int | None, ...]:
        """The shape of one item as the file says it; None where it leaves that open."""
        return tuple(side if isinstance(side, int) else None for side in self.input.shape[1:])

    def item_shape(self, known: tuple[int, ...]) -> tuple[int, ...]:
        """The shape of one item: what is `known` of it, else what the file says. SettingsError where they differ."""
        said = self.sides()
        fits = len(said) == len(known) and all(side in (None, found) for side, found in zip(said, known, strict=True))
        if known and not fits:
            raise SettingsError(
                f"{self.name}: takes items of shape {_shape(said)}, and these are {_shape(known)}; prepare them so "
                "(pictures: channels, height, width; settings colour and size)"
            )
        if not known and None in said:
            raise SettingsError(
                f"{self.name}: takes items of shape {_shape(said)}; say which: channels and size, or given"
            )
        return known or tuple(side for side in said if side is not None)

    def run(self, batch: Float[np.ndarray, "items *shape"]) -> Float[np.ndarray, "items width"]:
        """The network's answer. Raises ModelError where it is not one finite row an item."""
        try:
            rows = self.network.run(None, {self.input.name: batch})[0]
        except Exception as error:  # its own exceptions share no class but this
            raise ModelError(
                f"{self.name}: cannot take a batch of shape {_shape(batch.shape)} ({_first_line(error)})"
            ) from None
        if not isinstance(rows, np.ndarray) or rows.ndim != 2 or len(rows) != len(batch) or rows.shape[1] == 0:
            found = _shape(rows.shape) if isinstance(rows, np.ndarray) else type(rows).__name__
            raise ModelError(
                f"{self.name}: gives {found} for a batch of {len(batch)} items, but must give ({len(batch)}, numbers): "
                "one row for each item; export it with its pooling"
            )
        return rows.astype(np.float32, copy=False)


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
            f"onnx: the file takes items of shape {_shape(sides)}, but pictures are square: (1 or 3, pixels, pixels)"
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


def _shape(shape: tuple[Any, ...]) -> str:
    return "(" + ", ".join("any" if side is None else str(side) for side in shape) + ")"


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0][:300] if str(error) else type(error).__name__
