"""A model, a gallery, a detector and items of digits -> a service that runs in a thread, for browser tests."""

import csv
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from playwright.sync_api import Page

from alikely.config import TrainSettings
from alikely.data.samples import write_digits
from alikely.data.sources import read_items
from alikely.gallery import Gallery
from alikely.server import Folders, Served, ServeSettings, open_served
from alikely.server.in_thread import serving as serving_in_thread
from alikely.tasks.anomaly import DetectorSettings, fit_detector, save_detector
from alikely.training.progress import Silent
from alikely.training.train import train

# Quick, on a few digits; some identities must be left to measure on.
SETTINGS = TrainSettings(
    encoder_settings={"depth": 1, "width": 64, "dim": 64},
    loss="cosface",
    loss_settings={"scale": 8.0},
    size=8,
    new_classes="both",
    epochs=1,
    labels_per_batch=40,
    items_per_label=6,
    learning_rate=4e-3,
    validate_share=0.0,
    calibrate_share=0.2,
    test_share=0.3,
    fmr=0.05,
    confidence=0.0,
)
TAUGHT = 60  # pictures of each digit that the model learns from, calibrates and is measured on
ENROLLED = 12  # pictures of each enrolled digit
LOOKED = 30  # pictures of each digit for Map, Threshold and Label
SHOPS = ("Bern", "Basel", "Chur")
PATIENCE = 60.0  # seconds of each wait for a page: a busy machine is no fault of it


@dataclass(frozen=True)
class Service:
    """A service that runs. `pictures`: two digit pictures each of 0 to 9, in that order, that are in no part of it."""

    url: str
    served: Served
    pictures: tuple[Path, ...]


@dataclass(frozen=True)
class Parts:
    """The folders that services are made of, and pictures to upload."""

    folders: Folders
    pictures: tuple[Path, ...]


def make_parts(root: Path) -> Parts:
    """Train quickly, enrol, learn what is normal.

    `digits`/LABEL/NUMBER.png is everything. The gallery "people" holds the digits 0, 1 and 8 under these names with the
    fields shop (text) and price (number); the detector "normal" knows the digit 0.
    """
    digits = root / "digits"
    write_digits(digits)
    by_label = {str(label): sorted((digits / str(label)).glob("*.png")) for label in range(10)}
    everything = read_items(digits, "picture")
    assert everything.labels is not None
    taught = np.concatenate([np.flatnonzero(everything.labels == label)[:TAUGHT] for label in by_label])
    train(everything.select(taught), SETTINGS, out=root / "model", reporter=Silent())

    people = [
        [path, label, SHOPS[place % len(SHOPS)], 5 + place]
        for label in ("0", "1", "8")
        for place, path in enumerate(by_label[label][TAUGHT : TAUGHT + ENROLLED])
    ]
    write_table(root / "people.csv", [["path", "label", "shop", "price"], *people])
    with Gallery.create(root / "people", root / "model") as gallery:
        gallery.enrol(root / "people.csv")

    zeros = np.flatnonzero(everything.labels == "0")[:150]
    save_detector(fit_detector(everything.select(zeros), DetectorSettings(rate=0.05)), root / "normal")

    looked = [
        [path, label, f"writer {place % 4}"]
        for label, paths in by_label.items()
        for place, path in enumerate(paths[100 : 100 + LOOKED])
    ]
    write_table(root / "looked.csv", [["path", "label", "writer"], *looked])
    folders = Folders(
        model=root / "model",
        galleries=(root / "people",),
        detectors=(root / "normal",),
        items=root / "looked.csv",
        pictures=(digits,),
    )
    return Parts(folders, tuple(path for paths in by_label.values() for path in paths[-2:]))


def write_table(file: Path, rows: list[list[object]]) -> None:
    """Rows as CSV, the first of them the names of the columns."""
    with file.open("w", newline="", encoding="utf-8") as written:
        csv.writer(written).writerows(rows)


def wait_until(page: Page, true: Callable[[], bool], found: Callable[[], object] = str) -> None:
    """Wait for what no locator says; `found()` is told where it does not come.

    (`page.wait_for_function` is no way: the page forbids what it does, `eval`.)
    """
    until = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < until, f"not so after {PATIENCE:g} s {found()}"
        page.wait_for_timeout(50)


@contextmanager
def serving(parts: Parts, folders: Folders, state: Path) -> Iterator[Service]:
    """A service of these folders on a free port, in a thread; it ends as it would by Ctrl-C."""
    served = open_served(folders, ServeSettings(port=0, state=state, keep_items=True))
    with serving_in_thread(served) as url:
        yield Service(url, served, parts.pictures)
