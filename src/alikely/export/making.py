"""A model's folder -> its encoder as ONNX in it, or as a model in int8 beside it; each with its proof, or refused."""

import hashlib
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Shaped
from torch import nn

from alikely.data.reading import Prepared
from alikely.embedding import Progress
from alikely.engine import OnnxEngine
from alikely.errors import CalibrationError, ModelError, SettingsError, StorageError
from alikely.export.graph import onnx_of, require_exporter
from alikely.export.judged import Judged, judged_items
from alikely.export.proof import Proof, measured
from alikely.export.quantising import quantised
from alikely.model import SiameseModel, as_floats
from alikely.recalibration import calibrate_model
from alikely.storage import NETWORK, load_model, save_export, save_model
from alikely.types import Examples

EER_LOSS = 0.005  # how much worse the EER of a model in int8 may be
TOLERANCE = 1e-4  # relative to the largest number of an embedding, at least 1: more is not rounding
SHOWN_TO_EXPORTER = 3
SHOWN_TO_QUANTISER = 256  # items that the scales of int8 are found on
PIECE = 16  # of them at once


@dataclass(frozen=True)
class Exported:
    """The model as it answers now, where it lies, the proof, what could not be read, and what to say of it."""

    model: SiameseModel
    folder: Path
    proof: Proof
    skipped: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """For JSON: the proof, `folder`, `fingerprint` of the model, `notes` and `skipped`."""
        return {
            "folder": str(self.folder),
            "fingerprint": self.model.fingerprint(),
            **self.proof.to_dict(),
            "notes": list(self.notes),
            "skipped": [{"item": name, "problem": problem} for name, problem in self.skipped],
        }


def export_model(
    folder: Path | str,
    source: Path | str | Examples | None = None,
    int8: bool = False,
    eer_loss: float = EER_LOSS,
    out: Path | str | None = None,
    encoder: nn.Module | None = None,
    own_code: bool = False,
    skip_bad: bool = False,
    progress: Progress | None = None,
    seconds: float = 1.0,
) -> Exported:
    """Export the encoder of the model in `folder` as ONNX, and prove that it answers as the model does.

    In fp32 the embeddings are the same up to rounding, so the model stays what it is: the export is put into its
    folder (with `out`, into a copy of it there), and used wherever the model is. In int8 distances are others: that is
    another model, in a folder of its own, with a fingerprint of its own and a calibration of its own.

    source: items to prove it on, and to find the scales of int8 on; without it, what the model was calibrated by, where
        that is still there.
    int8: faster and smaller; refused where its EER is worse by more than `eer_loss` (0..1) than the original's.
    out: a new folder; int8 needs one.
    encoder, own_code: as in `load_model`.
    seconds: about how long each speed is measured.

    Raises SettingsError where the encoder cannot be exported or what it takes is not installed, InputError (and
    BadItemsError, unless `skip_bad`) where the source cannot be used, ModelError where the export is refused,
    CalibrationError where the pairs do not suffice for a calibration, StorageError. Nothing is written then.
    """
    folder = Path(folder)
    require_exporter()
    if not 0 <= eer_loss <= 1:
        raise SettingsError(
            f"eer_loss is a difference of two rates, from 0 to 1, got {eer_loss}; 0.005 is half a percent"
        )
    if int8 and out is None:
        raise SettingsError("a model in int8 is another model, so it gets a folder of its own: --out FOLDER (out=...)")
    if out is not None and os.path.lexists(out):
        raise StorageError(f"{out}: is there already; name another folder")
    loaded = load_model(folder, encoder, own_code=own_code)
    if loaded.quantised is not None:
        raise SettingsError(f"{folder}: is a model in int8 already; export the model that it was made from")
    model = replace(loaded, engine=None)
    judged = judged_items(model, source, skip_bad, progress)
    example = torch.from_numpy(_as_encoder_takes(model, judged.items, SHOWN_TO_EXPORTER)[0])
    network = onnx_of(model.encoder, model.encoder_name, model.preparation.kind, example)
    if int8:
        assert out is not None  # checked
        made = _in_int8(model, network, judged, eer_loss, Path(out), progress, seconds)
        save_model(made.model, made.folder)
        return made
    exported = replace(model, engine=_engine(model, network, folder if out is None else Path(out)))
    proof = measured(model, exported, "fp32", TOLERANCE, judged, progress, seconds)
    _require_same(proof)
    exported = replace(exported, record={**model.record, "export": proof.to_dict()})
    return Exported(exported, save_export(exported, folder, out), proof, judged.skipped)


