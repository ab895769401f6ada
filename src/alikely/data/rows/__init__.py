"""ROWS OF A TABLE -> TENSORS, by a schema that is inferred, can be corrected, and is kept with the model."""

from alikely.data.rows.preparation import RowPreparation, draft_rows, rows_from

__all__ = ["RowPreparation", "draft_rows", "rows_from"]
