"""Items and galleries -> what maps can be drawn of: embeddings by number, with fields; and what each item shows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float

from alikely.contracts import Distance
from alikely.errors import InputError
from alikely.gallery import Gallery
from alikely.model import SiameseModel
from alikely.plane import Colours, colours_of
from alikely.report.thumbnails import short_names
from alikely.server.looked import Looked
from alikely.server.pictures import Pictures
from alikely.server.shown import shown_of
from alikely.server.thumbnails import small_copy
from alikely.types import Kind

# An item of a map: its number and its name.
Numbered = tuple[int, str]

ITEMS, GALLERY = "items", "gallery:"
LABEL, IDENTITY = "label", "identity"


@dataclass(frozen=True, eq=False)
class Gathered:
    """All that a map is drawn of. `names` are of the items, `label` is the field that holds their labels."""

    embeddings: Float[np.ndarray, "items dim"]
    names: tuple[str, ...]
    fields: Mapping[str, Colours]
    label: str | None


@runtime_checkable
class MapSource(Protocol):
    """Items with embeddings, by number."""

    @property
    def name(self) -> str:
        """In addresses."""
        ...

    @property
    def title(self) -> str:
        """For people."""
        ...

    @property
    def kind(self) -> Kind:
        """What the items are."""
        ...

    @property
    def distance(self) -> Distance:
        """How far embeddings are."""
        ...

    def __len__(self) -> int:
        """How many items there are now."""
        ...

    def stamp(self) -> str:
        """Another text after each change of the items; cheap to ask for."""
        ...

    def gather(self) -> Gathered:
        """The items with what is known of them, as they are now."""
        ...

    def still(self, items: Sequence[Numbered]) -> list[bool]:
        """Which of these items are there still."""
        ...

    def shown(self, items: Sequence[Numbered]) -> list[dict[str, Any]]:
        """For JSON: what each of these items holds: `picture` (whether there is one), `text`, `cells`, `curves`."""
        ...

    def picture(self, item: Numbered) -> bytes | None:
        """A small picture (WebP) of an item; None where there is none."""
        ...


@dataclass(frozen=True, eq=False)
class OfItems:
    """The items of the source that the service was started with."""

    looked: Looked
    model: SiameseModel
    title: str
    name: str = ITEMS

    @property
    def kind(self) -> Kind:
        """What the items are."""
        return self.looked.examples.kind

    @property
    def distance(self) -> Distance:
        """Of the model."""
        return self.model.distance

    def __len__(self) -> int:
        return len(self.looked)

    def stamp(self) -> str:
        """They do not change as long as the service runs."""
        return ""

    def gather(self) -> Gathered:
        """Names without the folder that all of them lie in."""
        examples = self.looked.examples
        labelled = examples.labels is not None
        fields = {LABEL: colours_of(LABEL, list(examples.labels), label=True)} if examples.labels is not None else {}
        fields |= {
            name: colours_of(name, list(cells)) for name, cells in examples.columns.items() if name not in fields
        }
        return Gathered(self.looked.embeddings, short_names(examples.names), fields, LABEL if labelled else None)

    def still(self, items: Sequence[Numbered]) -> list[bool]:
        """They stay as long as the service runs."""
        return [True] * len(items)

    def shown(self, items: Sequence[Numbered]) -> list[dict[str, Any]]:
        """Texts and cells as reports show them; of sequences a curve for each channel."""
        if self.kind == "picture":
            return [{"picture": True} for _ in items]
        shown = shown_of(self.looked.examples, [number for number, _ in items], self.model.preparation)
        return [{"picture": False, **shown[number]} for number, _ in items]

    def picture(self, item: Numbered) -> bytes | None:
        """Of the file or array that the source gave."""
        if self.kind != "picture":
            return None
        try:
            return small_copy(self.looked.examples.items[item[0]])
        except InputError:
            return None


@dataclass(frozen=True, eq=False)
class OfGallery:
    """The templates of a gallery; their names are their keys."""

    gallery: Gallery
    title: str
    pictures: Pictures

    @property
    def name(self) -> str:
        """In addresses."""
        return GALLERY + self.title

    @property
    def kind(self) -> Kind:
        """What was enrolled."""
        return self.gallery.inside.model.preparation.kind

    @property
    def distance(self) -> Distance:
        """That of what the store keeps."""
        return self.gallery.inside.coordinates.distance

    def __len__(self) -> int:
        return len(self.gallery)

    def stamp(self) -> str:
        """That of its store."""
        return self.gallery.inside.store.stamp()

    def gather(self) -> Gathered:
        """Identities, and all fields that some template has."""
        pieces = list(self.gallery.templates())
        fields = [of for piece in pieces for of in piece.fields]
        named = sorted({name for of in fields for name in of} - {IDENTITY})
        identities = [identity for piece in pieces for identity in piece.identities]
        dim = self.gallery.inside.store.dim
        return Gathered(
            np.concatenate([np.zeros((0, dim), np.float32), *(piece.embeddings for piece in pieces)]),
            tuple(key for piece in pieces for key in piece.keys),
            {
                IDENTITY: colours_of(IDENTITY, identities, label=True),
                **{name: colours_of(name, [of.get(name) for of in fields]) for name in named},
            },
            IDENTITY,
        )

    def still(self, items: Sequence[Numbered]) -> list[bool]:
        """Those that were not removed since."""
        there = self.gallery.inside.store.has([name for _, name in items])
        return [name in there for _, name in items]

    def shown(self, items: Sequence[Numbered]) -> list[dict[str, Any]]:
        """Pictures where they are found again; nothing else of an item is kept in a gallery."""
        there = set(self.pictures.there(self.title, [name for _, name in items]))
        return [{"picture": name in there} for _, name in items]

    def picture(self, item: Numbered) -> bytes | None:
        """Where the picture lies in a folder that was named, or a copy is kept."""
        return self.pictures.of(item[1])
