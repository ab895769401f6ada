"""What characteristics say, by linear weights alone -> how much liked items speak for others, new ones too."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from scipy import sparse


@dataclass(frozen=True)
class Content:
    """`features` is a sparse table items x features; `solved` is (Z' Z + ridge)^-1 over the items Z that are known.

    How much item j speaks for item i is z_j' solved z_i: summed over the liked items j, this is what a ridge regression
    of one person's liking (1, else 0) on the characteristics of all known items answers for item i.
    """

    features: Any
    solved: Float[np.ndarray, "features features"]

    def match(self, liked: Int[np.ndarray, " liked"]) -> Float[np.ndarray, " items"]:
        """How much all the liked items speak for each item."""
        profile = np.asarray(self.features[liked].sum(axis=0)).ravel()
        return np.asarray(self.features @ (self.solved @ profile))

    def shares(self, liked: Int[np.ndarray, " liked"], item: int) -> Float[np.ndarray, " liked"]:
        """How much each of the liked items speaks for this one."""
        return np.asarray(self.features[liked] @ (self.solved @ self.features[[item]].toarray().ravel()))

    def with_new(self, features: Float[np.ndarray, "new features"]) -> "Content":
        """The same with further items behind."""
        return replace(self, features=sparse.vstack([self.features, sparse.csr_matrix(features)]).tocsr())


def learn_content(
    features: Float[np.ndarray, "items features"], known: Bool[np.ndarray, " items"], ridge: float
) -> Content:
    """The ridge regression of liking on these features, over the items of which histories tell."""
    table = sparse.csr_matrix(features.astype(np.float32))
    of_known = table[np.flatnonzero(known)].astype(np.float64)
    gram = torch.from_numpy((of_known.T @ of_known).toarray() + ridge * np.eye(features.shape[1]))
    solved = torch.cholesky_inverse(torch.linalg.cholesky(gram))
    # In the order in which a file holds it, so that a loaded one adds up in the same order.
    return Content(table, solved.float().contiguous().numpy())
