"""Labelling: items with their embeddings, a model, and a folder of answers; questions for people and what they said."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from threading import RLock
from typing import Any

import numpy as np
from jaxtyping import Float

from alikely.errors import GalleryError, SettingsError
from alikely.labelling.answers import Answer, AnswerFile, Asked, PairOfIds, Verdict, name_of_labeller, pair_of
from alikely.labelling.asking import next_pairs
from alikely.labelling.judged import Labels, labels_of
from alikely.labelling.kept import KeptItem, kept_item
from alikely.labelling.pool import UNKNOWN, Pool, pairs_worth_a_label
from alikely.labelling.shown import shown_for_labelling
from alikely.model import SiameseModel
from alikely.types import Examples

MOST_AT_ONCE = 20


@dataclass(frozen=True)
class Question:
    """A pair to be judged: the ids of its items and what is shown of each, but not what the model thinks of it."""

    left: str
    right: str
    shown: tuple[dict[str, Any], dict[str, Any]]

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {"left": self.left, "right": self.right, "shown": list(self.shown)}


@dataclass(frozen=True)
class Said:
    """An answer that is kept, and what model, data and others say of the pair, told only now so as not to lead."""

    answer: Answer
    others: tuple[int, int]

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "number": self.answer.number,
            "answer": self.answer.answer,
            "probability": self.answer.probability,
            "known": self.answer.known,
            "others": {"same": self.others[0], "different": self.others[1]},
        }


@dataclass(frozen=True)
class Standing:
    """How far labelling is, for one labeller and for all.

    answered, today: this labeller's answers, all and since midnight (of this machine's time zone). left: pairs that
    they were not asked. pairs: in all. leaned: of how many answers to which the model gave a probability, and how many
    of these it leaned the same way.
    """

    answered: int
    today: int
    left: int
    pairs: int
    leaned: tuple[int, int]
    labels: Labels

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "answered": self.answered,
            "today": self.today,
            "left": self.left,
            "pairs_in_all": self.pairs,
            "model": {"answers": self.leaned[0], "leaned_alike": self.leaned[1]},
            "agreement_in_words": self.labels.agreement.sentence(),
            # Whoever may only read learns no path of the machine: which pairs are divided stays out.
            "labels": {**self.labels.to_dict(), "divided": len(self.labels.divided)},
        }


class Labelling:
    """Questions about pairs of some items, and the answers in a folder.

    The pairs are found when they are first needed; `seed` says by which chance (`pairs_worth_a_label`). Several may use
    one folder at once, in threads or processes.
    """

    def __init__(
        self,
        examples: Examples,
        embeddings: Float[np.ndarray, "items dim"],
        model: SiameseModel,
        folder: Path | str,
        seed: int = 0,
    ) -> None:
        self.examples, self.embeddings, self.model, self.seed = examples, embeddings, model, seed
        self.file = AnswerFile(Path(folder))
        self._finding = RLock()

    @property
    def all_known(self) -> bool:
        """Whether the data says of every pair already what it is: then answers only check the labels."""
        return self.examples.labels is not None

    def questions(self, who: str, count: int = 1, without: Collection[PairOfIds] = ()) -> list[Question]:
        """The next pairs for this labeller (`next_pairs`); `without` those that they have got already.

        Raises InputError for a name that is none and for items that nobody can judge, TooFewError for fewer than two.
        """
        if not 1 <= count <= MOST_AT_ONCE:
            raise SettingsError(f"ask for 1 to {MOST_AT_ONCE} pairs at once, got {count}")
        name = name_of_labeller(who)
        found = self._found
        given = [pair_of(*pair) for pair in without]
        places = next_pairs(found.ids, self.file.answers(), name, count, datetime.now(UTC), given)
        return [self._question(found.places[found.ids[place]]) for place in places]

    def answer(self, left: str, right: str, answer: Verdict, who: str, seconds: float | int = 0) -> Said:
        """Keep what somebody says of a pair; it is on the disk when this returns.

        Raises GalleryError for a pair that is not asked here, else as `AnswerFile.add`.
        """
        place = self._place(left, right)
        said = self.file.add(self._asked(place), answer, who, seconds)
        votes = [
            other.answer
            for other in self.file.answers()
            if other.pair == said.pair and other.who != said.who and other.answer != "skip"
        ]
        return Said(said, (votes.count("same"), votes.count("different")))

    def undo(self, who: str, before: Callable[[Answer], object] | None = None) -> Question | None:
        """Take back the last answer of a labeller, and ask it again; None where its items are no longer here.

        `before` as for `AnswerFile.undo`. Raises GalleryError where there is none.
        """
        place = self._found.places.get(self.file.undo(who, before).pair)
        return None if place is None else self._question(place)

    def standing(self, who: str) -> Standing:
        """How far this labeller is, and what all have said."""
        found, answers = self._found, self.file.answers()
        mine = [answer for answer in answers if answer.who == who]
        today = datetime.now().astimezone().date()
        leaned = [
            (answer.probability >= 0.5) == (answer.answer == "same")
            for answer in answers
            if answer.probability is not None and answer.answer != "skip"
        ]
        asked = sum(answer.pair in found.places for answer in mine)
        return Standing(
            answered=len(mine),
            today=sum(datetime.fromisoformat(answer.time).astimezone().date() == today for answer in mine),
            left=len(found.ids) - asked,
            pairs=len(found.ids),
            leaned=(len(leaned), sum(leaned)),
            labels=labels_of(answers, self.file.items()),
        )

    @property
    def _found(self) -> "_Found":
        with self._finding:
            return self._find

    @cached_property
    def _find(self) -> "_Found":
        calibration = self.model.calibration
        pool = pairs_worth_a_label(self.examples, self.embeddings, self.model.distance, calibration, seed=self.seed)
        labels = self.examples.labels
        items = {
            place: kept_item(
                self.examples.items[place],
                self.examples.kind,
                self.examples.names[place],
                None if labels is None else str(labels[place]),
            )
            for place in np.unique(np.concatenate([pool.left, pool.right])).tolist()
        }
        return _Found.of(pool, items)

    def _question(self, place: int) -> Question:
        pool, items = self._found.pool, self._found.items
        ends = int(pool.left[place]), int(pool.right[place])
        # Which of the two stands on the left says nothing.
        shown = [shown_for_labelling(self.examples, end, self.model.preparation) for end in ends]
        return Question(items[ends[0]].id, items[ends[1]].id, (shown[0], shown[1]))

    def _asked(self, place: int) -> Asked:
        pool, items = self._found.pool, self._found.items
        known = int(pool.known[place])
        return Asked(
            left=items[int(pool.left[place])],
            right=items[int(pool.right[place])],
            drawn=pool.drawn[place],
            probability=None if pool.probability is None else float(pool.probability[place]),
            known=None if known == UNKNOWN else bool(known),
        )

    def _place(self, left: str, right: str) -> int:
        place = self._found.places.get(pair_of(left, right))
        if place is None:
            raise GalleryError("this pair is not among those that are asked here; take one of the next questions")
        return place


@dataclass(frozen=True)
class _Found:
    """The pairs with the ids of their items, and where each stands in the pool.

    Items that are equal have one id: of the pairs that have the same ids then, only the first is asked.
    """

    pool: Pool
    items: dict[int, KeptItem]
    ids: Sequence[PairOfIds]
    places: dict[PairOfIds, int]

    @classmethod
    def of(cls, pool: Pool, items: dict[int, KeptItem]) -> "_Found":
        ids = [
            pair_of(items[left].id, items[right].id)
            for left, right in zip(pool.left.tolist(), pool.right.tolist(), strict=True)
        ]
        places: dict[PairOfIds, int] = {}
        for place, pair in enumerate(ids):
            if pair[0] != pair[1]:
                places.setdefault(pair, place)
        return cls(pool, items, tuple(places), places)
