"""What can be asked of a gallery -> which requests that are, and how their answer is read. Nothing is sent here.

Each function is a method of what `Client.gallery(name)` gives, where `at` is already given.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any

from alikely.client.answers import Decision
from alikely.client.calls import as_a, of_items
from alikely.client.gallery_answers import (
    About,
    Enrolled,
    FieldSaid,
    Found,
    Hit,
    Identification,
    Identities,
    Removed,
    Templates,
)
from alikely.client.many import Many, Part, Problems, Progress, listed, mark_of
from alikely.client.reading import answer_as, answers_as, only_answer_as
from alikely.client.requests import Call
from alikely.client.saying import Item, in_json
from alikely.errors import InputError

Given = Mapping[str, FieldSaid]


def about(at: str, fpir: float | None = None, confidence: float | None = None) -> Call[About]:
    """How much it holds, and up to which distance it identifies at the rate `fpir`."""
    return Call("GET", at, as_a(About), query={"fpir": fpir, "confidence": confidence})


def enrol(
    at: str,
    items: Iterable[Item],
    identity: str | None = None,
    fields: Given | None = None,
    progress: Progress | None = None,
) -> Many[Enrolled, Enrolled]:
    """Enrol items that show `identity` (without it: each its own name), with these fields. As `Gallery.enrol`.

    Without an identity a text is called by itself, anything else by a part of its content's hash. What is answered is
    kept. To send it again changes nothing: each item is enrolled once.
    """

    def ask(part: Part) -> Call[Enrolled]:
        asked = {"items": part.said, "identity": identity, "fields": dict(fields) if fields else None}
        return _enrolment(at, part, asked)

    return Many("enrolling", *listed(items), ask, _joined_enrolled, skips=True, kept=True, once=True, progress=progress)


def enrol_each(
    at: str,
    items: Sequence[Item],
    identities: Sequence[str],
    fields: Sequence[Given] | None = None,
    progress: Progress | None = None,
) -> Many[Enrolled, Enrolled]:
    """The same for items with an identity each, and with fields each; the last ones count."""
    given = fields if fields is not None else [{}] * len(items)
    if not len(items) == len(identities) == len(given):
        raise InputError(
            f"there are {len(items):,} items, {len(identities):,} identities and fields for {len(given):,}; give "
            "one for each item"
        )

    several = {who for who, count in Counter(identities).items() if count > 1}

    def said() -> Iterator[tuple[Item, Callable[[], dict[str, Any]]]]:
        # What stands twice may go into requests that are under way at once: so it is said with its last fields at once.
        last: dict[bytes, Given] = {}
        for item, who, its in zip(items, identities, given, strict=True):
            if fields is not None and who in several:
                with suppress(InputError):  # told when its turn comes
                    key = mark_of((in_json(item), who))
                    last[key] = its or last.get(key, its)
        for item, who, its in zip(items, identities, given, strict=True):
            yield item, partial(say, item, who, its, last)

    def say(item: Item, identity: str, its: Given, last: Mapping[bytes, Given]) -> dict[str, Any]:
        one = in_json(item)
        kept = last.get(mark_of((one, identity)), its) if last else its
        return {"item": one, "identity": identity, "fields": dict(kept)}

    def ask(part: Part) -> Call[Enrolled]:
        return _enrolment(at, part, {"each": part.said})

    return Many(
        "enrolling", said(), len(items), ask, _joined_enrolled, skips=True, kept=True, once=True, progress=progress
    )


def verify(
    at: str,
    item: Item,
    identity: str,
    fmr: float | None = None,
    prior: float | None = None,
    confidence: float | None = None,
) -> Call[Decision]:
    """Whether an item shows this identity (1:1). As `Gallery.verify`."""
    asked = {"identity": identity, "fmr": fmr, "prior": prior, "confidence": confidence}
    return of_items(f"{at}/verify", as_a(Decision), {"item": item}, asked)


def identify(
    at: str,
    items: Iterable[Item],
    fpir: float | None = None,
    confidence: float | None = None,
    k: int | None = None,
    prior: float | None = None,
    progress: Progress | None = None,
) -> Many[tuple[Identification, ...], tuple[Identification, ...]]:
    """Who each item shows, or nobody (1:N), in their order. As `Gallery.identify`."""
    settings = {"fpir": fpir, "confidence": confidence, "k": k, "prior": prior}

    def ask(part: Part) -> Call[tuple[Identification, ...]]:
        asked = {"items": part.said, **settings}
        return Call("POST", f"{at}/identify", partial(_identifications, part), asked, called=part.called)

    return Many("identifying", *listed(items), ask, _in_a_row, progress=progress)


def search(at: str, item: Item, k: int | None = None, where: str | None = None) -> Call[tuple[Hit, ...]]:
    """The templates most like an item, the nearest first, that meet the condition `where`. As `Gallery.search`."""
    return of_items(f"{at}/search", _hits, {"item": item}, {"k": k, "where": where})


def search_all(
    at: str, items: Iterable[Item], k: int | None = None, where: str | None = None, progress: Progress | None = None
) -> Many[Found, tuple[Found, ...]]:
    """The same for each of several items, in their order: a request for each."""

    def ask(part: Part) -> Call[Found]:
        asked = {"item": part.said[0], "k": k, "where": where}
        return Call("POST", f"{at}/search", partial(_found, part), asked, called=part.called)

    return Many("searching", *listed(items), ask, _all_found, most=1, progress=progress)


def like(at: str, key: str, k: int | None = None, where: str | None = None) -> Call[tuple[Hit, ...]]:
    """The templates most like the one of this key, without itself. As `Gallery.like`."""
    return Call("POST", f"{at}/search", _hits, {"key": key, "k": k, "where": where})


def identities(
    at: str, where: str | None = None, starts: str = "", skip: int = 0, most: int | None = None
) -> Call[Identities]:
    """Identities in alphabetical order that begin with `starts`, a page at a time. As `Gallery.identities`."""
    query = {"where": where, "starts": starts or None, "skip": skip, "most": most}
    return Call("GET", f"{at}/identities", as_a(Identities), query=query)


def templates(
    at: str, identity: str | None = None, where: str | None = None, skip: int = 0, most: int | None = None
) -> Call[Templates]:
    """Keys, identities and fields, in the order of enrolment, a page at a time. As `Gallery.described`."""
    query = {"identity": identity, "where": where, "skip": skip, "most": most}
    return Call("GET", f"{at}/templates", as_a(Templates), query=query)


def remove(at: str, identity: str) -> Call[Removed]:
    """Remove an identity with all its templates. As `Gallery.remove`."""
    return Call("DELETE", f"{at}/identities", as_a(Removed), query={"identity": identity})


def remove_template(at: str, key: str) -> Call[Removed]:
    """Remove one template by its key. As `Gallery.remove`."""
    return Call("DELETE", f"{at}/templates", as_a(Removed), query={"key": key})


def _enrolment(at: str, part: Part, asked: Mapping[str, Any]) -> Call[Enrolled]:
    return Call("POST", f"{at}/enrol", partial(_enrolled, part), asked, called=part.called)


def _enrolled(part: Part, answered: Any) -> Enrolled:
    done = answer_as(Enrolled, answered)
    problems, shared = part.all_called(done.problems), part.all_called(done.shared)
    return replace(done, repeated=done.repeated + part.repeated, problems=problems, shared=shared)


def _joined_enrolled(answers: Sequence[Enrolled], problems: Problems) -> Enrolled:
    return Enrolled(
        new=sum(one.new for one in answers),
        there=sum(one.there for one in answers),
        changed=sum(one.changed for one in answers),
        repeated=sum(one.repeated for one in answers),
        problems=(*problems, *(problem for one in answers for problem in one.problems)),
        shared=tuple(shared for one in answers for shared in one.shared),
    )


def _hits(answered: Any) -> tuple[Hit, ...]:
    return only_answer_as(Found, answered).found


def _found(part: Part, answered: Any) -> Found:
    found = only_answer_as(Found, answered)
    return replace(found, item=part.called(found.item))


def _all_found(answers: Sequence[Found], problems: Problems) -> tuple[Found, ...]:  # noqa: ARG001
    return tuple(answers)


def _identifications(part: Part, answered: Any) -> tuple[Identification, ...]:
    return tuple(replace(one, item=part.called(one.item)) for one in answers_as(Identification, answered))


def _in_a_row(
    answers: Sequence[tuple[Identification, ...]],
    problems: Problems,  # noqa: ARG001
) -> tuple[Identification, ...]:
    return tuple(one for some in answers for one in some)
