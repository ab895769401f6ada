"""A store and the model that its templates came from, checked to belong together: what all of the gallery works on."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alikely.contracts import Store
from alikely.errors import GalleryError
from alikely.gallery.coordinates import Coordinates, coordinates_of
from alikely.gallery.joining import Joining, joining_from
from alikely.model import SiameseModel
from alikely.storage import load_model
from alikely.stores import open_store

FORMAT = "alikely gallery"
VERSION = 1


@dataclass(frozen=True, eq=False)
class Held:
    """Templates, the model they came from, and how a store and the model understand each other.

    `where` says where the store lies, for messages: a folder or a URI.
    """

    where: str
    store: Store
    model: SiameseModel
    coordinates: Coordinates
    joining: Joining

    def require_templates(self) -> None:
        """Raise GalleryError where nothing is enrolled."""
        if self.store.count() == 0:
            raise GalleryError(f"{self.where}: the gallery is empty; enrol something first (`alikely gallery enrol`)")


def about(model: SiameseModel, joining: Joining, folder: Path | str | None) -> dict[str, Any]:
    """What a gallery writes down of itself when it is made; `folder` is where its model lies, if it lies in one."""
    return {
        "format": FORMAT,
        "version": VERSION,
        "model": model.fingerprint(),
        "distance": model.distance_name,
        "kind": model.preparation.kind,
        "joining": joining.to_dict(),
        "model_folder": None if folder is None else str(Path(folder).absolute()),
    }


def check_about(where: str, kept: Mapping[str, Any]) -> None:
    """Raise GalleryError unless a store was made as a gallery that this version can read."""
    if kept.get("format") != FORMAT:
        raise GalleryError(f"{where}: is a store, but no gallery; make one: alikely gallery create")
    if kept.get("version") != VERSION:
        raise GalleryError(
            f"{where}: is a gallery of version {kept.get('version')}, this version of Alikely reads {VERSION}; use the "
            "version that made it"
        )


def held(where: str, store: Store, model: SiameseModel) -> Held:
    """A store that was made as a gallery, with its model. Raises GalleryError for another model."""
    check_about(where, store.about)
    if store.about["model"] != model.fingerprint():
        raise GalleryError(
            f"{where}: was made with the model {store.about['model'][:12]}, and this one is "
            f"{model.fingerprint()[:12]}: its distances mean nothing here. Use the model that it was made with, or "
            "embed everything anew: alikely gallery rebuild"
        )
    return Held(where, store, model, coordinates_of(model), joining_from(store.about["joining"]))


def folder_of(where: str) -> Path | None:
    """The folder of a gallery that lies in one of our own; None for one in Milvus, whose files are its own."""
    from alikely.stores.local import ABOUT

    return Path(where) if (Path(where) / ABOUT).is_file() else None


def without_password(where: str) -> str:
    """Where a gallery lies, for messages: a URI without the name and the password in it."""
    return re.sub(r"//[^/@]*@", "//", where)


def opened(where: str, model: SiameseModel | Path | str | None, own_code: bool) -> Held:
    """The gallery there, with its model; without one, the model in the folder that it was made with.

    Raises GalleryError where there is no gallery, where it was made with another model, or where its model's folder
    is not known; ModelError for a folder that is no model.
    """
    store = open_store(where)
    try:
        shown = without_password(where)
        check_about(shown, store.about)
        return held(shown, store, _model(shown, model, store.about, own_code))
    except BaseException:
        store.close()
        raise


def _model(
    where: str, model: SiameseModel | Path | str | None, kept: Mapping[str, Any], own_code: bool
) -> SiameseModel:
    if isinstance(model, SiameseModel):
        return model
    if model is None and kept["model_folder"] is None:
        raise GalleryError(f"{where}: does not know where its model lies; name its folder: --model FOLDER")
    if model is None and not Path(kept["model_folder"]).is_dir():
        raise GalleryError(
            f"{where}: its model lay in {kept['model_folder']}, and is not there any more; say where it is: "
            "--model FOLDER"
        )
    return load_model(kept["model_folder"] if model is None else model, own_code=own_code)
