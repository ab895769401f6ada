"""An encoder as ONNX and batches of real items -> the same in int8.

Networks of convolutions get fixed scales for all numbers between their layers, found on the items ("static"). Others,
and those with attention, whose numbers range more widely, find them anew each time, for each row of a matrix and each
block of its numbers ("blocks"), so that no item sees another; what is no product of matrices stays as it is.
docs/decisions/0014-fast-inference.md says why.
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

Way = Literal["static", "blocks"]
CONVOLUTION, ATTENTION = "Conv", "Softmax"
BLOCK = 128  # numbers that share a scale
COMPUTE_IN_INT8 = 4  # how `MatMulNBits` calls that: not the weights alone, what they are multiplied with too


def quantised(network: bytes, batches: Sequence[Shaped[np.ndarray, "..."]]) -> tuple[bytes, Way]:
    """The network in int8, and which way its scales are found. `batches` are items as the network takes them.

    Raises SettingsError where there is nothing in it that int8 is made for, or it cannot be turned into int8.
    """
    from onnxruntime.quantization.shape_inference import quant_pre_process

    operators = _operators(network)
    way: Way = "static" if CONVOLUTION in operators and ATTENTION not in operators else "blocks"
    with tempfile.TemporaryDirectory(prefix="alikely-int8-") as folder, _quiet():
        given, prepared, made = (Path(folder) / f"{name}.onnx" for name in ("given", "prepared", "made"))
        given.write_bytes(network)
        try:
            quant_pre_process(str(given), str(prepared), skip_symbolic_shape=True)
            if way == "static":
                _static(prepared, made, _reader(network, batches))
            else:
                _in_blocks(prepared, made)
            content = made.read_bytes()
        except Exception as error:  # its own exceptions share no class but this
            raise SettingsError(
                f"the network cannot be turned into int8 ({type(error).__name__}: {str(error)[:200]}); "
                "export it without --int8"
            ) from error
    if not _operators(content) & {"QuantizeLinear", "MatMulNBits"}:
        raise SettingsError(
            "there is nothing in this network that int8 makes faster (no convolution, no product with learned "
            "weights); export it without --int8"
        )
    return content, way


def _static(network: Path, made: Path, items: Any) -> None:
    """Scales found on the items. Weights of 7 bits: a processor without VNNI would overflow with 8."""
    from onnxruntime.quantization import QuantType, quantize_static

    quantize_static(
        str(network),
        str(made),
        items,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
        per_channel=True,
        reduce_range=True,
    )


def _in_blocks(network: Path, made: Path) -> None:
    """Products with learned weights in int8, a scale for each block of numbers; tables of words as int8, which saves
    memory alone."""
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic
    from onnxruntime.quantization.matmul_nbits_quantizer import MatMulNBitsQuantizer
    from onnxruntime.quantization.onnx_model import ONNXModel

    products = ONNXModel(onnx.load(network))
    products.replace_gemm_with_matmul()
    quantizer = MatMulNBitsQuantizer(
        products.model, bits=8, block_size=BLOCK, is_symmetric=True, accuracy_level=COMPUTE_IN_INT8
    )
    quantizer.process()
    quantizer.model.save_model_to_file(str(made))
    quantize_dynamic(str(made), str(made), op_types_to_quantize=["Gather"], weight_type=QuantType.QInt8)


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
    """Without its advice to do what is done here already, and without the handler that it sets up for all logs."""
    level, handlers = logging.root.level, list(logging.root.handlers)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        logging.root.setLevel(logging.CRITICAL)
        try:
            yield
        finally:
            logging.root.setLevel(level)
            logging.root.handlers[:] = handlers
