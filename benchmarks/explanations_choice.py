"""How explanations are made was chosen here: on 8 of the 30 people that seed 0 of the ORL benchmark learns from.

The model learns from the other 22; none of the 10 people that seed 0 is judged by is touched. Each candidate explains
the same pairs, measured as in `benchmarks.explanations`. `--seeds` says how many splits of the 30 people.
"""

import time

import numpy as np
import torch
from jaxtyping import Float
from scipy.ndimage import gaussian_filter
from torch import Tensor

from alikely import SiameseModel
from alikely.explaining import random_covers, relevance
from alikely.explaining.covers import COVERS, SMOOTH
from alikely.model import as_floats
from benchmarks.explanations import PAIRS, Explainer, cover_of, figures, ours, task
from benchmarks.orl import INNER_JUDGED, JUDGED, faces, learn, parted
from benchmarks.report import Result, over_seeds, publish, read_options


def with_covers(smooth: float = SMOOTH, count: int = COVERS, cells: int = 8, hard: bool = False) -> Explainer:
    """Ours with other covers or another smoothing; `hard` covers are 0 or 1."""

    def explainer(
        model: SiameseModel, picture: Tensor, other: Float[np.ndarray, " dim"]
    ) -> Float[np.ndarray, "height width"]:
        _, height, width = picture.shape
        covers = random_covers(height, width, count, cells)
        return relevance(model, picture, other, (covers > 0.5).float() if hard else covers, smooth)

    return explainer


def integrated_gradients(
    model: SiameseModel, picture: Tensor, other: Float[np.ndarray, " dim"]
) -> Float[np.ndarray, "height width"]:
    """From the blank picture to the whole one along a straight line: covers that are the same everywhere."""
    levels = (torch.arange(COVERS) + 0.5) / COVERS
    return relevance(model, picture, other, levels[:, None, None].expand(-1, *picture.shape[1:]))


def random_masks(
    model: SiameseModel, picture: Tensor, other: Float[np.ndarray, " dim"]
) -> Float[np.ndarray, "height width"]:
    """Without gradients: how the distance follows the cover of each pixel over 512 random covers (as RISE does)."""
    _, height, width = picture.shape
    return slopes(model, picture, other, random_covers(height, width, count=512))


def squares(
    model: SiameseModel, picture: Tensor, other: Float[np.ndarray, " dim"]
) -> Float[np.ndarray, "height width"]:
    """Without gradients: squares of a sixth of the side, covered one at a time (occlusion, Zeiler and Fergus 2014)."""
    height, width = picture.shape[1:]
    side = height // 6
    covers = []
    for top in range(-side // 2, height, side // 2):
        for left in range(-side // 2, width, side // 2):
            cover = torch.zeros(height, width)
            cover[max(top, 0) : top + side, max(left, 0) : left + side] = 1
            covers.append(cover)
    return slopes(model, picture, other, torch.stack(covers))


def slopes(
    model: SiameseModel, picture: Tensor, other: Float[np.ndarray, " dim"], covers: Float[Tensor, "covers _ _"]
) -> Float[np.ndarray, "height width"]:
    """The slope of the distance in the cover of each pixel, over the covers, smoothed as ours."""
    whole = as_floats(picture)
    rows = torch.from_numpy(model.embed_read(whole + covers[:, None] * (cover_of(whole, blurred=False) - whole)))
    with torch.inference_mode():
        distances = model.distance.between(rows, torch.from_numpy(other)[None].expand_as(rows))
    centred = covers - covers.mean(dim=0)
    slope = (distances[:, None, None] * centred).mean(dim=0) / centred.square().mean(dim=0).clamp(min=1e-6)
    smoothed: Float[np.ndarray, "height width"] = gaussian_filter(slope.numpy(), SMOOTH * len(slope), mode="reflect")
    return smoothed


CANDIDATES: dict[str, Explainer] = {
    "as it is": ours,
    "32 covers": with_covers(count=32),
    "128 covers": with_covers(count=128),
    "4 cells": with_covers(cells=4),
    "12 cells": with_covers(cells=12),
    "covers of 0 or 1": with_covers(hard=True),
    "smoothed by 1/48": with_covers(smooth=1 / 48),
    "smoothed by 1/16": with_covers(smooth=1 / 16),
    "integrated gradients": integrated_gradients,
    "512 random masks": random_masks,
    "squares": squares,
}


def main() -> None:
    options = read_options(__doc__ or "", needs_data=True, seeds=2)
    begin = time.perf_counter()
    changes: dict[str, object] = {"epochs": 5} if options.quick else {}
    pairs = 1 if options.quick else PAIRS // 3
    people, _ = parted(faces(options.data), JUDGED, seed=0)
    runs: dict[str, list[dict[str, float]]] = {name: [] for name in CANDIDATES}
    for split in range(options.seeds):
        learned, held_back = parted(people, INNER_JUDGED, split)
        given = task(learn(learned, split, changes), held_back, pairs, split)
        for name, explainer in CANDIDATES.items():
            start = time.perf_counter()
            maps = given.maps(explainer)
            seconds = (time.perf_counter() - start) / len(maps)
            measured = figures(given, given.areas(maps), given.areas(maps, blurred=True))
            runs[name].append({**measured, "seconds_a_pair": seconds})
    rows = {name: over_seeds(found) for name, found in runs.items()}
    metrics = rows.pop("as it is")
    settings = {**changes, "pairs": 2 * pairs, "splits": options.seeds}
    publish(
        Result("explanations_choice", metrics, time.perf_counter() - begin, floors=rows, settings=settings), options
    )


if __name__ == "__main__":
    main()
