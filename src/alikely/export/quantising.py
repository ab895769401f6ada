"""An encoder as ONNX and batches of real items -> the same in int8.

Networks of convolutions get fixed scales for all numbers between their layers, found on the items ("static"). Others,
and those with attention, whose numbers range more widely, find them anew each time ("dynamic"), get one item at a time
(`OnnxSession`), and their convolutions stay as they are. docs/decisions/0014-fast-inference.md says why.
"""

import contextlib
import logging
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
from jaxtyping import Shaped

from alikely.errors import SettingsError

Way = Literal["static", "dynamic"]
CONVOLUTION, ATTENTION = "Conv", "Softmax"
DYNAMIC = ("MatMul", "Gemm", "Gather", "LSTM")  # what gets a scale each time


def quantised(network: bytes, batches: Sequence[Shaped[np.ndarray, "..."]]) -> tuple[bytes, Way]:
    """The network in int8, and which way its scales are found. `batches` are items as the network takes them.

    Raises SettingsError where there is nothing in it that int8 is made for, or it cannot be turned into int8.
    """
    from onnxruntime.quantization import QuantType, quantize_dynamic, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process

    operators = _operators(network)
    way: Way = "static" if CONVOLUTION in operators and ATTENTION not in operators else "dynamic"
    with tempfile.TemporaryDirectory(prefix="alikely-int8-") as folder, _quiet():
        given, prepared, made = (Path(folder) / f"{name}.onnx" for name in ("given", "prepared", "made"))
        given.write_bytes(network)
        try:
            quant_pre_process(str(given), str(prepared), skip_symbolic_shape=True)
            # Scales for each channel, weights of 7 bits: a processor without VNNI would overflow with 8.
            if way == "static":
                quantize_static(
                    str(prepared),
                    str(made),
                    _reader(network, batches),
                    activation_type=QuantType.QUInt8,
                    weight_type=QuantType.QInt8,
                    per_channel=True,
                    reduce_range=True,
                )
            else:
                quantize_dynamic(
                    str(prepared),
                    str(made),
                    op_types_to_quantize=list(DYNAMIC),
                    weight_type=QuantType.QInt8,
                    per_channel=True,
                    reduce_range=True,
                )
            content = made.read_bytes()
        except Exception as error:  # its own exceptions share no class but this
            raise SettingsError(
                f"the network cannot be turned into int8 ({type(error).__name__}: {str(error)[:200]}); "
                "export it without --int8"
            ) from error
    if not any("Quantize" in operator or "Integer" in operator for operator in _operators(content)):
        raise SettingsError(
            "there is nothing in this network that int8 makes faster (no convolution, no product with learned weights, "
            "no LSTM); export it without --int8"
        )
    return content, way


def _operators(network: bytes) -> set[str]:
    import onnx

    return {node.op_type for node in onnx.load_from_string(network).graph.node}


def _reader(network: bytes, batches: Sequence[Shaped[np.ndarray, "..."]]) -> Any:
    """The batches as the quantiser asks for them: one after another, by the name of the input, then None."""
    import onnx
    from onnxruntime.quantization import CalibrationDataReader

    name = onnx.load_from_string(network).graph.input[0].name
    left = iter(batches)

    class Reader(CalibrationDataReader):  # type: ignore[misc]
        def get_next(self) -> dict[str, Shaped[np.ndarray, "..."]] | None:
            batch = next(left, None)
            return None if batch is None else {name: batch}

    return Reader()


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Without its advice to do what is done here already."""
    level = logging.root.level
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        logging.root.setLevel(logging.CRITICAL)
        try:
            yield
        finally:
            logging.root.setLevel(level)
