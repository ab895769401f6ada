"""EMBEDDINGS -> PLACES ON A PLANE, to look at: what a model holds for alike lies near."""

from alikely.plane.colours import Colours, colours_of
from alikely.plane.drawing import Drawing, Spread
from alikely.plane.placing import plane_of

__all__ = ["plane_of", "Drawing", "Spread", "Colours", "colours_of"]
