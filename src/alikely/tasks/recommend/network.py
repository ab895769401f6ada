"""Histories and characteristics -> a tower for items and an encoder for people that have learned to match them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from alikely.errors import TrainingError
from alikely.tasks.recommend.characteristics import Part
from alikely.tasks.recommend.losses import drawn_softmax
from alikely.tasks.recommend.people import PersonEncoder
from alikely.tasks.recommend.settings import RecommendSettings
from alikely.tasks.recommend.tower import ItemTower, finished_parts, make_tower, vectors_of

LEAST_GIVEN, MOST_GIVEN = 0.2, 0.8  # share of a person's items that are given; the others are to be found
WARMUP = 0.1

Progress = Callable[[str, int, int], None]  # what is being done, how much of it is done, how much there is


@dataclass(frozen=True)
class Network:
    """The two halves, and what the items are read by."""

    tower: ItemTower
    person: PersonEncoder
    parts: tuple[Part, ...]

    def vectors(self, batches: Sequence[Tensor], own: Int[np.ndarray, " items"]) -> Float[Tensor, "items dim"]:
        """A vector for each item; `own` is the place of its own vector, -1 where it has none."""
        return vectors_of(self.tower, self.parts, batches, torch.from_numpy(own))

    def people(
        self, vectors: Float[Tensor, "items dim"], liked: Sequence[Int[np.ndarray, "_"]], longest: int
    ) -> Float[Tensor, "people dim"]:
        """A vector for each person, of the latest `longest` items each liked; in batches."""
        rows = [torch.zeros(0, vectors.shape[1])]
        with torch.no_grad():
            for start in range(0, len(liked), 256):
                places, present = padded([items[-longest:] for items in liked[start : start + 256]])
                rows.append(self.person(vectors[places], present))
        return torch.cat(rows)


def padded(
    liked: Sequence[Int[np.ndarray, "_"]],
) -> tuple[Int[Tensor, "people longest"], Bool[Tensor, "people longest"]]:
    """Histories as one table of places, with 0 behind the end of the shorter ones; and where there is an item."""
    longest = max(1, *(len(items) for items in liked)) if liked else 1
    places = torch.zeros(len(liked), longest, dtype=torch.int64)
    present = torch.zeros(len(liked), longest, dtype=torch.bool)
    for row, items in enumerate(liked):
        places[row, : len(items)] = torch.from_numpy(np.asarray(items, np.int64))
        present[row, : len(items)] = True
    return places, present


def learn_network(
    liked: Sequence[Int[np.ndarray, "_"]],
    parts: tuple[Part, ...],
    batches: Sequence[Tensor],
    allowed: Bool[np.ndarray, " items"],
    settings: RecommendSettings,
    progress: Progress | None = None,
) -> Network:
    """Learn to find a part of each person's liked items by the others, among all items (or as many as are drawn).

    Only `allowed` items are ranked. In each step, each person's items are parted anew: from 20 % to 80 % are given.
    Raises TrainingError where the loss is not finite.
    """
    torch.manual_seed(settings.seed)
    rng = np.random.default_rng(settings.seed)
    generator = torch.Generator().manual_seed(settings.seed)
    network = Network(make_tower(parts, len(allowed), settings), PersonEncoder(settings.dim, settings.heads), parts)
    network.tower.train()
    weights = [*network.tower.parameters(), *network.person.parameters()]
    learners = [np.asarray(items) for items in liked if len(items) > 1]
    per_epoch = -(-len(learners) // settings.people_per_batch)
    steps = max(1, settings.epochs * per_epoch)
    optimizer = torch.optim.AdamW(weights, lr=settings.learning_rate, weight_decay=settings.weight_decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, settings.learning_rate, total_steps=steps + 1, pct_start=WARMUP
    )
    counts = np.bincount(np.concatenate([*liked, np.zeros(0, np.int64)]), minlength=len(allowed))
    draw = _Draw(counts / max(1, len(liked)), np.flatnonzero(allowed), settings.candidates)
    step = 0
    for _ in range(settings.epochs):
        order = rng.permutation(len(learners))
        for start in range(0, len(order), settings.people_per_batch):
            halves = [
                _parted(learners[i], rng, settings.longest) for i in order[start : start + settings.people_per_batch]
            ]
            loss = _loss(network, halves, batches, draw, rng, generator, settings)
            if not torch.isfinite(loss):
                raise TrainingError(f"the loss is {loss.item()} in step {step}; try a lower learning_rate")
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()
            step += 1
            if progress:
                progress("learning", step, steps)
    network.tower.eval().requires_grad_(False)
    network.person.eval().requires_grad_(False)
    return network


@dataclass(frozen=True)
class _Draw:
    """Which items a step ranks: all allowed, or those to find and as many drawn evenly as there may be.

    `shares` is the share of people who like each item.
    """

    shares: Float[np.ndarray, " items"]
    allowed: Int[np.ndarray, " allowed"]
    most: int

    def __call__(
        self, halves: Sequence[tuple[Int[np.ndarray, "_"], Int[np.ndarray, "_"]]], rng: np.random.Generator
    ) -> tuple[Int[np.ndarray, " ranked"], Float[Tensor, " ranked"] | None]:
        """The places, ascending, and the logarithm of each one's chance to be there (None: all are)."""
        if len(self.allowed) <= self.most:
            return self.allowed, None
        drawn = rng.choice(self.allowed, self.most, replace=False)
        sought = np.concatenate([found for _, found in halves])
        ranked = np.unique(np.concatenate([drawn, sought]))
        return ranked, log_share(self.shares[ranked], self.most / len(self.allowed), len(halves))


