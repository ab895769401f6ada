"""Galleries of numbers for tests: the model hands embeddings through, so that every distance can be worked out."""

from collections.abc import Sequence

import numpy as np

from alikely.calibration import calibrate
from alikely.data.embeddings import EmbeddingPreparation
from alikely.distances import build_distance
from alikely.encoders import build_encoder
from alikely.gallery.coordinates import coordinates_of
from alikely.gallery.gallery import Gallery
from alikely.gallery.held import about
from alikely.gallery.joining import Joining
from alikely.metrics import all_pairs
from alikely.model import SiameseModel, ready
from alikely.types import Examples
from tests.gallery.naive import NaiveStore


def passing_model(dim: int = 2, distance: str = "euclidean") -> SiameseModel:
    """A model whose embedding of an embedding is that embedding."""
    settings = {"given": dim, "head": "none", "normalise": False}
    encoder = ready(build_encoder("given", settings))
    return SiameseModel(EmbeddingPreparation(dim), encoder, "given", build_distance(distance, dim), distance)


def line(*places: float) -> np.ndarray:
    """Items on a line, at these places."""
    return np.array([[place, 0.0] for place in places], dtype=np.float32)


def people(count: int, each: int, dim: int = 8, noise: float = 0.3, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Items of people drawn alike: `each` of person 0, then of person 1, ...; and the numbers of the people."""
    draw = np.random.default_rng(seed)
    centres = draw.normal(size=(count, dim))
    rows = np.repeat(centres, each, axis=0) + noise * draw.normal(size=(count * each, dim))
    return rows.astype(np.float32), np.repeat(np.arange(count), each)


def calibrated(model: SiameseModel, confidence: float = 0.0, identities: int = 40, seed: int = 5) -> SiameseModel:
    """The model with a calibration on people of their own."""
    rows, labels = people(identities, 4, model.dim, seed=seed)
    pairs = all_pairs(rows, labels, model.distance)
    return model.with_calibration(calibrate(pairs, model.distance_name, model.fingerprint(), confidence=confidence))


def embeddings(
    rows: np.ndarray, labels: Sequence | None = None, columns: dict[str, Sequence[str]] | None = None
) -> Examples:
    """Rows as items."""
    return Examples(
        items=tuple(np.asarray(rows, dtype=np.float32)),
        names=tuple(f"embedding {place + 1}" for place in range(len(rows))),
        labels=None if labels is None else np.array([str(label) for label in labels]),
        columns={name: np.array(cells) for name, cells in (columns or {}).items()},
        kind="embedding",
    )


def gallery_of(model: SiameseModel, joining: Joining | None = None, errors: float = 0.0) -> Gallery:
    """An empty gallery on a store of the tests."""
    kept = about(model, Joining() if joining is None else joining, None)
    return Gallery.on(NaiveStore(model.dim, coordinates_of(model).metric, kept, errors), model)
