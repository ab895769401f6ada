"""Judged pictures in; files to look at, each with what deviates coloured, out."""

from pathlib import Path

import numpy as np
from jaxtyping import Float, UInt8
from PIL import Image

from alikely.errors import SettingsError
from alikely.explaining.drawing import colours
from alikely.folders import whole_file
from alikely.tasks.anomaly.detector import Detector, Judged
from alikely.tasks.anomaly.pictured import Pictured

SIDE = 384  # pixels of a picture that is written


def require_maps(detector: Detector, stream: bool = False) -> None:
    """Raise SettingsError where a detector has no maps to write, or its items come as a stream."""
    if stream or not isinstance(detector.measure, Pictured):
        found = "a stream" if stream else f"{detector.kind}s compared as a whole"
        raise SettingsError(
            f"maps are written of folders and tables of pictures that are judged patch by patch, and this is {found}; "
            "leave the folder for them out"
        )


def write_heat_maps(detector: Detector, judged: Judged, folder: Path) -> list[Path]:
    """One PNG for each picture, called after its place in the list and its own name: 0001-scratch.png.

    Raises StorageError where the folder cannot be written, InputError for a picture that cannot be read any more.
    """
    written = []
    for place, (item, answer) in enumerate(zip(judged.items, judged.answers, strict=True), start=1):
        if answer.map is not None:
            pixels = detector.preparation.read_one(item).permute(1, 2, 0).numpy()
            path = folder / f"{place:04d}-{Path(answer.name).stem}.png"
            with whole_file(path) as partial:
                heat_map(pixels, answer.map, answer.threshold).save(partial, "PNG")
            written.append(path)
    return written


def heat_map(
    pixels: UInt8[np.ndarray, "height width channels"], distances: Float[np.ndarray, "height width"], threshold: float
) -> Image.Image:
    """The picture in grey, orange where a place is farther from normal than the threshold; full at twice that."""
    grey = Image.fromarray(pixels.mean(axis=2).astype(np.uint8), "L").convert("RGBA")
    above = (distances / max(threshold, 1e-12) - 1).clip(0, 1)
    coloured = Image.alpha_composite(grey, Image.fromarray(colours(-above), "RGBA"))
    return coloured.convert("RGB").resize((SIDE, SIDE), Image.Resampling.BICUBIC)
