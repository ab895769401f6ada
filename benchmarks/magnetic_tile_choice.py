"""How the settings of the magnetic tile benchmark were chosen: by defects made in good tiles that were held back.

No defective picture is looked at, and nothing of the tiles by which seed 0 of the benchmark judges new tiles. Each
candidate is one change; it learns from three quarters of the other tiles, and judges those of the last quarter, each as
it is and twice with a defect made into it: a dark spot, a thin dark line, a piece pasted from elsewhere in the picture
(CutPaste), a narrow one turned (CutPaste-scar; Li et al. 2021), or a stain that is darker or brighter.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Bool, Float
from PIL import Image
from torch import Tensor

from alikely.data.pictures import open_picture
from alikely.tasks.anomaly.gradients import Gradients
from alikely.tasks.anomaly.patches import PatchesFound, PatchSettings, fit_patches
from benchmarks.magnetic_tile import (
    DESCRIBER,
    SETTINGS,
    SHARE_JUDGED,
    SIZE,
    auroc,
    gaussians,
    parted,
    pixel_auroc,
    tile_numbers,
)
from benchmarks.report import Result, over_seeds, publish, read_options

SHARE_TRIED = 0.25
MADE_OF_EACH = 2
QUICK = 200  # pictures

Pixels = Float[np.ndarray, "height width"]
Place = Bool[np.ndarray, "height width"]


@dataclass(frozen=True)
class Candidate:
    """Settings to try."""

    size: int = SIZE
    describer: Gradients = DESCRIBER
    settings: PatchSettings = SETTINGS


@dataclass(frozen=True, eq=False)
class Line:
    """Coordinates along and across a line through a place of a picture, both 0 at that place, in pixels."""

    along: Pixels
    across: Pixels


CANDIDATES = {
    "as it is": Candidate(),
    "96 px": Candidate(size=96),
    "192 px": Candidate(size=192),
    "windows 8, 16": Candidate(describer=Gradients(windows=(8, 16))),
    "window 16": Candidate(describer=Gradients(windows=(16,))),
    "step 4": Candidate(describer=Gradients(step=4, windows=(4, 8, 16))),
    "evened over 17": Candidate(describer=Gradients(evened=17)),
    "coreset of 20,000": Candidate(settings=PatchSettings(remembered=5_000, looked_at=20_000)),
    "one covariance": Candidate(settings=PatchSettings(remembered=5_000, looked_at=5_000, borrowed=None)),
    "100 borrowed": Candidate(settings=PatchSettings(remembered=5_000, looked_at=5_000, borrowed=100.0)),
    "top 3 %": Candidate(settings=PatchSettings(remembered=5_000, looked_at=5_000, top=0.03)),
    "top 10 %": Candidate(settings=PatchSettings(remembered=5_000, looked_at=5_000, top=0.1)),
}


def spot(picture: Pixels, line: Line, generator: np.random.Generator) -> tuple[Pixels, Place]:
    """A dark spot with a soft edge."""
    away = np.hypot(line.along / generator.uniform(2, 7), line.across / generator.uniform(2, 7))
    darker = generator.uniform(0.5, 2) * _contrast(picture)
    return picture - (1.5 - away).clip(0, 1) * darker, away < 1


def crack(picture: Pixels, line: Line, generator: np.random.Generator) -> tuple[Pixels, Place]:
    """A thin dark line that is not straight."""
    across = np.abs(line.across + _waves(line, generator))
    inside = np.abs(line.along) < generator.uniform(6, 30)
    width, darker = generator.uniform(1.1, 2.5), generator.uniform(0.7, 2) * _contrast(picture)
    return picture - inside * (width - across).clip(0, 1) * darker, inside & (across < width)


def pasted(picture: Pixels, line: Line, generator: np.random.Generator) -> tuple[Pixels, Place]:  # noqa: ARG001
    """A rectangle from elsewhere in the picture, maybe turned upside down, a little brighter or darker."""
    height, width = (min(int(generator.uniform(8, 40)), side - 1) for side in picture.shape)
    top, left = (
        generator.integers(0, side - part, 2) for side, part in zip(picture.shape, (height, width), strict=True)
    )
    piece = picture[top[0] : top[0] + height, left[0] : left[0] + width] * generator.uniform(0.8, 1.2)
    changed, where = picture.copy(), np.zeros(picture.shape, bool)
    changed[top[1] : top[1] + height, left[1] : left[1] + width] = (
        piece[::-1, ::-1] if generator.random() < 0.5 else piece
    )
    where[top[1] : top[1] + height, left[1] : left[1] + width] = True
    return changed, where


def scar(picture: Pixels, line: Line, generator: np.random.Generator) -> tuple[Pixels, Place]:
    """A narrow turned rectangle that shows another part of the picture."""
    where = (np.abs(line.along) < generator.uniform(5, 15)) & (np.abs(line.across) < generator.uniform(1, 3))
    shift = tuple(int(generator.integers(side)) for side in picture.shape)
    other = np.roll(picture[::-1, ::-1], shift, (0, 1)) * generator.uniform(0.8, 1.2)
    return np.where(where, other, picture), where


def stain(picture: Pixels, line: Line, generator: np.random.Generator) -> tuple[Pixels, Place]:
    """A large patch that is darker or brighter."""
    across = line.across + _waves(line, generator)
    where = np.hypot(line.along / generator.uniform(15, 45), across / generator.uniform(15, 45)) < 1
    factor = generator.uniform(0.6, 0.9) if generator.random() < 0.5 else generator.uniform(1.1, 1.4)
    return np.where(where, picture * factor, picture), where


DEFECTS: tuple[Callable[[Pixels, Line, np.random.Generator], tuple[Pixels, Place]], ...] = (
    *(spot, crack, pasted),
    *(scar, stain),
)


def with_defect(picture: Pixels, generator: np.random.Generator) -> tuple[Pixels, Place]:
    """A picture (0..1) with a defect somewhere in it, and where that is."""
    height, width = picture.shape
    down, across = np.mgrid[:height, :width].astype(np.float64)
    down -= generator.uniform(0.1, 0.9) * height
    across -= generator.uniform(0.1, 0.9) * width
    angle = generator.uniform(0, np.pi)
    line = Line(across * np.cos(angle) + down * np.sin(angle), down * np.cos(angle) - across * np.sin(angle))
    made = DEFECTS[int(generator.integers(len(DEFECTS)))]
    changed, where = made(picture, line, generator)
    return changed.clip(0, 1), where


def tried(
    candidate: Candidate, good: list[Pixels], odd: list[Pixels], masks: list[Place], learned: int
) -> dict[str, float]:
    """How well a candidate that learns from the first `learned` good pictures tells the others from the odd ones."""
    pictures, odd_ones = (_stretched(some, candidate.size) for some in (good, odd))
    where = np.stack([_resized(mask.astype(np.float64), candidate.size) for mask in masks]) > 0.5
    memory = fit_patches([pictures[:learned]], candidate.describer, candidate.settings)
    return _figures(memory.measure(pictures[learned:]), memory.measure(odd_ones), where)


def floor(good: list[Pixels], odd: list[Pixels], masks: list[Place], learned: int) -> dict[str, float]:
    """The same of the benchmark's floor."""
    pictures, odd_ones = (_stretched(some, SIZE) for some in (good, odd))
    where = np.stack([_resized(mask.astype(np.float64), SIZE) for mask in masks]) > 0.5
    known = pictures[:learned]
    return _figures(gaussians(known, pictures[learned:]), gaussians(known, odd_ones), where)


