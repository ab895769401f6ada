"""A model, the same with an exported network, and items -> how far their embeddings are apart, both EERs, the speed."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from typing import Any, Literal

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from alikely.data.reading import Prepared
from alikely.embedding import Progress, embed_items
from alikely.errors import TooFewError
from alikely.export.judged import Judged
from alikely.export.speed import Speedup, in_turns, speedup
from alikely.metrics import Verification
from alikely.model import SiameseModel, distances_of_examples
from alikely.types import Examples

Precision = Literal["fp32", "int8"]
BATCHES = (1, 64)  # whose speed is measured
SIZES = (1, 2, 3, 64)  # of batches that are compared beside the whole
FURTHER = 3  # steps of padding put behind a batch
PACKAGES = ("alikely", "torch", "onnx", "onnxscript", "onnxruntime")


@dataclass(frozen=True)
class Proof:
    """What was found when the exported network was held against the encoder that it came from.

    measured_on: which items, in words. difference: the largest of any number of an embedding; `tolerance` is what
    rounding may do in fp32 (None for int8, which is judged by its EER). eer, eer_before: of the exported network and of
    the encoder, on all pairs of these items; None where nothing is known of them. times_as_fast: by the size of a
    batch, on so many `threads`; how it is on another machine is for that machine to say.
    """

    precision: Precision
    measured_on: str
    items: int
    difference: float
    tolerance: float | None
    eer: float | None
    eer_before: float | None
    times_as_fast: Mapping[int, Speedup]
    threads: int

    def to_dict(self) -> dict[str, Any]:
        """For JSON: proof.json, and `export` in model.json."""
        return {
            "precision": self.precision,
            "measured_on": self.measured_on,
            "items": self.items,
            "largest_difference": self.difference,
            "tolerance": self.tolerance,
            "eer": self.eer,
            "eer_before": self.eer_before,
            "times_as_fast": {f"batch_{size}": found.to_dict() for size, found in self.times_as_fast.items()},
            "threads": self.threads,
            "versions": {name: version(name) for name in PACKAGES},
        }

    def rows(self) -> list[tuple[str, str, str]]:
        """For printing: (name, value, remark)."""
        allowed = "" if self.tolerance is None else f"of any number of an embedding; allowed: {self.tolerance:.1e}"
        rows = [("largest difference", f"{self.difference:.1e}", allowed or "of any number of an embedding")]
        if self.eer is not None and self.eer_before is not None:
            rows += [
                ("EER of the export", f"{self.eer:.2%}", f"{self.items:,} items"),
                ("EER of the original", f"{self.eer_before:.2%}", "the same pairs"),
            ]
        for size, found in self.times_as_fast.items():
            half = f"times as fast; {found.low:.2g} to {found.high:.2g} in half of the turns"
            rows.append((f"speed at batch {size}", f"{found.times:.2g}", half))
        return rows


def measured(
    model: SiameseModel,
    exported: SiameseModel,
    precision: Precision,
    tolerance: float | None,
    judged: Judged,
    progress: Progress | None = None,
    seconds: float = 1.0,
) -> Proof:
    """Hold `exported` against `model`, which is the same by its encoder. Nothing is judged here."""
    items = judged.items
    before, after = embed_items(model, items, progress), embed_items(exported, items, progress)
    differences = [np.abs(before - after).max()] + [
        np.abs(expected - exported.embed_read(batch)).max() for batch, expected in _other_batches(model, items)
    ]
    return Proof(
        precision=precision,
        measured_on=judged.which,
        items=len(items),
        difference=float(np.max(differences)),  # NaN, where one is
        tolerance=None if tolerance is None else tolerance * max(1.0, float(np.abs(before).max())),
        eer=eer_of(after, items.examples, model),
        eer_before=eer_of(before, items.examples, model),
        times_as_fast={size: _times_as_fast(model, exported, items, size, seconds) for size in BATCHES},
        threads=torch.get_num_threads(),
    )


def eer_of(embeddings: Float[np.ndarray, "items dim"], examples: Examples, model: SiameseModel) -> float | None:
    """The EER of all pairs whose relation is known; None where there are not both kinds."""
    if examples.labels is None and examples.pairs is None:
        return None
    pairs = distances_of_examples(embeddings, examples, model.distance)
    try:
        return Verification.from_distances(pairs.same, pairs.different).eer
    except TooFewError:
        return None


def _other_batches(model: SiameseModel, items: Prepared) -> list[tuple[Tensor, Float[np.ndarray, "items dim"]]]:
    """Batches of other sizes, and of other lengths where items have one, and what the encoder says to them."""
    found = []
    order = np.random.default_rng(0).permutation(len(items))
    for size in SIZES:
        batch = items.take(np.resize(order, size))
        found.append((batch, model.embed_read(batch)))
        for changed in _other_lengths(batch):
            try:
                expected = model.embed_read(changed)
            except Exception:  # an encoder of the user's own may know one length only
                continue
            found.append((changed, expected))
    return found


def _other_lengths(batch: Tensor) -> list[Tensor]:
    """The batch cut to half its length, and padded further; nothing for items without a length."""
    text = batch.ndim == 2 and not batch.is_floating_point()
    if not text and batch.ndim != 3:
        return []
    padding = torch.full_like(batch[:, :1], -1 if text else torch.nan)
    return [batch[:, : (batch.shape[1] + 1) // 2], torch.cat([batch, *[padding] * FURTHER], dim=1)]


def _times_as_fast(model: SiameseModel, exported: SiameseModel, items: Prepared, size: int, seconds: float) -> Speedup:
    batch = items.take(np.arange(size) % len(items))
    taken = in_turns({"slow": partial(model.embed_read, batch), "fast": partial(exported.embed_read, batch)}, seconds)
    return speedup(taken["slow"], taken["fast"])
