"""An encoder that was exported as ONNX, and its preparation -> embeddings, in place of the encoder itself."""

import threading

import numpy as np
from jaxtyping import Float
from torch import Tensor

from alikely.contracts import Preparation
from alikely.encoders.padded import WITH_LENGTH, lengths_of
from alikely.model import BATCH, as_floats
from alikely.onnx_session import OnnxSession

PIECE = 32  # items with a length that go through at once: of like length, so that little padding is computed


class OnnxEngine:
    """Meets `Engine`: what was read is finished as the encoder's batches are, and goes through ONNX Runtime.

    The network is loaded when it is first asked, and anew in a copy; several threads may ask at once.

    content: the bytes of the ONNX file. name: what messages call it. dim: numbers in an embedding.
    """

    def __init__(self, content: bytes, name: str, preparation: Preparation, dim: int) -> None:
        self.content, self.name, self.preparation, self.dim = content, name, preparation, dim
        self._session: OnnxSession | None = None
        self._making = threading.Lock()

    def __reduce__(self) -> tuple[type["OnnxEngine"], tuple[bytes, str, Preparation, int]]:
        return OnnxEngine, (self.content, self.name, self.preparation, self.dim)

    def __call__(self, read: Tensor) -> Float[np.ndarray, "items dim"]:
        """A row for each item, in their order. Raises ModelError for a batch that the network cannot take."""
        session, rows = self.session(), np.zeros((len(read), self.dim), np.float32)
        for start in range(0, len(read), BATCH):
            batch = self.preparation.finish(as_floats(read[start : start + BATCH])).contiguous()
            items = batch.numpy()
            if self.preparation.kind not in WITH_LENGTH or session.sides()[0] is not None:  # no length, or one only
                rows[start : start + len(items)] = session.run(items)
                continue
            lengths = lengths_of(batch).numpy()
            order = np.argsort(lengths, kind="stable")
            for first in range(0, len(order), PIECE):
                some = order[first : first + PIECE]
                rows[start + some] = session.run(np.ascontiguousarray(items[some, : int(lengths[some].max())]))
        return rows

    def session(self) -> OnnxSession:
        """The network, loaded. Raises SettingsError without onnxruntime."""
        with self._making:
            if self._session is None:
                self._session = OnnxSession(self.content, self.name)
            return self._session
