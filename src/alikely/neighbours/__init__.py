"""ITEMS WITHOUT LABELS -> WHICH OF THEM ARE ALIKE: pairs and groups among many, at a calibrated rate.

pairs   embeddings and a limit -> the pairs nearer than that, in blocks
groups  embeddings and a limit -> groups, each around the item in its middle
limit   a calibration and how many pairs are compared -> the limit, and how many of them it may take wrongly
found   both with what the items are called -> what is told of them, and a file
"""

from alikely.neighbours.found import AlikeGroups, AlikePairs, check_csv, said_of
from alikely.neighbours.groups import Group, star_groups
from alikely.neighbours.limit import Limit, limit_for
from alikely.neighbours.pairs import NearPairs, near_counts, near_pairs

__all__ = [
    "NearPairs",
    "near_pairs",
    "near_counts",
    "Group",
    "star_groups",
    "Limit",
    "limit_for",
    "AlikePairs",
    "AlikeGroups",
    "said_of",
    "check_csv",
]
