"""ENROLLED ITEMS -> who an item is or nobody, whether it is who it claims to be, and what is like it."""

from alikely.gallery.answers import Candidate, Enrolled, Hit, Identification, Removed, Threshold
from alikely.gallery.drift import Drift, DriftRow
from alikely.gallery.gallery import Gallery
from alikely.gallery.joining import Joining, learn_joining
from alikely.gallery.learning import joining_for
from alikely.gallery.rebuilding import Rebuilt

__all__ = [
    "Gallery",
    "Joining",
    "learn_joining",
    "joining_for",
    "Rebuilt",
    "Identification",
    "Candidate",
    "Threshold",
    "Hit",
    "Enrolled",
    "Removed",
    "Drift",
    "DriftRow",
]
