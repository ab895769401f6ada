"""Examples -> a trained, calibrated and measured model, and the history of how it came about."""

from alikely.training.history import Epoch, History
from alikely.training.train import Trained, train

__all__ = ["Epoch", "History", "Trained", "train"]
