"""Items, and histories of who liked what -> a Recommender."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from alikely.data.items import counted
from alikely.errors import BadItemsError, TooFewError
from alikely.tasks.recommend.between import MOST_ITEMS, Between, learn_between, table_of_likes
from alikely.tasks.recommend.catalogue import read_catalogue
from alikely.tasks.recommend.characteristics import Part, parts_of, plain_features, read_parts, readable
from alikely.tasks.recommend.choosing import OF_KNOWN, OF_NEW, HeldBack, hold_back, quality
from alikely.tasks.recommend.content import learn_content
from alikely.tasks.recommend.histories import Histories, read_histories
from alikely.tasks.recommend.matching import Blend, Matching
from alikely.tasks.recommend.network import Progress, learn_network
from alikely.tasks.recommend.recommender import Recommender
from alikely.tasks.recommend.settings import RecommendSettings

FEWEST_PEOPLE = 10  # with two liked items or more each
FEWEST_ITEMS = 10  # that somebody liked


@dataclass(frozen=True)
class Known:
    """What is learned from: items as their characteristics show them, and histories."""

    items: int
    parts: tuple[Part, ...]
    batches: tuple[Tensor, ...]
    features: Float[np.ndarray, "items features"]
    settings: RecommendSettings


@dataclass(frozen=True)
class Choice:
    """A strength of the penalty and a blend, and the nDCG@10 that they reached on what was held back."""

    ndcg: float
    ridge: float
    blend: Blend
    matching: Matching


@dataclass(frozen=True)
class Chosen:
    """What held-back likes of known items chose (the penalty is that between items), and what held-back items did."""

    of_known: Choice
    of_new: Choice


def fit_recommender(
    items: str | Path | Iterable[Mapping[str, Any]],
    histories: str | Path | Iterable[Mapping[str, Any]],
    settings: RecommendSettings | None = None,
    skip_bad: bool = False,
    progress: Progress | None = None,
) -> Recommender:
    """Learn from a table of items (id and characteristics) and one of who liked what (person,item[,rating][,time]).

    A share of the likes and of the items is held back first to choose the strengths of the penalties and the weights of
    the parts; then all is learned from. With `skip_bad`, items that cannot be read and histories without a person or an
    item are left out. Raises InputError for tables that cannot be used, BadItemsError with all items that cannot be
    read, TooFewError with fewer than 10 people who like two items or fewer than 10 items that somebody likes.
    """
    settings = settings or RecommendSettings()
    catalogue = read_catalogue(items)
    parts = parts_of(catalogue, settings)
    good, problems = readable(parts, catalogue)
    if problems and not (skip_bad and good):
        raise BadItemsError(problems, "Mend or remove them, or go on without them: --skip-bad (skip_bad=True)")
    catalogue = catalogue.select(good)
    told = read_histories(histories, catalogue.ids, settings.liked, skip_bad)
    require_enough(told, len(catalogue))
    batches = read_parts(parts, catalogue)
    features = plain_features(parts, batches, len(catalogue)).numpy()
    known = Known(len(catalogue), parts, batches, features, settings)
    chosen = choose(known, told, progress)
    everything = HeldBack(told.liked, (), (), np.ones(len(catalogue), bool))
    matching = learn(known, everything, chosen.of_known.ridge, chosen.of_new.ridge, progress)
    return Recommender(
        catalogue=catalogue,
        matching=matching,
        of_known=chosen.of_known.blend,
        of_new=chosen.of_new.blend,
        counts=told.counts(len(catalogue)),
        histories=told,
        skipped=tuple(problems),
        record=_record(chosen, told, known),
    )


def choose(known: Known, histories: Histories, progress: Progress | None) -> Chosen:
    """Learn from a part, and take what finds the rest best: first by characteristics alone, then with all."""
    settings = known.settings
    held = hold_back(histories, known.items, settings.hold_back, bool(known.parts), settings.seed)
    told_as = None if progress is None else lambda _, done, total: progress("choosing", done, total)
    matching = learn(known, held, settings.ridge[0], settings.content_ridge[0], told_as)
    likes, told = _likes(held, known.items), _told(held, known.items)

    def tried(new: bool, blends: Sequence[Blend], ridge: float, changed: Matching) -> Choice:
        found = quality(changed, held, blends, new, settings.seed)
        best = int(np.argmax(found))
        return Choice(float(found[best]), ridge, blends[best], changed)

    by_content = max(
        (
            tried(True, OF_NEW, ridge, replace(matching, content=learn_content(known.features, told, ridge)))
            for ridge in (settings.content_ridge if known.parts else settings.content_ridge[:1])
        ),
        key=lambda choice: choice.ndcg,
    )
    matching = by_content.matching
    if matching.between is None:
        by_all = tried(False, [blend for blend in OF_KNOWN if blend.between == 0], settings.ridge[0], matching)
    else:
        tables = ((ridge, learn_between(likes, ridge, settings.neighbours, settings.seed)) for ridge in settings.ridge)
        choices = (tried(False, OF_KNOWN, ridge, replace(matching, between=table)) for ridge, table in tables)
        by_all = max(choices, key=lambda choice: choice.ndcg)
    return Chosen(by_all, by_content)


def learn(known: Known, held: HeldBack, ridge: float, content_ridge: float, progress: Progress | None) -> Matching:
    """All that is learned, from the likes that are not held back."""
    settings = known.settings
    # Weights and dropout are drawn from torch's own generator: the user's stays as it is.
    with torch.random.fork_rng(devices=[]):
        network = learn_network(held.learned, known.parts, known.batches, held.known, settings, progress)
    told = _told(held, known.items)
    own = np.where(told, np.arange(known.items), -1) if settings.ids else np.full(known.items, -1)
    between: Between | None = None
    if known.items <= MOST_ITEMS:
        between = learn_between(_likes(held, known.items), ridge, settings.neighbours, settings.seed)
    content = learn_content(known.features, told, content_ridge)
    vectors = network.vectors(known.batches, own)
    return Matching(network, vectors, between, content, settings.longest)


def require_enough(histories: Histories, items: int) -> None:
    """Raise TooFewError where there is too little to learn from."""
    people = sum(len(liked) > 1 for liked in histories.liked)
    liked = int((histories.counts(items) > 0).sum())
    if people < FEWEST_PEOPLE or liked < FEWEST_ITEMS:
        raise TooFewError(
            f"recommending needs at least {FEWEST_PEOPLE} people who liked two items or more, and {FEWEST_ITEMS} items "
            f"that somebody liked; got {counted(people, 'such person', 'such people')} and "
            f"{counted(liked, 'such item', 'such items')}; add histories"
        )


def _told(held: HeldBack, items: int) -> Bool[np.ndarray, " items"]:
    """Which items somebody liked, of what is learned from."""
    told = np.zeros(items, bool)
    for liked in held.learned:
        told[liked] = True
    return told


def _likes(held: HeldBack, items: int) -> Any:
    people = tuple(str(number) for number in range(len(held.learned)))
    return table_of_likes(Histories(people, held.learned, held.learned), items)


def _record(chosen: Chosen, histories: Histories, known: Known) -> dict[str, Any]:
    """What there is to say about the making, as JSON can hold it."""
    return {
        "people": len(histories),
        "items": known.items,
        "likes": int(sum(map(len, histories.liked))),
        "characteristics": [f"{part.kind}: {', '.join(part.columns)}" for part in known.parts],
        "ridge": chosen.of_known.ridge,
        "content_ridge": chosen.of_new.ridge,
        "of_known": asdict(chosen.of_known.blend),
        "of_new": asdict(chosen.of_new.blend),
        "ndcg_at_10_of_held_back_likes": chosen.of_known.ndcg,
        "ndcg_at_10_of_held_back_items": chosen.of_new.ndcg if known.parts else None,
        "notes": list(histories.notes),
    }
