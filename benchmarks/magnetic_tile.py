"""Magnetic tiles: what 80 % of the good ones look like is learned; the others and all defective ones are judged.

`metrics.auroc` tells good pictures from defective ones, `metrics.pixel_auroc` good pixels from those of the defects,
by the heat map; each picture counts the same there, as all are stretched to one size. `metrics.false_alarms_at_0.05` is
the share of good pictures, not learned from, that are called anomalous where 5 % were asked for.

Each tile was taken several times, with different exposures, and the 80 % are drawn from pictures: the others mostly
show a tile that was learned from. So `auroc_new_tiles`, `pixel_auroc_new_tiles` and `false_alarms_at_0.05_new_tiles`
draw tiles instead (pictures taken one soon after the other are taken to show one), and nothing of a tile that is judged
has been seen. No defect was looked at to choose the settings: `python -m benchmarks.magnetic_tile_choice`.

Floor: a Gaussian for each position on the same patches, whose Mahalanobis distance is largest anywhere. Controls: the
size of the picture alone, and the border of our own heat map alone.
"""

import re
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float, Int
from PIL import Image
from sklearn.metrics import roc_auc_score
from torch import Tensor

from alikely.data.pictures import open_picture
from alikely.data.preparation import PicturePreparation
from alikely.data.preparations import draft_preparation
from alikely.data.reading import read_batch
from alikely.model import as_floats
from alikely.tasks.anomaly.conformal import Normality
from alikely.tasks.anomaly.gradients import Gradients
from alikely.tasks.anomaly.patches import PatchesFound, PatchMemory, PatchSettings, fit_patches
from benchmarks.report import Result, over_seeds, publish, read_options

SIZE = 128
SHARE_JUDGED = 0.2
SHARE_HELD_BACK = 0.25  # of the pictures learned from: they set the threshold
ASKED = 0.05
HELD_BACK_SEED = 1000  # drawn apart from what is judged
SAME_TILE = 60  # pictures whose running numbers are less apart show one tile
BORDER = 8  # pixels
DESCRIBER = Gradients()
SETTINGS = PatchSettings(remembered=5_000, looked_at=5_000)
SHRINK = 0.1  # of the floor's covariances, towards their mean variance


@dataclass(frozen=True, eq=False)
class Tiles:
    """Pictures of tiles, all stretched to one size.

    tiles: which tile each shows; -1 where that does not matter. sizes: width and height of each picture as it was.
    masks: where the defects are.
    """

    pictures: Tensor
    tiles: Int[np.ndarray, " items"]
    sizes: Float[np.ndarray, "items 2"]
    masks: Bool[np.ndarray, "items height width"]

    def __len__(self) -> int:
        return len(self.tiles)


def good_tiles(data: Path) -> Tiles:
    """The good ones."""
    paths = sorted((data / "magnetic_tile" / "good").glob("*.jpg"))
    return Tiles(_read(paths), tile_numbers(paths), _sizes(paths), np.zeros((len(paths), SIZE, SIZE), bool))


def defective_tiles(data: Path) -> Tiles:
    """The defective ones of all kinds."""
    folder = data / "magnetic_tile"
    paths = sorted((folder / "defect").glob("*/*.jpg"))
    masks = [open_picture(folder / "masks" / path.parent.name / f"{path.stem}.png") for path in paths]
    stretched = [np.asarray(mask.convert("L").resize((SIZE, SIZE), Image.Resampling.NEAREST)) > 127 for mask in masks]
    return Tiles(_read(paths), np.full(len(paths), -1), _sizes(paths), np.stack(stretched))


def tile_numbers(paths: list[Path]) -> Int[np.ndarray, " items"]:
    """Which tile each picture shows, by the running number in its name."""
    taken = np.array([int(re.findall(r"\d+", path.stem)[-1]) for path in paths])
    order = np.argsort(taken)
    numbers = np.empty(len(taken), np.int64)
    numbers[order] = np.concatenate([[0], np.cumsum(np.diff(taken[order]) >= SAME_TILE)])
    return numbers


def parted(
    units: Int[np.ndarray, " items"], share: float, seed: int
) -> tuple[Int[np.ndarray, " rest"], Int[np.ndarray, " drawn"]]:
    """The positions of the others, and of a share drawn by the seed; those of one unit are never in both."""
    names = np.random.default_rng(seed).permutation(np.unique(units))
    drawn = np.isin(units, names[: round(share * len(names))])
    return np.flatnonzero(~drawn), np.flatnonzero(drawn)


def learn(pictures: Tensor, seed: int) -> PatchMemory:
    """What these good pictures look like."""
    return fit_patches([pictures], DESCRIBER, SETTINGS, seed)


