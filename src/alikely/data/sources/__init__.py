"""A FOLDER, A TABLE, A LIST -> EXAMPLES: the items, and what is known of them, checked."""

from alikely.data.sources.lists import examples_from
from alikely.data.sources.one import parse_item, read_said
from alikely.data.sources.reading import examples_from_records, read_items, read_source

__all__ = ["read_source", "read_items", "examples_from", "examples_from_records", "parse_item", "read_said"]
