"""Distances, some drawn from known bells -> their pairs, and a calibration of these."""

import numpy as np

from alikely.calibration import calibrate
from alikely.metrics import PairDistances


def pairs_of(same, different, identities=20):
    around = np.arange(len(same)) % identities
    apart = np.arange(len(different)) % identities
    return PairDistances(
        np.asarray(same),
        np.asarray(different),
        np.stack([around, around], axis=1),
        np.stack([apart, (apart + 1) % identities], axis=1),
        identities,
    )


def bells(same, different, seed=0):
    """Same pairs around 3, different ones around 5, both with deviation 1: the log likelihood ratio is 8 - 2 d."""
    generator = np.random.default_rng(seed)
    return pairs_of(np.abs(generator.normal(3, 1, same)), np.abs(generator.normal(5, 1, different)))


def calibrated(pairs, confidence=0.0, **settings):
    """Thresholds by the rates found; tests/test_promise.py is about those that promise something."""
    return calibrate(pairs, distance="euclidean", model="abc", confidence=confidence, **settings)