def judged(good: Tiles, defective: Tiles, units: Int[np.ndarray, " items"], seed: int) -> list[dict[str, float]]:
    """Figures of one seed: ours, the floor's, by the size alone, by the border alone."""
    known, asked = parted(units, SHARE_JUDGED, seed)
    learned, held = (known[part] for part in parted(units[known], SHARE_HELD_BACK, HELD_BACK_SEED + seed))
    memory = learn(good.pictures[learned], seed)
    normal, odd = memory.measure(good.pictures[asked]), memory.measure(defective.pictures)
    groups = units[held] if len(np.unique(units)) < len(units) else None
    normality = Normality.of(memory.measure(good.pictures[held]).distances, groups)
    alarms = normality.p_values(normal.distances) <= ASKED
    ours = {
        "auroc": auroc(normal.distances, odd.distances),
        "pixel_auroc": pixel_auroc(normal, odd, defective.masks),
        f"false_alarms_at_{ASKED}": float(alarms.mean()),
        f"found_at_{ASKED}": float((normality.p_values(odd.distances) <= ASKED).mean()),
    }
    gaussian = [gaussians(good.pictures[known], pictures) for pictures in (good.pictures[asked], defective.pictures)]
    floor = {
        "auroc": auroc(*(found.distances for found in gaussian)),
        "pixel_auroc": pixel_auroc(gaussian[0], gaussian[1], defective.masks),
    }
    sizes = [far_sizes(good.sizes[known], sizes) for sizes in (good.sizes[asked], defective.sizes)]
    border = [of_border(found) for found in (normal, odd)]
    return [ours, floor, {"auroc": auroc(*sizes)}, {"auroc": auroc(*border)}]


def auroc(normal: Float[np.ndarray, " normal"], odd: Float[np.ndarray, " odd"]) -> float:
    """The chance that an odd one is farther than a normal one; ties count half."""
    truth = np.repeat([0, 1], [len(normal), len(odd)])
    return float(roc_auc_score(truth, np.concatenate([normal, odd])))


def pixel_auroc(normal: PatchesFound, odd: PatchesFound, masks: Bool[np.ndarray, "odd height width"]) -> float:
    """The same of every second pixel of all pictures, down and across: those of defects are the odd ones."""
    fewer = np.s_[:, ::2, ::2]
    maps, inside = odd.maps[fewer], masks[fewer]
    return auroc(np.concatenate([normal.maps[fewer].ravel(), maps[~inside]]), maps[inside])


def gaussians(known: Tensor, asked: Tensor) -> PatchesFound:
    """The floor: at each position a Gaussian of the patches of the known pictures."""
    described, others = (DESCRIBER.describe(as_floats(pictures)).numpy() for pictures in (known, asked))
    mean, dim = described.mean(axis=0), described.shape[3]
    centred = described - mean
    covariances = np.einsum("nrcd,nrce->rcde", centred, centred) / len(described)
    variance = np.einsum("rcdd->rc", covariances)[..., None, None] / dim
    inverse = np.linalg.inv((1 - SHRINK) * covariances + SHRINK * variance * np.eye(dim))
    away = others - mean
    maps = np.sqrt(np.einsum("nrcd,rcde,nrce->nrc", away, inverse, away)).astype(np.float32)
    step = DESCRIBER.step
    return PatchesFound(maps.max(axis=(1, 2)), maps.repeat(step, axis=1).repeat(step, axis=2))


def far_sizes(known: Float[np.ndarray, "known 2"], asked: Float[np.ndarray, "asked 2"]) -> Float[np.ndarray, " asked"]:
    """How far the size of each picture is from the sizes of the known ones, in deviations."""
    inverse = np.linalg.inv(np.cov(known.T))
    away = asked - known.mean(axis=0)
    far: Float[np.ndarray, " asked"] = np.einsum("nd,de,ne->n", away, inverse, away)
    return far


def of_border(found: PatchesFound) -> Float[np.ndarray, " items"]:
    """How far a picture is where only its border is looked at: the mean of the farthest pixels there."""
    inside = np.zeros(found.maps.shape[1:], bool)
    inside[BORDER:-BORDER, BORDER:-BORDER] = True
    pixels = np.sort(found.maps[:, ~inside], axis=1)
    farthest: Float[np.ndarray, " items"] = pixels[:, -max(1, round(SETTINGS.top * pixels.shape[1])) :].mean(axis=1)
    return farthest


def _read(paths: list[Path]) -> Tensor:
    preparation = draft_preparation("picture", paths, {"size": SIZE, "colour": "grey"})
    assert isinstance(preparation, PicturePreparation)
    return read_batch(preparation, paths)


def _sizes(paths: list[Path]) -> Float[np.ndarray, "items 2"]:
    return np.array([open_picture(path).size for path in paths], np.float64)


def main() -> None:
    options = read_options(__doc__ or "", needs_data=True, seeds=3)
    begin = time.perf_counter()
    good, defective = good_tiles(options.data), defective_tiles(options.data)
    names = ("ours", "Gaussian per position", "size alone", "border alone")
    runs: dict[str, list[dict[str, float]]] = {name: [] for name in names}
    for seed in range(options.seeds):
        by_picture = judged(good, defective, np.arange(len(good)), seed)
        by_tile = judged(good, defective, good.tiles, seed)
        for name, figures, new in zip(names, by_picture, by_tile, strict=True):
            runs[name].append({**figures, **{f"{key}_new_tiles": value for key, value in new.items()}})
    rows = {name: over_seeds(figures) for name, figures in runs.items()}
    result = Result(
        name="magnetic_tile",
        metrics=rows.pop("ours"),
        floors=rows,
        settings={"size": SIZE, "describer": DESCRIBER, "memory": SETTINGS, "seeds": options.seeds},
        seconds=time.perf_counter() - begin,
    )
    publish(result, options)


if __name__ == "__main__":
    main()
