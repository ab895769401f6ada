"""Omniglot, one-shot: after training on the 30 background alphabets only, the 20 official runs (Lake et al. 2015).

Each run: 20 characters of one new alphabet, each drawn once by one person; 20 drawings by another person, each to be
called by the nearest of the first. 400 trials. One model, one seed; each drawing is judged by itself.
Floors in the same run: nearest pixels, and the modified Hausdorff distance of the ink (Dubuisson and Jain 1994).
How the settings were chosen: `python -m benchmarks.omniglot_choice`.
"""

import time
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from scipy.spatial import cKDTree

import alikely
from alikely import SiameseModel, TrainSettings
from alikely.types import Examples
from benchmarks.report import Result, over_seeds, publish, read_options

EPOCHS = 4  # each shows every drawing in its eight symmetries
QUICK = 1500  # drawings that --quick learns from: the first three alphabets
SETTINGS = {
    "encoder": "resnet",
    "encoder_settings": {"stages": [64, 128], "dim": 256},
    "loss": "info_nce",
    "loss_settings": {"temperature": 0.1},
    "size": 56,
    "shape": "content",
    "augment": {"rotate": 12, "scale": 0.15, "shear": 0.2, "shift": 0.08, "elastic": 0.025},
    "new_classes": "both",
    "labels_per_batch": 20,
    "items_per_label": 10,
    "groups_per_batch": 1,
    "warmup": 0.03,
    "validate_share": 0,
    "calibrate_share": 0,
    "test_share": 0,
}
PUBLISHED = {
    "people (Lake 2015)": {"accuracy": 0.955},
    "Koch et al. 2015": {"accuracy": 0.920},
    "BPL (Lake 2015)": {"accuracy": 0.967},
}


def background(data: Path) -> Examples:
    """The 964 characters of the 30 background alphabets; the alphabet is the group."""
    paths = sorted((data / "omniglot" / "background").glob("*/*/*.png"))
    return alikely.examples_from(
        paths,
        labels=[f"{path.parts[-3]}/{path.parts[-2]}" for path in paths],
        groups=[path.parts[-3] for path in paths],
    )


def learn(examples: Examples, epochs: int, seed: int, changes: dict[str, object] | None = None) -> SiameseModel:
    """A model that has learned from all these characters."""
    settings = TrainSettings(**{**SETTINGS, "epochs": epochs, "seed": seed, **(changes or {})})  # type: ignore[arg-type]
    return alikely.train(examples, settings).model


def official_runs(data: Path) -> list[tuple[list[Path], list[Path], list[int]]]:
    """Per run: the 20 known drawings, the 20 to be called, and for each of these the place of the right one."""
    runs = []
    for folder in sorted((data / "omniglot" / "runs").glob("run*")):
        root = folder.parent
        lines = (folder / "class_labels.txt").read_text().split("\n")
        pairs = [line.split() for line in lines if line.strip()]
        known = sorted({right for _, right in pairs})
        asked = [left for left, _ in pairs]
        right_places = [known.index(right) for _, right in pairs]
        runs.append(([root / name for name in known], [root / name for name in asked], right_places))
    return runs


def embed(model: SiameseModel, paths: list[Path]) -> torch.Tensor:
    """One embedding a drawing."""
    return torch.from_numpy(model.embed(paths))


def share_right(known: torch.Tensor, asked: torch.Tensor, right: list[int], model: SiameseModel) -> float:
    """How many of the drawings are nearest to the right one."""
    return float((model.distance.table(asked, known).argmin(dim=1) == torch.tensor(right)).float().mean())


def hausdorff(known: list[Path], asked: list[Path]) -> np.ndarray:
    """The modified Hausdorff distance, all by all: the larger of the two mean distances from ink to the nearest ink."""
    inks = [[ink_of(path) for path in paths] for paths in (known, asked)]
    trees = [[cKDTree(ink) for ink in side] for side in inks]
    table = np.zeros((len(asked), len(known)))
    for i in range(len(asked)):
        for j in range(len(known)):
            there, back = trees[0][j].query(inks[1][i])[0].mean(), trees[1][i].query(inks[0][j])[0].mean()
            table[i, j] = max(there, back)
    return table


def ink_of(path: Path) -> np.ndarray:
    """The places of the black pixels, around their middle."""
    places: np.ndarray = np.argwhere(np.asarray(Image.open(path).convert("L")) < 128).astype(float)
    centred: np.ndarray = places - places.mean(axis=0)
    return centred


def pixels(paths: list[Path]) -> np.ndarray:
    return np.stack([np.asarray(Image.open(path).convert("L"), np.float32).ravel() for path in paths])


def main() -> None:
    options = read_options(__doc__ or "", needs_data=True)
    begin = time.perf_counter()
    epochs = 1 if options.quick else EPOCHS
    examples, runs = background(options.data), official_runs(options.data)
    if options.quick:
        examples, runs = examples.select(np.arange(QUICK)), runs[:3]
    found = []
    for seed in range(options.seeds):
        start = time.perf_counter()
        model = learn(examples, epochs, seed)
        seconds = time.perf_counter() - start
        shares = [share_right(embed(model, known), embed(model, asked), right, model) for known, asked, right in runs]
        found.append({"accuracy": float(np.mean(shares)), "training_minutes": seconds / 60})
    plain, ink = [], []
    for known, asked, right_places in runs:
        table = ((pixels(asked)[:, None] - pixels(known)[None]) ** 2).sum(axis=2)
        plain.append((table.argmin(axis=1) == right_places).mean())
        ink.append((hausdorff(known, asked).argmin(axis=1) == right_places).mean())
    result = Result(
        name="omniglot",
        metrics=over_seeds(found),
        floors={
            "nearest pixels": {"accuracy": float(np.mean(plain))},
            "modified Hausdorff": {"accuracy": float(np.mean(ink))},
        },
        published=PUBLISHED,
        settings={**SETTINGS, "epochs": epochs, "seeds": options.seeds},
        seconds=time.perf_counter() - begin,
    )
    publish(result, options)


if __name__ == "__main__":
    main()
