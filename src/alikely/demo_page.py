"""What the demo left in its folder -> what a service shows of it on its page: a gallery, a detector, all digits."""

import csv
import io
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from alikely.data.sources import examples_from
from alikely.errors import GalleryError
from alikely.folders import write_text
from alikely.gallery import Gallery
from alikely.server import Folders
from alikely.tasks.anomaly import DetectorSettings, fit_detector, save_detector

ENROLLED = 20  # pictures of each digit
NORMAL = "0"  # the digit that the detector knows


@dataclass(frozen=True)
class Parts:
    """What the page of the demo shows, by the folders in which it lies.

    `gallery` holds some pictures of each digit, `detector` knows what one of them looks like, `items` is a table of
    all digits, `state` is for what the page keeps. The model has learned from invented signs, and from no digit.
    """

    model: Path
    digits: Path
    gallery: Path
    detector: Path
    items: Path
    state: Path

    @property
    def folders(self) -> Folders:
        """All of it as a service takes it."""
        return Folders(
            model=self.model,
            galleries=(self.gallery,),
            detectors=(self.detector,),
            items=self.items,
            pictures=(self.digits,),
        )


def is_made(out: Path) -> bool:
    """Whether a demo has run in this folder."""
    return (out / "model").is_dir() and (out / "digits").is_dir()


def make_parts(out: Path) -> Parts:
    """What the page shows, made from the model and the digits in `out`; what is there already stays as it is.

    Raises as opening the model and the gallery does.
    """
    parts = Parts(
        model=out / "model",
        digits=out / "digits",
        gallery=out / "ten-digits",
        detector=out / "one-digit",
        items=out / "all-digits.csv",
        state=out / "service",
    )
    pictures = {folder.name: sorted(folder.glob("*.png")) for folder in sorted(parts.digits.iterdir())}
    _write_table(
        parts.items,
        ("path", "label", "number"),
        [(path, digit, int(path.stem)) for digit, paths in pictures.items() for path in paths],
    )
    enrolled = out / "enrolled.csv"
    _write_table(
        enrolled,
        ("path", "label", "number"),
        [(path, f"digit {digit}", int(path.stem)) for digit, paths in pictures.items() for path in paths[:ENROLLED]],
    )
    _enrol(parts.gallery, parts.model, enrolled)
    if not parts.detector.exists():
        save_detector(fit_detector(examples_from(pictures[NORMAL]), DetectorSettings(confidence=0.0)), parts.detector)
    return parts


def _enrol(gallery: Path, model: Path, source: Path) -> None:
    """Fill the gallery; one that an earlier demo made, with another model, is embedded anew."""
    if not gallery.exists():
        Gallery.create(gallery, model).close()
    try:
        opened = Gallery.open(gallery, model)
    except GalleryError:
        Gallery.rebuild(gallery, model, source, without_missing=True)
        opened = Gallery.open(gallery, model)
    with opened:
        opened.enrol(source)


def _write_table(file: Path, header: Sequence[str], rows: Sequence[tuple[Path, str, object]]) -> None:
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(header)
    # Paths in a table start at the folder that it lies in.
    table.writerows([os.path.relpath(path, file.parent), *cells] for path, *cells in rows)
    write_text(file, text.getvalue())
