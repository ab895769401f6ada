"""A gallery -> one file with all of it, and such a file -> a gallery."""

import json
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from alikely.embedding import Progress
from alikely.errors import GalleryError, InputError, SettingsError
from alikely.folders import whole_file
from alikely.gallery.candidates import gathered
from alikely.gallery.held import Held, check_about
from alikely.types import Templates

PARTS = ("keys", "identities", "fields", "embeddings", "about")
AT_ONCE = 4096
# A hash and a number: enough of what it holds to tell from what it was made.
SAME = ("model", "distance")


def export_to(held: Held, file: Path, overwrite: bool = False) -> int:
    """Write all templates into one .npz file, whole or not at all; how many. `overwrite` replaces a file that is there.

    keys, identities    texts
    fields              texts, each a JSON object
    embeddings          float32, a row each, as the store keeps them (for a learned distance with its weights multiplied
                        in)
    about               a text, a JSON object: the fingerprint of the model, the distance, the rule that joins templates

    Raises SettingsError for another ending and for a file that is there, StorageError where the disk is full.
    """
    if file.suffix.lower() != ".npz":
        raise SettingsError(f"{file}: a gallery is exported as .npz; name such a file")
    if file.exists() and not overwrite:
        raise SettingsError(f"{file}: is there already; name another file, or replace it: --overwrite (overwrite=True)")
    templates = gathered(held.store.read(), held.store.dim)
    with whole_file(file) as partial, partial.open("wb") as out:
        np.savez(
            out,
            allow_pickle=False,
            keys=np.array(templates.keys, dtype=str),
            identities=np.array(templates.identities, dtype=str),
            fields=np.array([json.dumps(dict(fields)) for fields in templates.fields], dtype=str),
            embeddings=templates.embeddings,
            about=np.array(json.dumps(dict(held.store.about))),
        )
    return len(templates)


def import_from(held: Held, file: Path, progress: Progress | None = None) -> tuple[int, int]:
    """Take all templates of a file in; how many were new, and how many were there and are now as in the file.

    Raises InputError for a file that holds no gallery, GalleryError for one of another model.
    """
    templates, about = _parts(file)
    for name in SAME:
        if about[name] != held.store.about[name]:
            raise GalleryError(
                f"{file}: was made with the {name} {str(about[name])[:12]}, and this gallery is of "
                f"{str(held.store.about[name])[:12]}: their embeddings mean different things; enrol the items anew"
            )
    if templates.embeddings.shape[1] != held.store.dim:
        raise InputError(f"{file}: is damaged: its embeddings do not have {held.store.dim} numbers; export it again")
    new = done = 0
    for piece in _pieces(templates):
        new += held.store.put(piece)
        done += len(piece)
        if progress:
            progress("importing", done, len(templates))
    return new, len(templates) - new


def _pieces(templates: Templates) -> Iterator[Templates]:
    for start in range(0, len(templates), AT_ONCE):
        part = slice(start, start + AT_ONCE)
        yield Templates(
            templates.keys[part], templates.identities[part], templates.embeddings[part], templates.fields[part]
        )


def _parts(file: Path) -> tuple[Templates, dict[str, Any]]:
    try:
        with file.open("rb") as opened, np.load(opened, allow_pickle=False) as archive:
            keys, identities, fields, embeddings, about = (archive[name] for name in PARTS)
        described = json.loads(str(about))
        templates = Templates(
            tuple(keys.tolist()),
            tuple(identities.tolist()),
            embeddings.astype(np.float32),
            tuple(json.loads(text) for text in fields.tolist()),
        )
        whole = len(templates.identities) == len(templates.fields) == len(templates.embeddings) == len(templates)
        check_about(str(file), described)
    except FileNotFoundError:
        raise InputError(f"{file}: is not there; name a file that `alikely gallery export` wrote") from None
    except OSError as error:
        raise InputError(f"{file}: cannot be read ({error.strerror or error}); check the path and the rights") from None
    except (EOFError, KeyError, TypeError, ValueError, zipfile.BadZipFile, zlib.error, AttributeError):
        raise InputError(
            f"{file}: holds no gallery, or a damaged one; name a file that `alikely gallery export` wrote"
        ) from None
    if not whole or not np.isfinite(templates.embeddings).all():
        raise InputError(f"{file}: is damaged: its parts do not fit each other; export it again")
    return templates, described
