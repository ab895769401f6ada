"""Small models for tests, made without training."""

import numpy as np
import torch

from alikely.calibration import calibrate
from alikely.data.preparation import fit_preparation
from alikely.distances import build_distance
from alikely.encoders import build_encoder, default_settings
from alikely.metrics import PairDistances
from alikely.model import SiameseModel, ready


def pictures(count: int = 6, size: int = 16, seed: int = 0) -> list[np.ndarray]:
    """Random grey pictures."""
    return list(np.random.default_rng(seed).integers(0, 256, (count, size, size), dtype=np.uint8))


def small_model(
    encoder: str = "cnn", distance: str = "euclidean", size: int = 16, calibrated: bool = True
) -> SiameseModel:
    """An untrained model; where `calibrated`, by distances that were made up, with the rates found on these."""
    torch.manual_seed(0)
    settings = default_settings(encoder, {"channels": 1, "size": size})
    if encoder == "cnn":
        settings |= {"width": 8, "depth": 2, "dim": 8, "grid": 2}
    network = build_encoder(encoder, settings)
    model = SiameseModel(
        preparation=fit_preparation(pictures(), size),
        encoder=ready(network),
        encoder_name=encoder,
        distance=build_distance(distance, network.dim),
        distance_name=distance,
    )
    if not calibrated:
        return model
    return model.with_calibration(calibrate(made_up_pairs(), distance, model.fingerprint(), confidence=0.0))


def made_up_pairs(seed: int = 0) -> PairDistances:
    """Distances of 40 same and 200 different pairs of 20 identities."""
    generator = np.random.default_rng(seed)
    pairs = generator.integers(0, 20, (200, 2))
    pairs[:, 1] = (pairs[:, 0] + 1 + pairs[:, 1] % 19) % 20
    same = np.repeat(np.arange(20), 2)
    return PairDistances(
        same=generator.uniform(0, 0.8, 40).astype(np.float32),
        different=generator.uniform(0.4, 1.6, 200).astype(np.float32),
        same_identities=np.stack([same, same], axis=1),
        different_identities=pairs,
        identities=20,
    )
