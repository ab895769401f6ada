"""Normal pictures in; a memory of what their patches look like out, which says how far each patch of others is from it.

That is PatchCore (Roth et al. 2022) with patches that any describer gives: edges, or a network.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import Float, Shaped
from torch import Tensor
from torch.nn import functional

from alikely.errors import InputError, ModelError, SettingsError
from alikely.model import as_floats
from alikely.tasks.anomaly.coreset import coreset

SMALLEST_VARIANCE = 1e-12
NOISE = 1e-3  # of the largest variance: directions that vary less hold nothing but noise
BATCH = 16  # pictures described at once


@runtime_checkable
class Describer(Protocol):
    """Pictures -> a vector for each of their patches, whose straight-line distance says how unlike two patches are."""

    name: ClassVar[str]

    def describe(
        self, pictures: Float[Tensor, "items channels height width"]
    ) -> Float[Tensor, "items rows columns dim"]:
        """A grid of patches that covers the picture evenly; pixels lie in 0..1. No picture depends on another."""
        ...


@dataclass(frozen=True)
class PatchSettings:
    """How patches are remembered and compared. Raises SettingsError for a value out of its bounds.

    remembered: patches that the memory holds at most.
    looked_at: patches that they are chosen from, drawn by chance from all; where it is no more than `remembered`, all
        that are drawn are kept.
    borrowed: how patches vary is measured at each place of the picture, as if so many further pictures had shown what
        is usual over all places; None: the latter alone, which long vectors (of large networks) need.
    top: the share of a picture's patches whose mean distance is that of the picture, the farthest ones; at least one.
    """

    remembered: int = 5_000
    looked_at: int = 20_000
    borrowed: float | int | None = 20.0
    top: float = 0.01

    def __post_init__(self) -> None:
        for name in ("remembered", "looked_at"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise SettingsError(f"{name} must be a whole number of at least 1, got {value!r}")
        if self.borrowed is not None and not 1 <= self.borrowed < float("inf"):
            raise SettingsError(f"borrowed must be a number of pictures, 1 or more, or None, got {self.borrowed}")
        if not 0 < self.top <= 1:
            raise SettingsError(f"top must be above 0 and at most 1, got {self.top}")


@dataclass(frozen=True, eq=False)
class PatchesFound:
    """How far pictures are from normal. Row i of each is picture i.

    distances: of the picture, 0 and up: the mean of its farthest patches.
    maps: for each pixel the distance of the patches around it, in the same units; the map is as large as the picture.
    """

    distances: Float[np.ndarray, " items"]
    maps: Float[np.ndarray, "items height width"]


@dataclass(frozen=True, eq=False)
class PatchMemory:
    """Patches of normal pictures, standardised, and how to see others as they are.

    Made by `fit_patches`, or by `patch_memory_from` of `settings()` and `tensors()`.

    mean, standardise: (patch - mean) @ standardise is what is compared, each at its own place (or standardise at 1 x 1
        place for all).
    patches: the memory.
    """

    describer: Describer
    options: PatchSettings
    mean: Float[np.ndarray, "rows columns dim"]
    standardise: Float[np.ndarray, "places_down places_across dim dim"]
    patches: Float[np.ndarray, "patches dim"]

    def measure(self, pictures: Shaped[Tensor, "items channels height width"]) -> PatchesFound:
        """How far each picture is from normal, and each of its places. Pixels are 0..255 (uint8) or 0..1.

        Raises InputError for pictures that are not finite, or of another size or other channels than the normal ones.
        """
        import faiss

        index = faiss.IndexFlatL2(self.patches.shape[1])
        index.add(self.patches)
        size = (pictures.shape[2], pictures.shape[3])
        distances, maps = [np.zeros(0, np.float32)], [np.zeros((0, *size), np.float32)]
        for start in range(0, len(pictures), BATCH):
            grid = _described(self.describer, pictures[start : start + BATCH])
            if grid.shape[1:] != self.mean.shape:
                raise InputError(
                    f"these pictures have a grid of patches of the shape {grid.shape[1:]}, the normal ones had "
                    f"{self.mean.shape}; give pictures of the same size and channels"
                )
            compared = _standardised(grid, self.mean, self.standardise)
            squares, _ = index.search(compared.reshape(-1, compared.shape[3]), 1)
            far = np.sqrt(np.maximum(squares, 0)).reshape(grid.shape[:3])
            distances.append(_of_picture(far, self.options.top))
            maps.append(enlarged(far, *size))
        return PatchesFound(np.concatenate(distances), np.concatenate(maps))

    def settings(self) -> dict[str, Any]:
        """What is needed, with `tensors` and the describer, to make this memory again, as JSON can hold it."""
        return {"describer": self.describer.name, **asdict(self.options)}

    def tensors(self) -> dict[str, Tensor]:
        """All numbers by name, for a file of safetensors."""
        kept = {"mean": self.mean, "standardise": self.standardise, "patches": self.patches}
        return {name: torch.from_numpy(numbers) for name, numbers in kept.items()}


def fit_patches(
    batches: Iterable[Shaped[Tensor, "_ channels height width"]],
    describer: Describer,
    settings: PatchSettings | None = None,
    seed: int = 0,
) -> PatchMemory:
    """A memory of the patches of normal pictures, which come in batches; pixels are 0..255 (uint8) or 0..1.

    Each patch is first compared with what is usual at its place: less the mean there, and by how patches vary there
    (as PaDiM does: Defard et al. 2021). What is remembered, and asked for the nearest, is how patches differ from that.

    `seed` draws the patches that are looked at and the first one remembered. Raises InputError where there is no
    picture, where they are of different sizes, or where pixels are not finite.
    """
    settings = settings or PatchSettings()
    grids: list[Float[np.ndarray, "items rows columns dim"]] = []
    for batch in batches:
        grids += [_described(describer, batch[start : start + BATCH]) for start in range(0, len(batch), BATCH)]
    if not grids:
        raise InputError("a memory of patches needs normal pictures, got none")
    if len({grid.shape[1:] for grid in grids}) > 1:
        raise InputError("normal pictures must all be of one size and have the same channels; prepare them alike")
    # A describer may lay its numbers out otherwise; safetensors takes this one layout only.
    grid = np.ascontiguousarray(np.concatenate(grids))
    mean = np.ascontiguousarray(grid.mean(axis=0, dtype=np.float64), dtype=np.float32)
    standardise = _standards(grid - mean, settings.borrowed)
    compared = _standardised(grid, mean, standardise).reshape(-1, grid.shape[3])
    drawn = np.sort(np.random.default_rng(seed).permutation(len(compared))[: settings.looked_at])
    if settings.remembered < len(drawn):
        drawn = drawn[coreset(compared[drawn], settings.remembered, seed)]
    return PatchMemory(describer, settings, mean, standardise, compared[drawn])


def patch_memory_from(settings: Mapping[str, Any], tensors: Mapping[str, Tensor], describer: Describer) -> PatchMemory:
    """The memory that `settings()` and `tensors()` describe, which measures bit for bit as it did.

    Raises ModelError where they do not hold together, or belong to another describer.
    """
    values = dict(settings)
    if values.pop("describer", None) != describer.name:
        raise ModelError(f"the memory of patches was made with {settings.get('describer')!r}, not {describer.name!r}")
    try:
        mean, standardise, patches = (tensors[name].numpy() for name in ("mean", "standardise", "patches"))
        dim = mean.shape[2]
        if standardise.shape[2:] != (dim, dim) or patches.shape[1:] != (dim,):
            raise ModelError("the memory of patches does not hold together: its tables are of different widths")
        return PatchMemory(describer, PatchSettings(**values), mean, standardise, patches)
    except (KeyError, TypeError, IndexError, SettingsError) as error:
        raise ModelError(f"the memory of patches does not hold together ({error}); copy it again") from error


def enlarged(
    maps: Float[np.ndarray, "items rows columns"], height: int, width: int
) -> Float[np.ndarray, "items height width"]:
    """Maps stretched to another size, bilinear, with the centres of their cells at the centres of what they cover."""
    stretched = functional.interpolate(torch.from_numpy(maps)[:, None], (height, width), mode="bilinear")
    found: Float[np.ndarray, "items height width"] = stretched[:, 0].numpy()
    return found


def _described(
    describer: Describer, pictures: Shaped[Tensor, "items channels height width"]
) -> Float[np.ndarray, "items rows columns dim"]:
    floats = as_floats(pictures)
    if not torch.isfinite(floats).all():
        raise InputError("a picture holds values that are not finite (NaN or infinity); replace them")
    with torch.inference_mode():
        grid: Float[np.ndarray, "items rows columns dim"] = describer.describe(floats).float().cpu().numpy()
    return grid


def _standards(
    away: Float[np.ndarray, "items rows columns dim"], borrowed: float | int | None
) -> Float[np.ndarray, "places_down places_across dim dim"]:
    """What makes patches vary alike in all directions, at each place: their covariance there becomes 1 / dim.

    So two patches that differ by one deviation in each direction are the root of 1 apart, however many directions.
    """
    items, dim = len(away), away.shape[3]
    usual = np.einsum("nrcd,nrce->de", away, away, optimize=True).astype(np.float64) / away[..., 0].size
    usual += max(NOISE * float(np.linalg.eigvalsh(usual)[-1]), SMALLEST_VARIANCE) * np.eye(dim)
    if borrowed is None:
        covariance = usual[None, None]
    else:
        here = np.einsum("nrcd,nrce->rcde", away, away, optimize=True).astype(np.float64)
        covariance = (here + borrowed * usual) / (items + borrowed)
    variance, turn = np.linalg.eigh(covariance)
    return np.ascontiguousarray(turn / np.sqrt(variance * dim)[..., None, :], dtype=np.float32)


def _standardised(
    grid: Float[np.ndarray, "items rows columns dim"],
    mean: Float[np.ndarray, "rows columns dim"],
    standardise: Float[np.ndarray, "places_down places_across dim dim"],
) -> Float[np.ndarray, "items rows columns dim"]:
    """The patches as they are compared."""
    compared = np.matmul((grid - mean)[..., None, :], standardise)[..., 0, :]
    return np.ascontiguousarray(compared, dtype=np.float32)


def _of_picture(far: Float[np.ndarray, "items rows columns"], top: float) -> Float[np.ndarray, " items"]:
    """The mean of the farthest patches of each picture."""
    flat = np.sort(far.reshape(len(far), -1), axis=1)
    count = max(1, round(top * flat.shape[1]))
    farthest: Float[np.ndarray, " items"] = flat[:, -count:].mean(axis=1)
    return farthest
