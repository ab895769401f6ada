"""Distances of a batch, and what is known of its pairs -> the triplets and pairs that are worth learning from.

A triplet is an anchor, a positive (same as the anchor) and a negative (different from it). A batch of n items can hold
n ** 3 / 4 triplets; nothing here needs more memory than n ** 2, because triplets are counted, not listed. Selecting has
no gradient. Rows are anchors, columns the items that they are compared with: the same ones, and more where embeddings
of earlier batches are kept. What is neither same nor different is unknown, and never selected.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor


@dataclass(frozen=True)
class TripletCounts:
    """How many of the selected triplets each pair stands in.

    `positive[a, p]`: triplets with anchor a and positive p. `negative[a, n]`: triplets with anchor a and negative n.
    Each of the two sums to the number of triplets.
    """

    positive: Int[Tensor, "anchors items"]
    negative: Int[Tensor, "anchors items"]

    def total(self) -> Int[Tensor, ""]:
        """The number of triplets."""
        return self.positive.sum()


@dataclass(frozen=True)
class Triplets:
    """Selected triplets, listed by the positions of their items in the batch."""

    anchors: Int[Tensor, " triplets"]
    positives: Int[Tensor, " triplets"]
    negatives: Int[Tensor, " triplets"]


@torch.no_grad()
def count_violating(
    distances: Float[Tensor, "anchors items"],
    same: Bool[Tensor, "anchors items"],
    different: Bool[Tensor, "anchors items"],
    margin: float,
) -> TripletCounts:
    """All triplets whose negative is not yet `margin` farther than the positive: d(a, n) < d(a, p) + margin."""
    return _count_nearer(distances, distances + margin, same, different)


@torch.no_grad()
def count_semi_hard(
    distances: Float[Tensor, "anchors items"],
    same: Bool[Tensor, "anchors items"],
    different: Bool[Tensor, "anchors items"],
    margin: float,
) -> TripletCounts:
    """The violating triplets whose negative is farther than the positive: d(a, p) < d(a, n) < d(a, p) + margin.

    The hardest negatives of all are often mistakes in the labels, and early in training pull everything to one point.
    Schroff, Kalenichenko, Philbin 2015 (FaceNet), eq. 4; here every such triplet is taken, not one for each pair.
    """
    violating = _count_nearer(distances, distances + margin, same, different)
    # The next number above d(a, p), so that a negative exactly as far as the positive counts as "not farther".
    just_above = torch.nextafter(distances, torch.full_like(distances, torch.inf))
    not_farther = _count_nearer(distances, torch.minimum(just_above, distances + margin), same, different)
    return TripletCounts(
        positive=violating.positive - not_farther.positive, negative=violating.negative - not_farther.negative
    )


@torch.no_grad()
def batch_hard(
    distances: Float[Tensor, "anchors items"],
    same: Bool[Tensor, "anchors items"],
    different: Bool[Tensor, "anchors items"],
) -> Triplets:
    """One triplet for each anchor that has both: its farthest positive and its nearest negative.

    Hermans, Beyer, Leibe 2017 ("Batch Hard"). Of equals the first is taken.
    """
    anchors = (same.any(dim=1) & different.any(dim=1)).nonzero().squeeze(1)
    farthest = distances.masked_fill(~same, -torch.inf).argmax(dim=1)
    nearest = distances.masked_fill(~different, torch.inf).argmin(dim=1)
    return Triplets(anchors=anchors, positives=farthest[anchors], negatives=nearest[anchors])


@torch.no_grad()
def informative_pairs(
    distances: Float[Tensor, "anchors items"],
    same: Bool[Tensor, "anchors items"],
    different: Bool[Tensor, "anchors items"],
    epsilon: float,
) -> tuple[Bool[Tensor, "anchors items"], Bool[Tensor, "anchors items"]]:
    """The same and the different pairs that are out of order for their anchor (the row), or nearly so.

    A same pair stays if it is farther than the anchor's nearest negative, less `epsilon`; a different pair stays if it
    is nearer than the anchor's farthest positive, plus `epsilon`. An anchor without positives or without negatives
    keeps none. Wang et al. 2019 (multi-similarity), eq. 7 and 8.
    """
    nearest_negative = distances.masked_fill(~different, torch.inf).amin(dim=1, keepdim=True)
    farthest_positive = distances.masked_fill(~same, -torch.inf).amax(dim=1, keepdim=True)
    return same & (distances + epsilon > nearest_negative), different & (distances - epsilon < farthest_positive)


@torch.no_grad()
def trusted_negatives(
    distances: Float[Tensor, "anchors items"],
    same: Bool[Tensor, "anchors items"],
    different: Bool[Tensor, "anchors items"],
    guard: float,
) -> Bool[Tensor, "anchors items"]:
    """The different pairs, without those that may well be the same: nearer than the positive by more than `guard`.

    Where an anchor has several positives the nearest counts; where it has none, all its negatives stay.
    """
    nearest_positive = distances.masked_fill(~same, torch.inf).amin(dim=1, keepdim=True)
    suspect = same.any(dim=1, keepdim=True) & (distances < nearest_positive - guard)
    return different & ~suspect


def _count_nearer(
    distances: Float[Tensor, "anchors items"],
    reach: Float[Tensor, "anchors items"],
    same: Bool[Tensor, "anchors items"],
    different: Bool[Tensor, "anchors items"],
) -> TripletCounts:
    """Triplets with d(a, n) < reach(a, p), counted from both ends in sorted rows."""
    negatives = distances.masked_fill(~different, torch.inf).sort(dim=1).values
    reaches = reach.masked_fill(~same, -torch.inf).sort(dim=1).values
    nearer_negatives = torch.searchsorted(negatives, reach.contiguous(), side="left")
    reaching_positives = reaches.shape[1] - torch.searchsorted(reaches, distances.contiguous(), side="right")
    return TripletCounts(positive=nearer_negatives * same, negative=reaching_positives * different)