def log_share(shares: Float[np.ndarray, " ranked"], drawn: float, people: int) -> Float[Tensor, " ranked"]:
    """The logarithm of each item's chance to be ranked in a step.

    An item is there because it was `drawn` (a chance that is the same for all), or because one of so many `people`
    likes it, who are a share of all: the more do, the likelier. A little too high where only a part of what they like
    is to be found.
    """
    absent = (1 - drawn) * (1 - shares) ** people
    return torch.from_numpy(np.log(1 - absent)).float()


def _parted(
    items: Int[np.ndarray, "_"], rng: np.random.Generator, longest: int
) -> tuple[Int[np.ndarray, "_"], Int[np.ndarray, "_"]]:
    """A person's items, parted at random: those given (the latest `longest`), and those to find."""
    given = rng.random(len(items)) < rng.uniform(LEAST_GIVEN, MOST_GIVEN)
    if given.all():
        given[rng.integers(len(items))] = False
    return items[given][-longest:], items[~given]


def _loss(
    network: Network,
    halves: Sequence[tuple[Int[np.ndarray, "_"], Int[np.ndarray, "_"]]],
    batches: Sequence[Tensor],
    draw: _Draw,
    rng: np.random.Generator,
    generator: torch.Generator,
    settings: RecommendSettings,
) -> Float[Tensor, ""]:
    ranked, log_share = draw(halves, rng)
    needed = np.unique(np.concatenate([ranked, *(given for given, _ in halves)]))
    rows = torch.from_numpy(needed)
    taken = finished_parts(network.parts, [batch[rows] for batch in batches])
    with_own = torch.rand(len(needed), generator=generator) >= settings.id_dropout
    vectors = network.tower(taken, rows, with_own)
    places, present = padded([np.searchsorted(needed, given) for given, _ in halves])
    people = network.person(vectors[places], present)
    kept = (torch.rand(people.shape, generator=generator) >= settings.dropout) / (1 - settings.dropout)
    matches = (people * kept) @ vectors[torch.from_numpy(np.searchsorted(needed, ranked))].T
    found = _marked([np.searchsorted(ranked, sought) for _, sought in halves], len(ranked))
    known = [given[np.isin(given, ranked)] for given, _ in halves]
    left_out = _marked([np.searchsorted(ranked, given) for given in known], len(ranked))
    return drawn_softmax(matches, found, left_out, log_share)


def _marked(places: Sequence[Int[np.ndarray, "_"]], count: int) -> Bool[Tensor, "people items"]:
    table = torch.zeros(len(places), count, dtype=torch.bool)
    for row, some in enumerate(places):
        table[row, torch.from_numpy(np.asarray(some, np.int64))] = True
    return table
