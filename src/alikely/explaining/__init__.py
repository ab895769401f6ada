"""A MODEL AND TWO PICTURES -> WHICH REGIONS MAKE THEM ALIKE OR UNLIKE."""

from alikely.explaining.covers import random_covers, relevance
from alikely.explaining.drawing import drawn
from alikely.explaining.explanation import ExplainedPicture, Explanation, explain

__all__ = ["explain", "Explanation", "ExplainedPicture", "drawn", "random_covers", "relevance"]
