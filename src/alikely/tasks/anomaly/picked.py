"""Normal items that somebody picked, such as findings that were dismissed -> those that may be remembered.

Such items were chosen because they deviate much, and are no draw of normal items: among the held-back ones they would
raise the threshold, and the more of them there are the less would be found. So they are only remembered. A memory may
be of anything, and the false-alarm rate is kept, as long as it does not know what was held back: the new normal items,
of which the rate is promised, are not in it either. So what a picked item shares with a held-back one keeps it out.
"""

import numpy as np
from jaxtyping import Int

from alikely.data.items import counted
from alikely.data.rows import RowPreparation
from alikely.data.rows.columns import CategoryColumn
from alikely.errors import SettingsError
from alikely.gallery.content import content_of
from alikely.model import SiameseModel
from alikely.tasks.anomaly.plain import model_of
from alikely.types import Examples


def rememberable(picked: Examples, source: Examples, held: Int[np.ndarray, " held"]) -> tuple[Examples, str]:
    """The picked items that may be remembered, and in words what was left out, if anything.

    Items that the source has, too, follow it: those are remembered or held back already. Where the source has groups,
    so do picked ones whose group is held back. Raises SettingsError where the source has groups and they have none.
    """
    if source.groups is not None:
        if picked.groups is None:
            raise SettingsError(
                "the normal items have groups and those that are also normal have none, so nobody knows which of them "
                "belong to what is held back; give them the column group, too"
            )
        keep = ~np.isin(picked.groups.astype(str), np.unique(source.groups[held].astype(str)))
        why = "of groups that are held back for the threshold"
    else:
        there = {content_of(item) for item in source.items}
        keep = np.array([content_of(item) not in there for item in picked.items], dtype=bool)
        why = "among the normal items anyway"
    left_out = len(picked) - int(keep.sum())
    said = f"{counted(left_out, 'item', 'items')} of those that are also normal left out: {why}" if left_out else ""
    return picked.select(np.flatnonzero(keep)), said


def knowing_categories(model: SiameseModel, wider: RowPreparation) -> SiameseModel:
    """The model of plain rows with the categories of `wider`, a preparation with the same columns, and its own scales.

    Few items that deviate much would stretch the scale of numbers, so that nothing else deviates any more; but a
    category that is not known is as far from a known one as from any other.
    """
    preparation = model.preparation
    assert isinstance(preparation, RowPreparation)
    columns = tuple(
        other if isinstance(other, CategoryColumn) else own
        for own, other in zip(preparation.columns, wider.columns, strict=True)
    )
    return model_of(RowPreparation(columns, preparation.numbers, preparation.left_out))
