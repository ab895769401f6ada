"""A service of a small model of items that are written, with a gallery and a detector; and a window at it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alikely.gallery import Gallery
from alikely.server import Folders, ServeSettings, open_served
from alikely.server.in_thread import serving
from alikely.storage import save_model
from alikely.tasks.anomaly import DetectorSettings, fit_detector, save_detector
from alikely.types import Kind
from tests.server.models_of_kinds import model_of
from tests.server.web.services import Service
from tests.tasks.anomaly.normal import normal_of

AT_ONCE = 4  # items that a request may hold: so a few take several requests


@contextmanager
def serving_written(kind: Kind, root: Path, enrolled: bool = True) -> Iterator[Service]:
    """A service with the gallery "things", in which a few may be enrolled; of rows also with the detector "normal"."""
    model, examples = model_of(kind)
    save_model(model, root / "model")
    with Gallery.create(root / "things", root / "model") as gallery:
        if enrolled:
            gallery.enrol(examples)
    detectors = ()
    if kind == "row":
        save_detector(fit_detector(normal_of(kind), DetectorSettings(rate=0.1)), root / "normal")
        detectors = (root / "normal",)
    folders = Folders(model=root / "model", galleries=(root / "things",), detectors=detectors)
    served = open_served(folders, ServeSettings(port=0, state=root / "state", items=AT_ONCE))
    with serving(served) as url:
        yield Service(url, served, ())
