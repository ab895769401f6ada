"""Explanations on ORL faces: does covering what the map calls alike raise the distance, and covering the rest lower it?

For each seed one model learns from 30 people (`benchmarks.orl`), and pairs of the 10 others are explained. The deletion
curve is the distance of the pair while one picture is covered from the pixel with the highest value down to the lowest,
the insertion curve the distance while it is uncovered in that order; the other picture stays whole. `metrics.area` is
the area between the two (deletion less insertion) over the share of pixels from 0 to 1, the mean of both pictures, in
gaps: 1 is the mean distance of different people less that of the same. An order that knows nothing gives 0 in the mean,
for same and different pairs alike. `area` covers with the picture's mean, as the maps were made; `area_blur` with the
picture blurred, which they were not made with. Curves: Petsiuk, Das, Saenko 2018, section 4.3, there for one class.

Beside it: random regions, smoothed like ours; nearness to the centre; and the map of another pair of the same kind, of
the same model. `metrics.margin` is ours less random regions; its interval draws the people anew.
The settings were chosen on people that seed 0 learns from (`python -m benchmarks.explanations_choice`).
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Int, UInt8
from scipy.ndimage import gaussian_filter
from torch import Tensor

from alikely import SiameseModel
from alikely.data.reading import read_batch
from alikely.explaining import random_covers, relevance
from alikely.explaining.covers import SMOOTH
from alikely.metrics import all_pairs
from alikely.model import as_floats
from alikely.types import Examples
from benchmarks.orl import JUDGED, SETTINGS, faces, labels_of, learn, parted
from benchmarks.report import Result, over_seeds, publish, read_options

PAIRS = 30  # of each kind
STEPS = 16  # of a curve
BLURRED = 1 / 8  # deviation of the Gaussian, in sides of the picture
RANDOM_DRAWS = 3
DRAWS = 2000

Maps = Float[np.ndarray, "pairs 2 height width"]
Explainer = Callable[[SiameseModel, Tensor, Float[np.ndarray, " dim"]], Float[np.ndarray, "height width"]]


@dataclass(frozen=True)
class Task:
    """A model and the pairs to explain: positions in its pictures, and whether the two are the same person."""

    model: SiameseModel
    pictures: UInt8[Tensor, "items channels height width"]
    rows: Float[np.ndarray, "items dim"]
    sides: Int[np.ndarray, "pairs 2"]
    same: Bool[np.ndarray, " pairs"]
    gap: float

    def maps(self, explainer: Explainer) -> Maps:
        """The two maps of each pair."""
        return np.stack(
            [
                np.stack(
                    [explainer(self.model, self.pictures[a], self.rows[b]) for a, b in ((left, right), (right, left))]
                )
                for left, right in self.sides
            ]
        )

    def areas(self, maps: Maps, blurred: bool = False) -> Float[np.ndarray, " pairs"]:
        """The area between the curves of each pair, in gaps."""
        found = [
            np.mean(
                [
                    area(self.model, self.pictures[a], self.rows[b], of_one, blurred)
                    for (a, b), of_one in zip(((left, right), (right, left)), of_pair, strict=True)
                ]
            )
            for (left, right), of_pair in zip(self.sides, maps, strict=True)
        ]
        return np.array(found) / self.gap


def task(model: SiameseModel, judged: Examples, pairs: int, seed: int) -> Task:
    """`pairs` pairs of each kind, drawn by the seed."""
    pictures = read_batch(model.preparation, judged.items)
    rows = model.embed_read(pictures)
    labels = labels_of(judged)
    left, right = np.triu_indices(len(labels), 1)
    same = labels[left] == labels[right]
    rng = np.random.default_rng(seed)
    drawn = np.concatenate([rng.choice(np.flatnonzero(kind), pairs, replace=False) for kind in (same, ~same)])
    every = all_pairs(rows, labels, model.distance)
    gap = float(every.different.mean() - every.same.mean())
    return Task(model, pictures, rows, np.stack([left, right], axis=1)[drawn], same[drawn], gap)


def area(
    model: SiameseModel,
    picture: UInt8[Tensor, "channels height width"],
    other: Float[np.ndarray, " dim"],
    values: Float[np.ndarray, "height width"],
    blurred: bool = False,
) -> float:
    """Area between the deletion and the insertion curve of one picture, in the units of the distance."""
    whole = as_floats(picture)
    cover = cover_of(whole, blurred)
    place = np.empty(values.size, dtype=np.int64)
    place[np.argsort(-values, axis=None, kind="stable")] = np.arange(values.size)
    ends = np.linspace(0, values.size, STEPS + 1).round()
    gone = torch.from_numpy(place.reshape(values.shape) < ends[:, None, None])[:, None]
    deleted, inserted = torch.where(gone, cover, whole), torch.where(gone, whole, cover)
    rows = torch.from_numpy(model.embed_read(torch.cat([deleted, inserted])))
    with torch.inference_mode():
        distances = model.distance.between(rows, torch.from_numpy(other)[None].expand_as(rows)).numpy()
    return float(np.trapezoid(distances[: STEPS + 1] - distances[STEPS + 1 :], dx=1 / STEPS))


def cover_of(whole: Float[Tensor, "channels height width"], blurred: bool) -> Float[Tensor, "channels height width"]:
    """What stands where a picture is covered: its mean, or itself blurred."""
    if not blurred:
        return whole.mean(dim=(1, 2), keepdim=True).expand_as(whole)
    _, height, width = whole.shape
    return torch.from_numpy(gaussian_filter(whole.numpy(), (0, BLURRED * height, BLURRED * width), mode="reflect"))


def ours(model: SiameseModel, picture: Tensor, other: Float[np.ndarray, " dim"]) -> Float[np.ndarray, "height width"]:
    """The map as `alikely.explain` makes it."""
    _, height, width = picture.shape
    return relevance(model, picture, other, random_covers(height, width))


def random_maps(shape: Sequence[int], seed: int) -> Maps:
    """Regions at random, as smooth as ours."""
    noise = np.random.default_rng(seed).normal(size=tuple(shape))
    deviations = (0, 0, SMOOTH * shape[-2], SMOOTH * shape[-1])
    smoothed: Maps = gaussian_filter(noise, deviations, mode="reflect").astype(np.float32)
    return smoothed


def central_maps(shape: Sequence[int]) -> Maps:
    """Nearness to the centre."""
    rows, columns = (np.linspace(-1, 1, side, dtype=np.float32) for side in shape[-2:])
    return np.broadcast_to(-(rows[:, None] ** 2) - columns[None, :] ** 2, tuple(shape))


def others(maps: Maps, same: Bool[np.ndarray, " pairs"]) -> Maps:
    """For each pair the maps of the next pair of its kind."""
    moved = maps.copy()
    for kind in (same, ~same):
        moved[kind] = np.roll(maps[kind], 1, axis=0)
    return moved


def figures(given: Task, areas: Float[np.ndarray, " pairs"], blurred: Float[np.ndarray, " pairs"]) -> dict[str, float]:
    return {
        "area": float(areas.mean()),
        "area_same": float(areas[given.same].mean()),
        "area_different": float(areas[~given.same].mean()),
        "area_blur": float(blurred.mean()),
    }


def interval(
    margins: Float[np.ndarray, " pairs"], people: Int[np.ndarray, "pairs 2"], draws: int = DRAWS
) -> tuple[float, float]:
    """The middle 95 % of the mean margin with the people drawn anew; a pair counts as often as its people together."""
    count = int(people.max()) + 1
    weights = np.random.default_rng(0).multinomial(count, np.full(count, 1 / count), draws)
    left, right = weights[:, people[:, 0]], weights[:, people[:, 1]]
    of_pairs = np.where(people[:, 0] == people[:, 1], left, left * right)
    totals = of_pairs.sum(axis=1)
    means = (of_pairs @ margins)[totals > 0] / totals[totals > 0]
    low, high = np.quantile(means, [0.025, 0.975])
    return float(low), float(high)


def main() -> None:
    options = read_options(__doc__ or "", needs_data=True, seeds=5)
    begin = time.perf_counter()
    changes: dict[str, object] = {"epochs": 5} if options.quick else {}
    pairs = 3 if options.quick else PAIRS
    examples = faces(options.data)
    names = np.unique(labels_of(examples))
    found: dict[str, list[dict[str, float]]] = {}
    margins, people = [], []
    for seed in range(options.seeds):
        learned, judged = parted(examples, JUDGED, seed)
        given = task(learn(learned, seed, changes), judged, pairs, seed)
        start = time.perf_counter()
        maps = given.maps(ours)
        seconds = (time.perf_counter() - start) / len(maps)
        areas = given.areas(maps)
        chance = [random_maps(maps.shape, draw) for draw in range(RANDOM_DRAWS)]
        by_chance = np.mean([given.areas(drawn) for drawn in chance], axis=0)
        blurred_by_chance = np.mean([given.areas(drawn, blurred=True) for drawn in chance], axis=0)
        margins.append(areas - by_chance)
        people.append(np.searchsorted(names, labels_of(judged)[given.sides]))
        measured = figures(given, areas, given.areas(maps, blurred=True))
        extra = {"margin": float(margins[-1].mean()), "better_than_random": float((margins[-1] > 0).mean())}
        found.setdefault("ours", []).append({**measured, **extra, "seconds_a_pair": seconds})
        found.setdefault("random regions", []).append(figures(given, by_chance, blurred_by_chance))
        for name, floor in (
            ("nearest the centre", central_maps(maps.shape)),
            ("another pair", others(maps, given.same)),
        ):
            found.setdefault(name, []).append(figures(given, given.areas(floor), given.areas(floor, blurred=True)))
    merged = {name: over_seeds(runs) for name, runs in found.items()}
    low, high = interval(np.concatenate(margins), np.concatenate(people))
    result = Result(
        name="explanations",
        metrics={**merged.pop("ours"), "margin_low": low, "margin_high": high},
        floors=merged,
        settings={**SETTINGS, **changes, "pairs": 2 * pairs, "seeds": options.seeds},
        seconds=time.perf_counter() - begin,
    )
    publish(result, options)


if __name__ == "__main__":
    main()