def _in_int8(
    model: SiameseModel,
    network: bytes,
    judged: Judged,
    eer_loss: float,
    out: Path,
    progress: Progress | None,
    seconds: float,
) -> Exported:
    """The model in int8, with a calibration of its own where the original has one; not yet written."""
    content, _ = quantised(network, _as_encoder_takes(model, judged.items, SHOWN_TO_QUANTISER))
    other = replace(
        model,
        engine=_engine(model, content, out),
        quantised=hashlib.sha256(content).hexdigest(),
        calibration=None,
    )
    proof = measured(model, other, "int8", None, judged, progress, seconds)
    _require_as_good(proof, eer_loss)
    # What was measured on the test identities was another model's; `evaluate` measures this one.
    record = {key: part for key, part in model.record.items() if key != "evaluation"}
    other, notes = _calibrated(replace(other, record=record), model, judged)
    other = replace(other, record={**other.record, "export": proof.to_dict()})
    return Exported(other, out, proof, judged.skipped, notes)


def _calibrated(other: SiameseModel, model: SiameseModel, judged: Judged) -> tuple[SiameseModel, tuple[str, ...]]:
    """The model in int8 with a calibration set as that of the original was, by the items it was judged on."""
    old = model.calibration
    if old is None:
        return other, ()
    examples, method = judged.items.examples, old.probability_map.method
    try:
        found = calibrate_model(other, examples, old.default_fmr, None, old.confidence, method)
    except CalibrationError:  # the rate that the original bore just so
        found = calibrate_model(other, examples, None, None, old.confidence, method)
    assert found.model is not None  # of a model there is one
    data = other.record.get("data", {})
    if not judged.calibration and data:
        data = {**found.model.record["data"], "calibrated_on": judged.source}
    record = {**other.record, **({"data": data} if data else {})}
    return replace(found.model, record=record), found.notes


def _engine(model: SiameseModel, network: bytes, folder: Path) -> OnnxEngine:
    return OnnxEngine(network, str(folder / NETWORK), model.preparation, model.dim)


def _as_encoder_takes(model: SiameseModel, items: Prepared, count: int) -> list[Shaped[np.ndarray, "..."]]:
    """So many of the items, drawn at random, in small batches, finished."""
    order = np.random.default_rng(0).permutation(len(items))[:count]
    batches = [items.take(order[start : start + PIECE]) for start in range(0, len(order), PIECE)]
    return [model.preparation.finish(as_floats(batch)).contiguous().numpy() for batch in batches]


def _require_same(proof: Proof) -> None:
    assert proof.tolerance is not None  # in fp32
    if not proof.difference <= proof.tolerance:
        raise ModelError(
            f"the exported network gives other embeddings than the encoder: up to {proof.difference:.2g} apart, where "
            f"rounding makes {proof.tolerance:.2g} at most; nothing was written, and the model runs by torch as before"
        )


def _require_as_good(proof: Proof, eer_loss: float) -> None:
    if proof.eer is None or proof.eer_before is None:
        raise ModelError(
            f"in int8 distances are others, and {proof.measured_on} do not tell how much worse they are: name a source "
            "with identities, --source SOURCE (source=...); nothing was written"
        )
    if not proof.eer <= proof.eer_before + eer_loss:
        raise ModelError(
            f"in int8 the EER is {proof.eer:.2%}, and that of the original {proof.eer_before:.2%} "
            f"({proof.measured_on}): worse by more than {eer_loss:.2%}; nothing was written. Allow more "
            "(--eer-loss, eer_loss=...), or export without int8"
        )