def _figures(normal: PatchesFound, odd: PatchesFound, masks: Bool[np.ndarray, "odd height width"]) -> dict[str, float]:
    return {"auroc": auroc(normal.distances, odd.distances), "pixel_auroc": pixel_auroc(normal, odd, masks)}


def _contrast(picture: Pixels) -> float:
    return float(picture.std()) + 0.03


def _waves(line: Line, generator: np.random.Generator) -> Pixels:
    short, long = generator.uniform(4, 10), generator.uniform(15, 30)
    waves: Pixels = np.cos(line.along / short) * generator.uniform(0, 2)
    return waves + np.cos(line.along / long) * generator.uniform(0, 4)


def _stretched(pictures: list[Pixels], size: int) -> Tensor:
    stretched = np.stack([_resized(picture, size) for picture in pictures])
    return torch.from_numpy((stretched * 255).round().astype(np.uint8))[:, None]


def _resized(picture: Pixels, size: int) -> Pixels:
    eight_bits = Image.fromarray((picture * 255).round().astype(np.uint8))
    return np.asarray(eight_bits.resize((size, size), Image.Resampling.BILINEAR), np.float64) / 255


def _opened(path: Path) -> Pixels:
    return np.asarray(open_picture(path).convert("L"), np.float64) / 255


def main() -> None:
    options = read_options(__doc__ or "", needs_data=True, seeds=2)
    begin = time.perf_counter()
    paths = sorted((options.data / "magnetic_tile" / "good").glob("*.jpg"))
    tiles = tile_numbers(paths)
    known, _ = parted(tiles, SHARE_JUDGED, seed=0)
    known = known[:QUICK] if options.quick else known
    runs: dict[str, list[dict[str, float]]] = {name: [] for name in (*CANDIDATES, "Gaussian per position")}
    for seed in range(options.seeds):
        learned, held = (known[part] for part in parted(tiles[known], SHARE_TRIED, seed))
        good = [_opened(paths[place]) for place in (*learned, *held)]
        generator = np.random.default_rng(seed)
        made = [with_defect(picture, generator) for picture in good[len(learned) :] for _ in range(MADE_OF_EACH)]
        odd, masks = [picture for picture, _ in made], [mask for _, mask in made]
        for name, candidate in CANDIDATES.items():
            runs[name].append(tried(candidate, good, odd, masks, len(learned)))
        runs["Gaussian per position"].append(floor(good, odd, masks, len(learned)))
    rows = {name: over_seeds(figures) for name, figures in runs.items()}
    metrics = rows.pop("as it is")
    settings = {"size": SIZE, "describer": DESCRIBER, "memory": SETTINGS, "seeds": options.seeds}
    publish(
        Result("magnetic_tile_choice", metrics, time.perf_counter() - begin, floors=rows, settings=settings), options
    )


if __name__ == "__main__":
    main()
