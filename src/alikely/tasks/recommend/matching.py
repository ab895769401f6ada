"""People's liked items -> how well each item matches: what the network, histories and characteristics say, blended."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from alikely.tasks.recommend.between import Between
from alikely.tasks.recommend.content import Content
from alikely.tasks.recommend.network import Network, padded

AT_ONCE = 256  # people


@dataclass(frozen=True)
class Blend:
    """How much each part counts: the network, what histories say between items, what characteristics say."""

    network: float
    between: float
    content: float

    def join(
        self,
        network: Float[np.ndarray, "*shape"],
        between: Float[np.ndarray, "*shape"],
        content: Float[np.ndarray, "*shape"],
    ) -> Float[np.ndarray, "*shape"]:
        """The three, weighed and added."""
        return self.network * network + self.between * between + self.content * content


@dataclass(frozen=True)
class Matching:
    """All that is needed to match people and items. `vectors` are the network's of all items."""

    network: Network
    vectors: Float[Tensor, "items dim"]
    between: Between | None
    content: Content
    longest: int

    def parts(
        self, liked: Sequence[Int[np.ndarray, "_"]]
    ) -> Iterator[tuple[Float[np.ndarray, " items"], Float[np.ndarray, " items"], Float[np.ndarray, " items"]]]:
        """For each person what the network, histories and characteristics say of all items.

        The latter two are divided by the root of the number of liked items, so that all stay of one size.
        """
        for start in range(0, len(liked), AT_ONCE):
            some = liked[start : start + AT_ONCE]
            by_network = (self.network.people(self.vectors, some, self.longest) @ self.vectors.T).numpy()
            for row, items in zip(by_network, some, strict=True):
                root = np.float32(max(1, len(items)) ** 0.5)
                between = np.zeros_like(row) if self.between is None else self.between.match(items) / root
                yield row, between, self.content.match(items) / root

    def shares(self, liked: Int[np.ndarray, " liked"], item: int, blend: Blend) -> Float[np.ndarray, " liked"]:
        """How much each liked item adds to the match with this one; what no item adds (`start`) is not among it."""
        by_network = np.zeros(len(liked), np.float32)
        attended = liked[-self.longest :]
        if len(attended):
            places, present = padded([attended])
            with torch.no_grad():
                added = self.network.person.added(self.vectors[places], present)[0]
            by_network[len(liked) - len(attended) :] = (added @ self.vectors[item]).numpy()
        root = np.float32(max(1, len(liked)) ** 0.5)
        between = np.zeros(len(liked)) if self.between is None else self.between.shares(liked, item)
        shares = blend.join(by_network.astype(np.float64), between / root, self.content.shares(liked, item) / root)
        return np.asarray(shares)

    def added(self, item: int) -> Float[np.ndarray, " items"]:
        """What the network alone lets this one liked item add to the match with each item."""
        places, present = padded([np.array([item])])
        with torch.no_grad():
            return np.asarray((self.vectors @ self.network.person.added(self.vectors[places], present)[0, 0]).numpy())


def blended(
    parts: tuple[Float[np.ndarray, " items"], Float[np.ndarray, " items"], Float[np.ndarray, " items"]],
    known: Bool[np.ndarray, " items"],
    of_known: Blend,
    of_new: Blend,
) -> Float[np.ndarray, " items"]:
    """One number an item, larger where it matches better.

    New items, of which no history tells, are ordered among themselves by the blend that was chosen for such. Beside
    known items they stand where the blend of known items puts them: two blends have two scales.
    """
    match = of_known.join(*parts)
    new = np.flatnonzero(~known)
    among_new = of_new.join(*(part[new] for part in parts))
    match[new[np.argsort(-among_new, kind="stable")]] = -np.sort(-match[new])
    return match
