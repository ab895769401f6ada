"""Who liked what -> how much liking one item speaks for each other item, in closed form."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float, Int
from scipy import sparse

from alikely.tasks.recommend.histories import Histories

MOST_ITEMS = 50_000
MOST_CELLS = 200_000_000  # of the table of people and items that is solved for
COLUMNS = 1024  # items whose weights are looked at at once
# A person with many liked items says less by each: the weight of a row is (median / count) ** EVENING.
EVENING = 0.25


@dataclass(frozen=True)
class Between:
    """`table[j, i]` is how much liking item j speaks for item i; below 0: against it. A sparse table items x items."""

    table: Any

    def match(self, liked: Int[np.ndarray, " liked"]) -> Float[np.ndarray, " items"]:
        """How much all the liked items speak for each item."""
        return np.asarray(self.table[liked].sum(axis=0)).ravel()

    def shares(self, liked: Int[np.ndarray, " liked"], item: int) -> Float[np.ndarray, " liked"]:
        """How much each of the liked items speaks for this one."""
        return np.asarray(self.table[liked][:, [item]].toarray()).ravel()

    def with_new(self, count: int) -> "Between":
        """The same with so many items behind, of which no history tells."""
        table, size = self.table.copy(), self.table.shape[0] + count
        table.resize((size, size))
        return Between(table)


def table_of_likes(histories: Histories, items: int) -> Any:
    """A sparse table people x items: 1 where liked."""
    counts = [len(liked) for liked in histories.liked]
    columns = np.concatenate([*histories.liked, np.zeros(0, np.int64)])
    starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    return sparse.csr_matrix((np.ones(len(columns)), columns, starts), shape=(len(histories), items))


def learn_between(likes: Any, ridge: float, kept: int, seed: int) -> Between:
    """The weights with which each item is best told from all the others that a person liked, under a ridge penalty.

    EASE (Steck 2019, "Embarrassingly shallow autoencoders for sparse data", eq. 8): B = -P / diag(P) off the diagonal,
    P = (X' X + ridge)^-1, where the rows of X weigh less the longer they are. Where there are fewer people than items,
    the same P by way of the people (Woodbury). For each item the `kept` largest weights stay. With more than
    `MOST_CELLS` cells, people are drawn.
    """
    people, items = likes.shape
    most = max(1, MOST_CELLS // items)
    if people > most:
        likes = likes[np.sort(np.random.default_rng(seed).choice(people, most, replace=False))]
        people = most
    counts = np.asarray(likes.sum(axis=1)).ravel()
    rows = (np.median(counts[counts > 0]) / np.maximum(counts, 1)) ** EVENING
    table = sparse.diags(rows) @ likes
    if people < items:
        solved = np.linalg.solve((table @ table.T).toarray() + ridge * np.eye(people), table.toarray())
        inverse = None
        diagonal = (1 - np.asarray(table.multiply(solved).sum(axis=0)).ravel()) / ridge
    else:
        inverse = np.linalg.inv((table.T @ table).toarray() + ridge * np.eye(items))
        diagonal = np.diag(inverse)
    kept = min(kept, items)
    tellers = np.zeros((items, kept), np.int32)
    weights = np.zeros((items, kept), np.float32)
    for start in range(0, items, COLUMNS):
        some = np.arange(start, min(start + COLUMNS, items))
        # Rows are items told, columns items that tell; off the diagonal P is -X' solved / ridge.
        off = (table.T @ solved[:, some]).T / ridge if inverse is None else -inverse[some]
        off = (off / diagonal[some, None]).astype(np.float32)
        off[np.arange(len(some)), some] = 0.0
        largest = np.argpartition(-np.abs(off), kept - 1, axis=1)[:, :kept]
        tellers[some] = largest
        weights[some] = np.take_along_axis(off, largest, axis=1)
    told = np.repeat(np.arange(items, dtype=np.int32), kept)
    found = sparse.csr_matrix((weights.ravel(), (tellers.ravel(), told)), shape=(items, items))
    found.eliminate_zeros()
    return Between(found)
