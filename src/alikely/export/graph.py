"""An encoder and a batch as it takes them -> the bytes of an ONNX file: any number of items, of any length."""

import contextlib
import logging
import warnings
from collections.abc import Iterator
from copy import deepcopy
from importlib.util import find_spec
from typing import Any

import jaxtyping
import torch
from torch import Tensor, nn

from alikely.encoders.onnx import Onnx
from alikely.encoders.padded import WITH_LENGTH
from alikely.errors import SettingsError
from alikely.export.recurrent import with_onnx_layers
from alikely.types import Kind

ITEMS, STEPS = 3, 5  # of the batch that the exporter follows: other numbers than 0 and 1, which it takes for fixed


def onnx_of(encoder: nn.Module, name: str, kind: Kind, batch: Tensor) -> bytes:
    """The encoder as ONNX, float32: `items` go in as `finished` gives them, `embeddings` come out.

    `batch` are some such items, one or more; `name` and `kind` are the encoder's name and that of its items.
    Raises SettingsError where the encoder cannot be exported, or what it takes to export is not installed.
    """
    require_exporter()
    if isinstance(encoder, Onnx):
        raise SettingsError("the encoder of this model is ONNX already: it runs by ONNX Runtime as it is")
    free: dict[int, Any] = {0: torch.export.Dim.DYNAMIC}
    if kind in WITH_LENGTH:
        free[1] = torch.export.Dim.AUTO  # an encoder of the user's own may know one length only
    copied = with_onnx_layers(deepcopy(encoder).cpu().float().eval())
    try:
        with _quiet(), _unchecked_shapes(), torch.inference_mode(False), torch.no_grad():
            program = torch.onnx.export(
                copied,
                (_example(batch, kind),),
                input_names=["items"],
                output_names=["embeddings"],
                dynamic_shapes=(free,),
                dynamo=True,
                verbose=False,
            )
            if program is None:  # what the old exporter gives
                raise SettingsError("exporting needs torch 2.8 or newer; run: pip install -U torch")
            proto = program.model_proto
    except Exception as error:  # an encoder may hold anything
        raise SettingsError(
            f"the encoder {name} cannot be exported to ONNX ({_said(error)}); without an export the model runs by torch"
        ) from error
    _forget_paths(proto)
    return bytes(proto.SerializeToString())


def require_exporter() -> None:
    """Raise SettingsError where what it takes to export is not installed."""
    missing = [name for name in ("onnx", "onnxscript", "onnxruntime") if find_spec(name) is None]
    if missing:
        raise SettingsError(f"exporting needs {', '.join(missing)}; run: pip install alikely[export]")


def _example(batch: Tensor, kind: Kind) -> Tensor:
    """The batch with a few items and, where items have a length, at least a few steps."""
    few = batch.detach().clone().contiguous()[torch.arange(ITEMS) % len(batch)]
    if kind not in WITH_LENGTH or few.shape[1] >= STEPS:
        return few
    return few[:, torch.arange(STEPS) % few.shape[1]]


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Without what torch tells of its own parts: that other packages are not there, that a graph was broken off."""
    loggers = [logging.getLogger(name) for name in ("torch.onnx", "torch.export", "torch.fx", "onnxscript", "onnx_ir")]
    levels = [logger.level for logger in loggers]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for logger in loggers:
            logger.setLevel(logging.CRITICAL)
        try:
            yield
        finally:
            for logger, level in zip(loggers, levels, strict=True):
                logger.setLevel(level)


@contextlib.contextmanager
def _unchecked_shapes() -> Iterator[None]:
    """Without the checks of shapes, where somebody turned them on: here sizes are symbols, not numbers."""
    before = jaxtyping.config.jaxtyping_disable
    jaxtyping.config.update("jaxtyping_disable", True)
    try:
        yield
    finally:
        jaxtyping.config.update("jaxtyping_disable", before)


def _forget_paths(proto: Any) -> None:
    """Take out where in the code each part came from: it names folders of this machine, and nobody reads it."""
    graph = proto.graph
    for part in (proto, graph, *graph.node, *graph.input, *graph.output, *graph.value_info, *graph.initializer):
        del part.metadata_props[:]
        part.doc_string = ""


def _said(error: Exception) -> str:
    """The innermost cause, in one line."""
    while error.__cause__ is not None and isinstance(error.__cause__, Exception):
        error = error.__cause__
    line = next((line.strip() for line in str(error).splitlines() if line.strip()), "")
    return f"{type(error).__name__}: {line[:200]}" if line else type(error).__name__
