"""SEQUENCES -> TENSORS: files, arrays and archives opened, and prepared for an encoder."""

from alikely.data.sequences.archives import ARCHIVE_ENDINGS, read_ts, read_ucr
from alikely.data.sequences.long_table import LongTable, is_long_table, read_long_table
from alikely.data.sequences.opening import SEQUENCE_ENDINGS, Opened, open_sequence
from alikely.data.sequences.preparation import SequencePreparation, draft_sequences, sequences_from

__all__ = [
    "SEQUENCE_ENDINGS",
    "ARCHIVE_ENDINGS",
    "Opened",
    "open_sequence",
    "read_ts",
    "read_ucr",
    "LongTable",
    "is_long_table",
    "read_long_table",
    "SequencePreparation",
    "draft_sequences",
    "sequences_from",
]
