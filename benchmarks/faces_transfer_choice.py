"""How ORL is cropped for `benchmarks.faces_transfer`: so that its mean face looks like that of LFW.

The figure is the correlation of the two mean pictures, for several parts of the box in which OpenCV finds the face. Of
ORL only the 30 people that seed 0 learns from are looked at, and not who is who among them.
"""

import time
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, UInt8
from PIL import Image

from alikely.data.detecting import cropped, largest_face
from alikely.data.pictures import open_picture
from alikely.types import Item
from benchmarks import lfw, orl
from benchmarks.faces_transfer import FRAME, LOWER
from benchmarks.report import Result, publish, read_options

SIZE = 64
FRAMES = (0.66, 0.7, 0.74, 0.78, 0.82, 1.0)
LOWERS = (0.0, 0.04, 0.08, 0.12)
LOOKED_AT = 1000  # pictures of LFW


def mean_of(pictures: Sequence[Image.Image]) -> Float[np.ndarray, "height width"]:
    """Their mean, in grey."""
    every: UInt8[np.ndarray, "items height width"] = np.stack(
        [np.asarray(picture.convert("L").resize((SIZE, SIZE), Image.Resampling.BILINEAR)) for picture in pictures]
    )
    mean: Float[np.ndarray, "height width"] = every.mean(axis=0)
    return mean


def correlations(items: Sequence[Item], wanted: Float[np.ndarray, "height width"]) -> dict[str, dict[str, float]]:
    """For each height the correlation at each share of the box. Pictures in which no face is found are left out."""
    pictures = [open_picture(item) for item in items]
    found = [(picture, box) for picture in pictures if (box := largest_face(picture)) is not None]
    rows: dict[str, dict[str, float]] = {}
    for lower in LOWERS:
        means = [mean_of([cropped(picture, box, frame, lower) for picture, box in found]) for frame in FRAMES]
        alike = [float(np.corrcoef(mean.ravel(), wanted.ravel())[0, 1]) for mean in means]
        rows[f"lower {lower:g}"] = {f"frame {frame:g}": one for frame, one in zip(FRAMES, alike, strict=True)}
    return rows


def main() -> None:
    options = read_options(__doc__ or "", needs_data=True)
    begin = time.perf_counter()
    learned, _ = orl.parted(orl.faces(options.data), orl.JUDGED, seed=0)
    known = lfw.people_and_pictures(options.data).items
    every = max(1, len(known) // (50 if options.quick else LOOKED_AT))
    items = learned.items[:: 20 if options.quick else 1]
    rows = correlations(items, mean_of([open_picture(item) for item in known[::every]]))
    metrics = rows.pop(f"lower {LOWER:g}")
    settings = {"frame": FRAME, "lower": LOWER}
    publish(
        Result("faces_transfer_choice", metrics, time.perf_counter() - begin, floors=rows, settings=settings), options
    )


if __name__ == "__main__":
    main()
