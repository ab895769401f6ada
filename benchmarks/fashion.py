"""Product pictures: five classes to learn from, five never seen, drawn by each seed; each picture searches its like.

Every test picture of the five unseen classes (5,000) is looked for among all others of these. `metrics.recall_at_1` is
the share whose nearest one shows the same class; `metrics.map_at_r` how well all others of its class come first.

A metric learned from labels of the seen classes easily makes the unseen ones worse. Ours is a blend of descriptions of
what pictures look like: the roots of the pixels, and edges in two sizes of cells; how far the directions in which the
pictures of seen classes vary most are held down (by a power of their variance) is learned from these, without labels.
Blend and power are chosen anew for each seed on the training pictures of its five seen classes: learned from three of
them, judged on the other two, in five ways. Pictures that are judged choose nothing. `metrics.blend_*` are the same
without that learned part.

Floors: pixels, and histograms of edges (HOG), by the angle between them; as with ours, the mean of the pictures that
are searched is removed.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, Int
from torch.nn import functional

from alikely.data.pictures import open_picture
from alikely.distances import Cosine
from alikely.metrics.retrieval import search
from benchmarks.report import Result, over_seeds, publish, read_options

SEEN = 5
OF_EACH = 1000  # pictures of each seen class that settings are chosen on
TRIED_OF_EACH = 200  # of a class that is held back
QUICK = 60
DIRECTIONS = 8
KEPT = 0.999  # of the variance: the rest is noise
# How much the pixels and the edges of cells of 4 and of 7 pixels count, and the power of the variances.
BLENDS = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (1.0, 1.0, 0.0), (1.0, 1.0, 1.0), (1.0, 2.0, 1.0))
POWERS = (0.0, 0.15, 0.3, 0.5)

Pictures = Float[np.ndarray, "items height width"]
Rows = Float[np.ndarray, "items dim"]


def pictures_of(folder: Path, of_each: int | None = None) -> tuple[Pictures, Int[np.ndarray, " items"]]:
    """Pictures in 0..1 and the number of the class of each: all, or the first ones of each class."""
    paths = [path for kind in sorted(folder.iterdir()) for path in sorted(kind.glob("*.png"))[:of_each]]
    classes = {name: number for number, name in enumerate(sorted({path.parent.name for path in paths}))}
    read = np.stack([np.asarray(open_picture(path).convert("L"), np.float32) / 255 for path in paths])
    return read, np.array([classes[path.parent.name] for path in paths], np.int64)


def edges(pictures: Pictures, step: int, window: int, evened: bool) -> Rows:
    """Histograms of 8 directions of edges (0 to 360 degrees) in windows, `step` pixels apart.

    `evened` divides each histogram by its own length, as HOG does; else the root of each entry is taken.
    """
    padded = functional.pad(torch.from_numpy(pictures)[:, None], (1, 1, 1, 1))
    across = padded[..., 1:-1, 2:] - padded[..., 1:-1, :-2]
    down = padded[..., 2:, 1:-1] - padded[..., :-2, 1:-1]
    strength = torch.hypot(across, down).clamp(min=1e-9)
    angles = 2 * np.pi * torch.arange(DIRECTIONS) / DIRECTIONS
    along = (across * angles.cos().view(-1, 1, 1) + down * angles.sin().view(-1, 1, 1)).clamp(min=0)
    cells = functional.avg_pool2d(along * (along / strength) ** 3, window, step)
    told = cells / (cells.norm(dim=1, keepdim=True) + 0.1) if evened else cells.sqrt()
    rows: Rows = told.flatten(1).numpy()
    return rows


def described(pictures: Pictures) -> tuple[Rows, ...]:
    """The parts of a blend."""
    roots: Rows = np.sqrt(pictures).reshape(len(pictures), -1)
    return roots, edges(pictures, 4, 8, evened=False), edges(pictures, 7, 7, evened=False)


def blended(parts: Sequence[Rows], blend: Sequence[float]) -> Rows:
    """The parts side by side, each centred, of length 1, and times its weight."""
    return np.concatenate([weight * centred(part) for part, weight in zip(parts, blend, strict=True) if weight], axis=1)


def centred(rows: Rows) -> Rows:
    """Less their mean, and of length 1."""
    away = rows - rows.mean(axis=0)
    lengths = np.maximum(np.linalg.norm(away, axis=1, keepdims=True), 1e-12)
    rows_of_one: Rows = (away / lengths).astype(np.float32)
    return rows_of_one


@dataclass(frozen=True, eq=False)
class Directions:
    """The directions in which rows vary, the strongest first, and how much they do."""

    turn: Float[np.ndarray, "dim kept"]
    variance: Float[np.ndarray, " kept"]

    @classmethod
    def of(cls, rows: Rows) -> "Directions":
        """Those that make up nearly all of the variance of these rows."""
        variance, turn = np.linalg.eigh(np.cov(rows.T))
        kept = np.cumsum(variance[::-1]) <= KEPT * variance.sum()
        return cls(turn[:, ::-1][:, kept], variance[::-1][kept])

    def held_down(self, rows: Rows, power: float) -> Rows:
        """Rows with each direction divided by that power of its deviation; 0 leaves them as they are."""
        if power == 0:
            return rows
        changed: Rows = (rows @ (self.turn * self.variance ** (-power / 2))).astype(np.float32)
        return changed


def figures(rows: Rows, labels: Int[np.ndarray, " items"]) -> dict[str, float]:
    """Recall@1 and MAP@R by the cosine of rows whose mean is removed."""
    found = search(centred(rows), labels, Cosine(), (1,))
    return {"recall_at_1": float(found.recall(1).mean()), "map_at_r": float(found.average_precision_at_r().mean())}


def choose(parts: Sequence[Rows], labels: Int[np.ndarray, " items"]) -> tuple[tuple[float, ...], float]:
    """The blend and the power with the highest sum of both figures on classes held back from the seen ones."""
    classes = np.unique(labels)
    few = [np.flatnonzero(labels == name)[:TRIED_OF_EACH] for name in classes]
    totals: dict[tuple[tuple[float, ...], float], float] = {}
    for blend in BLENDS:
        rows = blended(parts, blend)
        for place in range(len(classes)):
            held = [place, (place + 1) % len(classes)]
            asked = np.concatenate([few[one] for one in held])
            directions = Directions.of(rows[~np.isin(labels, classes[held])])
            for power in POWERS:
                found = figures(directions.held_down(rows[asked], power), labels[asked])
                totals[blend, power] = totals.get((blend, power), 0.0) + sum(found.values())
    return max(totals, key=lambda settings: totals[settings])


def parted(seed: int, classes: int = 10) -> tuple[Int[np.ndarray, " seen"], Int[np.ndarray, " unseen"]]:
    """The numbers of the classes to learn from and of those never seen."""
    drawn = np.random.default_rng(seed).permutation(classes)
    return drawn[:SEEN], drawn[SEEN:]


def main() -> None:
    options = read_options(__doc__ or "", needs_data=True, seeds=5)
    begin = time.perf_counter()
    folder = options.data / "fashion"
    known, known_labels = pictures_of(folder / "train", QUICK if options.quick else OF_EACH)
    asked, asked_labels = pictures_of(folder / "test", QUICK if options.quick else None)
    names = ("ours", "pixels", "HOG")
    runs: dict[str, list[dict[str, float]]] = {name: [] for name in names}
    chosen = []
    for seed in range(options.seeds):
        seen, unseen = parted(seed)
        learned, judged = np.isin(known_labels, seen), np.isin(asked_labels, unseen)
        labels, pictures = asked_labels[judged], asked[judged]
        parts = described(known[learned])
        blend, power = choose(parts, known_labels[learned])
        chosen.append((blend, power))
        rows = blended(described(pictures), blend)
        ours = figures(Directions.of(blended(parts, blend)).held_down(rows, power), labels)
        without = figures(rows, labels)
        runs["ours"].append({**ours, **{f"blend_{name}": value for name, value in without.items()}})
        runs["pixels"].append(figures(pictures.reshape(len(pictures), -1), labels))
        runs["HOG"].append(figures(edges(pictures, 4, 8, evened=True), labels))
    rows_of = {name: over_seeds(found) for name, found in runs.items()}
    result = Result(
        name="fashion",
        metrics=rows_of.pop("ours"),
        floors=rows_of,
        settings={"chosen": chosen, "seeds": options.seeds},
        seconds=time.perf_counter() - begin,
    )
    publish(result, options)


if __name__ == "__main__":
    main()
