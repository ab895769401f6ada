"""Recommender: a person's liked items in; what they may like next, and because of which item, out."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float, Int

from alikely.errors import InputError, SettingsError
from alikely.tasks.recommend.catalogue import Catalogue, read_catalogue
from alikely.tasks.recommend.characteristics import plain_features, read_parts
from alikely.tasks.recommend.choosing import top
from alikely.tasks.recommend.conditions import condition_on
from alikely.tasks.recommend.diversity import diverse
from alikely.tasks.recommend.histories import Histories
from alikely.tasks.recommend.matching import Blend, Matching, blended
from alikely.types import Field

# What the record is called where it is printed (docs/recommendations.md explains each).
WORDS = {
    "ridge": "penalty of histories",
    "content_ridge": "penalty of characteristics",
    "of_known": "weights for liked items",
    "of_new": "weights for new items",
    "ndcg_at_10_of_held_back_likes": "nDCG@10 of held-back likes",
    "ndcg_at_10_of_held_back_items": "nDCG@10 of held-back items",
}
PARTS = {"network": "network", "between": "histories", "content": "characteristics"}
POOL = 10  # diversity chooses among so many times what is asked for


@dataclass(frozen=True)
class Recommendation:
    """One item. `match` orders the items of one answer, larger is better; it means nothing between answers.

    `reason` is the liked item that speaks most for it, with its `share` of all that speaks for it, 0..1; None where
    no liked item does. `fields` are what the catalogue says of the item; `title` and `reason_title` are what to call it
    and the reason beside their ids (`Catalogue.titles`).
    """

    item: str
    match: float
    reason: str | None
    share: float | None
    fields: Mapping[str, Field] = field(default_factory=dict)
    title: str = ""
    reason_title: str = ""

    def sentence(self) -> str:
        """The item, and why."""
        why = "liked by many" if self.reason is None else f"because you liked {_called(self.reason, self.reason_title)}"
        return f"{_called(self.item, self.title)}: {why}"

    def to_dict(self) -> dict[str, Any]:
        """For JSON: the fields by name."""
        return {
            "item": self.item,
            "title": self.title,
            "match": self.match,
            "reason": self.reason,
            "reason_title": self.reason_title,
            "share": self.share,
            "fields": dict(self.fields),
        }


@dataclass(frozen=True)
class Recommendations:
    """The best first. `unknown` are liked items that are not in the catalogue. `by_popularity`: nothing was known of
    the person, so that the items are those that most people liked."""

    items: tuple[Recommendation, ...]
    unknown: tuple[str, ...] = ()
    by_popularity: bool = False

    def to_dict(self) -> dict[str, Any]:
        """For JSON: the fields by name."""
        items = [item.to_dict() for item in self.items]
        return {"items": items, "by_popularity": self.by_popularity, "unknown": list(self.unknown)}


@dataclass(frozen=True)
class Recommender:
    """Made by `fit_recommender`, kept by `save_recommender`.

    `counts` say how many people liked each item; one that nobody liked is new, and known by its characteristics alone.
    `histories` are those it learned from. `record` says how it was made. `skipped` are items that could not be read.
    """

    catalogue: Catalogue
    matching: Matching
    of_known: Blend
    of_new: Blend
    counts: Int[np.ndarray, " items"]
    histories: Histories
    skipped: tuple[tuple[str, str], ...] = ()
    record: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_places", self.catalogue.places())
        object.__setattr__(self, "_titles", self.catalogue.titles())

    def for_person(
        self,
        history: Sequence[str],
        k: int = 10,
        *,
        where: str | None = None,
        with_seen: bool = False,
        leave_out: Collection[str] = (),
        diversity: float = 0.0,
    ) -> Recommendations:
        """The `k` items that suit somebody best who liked the items `history`, the latest last. They may be new here.

        where: a condition on the items' fields, such as `in_stock = 1 and price < 20`. with_seen: also the items of the
        history. leave_out: items not to recommend. diversity: 0 the best items, towards 1 items unlike each other.

        Of an item that is not in the catalogue, `unknown` tells. With no history, the items that most people liked.
        Raises InputError where the history is of unknown items alone, SettingsError for a condition that is none.
        """
        if isinstance(history, str):
            raise InputError(f"{history}: is one id; give the ids of all liked items in a list")
        liked, unknown = self._known(history)
        if unknown and not len(liked):
            raise InputError(
                f"none of the items in the history is in the catalogue: {', '.join(unknown[:5])}; give ids of its "
                "items, or no history for what most people liked"
            )
        hidden = np.zeros(len(self.catalogue), bool)
        hidden[self._known(tuple(leave_out))[0]] = True
        if not with_seen:
            hidden[liked] = True
        match = self.matches([liked])[0] if len(liked) else self.counts.astype(np.float64)
        items = tuple(
            self._recommended(i, float(match[i]), liked) for i in self._best(match, k, where, hidden, diversity)
        )
        return Recommendations(items, unknown, by_popularity=len(liked) == 0)

    def for_somebody(
        self,
        history: Sequence[str],
        person: str | None,
        k: int = 10,
        *,
        where: str | None = None,
        with_seen: bool = False,
        diversity: float = 0.0,
    ) -> Recommendations:
        """`for_person` with what a `person` of the histories liked, then `history`; what they only saw is left out."""
        liked, seen = ((), ()) if person is None else self.history_of(person)
        return self.for_person(
            (*liked, *history),
            k,
            where=where,
            with_seen=with_seen,
            leave_out=() if with_seen else seen,
            diversity=diversity,
        )

    def like(
        self, item: str, k: int = 10, *, where: str | None = None, diversity: float = 0.0
    ) -> tuple[Recommendation, ...]:
        """The `k` items for which liking this one speaks most, whatever most people like.

        Raises InputError where the item is not in the catalogue.
        """
        liked, unknown = self._known((item,))
        if unknown:
            raise InputError(f"there is no item {item!r} in the catalogue; give the id of one of its items")
        place = int(liked[0])
        _, between, content = next(self.matching.parts([liked]))
        parts = (self.matching.added(place), between, content)
        match = blended(parts, self.counts > 0, self.of_known, self.of_new)
        hidden = np.zeros(len(self.catalogue), bool)
        hidden[place] = True
        return tuple(
            self._recommended(i, float(match[i]), liked) for i in self._best(match, k, where, hidden, diversity)
        )

    def matches(self, liked: Sequence[Int[np.ndarray, "_"]]) -> Float[np.ndarray, "people items"]:
        """How well each item suits each person, by the places of the items they liked."""
        known = self.counts > 0
        rows = [blended(parts, known, self.of_known, self.of_new) for parts in self.matching.parts(liked)]
        return np.array(rows).reshape(len(liked), len(self.catalogue))

    def history_of(self, person: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The ids that a person of the histories liked, and those only seen. Raises InputError for somebody unknown."""
        if person not in self.histories.people:
            raise InputError(
                f"there is no person {person!r} in the histories that were learned from; give what they liked: "
                "--history"
            )
        row = self.histories.people.index(person)
        liked, seen = self.histories.liked[row], self.histories.seen[row]
        return tuple(self.catalogue.ids[i] for i in liked), tuple(self.catalogue.ids[i] for i in seen)

    def with_items(self, items: Iterable[Mapping[str, Any]]) -> "Recommender":
        """The same with further items (records with `id` and the characteristics) that can be recommended at once.

        Raises InputError where an id is there already, BadItemsError with those that cannot be read.
        """
        new = read_catalogue(items)
        for name in new.ids:
            if name in self._of_id:
                raise InputError(f"the item {name!r} is in the catalogue already; give the new one another id")
        parts = self.matching.network.parts
        batches = read_parts(parts, new)
        vectors = self.matching.network.vectors(batches, np.full(len(new), -1))
        between = self.matching.between
        matching = replace(
            self.matching,
            vectors=torch.cat([self.matching.vectors, vectors]),
            between=None if between is None else between.with_new(len(new)),
            content=self.matching.content.with_new(plain_features(parts, batches, len(new)).numpy()),
        )
        whole = Catalogue(
            self.catalogue.ids + new.ids, self.catalogue.cells + new.cells, self.catalogue.fields + new.fields
        )
        counts = np.concatenate([self.counts, np.zeros(len(new), self.counts.dtype)])
        return replace(self, catalogue=whole, matching=matching, counts=counts)

    def rows(self) -> list[tuple[str, str]]:
        """How it was made, for printing: (name, value)."""
        return [(WORDS.get(name, name), _said(value)) for name, value in self.record.items() if value]

    @property
    def _of_id(self) -> Mapping[str, int]:
        return self._places  # type: ignore[attr-defined,no-any-return]

    def _title(self, place: int) -> str:
        return self._titles[place]  # type: ignore[attr-defined,no-any-return]

    def _known(self, ids: Sequence[str]) -> tuple[Int[np.ndarray, " known"], tuple[str, ...]]:
        """The places of those in the catalogue, each once, the latest last; and the others."""
        latest = dict.fromkeys(reversed(ids))
        known = [self._of_id[name] for name in reversed(latest) if name in self._of_id]
        return np.array(known, dtype=np.int64), tuple(name for name in reversed(latest) if name not in self._of_id)

    def _best(
        self,
        match: Float[np.ndarray, " items"],
        k: int,
        where: str | None,
        hidden: Bool[np.ndarray, " items"],
        diversity: float,
    ) -> list[int]:
        if k < 1:
            raise SettingsError(f"k = {k}: must be 1 or more")
        if not 0 <= diversity <= 1:
            raise SettingsError(f"diversity = {diversity:g}: must be from 0 to 1")
        allowed = ~hidden
        if where is not None:
            condition = condition_on(where, self.catalogue.shown)
            allowed &= np.array([condition.matches(fields) for fields in self.catalogue.fields])
        candidates = np.flatnonzero(allowed)
        if diversity == 0:
            return [int(i) for i in candidates[top(match[candidates], k)]]
        pool = candidates[top(match[candidates], POOL * k)]
        return [int(i) for i in pool[diverse(match[pool], self.matching.vectors[pool].numpy(), k, diversity)]]

    def _recommended(self, item: int, match: float, liked: Int[np.ndarray, " liked"]) -> Recommendation:
        reason, share, because = None, None, ""
        if len(liked):
            blend = self.of_known if self.counts[item] > 0 else self.of_new
            shares = self.matching.shares(liked, item, blend)
            best = int(np.argmax(shares))
            if shares[best] > 0:
                reason, because = self.catalogue.ids[int(liked[best])], self._title(int(liked[best]))
                share = float(shares[best] / shares.clip(min=0).sum())
        fields = self.catalogue.fields[item]
        return Recommendation(self.catalogue.ids[item], match, reason, share, fields, self._title(item), because)


def _called(name: str, title: str) -> str:
    return f"{name} ({title})" if title else name


def _said(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, Mapping):
        return ", ".join(f"{PARTS.get(name, name)} {weight:g}" for name, weight in value.items())
    return "; ".join(map(str, value)) if isinstance(value, list) else f"{value:,}"
