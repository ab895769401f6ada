"""Where a store is -> the store: a folder, or a Milvus server by its URI.

    faces/                                     a folder
    faces.db#people                            a file of Milvus Lite, and the collection in it
    http://computer:19530#people               a Milvus server (https:// too; milvus:// means http://)
    https://user:password@computer:19530#x     with a name and a password

Without `#`, the collection is called `alikely`.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from alikely.contracts import Metric, Store

SCHEMES = ("http://", "https://", "milvus://")
LITE = ".db"


def create_store(where: Path | str, dim: int, metric: Metric, about: Mapping[str, Any]) -> Store:
    """Make an empty store for embeddings of length `dim`. `about` is for its maker to read again, JSON can hold it.

    Raises GalleryError where something is there already or Milvus does not answer, SettingsError for what it cannot be.
    """
    if _is_milvus(where):
        from alikely.stores.milvus import create_milvus

        return create_milvus(str(where), dim, metric, about)
    from alikely.stores.local import create_local

    return create_local(Path(where), dim, metric, about)


def open_store(where: Path | str) -> Store:
    """Open a store that was made. Raises GalleryError where there is none, or it is damaged."""
    if _is_milvus(where):
        from alikely.stores.milvus import open_milvus

        return open_milvus(str(where))
    from alikely.stores.local import open_local

    return open_local(Path(where))


def _is_milvus(where: Path | str) -> bool:
    place = str(where)
    return place.startswith(SCHEMES) or place.partition("#")[0].endswith(LITE)
