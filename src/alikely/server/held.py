"""Folders -> all that one service serves, opened and checked to belong together."""

import math
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Semaphore
from typing import TYPE_CHECKING, Annotated, TypeVar

from fastapi import Depends, Request

from alikely.data.preparation import PicturePreparation
from alikely.embedding import Progress
from alikely.errors import SettingsError
from alikely.gallery import Gallery
from alikely.gallery.held import folder_of
from alikely.gallery.live import log_beside
from alikely.labelling import Labelling
from alikely.model import SiameseModel
from alikely.server.audit import Audit
from alikely.server.batching import Batching
from alikely.server.findings import Findings
from alikely.server.found_pictures import FoundPictures
from alikely.server.looked import Looked, look_at
from alikely.server.maps import Maps
from alikely.server.meter import Meter
from alikely.server.pictures import Pictures
from alikely.server.problems import RefusedError
from alikely.server.settings import ServeSettings
from alikely.server.state import State
from alikely.storage import load_model

if TYPE_CHECKING:
    from alikely.tasks.anomaly import Detector
    from alikely.tasks.recommend import Recommender
    from alikely.tasks.sentences import Answers


T = TypeVar("T")

# Explanations take long; more of them at once would keep all others waiting.
EXPLAINED_AT_ONCE = 2

NO_MODEL = "no model is served; whoever runs the service can start it with one (alikely serve MODEL)"


@dataclass(frozen=True)
class Folders:
    """What is to be served, by the folders that hold it, and the labelled or unlabelled items to look at on the page.

    pictures: folders in which the pictures lie that were enrolled: found again by what they hold.
    """

    model: Path | None = None
    galleries: tuple[Path | str, ...] = ()
    detectors: tuple[Path, ...] = ()
    recommenders: tuple[Path, ...] = ()
    answers: tuple[Path, ...] = ()
    items: Path | None = None
    pictures: tuple[Path, ...] = ()

    @property
    def anything(self) -> bool:
        """Whether there is something to serve at all."""
        return self.model is not None or any((self.galleries, self.detectors, self.recommenders, self.answers))


@dataclass(frozen=True, eq=False)
class Served:
    """All that one service serves. The uses are held by the names of their folders."""

    settings: ServeSettings
    folders: Folders
    state: State
    audit: Audit
    meter: Meter
    pictures: Pictures
    findings: Findings
    model: SiameseModel | None = None
    batching: Batching | None = None
    looked: Looked | None = None
    labelling: Labelling | None = None
    galleries: Mapping[str, Gallery] = field(default_factory=dict)
    detectors: Mapping[str, "Detector"] = field(default_factory=dict)
    recommenders: Mapping[str, "Recommender"] = field(default_factory=dict)
    answers: Mapping[str, "Answers"] = field(default_factory=dict)
    maps: Maps = field(default_factory=Maps)
    opened: ExitStack = field(default_factory=ExitStack)
    explaining: Semaphore = field(default_factory=lambda: Semaphore(EXPLAINED_AT_ONCE))

    def require_model(self) -> SiameseModel:
        """The model; its `embed` joins requests into batches. RefusedError where none is served."""
        if self.model is None:
            raise RefusedError(404, "no_model", NO_MODEL)
        return self.model

    def require_labelling(self) -> Labelling:
        """The pairs of the items that are looked at. RefusedError (404) where there are no such items."""
        if self.labelling is None:
            raise RefusedError(
                404,
                "no_items",
                "there are no items to label; whoever runs the service can start it with some (alikely serve "
                "MODEL --items SOURCE)",
            )
        return self.labelling

    def gallery(self, name: str) -> Gallery:
        """The gallery of this name. Raises RefusedError (404) where it is not served; so do those below."""
        return _named(self.galleries, name, "gallery", "--gallery")

    def detector(self, name: str | None) -> "Detector":
        """The detector of this name; without one, the only one."""
        return _named(self.detectors, name, "detector", "--detector")

    def recommender(self, name: str | None) -> "Recommender":
        """The recommender of this name; without one, the only one."""
        return _named(self.recommenders, name, "recommender", "--recommender")

    def answers_of(self, name: str | None) -> "Answers":
        """The answers of this name; without one, the only ones."""
        return _named(self.answers, name, "folder of answers", "--answers")

    def close(self) -> None:
        """Let go of all of it; what was accepted is answered first."""
        if self.batching is not None:
            self.batching.close()
        self.maps.close()
        self.opened.close()


