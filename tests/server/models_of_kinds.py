"""A small model for every kind of item, made without training, and a service of it."""

from dataclasses import replace
from pathlib import Path

import torch

from alikely.calibration import calibrate
from alikely.data.preparations import draft_preparation
from alikely.data.reading import read_batch
from alikely.distances import build_distance
from alikely.encoders import DEFAULT_ENCODERS, build_encoder, default_settings
from alikely.model import SiameseModel, ready
from alikely.server import Folders, Served, ServeSettings, open_served
from alikely.server.looked import Looked
from alikely.storage import save_model
from alikely.types import Examples, Kind
from tests.kinds import examples_of
from tests.models import made_up_pairs

SMALL = {
    "cnn": {"dim": 8, "width": 8, "depth": 2, "grid": 2},
    "bag": {"dim": 8},
    "mlp": {"dim": 8, "width": 16},
    "conv1d": {"dim": 8, "stages": [8], "blocks": 1},
    "gru": {"dim": 8, "front": 8, "width": 8},
    "transformer": {"dim": 8, "width": 16, "layers": 1, "heads": 2},
    "given": {},
}


def model_of(kind: Kind, calibrated: bool = True) -> tuple[SiameseModel, Examples]:
    """An untrained model with made-up calibration, and items of its kind."""
    examples = examples_of(kind, identities=4, each=2)
    drafted = draft_preparation(kind, examples.items, {"size": 16} if kind == "picture" else {})
    preparation = drafted.fitted(examples.items, [drafted.read_one(item) for item in examples.items])
    name = DEFAULT_ENCODERS[kind]
    torch.manual_seed(0)
    network = build_encoder(name, default_settings(name, preparation.facts()) | SMALL[name])
    model = SiameseModel(preparation, ready(network), name, build_distance("euclidean", network.dim), "euclidean")
    assert len(read_batch(preparation, examples.items)) == len(examples)
    if calibrated:
        model = model.with_calibration(calibrate(made_up_pairs(), "euclidean", model.fingerprint(), confidence=0.0))
    return model, examples


def served_of(kind: Kind, root: Path, calibrated: bool = True) -> Served:
    """What a service of such a model serves; it looks at the items."""
    model, examples = model_of(kind, calibrated)
    save_model(model, root / "model")
    served = open_served(Folders(model=root / "model"), ServeSettings(state=root / "state"))
    return replace(served, looked=Looked(examples, model.embed(examples.items), ()))
