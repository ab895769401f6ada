"""What is served and a name -> the source of a map, and the map as it was drawn: its items, without who left since."""

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Path, Query

from alikely.plane import Drawing
from alikely.server.access import MayRead
from alikely.server.held import Served, TheServed
from alikely.server.map_sources import MapSource, OfGallery, OfItems
from alikely.server.problems import RefusedError

SourceName = Annotated[str, Path(max_length=300, description="`items`, or `gallery:NAME`", examples=["items"])]
Version = Annotated[int | None, Query(description="of the map that numbers belong to; without it, the one there is")]


@dataclass(frozen=True, eq=False)
class DrawnMap:
    """A source, and the map that was drawn of it. Numbers are those of its items; none is told that was removed."""

    source: MapSource
    drawing: Drawing

    def there(self, numbers: list[int]) -> list[int]:
        """Those whose items were not removed since the map was drawn."""
        still = self.source.still([(number, self.drawing.names[number]) for number in numbers])
        return [number for number, stays in zip(numbers, still, strict=True) if stays]

    def require(self, number: int) -> int:
        """The number. Raises RefusedError (404) where no item of the map has it, or its item was removed."""
        if number >= len(self.drawing) or not self.there([number]):
            raise RefusedError(404, "no_item", f"there is no item {number} on this map")
        return number

    def picture(self, number: int) -> bytes:
        """A small picture (WebP) of an item. Raises RefusedError (404) where there is none."""
        small = self.source.picture((self.require(number), self.drawing.names[number]))
        if small is None:
            raise RefusedError(404, "no_picture", "there is no picture of this here")
        return small

    def items(self, numbers: list[int]) -> list[dict[str, Any]]:
        """For JSON: what these items are called, and what they hold."""
        drawing = self.drawing
        some = drawing.numbers(numbers)
        order = {int(number): place for place, number in enumerate(some)}
        labels = drawing.labels(some)
        values = {name: colours.texts(some) for name, colours in drawing.fields.items()}
        items = [(number, drawing.names[number]) for number in numbers]
        return [
            {
                "number": number,
                "name": name,
                "label": labels[order[number]],
                "values": {field: texts[order[number]] for field, texts in values.items()},
                **shown,
            }
            for (number, name), shown in zip(items, self.source.shown(items), strict=True)
        ]


def map_sources(served: Served) -> dict[str, MapSource]:
    """All sources by their names."""
    sources: list[MapSource] = []
    if served.looked is not None and served.folders.items is not None:
        sources.append(OfItems(served.looked, served.require_model(), served.folders.items.name))
    sources += [OfGallery(gallery, name, served.pictures) for name, gallery in served.galleries.items()]
    return {source.name: source for source in sources}


async def map_source(
    source: SourceName,
    served: TheServed,
    caller: MayRead,  # noqa: ARG001
) -> MapSource:
    """For routes: the source of this name. Raises RefusedError (404) where there is none."""
    sources = map_sources(served)
    if source not in sources:
        there = (
            f"there are {', '.join(sources)}"
            if sources
            else ("whoever runs the service can start it with items (--items) or a gallery (--gallery)")
        )
        raise RefusedError(404, "not_served", f"no map can be drawn of {source!r}: {there}")
    return sources[source]


# What a route takes as `source`: who asks may read, and it is there.
TheSource = Annotated[MapSource, Depends(map_source)]


async def drawn_map(source: TheSource, served: TheServed, version: Version = None) -> DrawnMap:
    """For routes: its map, too. Raises RefusedError (409) where it is not drawn, or of another version."""
    return DrawnMap(source, served.maps.drawing(source.name, version))


# What a route takes as `drawn`.
TheMap = Annotated[DrawnMap, Depends(drawn_map)]