def open_served(
    folders: Folders, settings: ServeSettings, own_code: bool = False, progress: Progress | None = None
) -> Served:
    """Open everything. Raises the errors of what cannot be opened, SettingsError where two have one name, and
    ServiceError where another service uses the folder of the settings' `state`."""
    with ExitStack() as opened:
        meter, state = Meter(), State(settings.state)
        opened.enter_context(state.held())
        model = None if folders.model is None else load_model(folders.model, own_code=own_code)
        batching = None if model is None else _batching(model, settings, meter)
        looked = None
        if model is not None:
            looked = None if folders.items is None else look_at(model, folders.items, progress)
            model = replace(model, engine=batching)
        if folders.galleries and model is None:
            raise SettingsError(
                "a gallery is served with the model that it was made with: alikely serve MODEL --gallery DIR"
            )
        galleries = {
            name: opened.enter_context(Gallery.open(where, model, _log_of(where)))
            for name, where in _names(folders.galleries).items()
        }
        # Those of the items are read anyway; what is enrolled may be among them.
        files = () if looked is None else tuple(item for item in looked.examples.items if isinstance(item, Path))
        found = FoundPictures(folders.pictures, state.found_pictures, files)
        pictures = Pictures(galleries, found, state.pictures, settings.keep_items)
        opened.callback(pictures.close)
        return Served(
            settings=settings,
            folders=folders,
            state=state,
            audit=Audit(state.audit),
            meter=meter,
            pictures=pictures,
            findings=Findings(state.anomalies, state.finding_pictures, settings.keep_items),
            model=model,
            batching=batching,
            looked=looked,
            labelling=None if looked is None or model is None else _labelling(looked, model, state),
            galleries=galleries,
            detectors=_detectors(folders.detectors, own_code),
            recommenders=_recommenders(folders.recommenders),
            answers=_answers(folders.answers, opened, own_code),
            opened=opened.pop_all(),
        )


async def served_by(request: Request) -> Served:
    """For routes: what the service serves."""
    served: Served = request.app.state.served
    return served


# What a route takes as `served`.
TheServed = Annotated[Served, Depends(served_by)]


def _named(things: Mapping[str, T], name: str | None, what: str, option: str) -> T:
    if name is None and len(things) == 1:
        return next(iter(things.values()))
    if name is None or name not in things:
        there = (
            f"there are {', '.join(things)}"
            if things
            else f"none is served; whoever runs the service can start it with one ({option})"
        )
        asked = f"no {what} is called {name!r}" if name is not None else f"say which {what}"
        raise RefusedError(404, "not_served", f"{asked}: {there}")
    return things[name]


def _labelling(looked: Looked, model: SiameseModel, state: State) -> Labelling:
    return Labelling(looked.examples, looked.embeddings, model, state.labels)


def _log_of(where: Path | str) -> Path | None:
    """Where the distances in use are kept, so that it can be told whether they drift; for a gallery in a folder."""
    return None if folder_of(str(where)) is None else log_beside(str(where))


def _names(folders: Sequence[Path | str]) -> dict[str, Path | str]:
    named: dict[str, Path | str] = {}
    for folder in folders:
        name = Path(folder).name or Path(folder).resolve().name
        if name in named:
            raise SettingsError(f"{folder} and {named[name]} are both called {name}; rename one of the folders")
        named[name] = folder
    return named


def _detectors(folders: Sequence[Path], own_code: bool) -> "dict[str, Detector]":
    from alikely.tasks.anomaly import load_detector

    return {name: load_detector(folder, own_code=own_code) for name, folder in _names(folders).items()}


def _recommenders(folders: Sequence[Path]) -> "dict[str, Recommender]":
    from alikely.tasks.recommend import load_recommender

    return {name: load_recommender(folder) for name, folder in _names(folders).items()}


def _batching(model: SiameseModel, settings: ServeSettings, meter: Meter) -> Batching:
    """What embeds for all requests; a picture that is too large is refused where it is read."""
    preparation = model.preparation
    if isinstance(preparation, PicturePreparation):
        bounded = replace(preparation, most_pixels=math.floor(settings.pixels * 1e6))
        model = replace(model, preparation=bounded)
    return Batching(model, settings.batch, settings.wait_ms, settings.queue, meter.batch)


def _answers(folders: Sequence[Path], opened: ExitStack, own_code: bool) -> "dict[str, Answers]":
    from alikely.tasks.sentences import Answers

    return {
        name: opened.enter_context(Answers(Path(folder), own_code=own_code)) for name, folder in _names(folders).items()
    }
