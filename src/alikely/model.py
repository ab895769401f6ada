"""SiameseModel: items in, embeddings, distances and decisions out."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn

from alikely.calibration import Calibration
from alikely.contracts import Distance, Engine, Preparation
from alikely.data.items import name_of
from alikely.data.reading import read_batch
from alikely.decision import Decision
from alikely.errors import CalibrationError, InputError, ModelError
from alikely.metrics import PairDistances, all_pairs, known_pairs
from alikely.types import Examples, Item

BATCH = 256  # items encoded at once: enough to keep a processor busy, small enough for any memory


@dataclass(frozen=True)
class SiameseModel:
    """One encoder for both items of a pair, the distance between their embeddings, and what the distance means.

    `engine` gives the embeddings in place of the encoder, faster; gradients (`explain`) and further learning take the
    encoder. `quantised` is the SHA-256 of a network in int8, where that is the engine: its distances are others, so it
    makes another model. `record` holds what the model folder says of the model: settings, data, measurements, versions.
    """

    preparation: Preparation
    encoder: nn.Module
    encoder_name: str
    distance: Distance
    distance_name: str
    calibration: Calibration | None = None
    engine: Engine | None = None
    quantised: str | None = None
    record: dict[str, Any] = field(default_factory=dict)

    @property
    def dim(self) -> int:
        """Numbers in an embedding."""
        return int(self.encoder.dim)  # type: ignore[arg-type]

    def embed(
        self, items: Sequence[Item], progress: Callable[[int, int], None] | None = None
    ) -> Float[np.ndarray, "items dim"]:
        """One embedding a row, float32, in the order of the items. `progress(done, total)` is called after each batch.

        Raises InputError naming the item that cannot be read.
        """
        if isinstance(items, Item):
            raise InputError(f"embed takes a list of items, got the one item {name_of(items)}: put it in a list")
        rows = [np.zeros((0, self.dim), np.float32)]
        for start in range(0, len(items), BATCH):
            rows.append(self.embed_read(read_batch(self.preparation, items[start : start + BATCH])))
            if progress:
                progress(min(start + BATCH, len(items)), len(items))
        return np.concatenate(rows)

    def embed_read(self, read: Tensor) -> Float[np.ndarray, "items dim"]:
        """The same for items that have been read already, in one batch."""
        if self.engine is not None:
            return self.engine(read)
        if self.quantised is not None:
            raise ModelError("this model is a network in int8, and its engine was taken away: load it with load_model")
        device = next((p.device for p in self.encoder.parameters()), torch.device("cpu"))
        rows = [np.zeros((0, self.dim), np.float32)]
        with torch.inference_mode():
            for start in range(0, len(read), BATCH):
                batch = finished(self.preparation, read[start : start + BATCH].to(device))
                rows.append(self.encoder(batch).float().cpu().numpy())
        return np.concatenate(rows)

    def compare(
        self,
        left: Item,
        right: Item,
        fmr: float | None = None,
        fnmr: float | None = None,
        prior: float = 0.5,
        confidence: float | None = None,
        threshold: float | None = None,
    ) -> Decision:
        """Same or different, with its probability, at a false-match rate of `fmr` (without it: the model's own).

        `threshold` is the distance to decide by in place of that for `fmr`; the decision says the rate that it keeps.

        With `fnmr`, the answer is *unsure* for distances above the threshold for `fmr` at which more than `fnmr` of the
        same pairs still lie. `prior` is the chance, before looking, that the two are the same. `confidence` is the one
        with which identities never seen keep these rates (without it: the model's own; 0: no promise).
        Raises CalibrationError where the model has no calibration, or one that cannot bear the rate.
        """
        calibration = self.require_calibration()
        return calibration.decide(self.distance_of(left, right), fmr, fnmr, prior, confidence, threshold)

    def require_calibration(self) -> Calibration:
        """The calibration. Raises CalibrationError where the model has none."""
        if self.calibration is None:
            raise CalibrationError(
                "the model has no calibration, so a distance cannot be called same or different; "
                "calibrate it (`alikely calibrate`, `calibrate_model`), or train with calibrate_share above 0"
            )
        return self.calibration

    def distance_of(self, left: Item, right: Item) -> float:
        """The distance between two items, in the units of the model's distance; 0 is alike."""
        rows = torch.from_numpy(self.embed([left, right]))
        with torch.inference_mode():
            value = float(self.distance.between(rows[:1], rows[1:])[0])
        if not np.isfinite(value):
            raise ModelError(
                f"the distance between {name_of(left, 0)} and {name_of(right, 1)} is {value}: "
                "the model's weights are not usable; train it again"
            )
        return value

    def pair_distances(self, examples: Examples, progress: Callable[[int, int], None] | None = None) -> PairDistances:
        """Distances of all pairs of the examples' items (of their known pairs, where they have no labels)."""
        return distances_of_examples(self.embed(examples.items, progress), examples, self.distance)

    def fingerprint(self) -> str:
        """A hash over everything that a distance depends on: weights, encoder, distance, preparation, and int8."""
        digest = hashlib.sha256()
        described = [self.encoder_name, self.distance_name, self.preparation.settings()]
        digest.update(json.dumps(described, sort_keys=True).encode())
        for name, content in sorted(self.preparation.files().items()):
            digest.update(name.encode())
            digest.update(content)
        for name, tensor in sorted(self.tensors().items()):
            digest.update(name.encode())
            digest.update(tensor.numpy().tobytes())
        digest.update((self.quantised or "").encode())
        return digest.hexdigest()

    def tensors(self) -> dict[str, Tensor]:
        """All weights and buffers by name, on the CPU: `encoder.*` and, for a learned distance, `distance.*`."""
        parts = [("encoder", self.encoder)]
        if isinstance(self.distance, nn.Module):
            parts.append(("distance", self.distance))
        return {
            f"{part}.{name}": tensor.detach().cpu().contiguous()
            for part, module in parts
            for name, tensor in module.state_dict().items()
        }

    def with_calibration(self, calibration: Calibration) -> "SiameseModel":
        """The same model with another calibration; CalibrationError where it was made for another model."""
        calibration.fits(self.fingerprint())
        return replace(self, calibration=calibration)


def as_floats(batch: Tensor) -> Tensor:
    """8-bit pictures (0..255) as floats in 0..1; anything else as it is."""
    return batch.float() / 255 if batch.dtype == torch.uint8 else batch


def finished(preparation: Preparation, batch: Tensor) -> Tensor:
    """A batch as the encoder takes it; pictures with their channels last, which convolutions are fastest with."""
    whole = preparation.finish(as_floats(batch))
    return whole.contiguous(memory_format=torch.channels_last) if whole.ndim == 4 else whole


def ready(encoder: nn.Module) -> nn.Module:
    """The encoder as a model holds it: fixed, on the CPU, laid out so that equal weights give equal bits."""
    return encoder.to(device="cpu", memory_format=torch.channels_last).eval().requires_grad_(False)  # type: ignore[call-overload,no-any-return]


def distances_of_examples(
    embeddings: Float[np.ndarray, "items dim"], examples: Examples, distance: Distance
) -> PairDistances:
    """All pairs where there are labels, else the known pairs."""
    if examples.labels is not None:
        return all_pairs(embeddings, examples.labels, distance)
    if examples.pairs is None:
        raise InputError("nothing is known of these items: give them labels (folders, a column `label`) or pairs")
    return known_pairs(embeddings, examples.pairs, None, distance)
