"""A catalogue -> what is known of each item, prepared: one part for each text, picture, ... and one for its row."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import torch
from jaxtyping import Float, Shaped
from torch import Tensor
from torch.nn import functional

from alikely.contracts import Preparation
from alikely.data.items import read_all
from alikely.data.preparations import draft_preparation
from alikely.data.rows import RowPreparation
from alikely.data.sources.values import item_of
from alikely.data.texts import TextPreparation
from alikely.encoders import DEFAULT_ENCODERS, preferred_preparation
from alikely.errors import BadItemsError, InputError, SettingsError
from alikely.model import finished
from alikely.tasks.recommend.catalogue import Catalogue
from alikely.tasks.recommend.settings import LEAVE_OUT, RecommendSettings
from alikely.types import Item, Kind

# What a column of this name holds, unless the settings say otherwise.
_BY_NAME: dict[str, Kind] = {"text": "text", "path": "picture", "embedding": "embedding", "sequence": "sequence"}
ROW: Kind = "row"
BLANK = "?"  # an empty cell of a text: that nothing is known may tell something too
LARGEST = 3.0  # deviations; numbers further out count as this far
USUAL_PREPARATION: dict[Kind, dict[str, Any]] = {"text": {"tokens": "words", "vocabulary": 2000}}
USUAL_ENCODERS: dict[Kind, str] = {**DEFAULT_ENCODERS, "text": "bag"}


@dataclass(frozen=True)
class Part:
    """One characteristic: `columns` it is read from (a row: several) and how it is prepared."""

    kind: Kind
    columns: tuple[str, ...]
    preparation: Preparation

    def items(self, catalogue: Catalogue) -> list[Item]:
        """The cell, or the row of cells, of each item. Raises InputError naming the first whose cell is none."""
        return _items(self.kind, self.columns, catalogue)

    def read(self, catalogue: Catalogue) -> tuple[list[Tensor | None], list[tuple[str, str]]]:
        """The characteristic of each item, None where it cannot be read; and of those, the id and what is wrong."""
        return read_all(self.items(catalogue), catalogue.ids, self.preparation.read_one)


def encoder_of(kind: Kind, settings: RecommendSettings) -> str:
    """The name of the encoder for characteristics of this kind."""
    return settings.encoders.get(kind, USUAL_ENCODERS[kind])


def parts_of(catalogue: Catalogue, settings: RecommendSettings) -> tuple[Part, ...]:
    """What there is to learn from in the columns, fitted to these items; nothing where an id is all there is.

    Raises SettingsError for a column that is not there, BadItemsError with the items that cannot be read.
    """
    for name in settings.columns:
        if name not in catalogue.columns:
            raise SettingsError(f"columns: the items have no column {name!r}; there are {', '.join(catalogue.columns)}")
    kinds = {name: settings.columns.get(name, _BY_NAME.get(name, ROW)) for name in catalogue.columns}
    of_row = tuple(name for name, kind in kinds.items() if kind == ROW)
    others = [(cast(Kind, kind), name) for name, kind in kinds.items() if kind not in (ROW, LEAVE_OUT)]
    drafts = [_drafted(kind, (name,), catalogue, settings) for kind, name in others]
    if of_row and (row := _row(of_row, catalogue, settings)) is not None:
        drafts.append(row)
    return tuple(_fitted(part, catalogue) for part in drafts)


def readable(parts: Sequence[Part], catalogue: Catalogue) -> tuple[list[int], list[tuple[str, str]]]:
    """The places of the items of which all parts can be read, and of the others the id and what is wrong."""
    problems: dict[str, str] = {}
    for part in parts:
        problems |= dict(part.read(catalogue)[1])
    return [i for i, name in enumerate(catalogue.ids) if name not in problems], list(problems.items())


def read_parts(parts: Sequence[Part], catalogue: Catalogue) -> tuple[Shaped[Tensor, "items *shape"], ...]:
    """For each part one batch with all items of the catalogue. Raises BadItemsError with those that cannot be read."""
    batches = []
    for part in parts:
        read, problems = part.read(catalogue)
        if problems:
            raise BadItemsError(problems, "Mend or remove them.")
        batches.append(part.preparation.join([item for item in read if item is not None]))
    return tuple(batches)


def plain_features(parts: Sequence[Part], batches: Sequence[Tensor], items: int) -> Float[Tensor, "items features"]:
    """What can be said of items without anything learned: a column for each word, category and number.

    A word or category is there (1) or not (0); numbers are in deviations, at most `LARGEST`, and embeddings of
    length 1. Pictures and sequences say nothing here. The last column is 1 for all.
    """
    columns = [_plain(part, batch) for part, batch in zip(parts, batches, strict=True)]
    return torch.cat([*columns, torch.ones(items, 1)], dim=1)


def _plain(part: Part, batch: Tensor) -> Float[Tensor, "items features"]:
    preparation = part.preparation
    if isinstance(preparation, TextPreparation):
        # One place more, for the padding.
        present = torch.zeros(len(batch), int(preparation.facts()["tokens"]) + 1)
        return present.scatter_(1, batch + 1, 1.0)[:, 1:]
    whole = finished(preparation, batch)
    if isinstance(preparation, RowPreparation):
        facts = preparation.facts()
        numbers = whole[:, : facts["numbers"]].clamp(-LARGEST, LARGEST)
        codes = whole[:, facts["numbers"] :].long()
        known = [functional.one_hot(codes[:, i], size).float() for i, size in enumerate(facts["categories"])]
        return torch.cat([numbers, *known], dim=1)
    if part.kind == "embedding":
        return functional.normalize(whole.float(), dim=1)
    return torch.zeros(len(batch), 0)


def _items(kind: Kind, columns: Sequence[str], catalogue: Catalogue) -> list[Item]:
    if kind == ROW:
        return [{name: cells.get(name) for name in columns} for cells in catalogue.cells]
    items: list[Item] = []
    for name, cells in zip(catalogue.ids, catalogue.cells, strict=True):
        cell = cells.get(columns[0])
        if kind == "text":
            items.append(BLANK if cell is None or not str(cell).strip() else str(cell))
        elif kind in ("picture", "sequence") and isinstance(cell, str):
            items.append(catalogue.path(cell))
        else:
            items.append(item_of(cell, kind, f"{name}: the cell of column {columns[0]!r}"))
    return items


def _drafted(kind: Kind, columns: tuple[str, ...], catalogue: Catalogue, settings: RecommendSettings) -> Part:
    """The part before anything is measured. Raises InputError, SettingsError."""
    preferred = USUAL_PREPARATION.get(kind) or preferred_preparation(encoder_of(kind, settings))
    chosen = {**preferred, **settings.preparation.get(kind, {})}
    return Part(kind, columns, draft_preparation(kind, _items(kind, columns, catalogue), chosen))


def _row(columns: tuple[str, ...], catalogue: Catalogue, settings: RecommendSettings) -> Part | None:
    """The cells of the row that can be used; None where no column can."""
    try:
        part = _drafted(ROW, columns, catalogue, settings)
    except InputError:
        return None
    assert isinstance(part.preparation, RowPreparation)
    return replace(part, columns=tuple(column.name for column in part.preparation.columns))


def _fitted(part: Part, catalogue: Catalogue) -> Part:
    read, problems = part.read(catalogue)
    good = [place for place, tensor in enumerate(read) if tensor is not None]
    if not good:
        raise BadItemsError(problems, "None is left; mend them, or leave the column out.")
    items = part.items(catalogue)
    measured = [] if part.preparation.rereads else [tensor for tensor in read if tensor is not None]
    return replace(part, preparation=part.preparation.fitted([items[place] for place in good], measured))
