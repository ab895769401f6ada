"""The bytes of an ONNX file -> a network that runs, by ONNX Runtime: a batch in, one row of numbers an item out."""

from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Shaped

from alikely.data.items import counted
from alikely.errors import InputError, ModelError, SettingsError

DYNAMIC = b"DynamicQuantize"  # how the operators begin that find scales for a batch, as they stand in the file


class OnnxSession:
    """The network running, on as many threads as torch has when it is made; made anew where it is copied or unpickled.

    It has one input, whose first axis is free, and one output. Several threads may run it at once. `one_at_a_time`: a
    network in int8 that finds the scales of its numbers anew for each batch; it gets each item alone, so that no answer
    depends on the other items. Raises InputError for bytes that are no such network, SettingsError without onnxruntime.
    """

    def __init__(self, content: bytes, name: str) -> None:
        try:
            import onnxruntime
        except ImportError:
            raise SettingsError(f"{name}: running ONNX needs onnxruntime; run: pip install alikely[onnx]") from None
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 4
        options.intra_op_num_threads = torch.get_num_threads()
        # Threads that spin while they wait for work take the cores from whoever would bring it.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            self.network = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # its own exceptions share no class but this
            raise InputError(f"{name}: is no ONNX file that can be run ({_first_line(error)})") from None
        self.content, self.name = content, name
        self.one_at_a_time = DYNAMIC in content
        inputs, outputs = self.network.get_inputs(), self.network.get_outputs()
        if len(inputs) != 1 or len(outputs) != 1:
            raise InputError(
                f"{name}: has {counted(len(inputs), 'input', 'inputs')} ({', '.join(i.name for i in inputs)}) and "
                f"{counted(len(outputs), 'output', 'outputs')} "
                f"({', '.join(o.name for o in outputs)}); export it with one of each: items in, embeddings out"
            )
        self.input = inputs[0]
        if not self.input.shape or isinstance(self.input.shape[0], int):
            raise InputError(
                f"{name}: takes batches of shape {self.input.shape}, but the first number, that of the items, must be "
                "free; export it with a dynamic first axis (torch.onnx.export: dynamic_axes={'input': {0: 'items'}})"
            )

    def __reduce__(self) -> tuple[type["OnnxSession"], tuple[bytes, str]]:
        return OnnxSession, (self.content, self.name)

    def require_floats(self) -> "OnnxSession":
        """Itself, where it takes float32. Raises InputError where it does not."""
        if self.input.type != "tensor(float)":
            raise InputError(
                f"{self.name}: takes {self.input.type}, but must take tensor(float); export it with float32"
            )
        return self

    def sides(self) -> tuple[int | None, ...]:
        """The shape of one item as the file says it; None where it leaves that open."""
        return tuple(side if isinstance(side, int) else None for side in self.input.shape[1:])

    def item_shape(self, known: tuple[int, ...]) -> tuple[int, ...]:
        """The shape of one item: what is `known` of it, else what the file says. SettingsError where they differ."""
        said = self.sides()
        fits = len(said) == len(known) and all(side in (None, found) for side, found in zip(said, known, strict=True))
        if known and not fits:
            raise SettingsError(
                f"{self.name}: takes items of shape {shown_shape(said)}, and these are {shown_shape(known)}; prepare "
                "them so (pictures: channels, height, width; settings colour and size)"
            )
        if not known and None in said:
            raise SettingsError(
                f"{self.name}: takes items of shape {shown_shape(said)}; say which: channels and size, or given"
            )
        return known or tuple(side for side in said if side is not None)

    def run(self, batch: Shaped[np.ndarray, "items *shape"]) -> Float[np.ndarray, "items width"]:
        """The network's answer. Raises ModelError where it is not one row of numbers an item."""
        if self.one_at_a_time and len(batch) > 1:
            return np.concatenate([self.run(batch[place : place + 1]) for place in range(len(batch))])
        try:
            rows = self.network.run(None, {self.input.name: batch})[0]
        except Exception as error:  # its own exceptions share no class but this
            raise ModelError(
                f"{self.name}: cannot take a batch of shape {shown_shape(batch.shape)} ({_first_line(error)})"
            ) from None
        if not isinstance(rows, np.ndarray) or rows.ndim != 2 or len(rows) != len(batch) or rows.shape[1] == 0:
            found = shown_shape(rows.shape) if isinstance(rows, np.ndarray) else type(rows).__name__
            raise ModelError(
                f"{self.name}: gives {found} for a batch of {len(batch)} items, but must give ({len(batch)}, numbers): "
                "one row for each item; export it with its pooling"
            )
        return rows.astype(np.float32, copy=False)


def shown_shape(shape: tuple[Any, ...]) -> str:
    """A shape for people: (3, any, any)."""
    return "(" + ", ".join("any" if side is None else str(side) for side in shape) + ")"


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0][:300] if str(error) else type(error).__name__
