"""A source -> the items that the pages Map, Threshold and Label look at, with their embeddings, each embedded once."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float

from alikely.data.sources import read_items
from alikely.embedding import Progress, embed_items, read_for
from alikely.model import SiameseModel
from alikely.types import Examples


@dataclass(frozen=True, eq=False)
class Looked:
    """The items that could be read, with what is known of them, and an embedding of each; what could not be read."""

    examples: Examples
    embeddings: Float[np.ndarray, "items dim"]
    skipped: tuple[tuple[str, str], ...]

    def __len__(self) -> int:
        return len(self.examples)


def look_at(model: SiameseModel, source: Path, progress: Progress | None = None) -> Looked:
    """Read and embed all items of a source. Raises as reading a source does; items that cannot be read are left out."""
    examples = read_items(source, model.preparation.kind)
    items, skipped = read_for(model, examples, skip_bad=True, progress=progress)
    return Looked(items.examples, embed_items(model, items, progress), tuple(skipped))
