"""Product pictures: five classes to learn from, five never seen, drawn by each seed; each picture searches its like.

Every test picture of the five unseen classes (5,000) is looked for among all others of these. `metrics.recall_at_1` is
the share whose nearest one shows the same class; `metrics.map_at_r` how well all others of its class come first.

A metric learned from the seen classes easily makes the unseen ones worse. Ours is a blend of descriptions of what
pictures look like: the roots of the pixels, and edges in two sizes of cells. How much each counts is chosen anew for
each seed, on training pictures of its five seen classes; nothing else is learned from them, and the unseen ones choose
nothing. The classes are numbered as the data set numbers them, by which the seeds draw.

Floors: pixels, and histograms of edges (HOG), by the angle between them; as with ours, the mean of the pictures that
are searched is removed.
"""

import time
from collections.abc import Sequence
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
OF_EACH = 400  # training pictures of each seen class that the blend is chosen on
QUICK = 60
DIRECTIONS = 8
# How much the roots of the pixels count, and the edges in cells of 4 and of 7 pixels.
BLENDS = tuple(
    (pixels, small, large) for pixels in (0.0, 0.5, 1.0) for small in (0.0, 0.5, 1.0) for large in (0.0, 1.0)
)[1:]
CLASSES = (
    *("t-shirt", "trouser", "pullover", "dress", "coat"),
    *("sandal", "shirt", "sneaker", "bag", "ankle-boot"),
)

Pictures = Float[np.ndarray, "items height width"]
Rows = Float[np.ndarray, "items dim"]


def pictures_of(folder: Path, of_each: int | None = None) -> tuple[Pictures, Int[np.ndarray, " items"]]:
    """Pictures in 0..1 and the number of the class of each: all, or the first ones of each class."""
    paths = [path for name in CLASSES for path in sorted((folder / name).glob("*.png"))[:of_each]]
    read = np.stack([np.asarray(open_picture(path).convert("L"), np.float32) / 255 for path in paths])
    return read, np.array([CLASSES.index(path.parent.name) for path in paths], np.int64)


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


def figures(rows: Rows, labels: Int[np.ndarray, " items"]) -> dict[str, float]:
    """Recall@1 and MAP@R by the cosine of rows whose mean is removed."""
    found = search(centred(rows), labels, Cosine(), (1,))
    return {"recall_at_1": float(found.recall(1).mean()), "map_at_r": float(found.average_precision_at_r().mean())}


def choose(parts: Sequence[Rows], labels: Int[np.ndarray, " items"]) -> tuple[float, ...]:
    """The blend with the highest sum of both figures on these pictures."""
    return max(BLENDS, key=lambda blend: sum(figures(blended(parts, blend), labels).values()))


def parted(seed: int) -> tuple[Int[np.ndarray, " seen"], Int[np.ndarray, " unseen"]]:
    """The numbers of the classes to learn from and of those never seen."""
    drawn = np.random.default_rng(seed).permutation(len(CLASSES))
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
        blend = choose(described(known[learned]), known_labels[learned])
        chosen.append(blend)
        runs["ours"].append(figures(blended(described(pictures), blend), labels))
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
