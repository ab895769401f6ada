"""The pairs worth a label, and who said what of them, in; which pairs somebody is asked next, out."""

from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime, timedelta

from alikely.labelling.answers import Answer, PairOfIds

SECOND = 5  # every fifth pair is one that somebody else has judged, so that agreement can be measured
AT_WORK = timedelta(minutes=10)  # who answered so recently shares the new pairs with the others


def next_pairs(
    pool: Sequence[PairOfIds],
    answers: Sequence[Answer],
    who: str,
    count: int,
    now: datetime,
    without: Collection[PairOfIds] = (),
) -> list[int]:
    """Positions in the pool of the next `count` pairs for this labeller; fewer where none are left.

    A pair that they have answered (or that is in `without`) is not asked again. Every fifth is a pair that others have
    judged, first those judged by the fewest. The others are new, in the order of the pool; people who are at work at
    the same time each take every second or third ... of them, so that they do not all begin at the front. When nothing
    new is left, everybody gets what the others have judged.
    """
    mine = {answer.pair for answer in answers if answer.who == who}
    given = mine | set(without)
    second, new = _second(pool, answers, who, given), _new(pool, answers, who, now, given)
    chosen: list[int] = []
    for turn in range(len(given), len(given) + count):
        order = (second, new) if turn % SECOND == SECOND - 1 else (new, second)
        place = next((place for places in order for place in places if place not in chosen), None)
        if place is None:
            break
        chosen.append(place)
    return chosen


def _second(
    pool: Sequence[PairOfIds], answers: Sequence[Answer], who: str, given: Collection[PairOfIds]
) -> Iterator[int]:
    """Pairs that others have answered: by the fewest first, of these those judged first; skipped ones at the end."""
    judged: dict[PairOfIds, int] = {}
    skipped: dict[PairOfIds, int] = {}
    for answer in answers:
        if answer.who != who and answer.pair not in given:
            counts = skipped if answer.answer == "skip" else judged
            counts[answer.pair] = counts.get(answer.pair, 0) + 1
    place_of = {pair: place for place, pair in enumerate(pool)}
    order = sorted(judged, key=lambda pair: judged[pair]) + [pair for pair in skipped if pair not in judged]
    return (place_of[pair] for pair in order if pair in place_of)


def _new(
    pool: Sequence[PairOfIds], answers: Sequence[Answer], who: str, now: datetime, given: Collection[PairOfIds]
) -> Iterator[int]:
    """Pairs that nobody has answered: first this labeller's share of them."""
    answered = {answer.pair for answer in answers}
    at_work = sorted({answer.who for answer in answers if abs(now - _when(answer)) < AT_WORK} | {who})
    mine, parts = at_work.index(who), len(at_work)
    left = [place for place, pair in enumerate(pool) if pair not in answered and pair not in given]
    return iter(sorted(left, key=lambda place: place % parts != mine))


def _when(answer: Answer) -> datetime:
    said = datetime.fromisoformat(answer.time)
    return said if said.tzinfo else said.replace(tzinfo=UTC)
