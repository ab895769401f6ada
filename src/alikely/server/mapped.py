"""What is served and a name -> the source of a map, and its drawing."""

from alikely.plane import Drawing
from alikely.server.held import Served
from alikely.server.map_sources import MapSource, OfGallery, OfItems
from alikely.server.problems import RefusedError


def map_sources(served: Served) -> dict[str, MapSource]:
    """All sources by their names."""
    sources: list[MapSource] = []
    if served.looked is not None and served.folders.items is not None:
        sources.append(OfItems(served.looked, served.require_model(), served.folders.items.name))
    sources += [OfGallery(gallery, name, served.pictures) for name, gallery in served.galleries.items()]
    return {source.name: source for source in sources}


def map_source(served: Served, name: str) -> MapSource:
    """The source of this name. Raises RefusedError (404) where there is none."""
    sources = map_sources(served)
    if name not in sources:
        there = f"there are {', '.join(sources)}" if sources else "give items (--items) or a gallery (--gallery)"
        raise RefusedError(404, "not_served", f"no map can be drawn of {name!r}: {there}")
    return sources[name]


def drawn_map(served: Served, name: str, version: int | None) -> tuple[MapSource, Drawing]:
    """Both. Raises RefusedError: 404 for no such source, 409 where the map is not drawn, or of another version."""
    return map_source(served, name), served.maps.drawing(name, version)


def is_stale(served: Served, source: MapSource) -> bool:
    """Whether the source has another number of items than its map."""
    return served.maps.state(source.name).version > 0 and len(served.maps.drawing(source.name)) != len(source)
