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
from alikely.storage import load_model
from alikely.tasks.anomaly import DetectorSettings, fit_detector, save_detector

ENROLLED = 40  # pictures of each digit never seen


@dataclass(frozen=True)
class Parts:
    """What the page of the demo shows, by the folders in which it lies.

    `gallery` holds some pictures of each digit that the model has never seen, `detector` knows what one of these digits
    looks like, `items` is a table of all digits that says what each was used for, `state` is for what the page keeps.
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
        gallery=out / "digits-never-seen",
        detector=out / "one-digit",
        items=out / "all-digits.csv",
        state=out / "service",
    )
    used = {
        digit: part for part, digits in load_model(parts.model).record["data"]["labels"].items() for digit in digits
    }
    never_seen = sorted(digit for digit, part in used.items() if part == "test")
    pictures = {digit: sorted((parts.digits / digit).glob("*.png")) for digit in sorted(used)}
    said = {"train": "taught", "validate": "watched", "calibrate": "calibrated", "test": "never seen"}
    _write_table(
        parts.items,
        ("path", "label", "used"),
        [(path, digit, said[used[digit]]) for digit, paths in pictures.items() for path in paths],
    )
    enrolled = out / "enrolled.csv"
    _write_table(
        enrolled,
        ("path", "label", "number"),
        [(path, f"digit {digit}", int(path.stem)) for digit in never_seen for path in pictures[digit][:ENROLLED]],
    )
    _enrol(parts.gallery, parts.model, enrolled)
    if not parts.detector.exists():
        known = examples_from(pictures[never_seen[0]])
        save_detector(fit_detector(known, DetectorSettings(confidence=0.0)), parts.detector)
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
