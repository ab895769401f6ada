"""The preparation of each kind of item: drafted before anything is learned, and made again from a model folder."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from alikely.contracts import Preparation
from alikely.data.detecting import CropToFound
from alikely.data.embeddings import draft_embeddings, embeddings_from
from alikely.data.preparation import PicturePreparation, draft_pictures, pictures_from
from alikely.data.rows import draft_rows, rows_from
from alikely.data.sequences import draft_sequences, sequences_from
from alikely.data.texts import draft_texts, texts_from
from alikely.errors import ModelError
from alikely.own_code import is_own
from alikely.types import Item, Kind


@dataclass(frozen=True)
class _Making:
    """`draft` takes items and settings, before anything is measured; `again` takes `settings()` and `files()`."""

    draft: Callable[[Sequence[Item], Mapping[str, Any]], Preparation]
    again: Callable[[Mapping[str, Any], Mapping[str, bytes]], Preparation]


PREPARATIONS: dict[Kind, _Making] = {
    "picture": _Making(draft_pictures, pictures_from),
    "text": _Making(draft_texts, texts_from),
    "row": _Making(draft_rows, rows_from),
    "sequence": _Making(draft_sequences, sequences_from),
    "embedding": _Making(draft_embeddings, embeddings_from),
}


def draft_preparation(kind: Kind, items: Sequence[Item], settings: Mapping[str, Any]) -> Preparation:
    """The preparation for these items with what can be said before the split; `Preparation.fitted` adds the rest.

    Raises SettingsError for a setting that is not known or out of its bounds.
    """
    return PREPARATIONS[kind].draft(items, settings)


def described(preparation: Preparation) -> dict[str, Any]:
    """A preparation as JSON can hold it, without its files."""
    return {"kind": preparation.kind, **preparation.settings()}


def own_code_of(preparation: Preparation) -> str | None:
    """The function of the user's own (`module:function`) that the preparation would import and call; None where none.

    It is not a part of the model, and imported when the first picture is read.
    """
    if not isinstance(preparation, PicturePreparation):
        return None
    finders = [step.finder for step in preparation.item_steps if isinstance(step, CropToFound)]
    return next((finder for finder in finders if is_own(finder)), None)


def preparation_from(settings: Mapping[str, Any], files: Mapping[str, bytes]) -> Preparation:
    """The preparation that `described` describes. Raises ModelError where that does not hold together."""
    kind = settings.get("kind", "picture")
    if kind not in PREPARATIONS:
        raise ModelError(f"preparation: unknown kind {kind!r}; there are {', '.join(PREPARATIONS)}")
    return PREPARATIONS[kind].again({name: value for name, value in settings.items() if name != "kind"}, files)
