"""A source of items in; their templates in the store, each item once, batch by batch, out."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from jaxtyping import Float

from alikely.data.items import read_all
from alikely.data.reading import prepare
from alikely.data.sources import examples_from, read_said
from alikely.embedding import Progress, embed_items
from alikely.errors import GalleryError, InputError, ModelError, SettingsError, StorageError
from alikely.gallery.answers import Enrolled
from alikely.gallery.candidates import gathered
from alikely.gallery.content import content_in, content_of, key_of, own_name
from alikely.gallery.fields import check_fields, fields_of
from alikely.gallery.held import Held
from alikely.model import SiameseModel
from alikely.stores.values import unfit_text
from alikely.types import Examples, Field, Item, Kind, Templates

LONGEST = 500  # signs of an identity
BATCH = 256  # items embedded and committed at once: so many at most are embedded again after a stop

Source = str | Path | Examples | Sequence[Item]


def examples_of(source: Source, kind: Kind) -> Examples:
    """The items of a source for a model of this kind: a folder, a table, one item as it is said, a list, or Examples.

    A str is a text (or the name of a table) where the model takes texts. Raises InputError as reading a source does,
    SettingsError for items of another kind.
    """
    if isinstance(source, Examples):
        examples = source
    elif isinstance(source, str | Path):
        examples = read_said(str(source), kind)
    elif isinstance(source, Item):
        examples = examples_from([source], kind=kind)
    else:
        examples = examples_from(source, kind=kind)
    if examples.kind != kind:
        raise SettingsError(f"the model takes {kind}s, and these items are {examples.kind}s")
    return examples


def enrol(
    held: Held,
    examples: Examples,
    identity: str | None = None,
    fields: Mapping[str, Field] | Sequence[Mapping[str, Field]] | None = None,
    progress: Progress | None = None,
) -> Enrolled:
    """Enrol all items that can be read, in batches; what a batch has committed stays, whatever happens next.

    An item shows `identity`, or without one its label, or without that its own name. Its fields are the further columns
    of its table, and `fields`: of all items, or a list with those of each. An item that is there under its identity is
    not embedded again, but gets new fields where some are given; so does one that stands twice in the source (of a
    table, also in rows that reading joined): the last fields are kept. An item with a label that no store can keep
    stands in `problems`. Raises InputError for an identity that is blank, longer than 500 signs or holds what no store
    can keep, SettingsError for fields that cannot be kept, StorageError where the disk is full, and GalleryError where
    another writes too long: the last two, and the KeyboardInterrupt of who stops it, say what is enrolled.
    """
    if identity is not None and not identity.strip():
        raise InputError("an identity must be a text that is not blank; name who or what the items show")
    if identity is not None and (unfit := _unfit(identity)):
        raise InputError(unfit)
    labels = () if examples.labels is None else [str(label) for label in examples.labels]
    for named in labels if identity is None else [identity]:
        if len(named) > LONGEST:
            raise InputError(
                f"an identity may have {LONGEST} signs, and {named[:20]!r}... has {len(named):,}; shorten it, and keep "
                "the rest as a field of the item"
            )
    each = [fields or {}] * len(examples) if fields is None or isinstance(fields, Mapping) else fields
    if len(each) != len(examples):
        raise InputError(f"there are fields for {len(each):,} items, and {len(examples):,} items; give some for each")
    columns = fields_of(examples.columns, len(examples))
    all_fields = [{**mine, **given} for mine, given in zip(columns, each, strict=True)]
    for mine in all_fields:
        check_fields(mine)
    seen: set[str] = set()
    done = Enrolled(0, 0, 0, ())
    try:
        for start in range(0, len(examples), BATCH):
            stop = min(start + BATCH, len(examples))
            some = examples.select(np.arange(start, stop))
            told = _as_enrolled(progress, start, len(examples))
            done = _added(done, _enrol_batch(held, some, all_fields[start:stop], identity, seen, told))
            if progress:
                progress("enrolling", stop, len(examples))
    except (StorageError, GalleryError) as error:
        raise type(error)(f"{error}. {_so_far(done, len(examples))}") from error
    except KeyboardInterrupt:
        raise KeyboardInterrupt(_so_far(done, len(examples))) from None
    return replace(done, repeated=done.repeated + examples.repeats)


def _as_enrolled(progress: Progress | None, done: int, total: int) -> Progress | None:
    """Tells how many are enrolled, whenever something of the next batch is read or embedded."""
    return None if progress is None else lambda *_: progress("enrolling", done, total)


def _so_far(done: Enrolled, items: int) -> str:
    enrolled = done.new + done.there + done.repeated
    return f"{enrolled:,} of {items:,} items are enrolled; run it again, and it goes on from there"


def embedded(
    model: SiameseModel, examples: Examples, progress: Progress | None = None
) -> tuple[Float[np.ndarray, "items dim"], Examples, list[tuple[str, str]]]:
    """The embeddings of all items that can be read, these items, and what is wrong with each of the others.

    Raises ModelError for embeddings that are not finite.
    """
    told = None if progress is None else lambda done, total: progress("reading", done, total)
    read, problems = prepare(examples, model.preparation, skip_bad=True, progress=told)
    embeddings = embed_items(model, read, progress)
    finite = np.isfinite(embeddings).all(axis=1)
    if not finite.all():
        name = read.examples.names[int(np.flatnonzero(~finite)[0])]
        raise ModelError(f"{name}: its embedding is not finite: the model's weights are not usable; train it again")
    return embeddings, read.examples, problems


def _enrol_batch(
    held: Held,
    examples: Examples,
    fields: Sequence[Mapping[str, Field]],
    identity: str | None,
    seen: set[str],
    progress: Progress | None,
) -> Enrolled:
    """One batch; `seen` are the keys of the batches before it and gets those of this one."""
    contents, problems = read_all(examples.items, examples.names, content_of)
    names: dict[str, str] = {}
    places: dict[str, int] = {}
    given: dict[str, Mapping[str, Field]] = {}
    earlier, repeated = set(seen), 0
    for place, content in enumerate(contents):
        if content is None:
            continue
        shows = identity if identity is not None else _shown_by(examples, place, content)
        if unfit := _unfit(shows):
            problems.append((examples.names[place], unfit))
            continue
        key = key_of(content, shows)
        repeated += key in seen
        seen.add(key)
        if key not in places:
            names[key], places[key], given[key] = shows, place, fields[place]
        given[key] = fields[place] or given[key]
    there = held.store.has(list(places)) if places else set()
    named = {key: examples.names[place] for key, place in places.items()}
    twice = _also_shown(held, names, named)
    changed = len(_with_new_fields(held, there, given) - earlier)
    before = len(there - earlier)
    keys = [key for key in places if key not in there]
    if not keys:
        return Enrolled(0, before, changed, tuple(problems), twice, repeated)
    # Each is found again by its place: not all can be read.
    numbered = replace(
        examples.select(np.array([places[key] for key in keys])), groups=np.arange(len(keys)), pairs=None
    )
    embeddings, read, bad = embedded(held.model, numbered, progress)
    assert read.groups is not None  # they were numbered above
    kept = [keys[number] for number in read.groups]
    seen -= set(keys) - set(kept)  # each of these is told where it stands
    new = 0
    if kept:
        # Another process may have enrolled some of them meanwhile.
        new = held.store.put(
            Templates(
                keys=tuple(kept),
                identities=tuple(names[key] for key in kept),
                embeddings=held.coordinates.of(embeddings),
                fields=tuple(given[key] for key in kept),
            )
        )
    return Enrolled(new, before + len(kept) - new, changed, (*problems, *bad), twice, repeated)


def _also_shown(held: Held, names: Mapping[str, str], items: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """The items that other identities have, too, each with all of these; by the keys of this batch."""
    shown: dict[str, dict[str, None]] = {}
    there = held.store.beginning({content_in(key) for key in names}) if names else {}
    for key, identity in sorted({**there, **names}.items(), key=lambda one: one[1]):
        shown.setdefault(content_in(key), {})[identity] = None
    # Each content once, however often it stands in this batch.
    contents = {content_in(key): item for key, item in items.items()}
    return tuple((item, ", ".join(shown[content])) for content, item in contents.items() if len(shown[content]) > 1)


def _with_new_fields(held: Held, there: set[str], fields: Mapping[str, Mapping[str, Field]]) -> set[str]:
    """Give templates that are there other fields, where some are given; the keys of those that had others."""
    given = [key for key in there if fields[key]]
    if not given:
        return set()
    old = gathered(held.store.read(keys=given), held.store.dim)
    rows = [row for row, key in enumerate(old.keys) if dict(old.fields[row]) != dict(fields[key])]
    if rows:
        held.store.put(
            Templates(
                keys=tuple(old.keys[row] for row in rows),
                identities=tuple(old.identities[row] for row in rows),
                embeddings=old.embeddings[rows],
                fields=tuple(fields[old.keys[row]] for row in rows),
            )
        )
    return {old.keys[row] for row in rows}


def _unfit(identity: str) -> str | None:
    problem = unfit_text(identity) if identity else "it is empty"
    return f"the identity {identity!r} cannot be kept: {problem}" if problem else None


def _shown_by(examples: Examples, place: int, content: str) -> str:
    if examples.labels is not None:
        return str(examples.labels[place])
    return own_name(examples.items[place], examples.names[place], content)


def _added(one: Enrolled, other: Enrolled) -> Enrolled:
    return Enrolled(
        one.new + other.new,
        one.there + other.there,
        one.changed + other.changed,
        (*one.problems, *other.problems),
        (*one.shared, *other.shared),
        one.repeated + other.repeated,
    )
