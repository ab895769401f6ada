"""A gallery, a new model and the items again in; the same gallery with the embeddings of the new model out."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from alikely.data.items import read_all
from alikely.embedding import Progress
from alikely.errors import GalleryError
from alikely.folders import whole_folder
from alikely.gallery.content import content_in, content_of
from alikely.gallery.coordinates import coordinates_of
from alikely.gallery.enrolment import BATCH, Source, embedded, examples_of
from alikely.gallery.held import Held, about, check_about, folder_of, held
from alikely.gallery.joining import joining_from
from alikely.model import SiameseModel
from alikely.storage import load_model
from alikely.stores import create_store, open_store
from alikely.types import Field, Templates

Known = tuple[str, str, Mapping[str, Field]]  # key, identity and fields of a template


@dataclass(frozen=True)
class Rebuilt:
    """How many templates were embedded anew, and the identities of those left out, as their items were not there.

    `problems` are the items that could not be read.
    """

    templates: int
    left_out: tuple[str, ...]
    problems: tuple[tuple[str, str], ...]

    @property
    def exit_code(self) -> int:
        """For the command line: 0 all is there, 1 some templates are left out."""
        return 1 if self.left_out else 0

    def sentence(self) -> str:
        """What was done, in one line."""
        lost = f"; {len(self.left_out):,} left out" if self.left_out else ""
        return f"{self.templates:,} template{'' if self.templates == 1 else 's'} embedded anew{lost}"

    def to_dict(self) -> dict[str, Any]:
        """For JSON: the fields by name."""
        problems = [{"item": name, "problem": problem} for name, problem in self.problems]
        return {"templates": self.templates, "left_out": list(self.left_out), "problems": problems}


def rebuild(
    where: Path | str,
    model: SiameseModel | Path | str,
    source: Source,
    without_missing: bool = False,
    progress: Progress | None = None,
    own_code: bool = False,
) -> Rebuilt:
    """Embed everything in a gallery anew with another model; keys, identities and fields stay as they are.

    `source` holds the items that were enrolled, wherever they lie now: they are known by what they hold. The old
    gallery stays as it is until all is done, and stays for good where anything fails. Only for a gallery in a folder;
    for one on a server, enrol into a new one.

    Raises GalleryError where items of the source are lacking (`without_missing`: they are left out), and for a
    gallery that is none; InputError, ModelError, StorageError.
    """
    folder = folder_of(str(where))
    if folder is None:
        raise GalleryError(f"{where}: is no folder of a gallery; one in Milvus is rebuilt by enrolling into a new one")
    loaded = model if isinstance(model, SiameseModel) else load_model(model, own_code=own_code)
    store = open_store(str(where))
    try:
        check_about(str(where), store.about)
        known = [
            (key, identity, fields)
            for piece in store.read()
            for key, identity, fields in zip(piece.keys, piece.identities, piece.fields, strict=True)
        ]
        joining = joining_from(store.about["joining"])
    finally:
        store.close()
    kept = about(loaded, joining, None if isinstance(model, SiameseModel) else model)
    with whole_folder(folder) as partial:
        new = create_store(str(partial), loaded.dim, coordinates_of(loaded).metric, kept)
        try:
            done = _embed_all(held(str(where), new, loaded), known, source, without_missing, progress)
        finally:
            new.close()
    return done


def _embed_all(
    new: Held, known: list[Known], source: Source, without_missing: bool, progress: Progress | None
) -> Rebuilt:
    by_content: dict[str, list[Known]] = {}
    for template in known:
        by_content.setdefault(content_in(template[0]), []).append(template)
    examples = examples_of(source, new.model.preparation.kind)
    problems: list[tuple[str, str]] = []
    done = 0
    for start in range(0, len(examples), BATCH):
        stop = min(start + BATCH, len(examples))
        contents, bad = read_all(examples.items[start:stop], examples.names[start:stop], content_of)
        places = [place for place, content in enumerate(contents) if content in by_content]
        some = replace(examples.select(start + np.array(places, dtype=np.int64)), groups=np.array(places), pairs=None)
        problems += bad
        if places:
            embeddings, read, unread = embedded(new.model, some)
            problems += unread
            assert read.groups is not None  # their places, from above
            found = [(row, by_content.pop(str(contents[place]), [])) for row, place in enumerate(read.groups)]
            done += _put(new, new.coordinates.of(embeddings), found)
        if progress:
            progress("rebuilding", stop, len(examples))
    left_out = [identity for templates in by_content.values() for _, identity, _ in templates]
    if left_out and not without_missing:
        few = ", ".join(dict.fromkeys(left_out[:5])) + (" ..." if len(left_out) > 5 else "")
        raise GalleryError(
            f"{new.where}: {len(left_out):,} of {len(known):,} templates ({few}) have no item in the source, or one "
            "that cannot be read; give all that was enrolled, or leave them out: --without-missing. Nothing was changed"
        )
    return Rebuilt(done, tuple(left_out), tuple(problems))


def _put(new: Held, rows: np.ndarray, found: list[tuple[int, list[Known]]]) -> int:
    """Keep each row for all templates that had this content; how many."""
    templates = [(row, *template) for row, same in found for template in same]
    if templates:
        new.store.put(
            Templates(
                keys=tuple(key for _, key, _, _ in templates),
                identities=tuple(identity for _, _, identity, _ in templates),
                embeddings=rows[[row for row, _, _, _ in templates]],
                fields=tuple(fields for _, _, _, fields in templates),
            )
        )
    return len(templates)
