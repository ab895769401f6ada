"""Examples and settings -> settings that do better on identities held back from learning, and how much better."""

from alikely.tuning.result import Again, Trial, Tuned
from alikely.tuning.search import tune

__all__ = ["Again", "Trial", "Tuned", "tune"]
