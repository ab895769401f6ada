"""The key of a template -> a picture of what was enrolled, small. By default no copy of any picture is kept.

A key begins with the hash of its item's content. So the picture is found again among the files of folders that were
named for it (found_pictures.py), or, where the service was told to keep pictures, among the small copies in its folder:
gallery-NAME/HASH.webp. Such a copy goes when the last template with its content does.
"""

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path
from urllib.parse import quote

from alikely.errors import InputError, StorageError
from alikely.folders import whole_file
from alikely.gallery import Gallery, Removed
from alikely.gallery.content import content_in, content_of
from alikely.server.found_pictures import FoundPictures
from alikely.server.thumbnails import small_copy
from alikely.types import Item

ENDING = ".webp"


class Pictures:
    """Pictures of what is enrolled in galleries, found among files, or kept in a folder where `keeps` says so.

    Where it does not, nothing is written to that folder; what lies there from before is still shown and removed.
    """

    def __init__(self, galleries: Mapping[str, Gallery], found: FoundPictures, folder: Path, keeps: bool) -> None:
        self.galleries, self.found, self.folder, self.keeps = galleries, found, folder, keeps
        for name in galleries:
            self._drop_orphans(name)
        found.look()

    def keep(self, gallery: str, items: Sequence[Item]) -> None:
        """Keep small copies of pictures (as bytes) that were enrolled in the gallery of this name, where it keeps any.

        What is no readable picture is left out. Raises StorageError where the disk is full.
        """
        for item in items:
            if self.keeps and isinstance(item, bytes):
                content = content_of(item)
                with suppress(InputError):
                    keep_copy(self._place(gallery, content), small_copy(item))
                # It may have been removed meanwhile.
                if not self.galleries[gallery].inside.store.beginning({content}):
                    remove_copy(self._place(gallery, content))

    def remove(self, gallery: str, identity: str | None = None, key: str | None = None) -> Removed:
        """Remove an identity or a template from the gallery of this name, as `Gallery.remove` does, with its pictures.

        Raises as that does. The copies go first: whatever stops it, none is left of what is not enrolled.
        """
        opened = self.galleries[gallery]
        going: set[str] = set()
        if (identity is None) != (key is None):
            pieces = opened.inside.store.read(
                keys=None if key is None else [key], identities=None if identity is None else [identity]
            )
            going = {one for piece in pieces for one in piece.keys}
        self._drop(gallery, going)
        removed = opened.remove(identity, key)
        # Once more: the same pictures may have been enrolled and removed at the same time.
        self._drop(gallery, going)
        return removed

    def of(self, key: str) -> bytes | None:
        """A small picture (WebP) of the template with this key, while it is enrolled; None where there is none."""
        content = content_in(key)
        for name, gallery in self.galleries.items():
            if key in gallery.inside.store.has([key]):
                with suppress(OSError):
                    return self._place(name, content).read_bytes()
                return self.found.small_copy(content)
        return None

    def there(self, gallery: str, keys: Sequence[str]) -> list[str]:
        """Those of the keys of templates in the gallery of this name of which there is a picture, in their order."""
        enrolled = self.galleries[gallery].inside.store.has(keys) if keys else set()
        return [key for key in keys if key in enrolled and self._has(gallery, content_in(key))]

    def of_identities(self, gallery: str, identities: Sequence[str]) -> dict[str, str]:
        """For each of the identities of which there is a picture the key of its first template that has one."""
        first: dict[str, str] = {}
        for identity in dict.fromkeys(identities):
            for piece in self.galleries[gallery].inside.store.read(identities=[identity]):
                pictured = (key for key in piece.keys if self._has(gallery, content_in(key)))
                first.update((identity, key) for key in islice(pictured, 1))
                if identity in first:
                    break
        return first

    def close(self) -> None:
        """Stop looking through folders."""
        self.found.close()

    def _has(self, gallery: str, content: str) -> bool:
        return self._place(gallery, content).exists() or self.found.knows(content)

    def _folder(self, gallery: str) -> Path:
        return self.folder / f"gallery-{quote(gallery, safe='')}"

    def _place(self, gallery: str, content: str) -> Path:
        return self._folder(gallery) / f"{content}{ENDING}"

    def _drop(self, gallery: str, going: Collection[str]) -> None:
        """Remove the copies that no template but these needs."""
        contents = {content_in(key) for key in going}
        staying = self.galleries[gallery].inside.store.beginning(contents).keys() - set(going)
        for content in contents - {content_in(key) for key in staying}:
            remove_copy(self._place(gallery, content))

    def _drop_orphans(self, gallery: str) -> None:
        """Remove the copies of what was removed by other ways, such as the command line."""
        kept = {path.stem for path in self._folder(gallery).glob(f"[!.]*{ENDING}")}
        enrolled = self.galleries[gallery].inside.store.beginning(kept)
        for content in kept - {content_in(key) for key in enrolled}:
            remove_copy(self._place(gallery, content))


def keep_copy(place: Path, copy: bytes) -> None:
    """Write a small copy, whole or not at all. Raises StorageError where the disk is full or refuses."""
    with whole_file(place) as partial:
        partial.touch(0o600)
        partial.write_bytes(copy)


def remove_copy(place: Path) -> None:
    """Remove it, if it is there. Raises StorageError where that is refused."""
    try:
        place.unlink(missing_ok=True)
    except OSError as error:
        raise StorageError(f"{place}: cannot be removed ({error.strerror or error}); remove it yourself") from error
