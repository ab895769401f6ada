"""A MODEL -> ITS ENCODER AS ONNX, with a proof that it answers as the model does.

recurrent     GRU and LSTM of torch -> those of ONNX
graph         an encoder and a batch -> the bytes of an ONNX file
quantising    these and batches of real items -> the same in int8
judged        a model and a source -> the items that a proof is made on
speed         ways to do one thing -> how many times as fast each is
proof         a model, its network and items -> how far they are apart, EER, speed
making        export_model: all of it
"""

from alikely.export.making import EER_LOSS, Exported, export_model
from alikely.export.proof import Proof

__all__ = ["EER_LOSS", "Exported", "Proof", "export_model"]
