"""Settings that train in a second; two models -> whether their weights are equal."""

import torch

from alikely import TrainSettings

FAST = TrainSettings(
    size=16,
    epochs=3,
    encoder_settings={"width": 16, "depth": 2, "dim": 16, "grid": 4},
    loss="info_nce",
    labels_per_batch=8,
    items_per_label=4,
    precision="fp32",
)


def same_weights(left, right):
    tensors, others = left.tensors(), right.tensors()
    return tensors.keys() == others.keys() and all(torch.equal(tensors[name], others[name]) for name in tensors)
