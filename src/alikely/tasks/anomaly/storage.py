"""A detector is a folder: detector.json, memory.safetensors, memory.json, and a trained model in model/.

Where no model was trained, the files of the preparation stand in its place. Nothing in the folder is ever run.
"""

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from alikely.data.preparation import PicturePreparation
from alikely.data.preparations import described as described_preparation
from alikely.data.preparations import preparation_from
from alikely.errors import ModelError, StorageError
from alikely.folders import whole_folder
from alikely.signed import SignedFormat
from alikely.storage import DESCRIPTION as MODEL_DESCRIPTION
from alikely.storage import load_model, save_model
from alikely.tasks.anomaly.conformal import Normality
from alikely.tasks.anomaly.detector import Detector
from alikely.tasks.anomaly.gradients import Gradients
from alikely.tasks.anomaly.measure import Measure
from alikely.tasks.anomaly.neighbours import Neighbours
from alikely.tasks.anomaly.patches import patch_memory_from
from alikely.tasks.anomaly.pictured import Pictured
from alikely.tasks.anomaly.plain import is_plain, model_of
from alikely.tasks.anomaly.vectors import Remembered, Vectors

FORMAT = SignedFormat("detector", "detector.json", "alikely-detector", 1)
NUMBERS, WORDS, MODEL = "memory.safetensors", "memory.json", "model"


def save_detector(detector: Detector, folder: Path | str) -> Path:
    """Write the detector's folder, whole or not at all; a detector that is there already is replaced.

    It holds the embeddings of the normal items it remembers; of rows and sequences the items themselves.
    Raises StorageError on a full disk, and where `folder` is there but is no detector: it would be lost.
    """
    folder = Path(folder)
    require_replaceable(folder)
    with whole_folder(folder) as partial:
        try:
            save_file(_tensors(detector), partial / NUMBERS)
        except SafetensorError as error:
            raise OSError(str(error)) from error
        remembered = detector.measure.remembered if isinstance(detector.measure, Vectors) else Remembered(())
        words = {"names": list(remembered.names), "cells": [dict(cells) for cells in remembered.cells]}
        # In ASCII: a file's name may be no UTF-8.
        (partial / WORDS).write_text(json.dumps(words, indent=1) + "\n", encoding="utf-8")
        FORMAT.write(partial, _described(detector), [NUMBERS, WORDS, *_write_model(detector.measure, partial)])
    return folder


def require_replaceable(folder: Path) -> None:
    """Raise StorageError where `folder` is there but is neither a detector nor empty."""
    if not os.path.lexists(folder):
        return
    if folder.is_dir() and (FORMAT.is_there(folder) or not any(folder.iterdir())):
        return
    raise StorageError(f"{folder}: is there but is no detector, so it is not replaced; name another folder")


def require_new(folder: Path, overwrite: bool) -> None:
    """Raise StorageError where `folder` holds something that must not be replaced: without `overwrite`, a detector."""
    require_replaceable(folder)
    if FORMAT.is_there(folder) and not overwrite:
        raise StorageError(f"{folder}: is a detector already; name another folder, or replace it: --overwrite")


def load_detector(folder: Path | str, encoder: nn.Module | None = None, own_code: bool = False) -> Detector:
    """The detector in `folder`, which judges as the one that was saved.

    `encoder` and `own_code` are those of `load_model`, for a model with an encoder of your own. Raises ModelError
    where the folder is damaged, edited, or of a format that this version does not know.
    """
    folder = Path(folder)
    described = FORMAT.read(folder)
    try:
        numbers = load_file(folder / NUMBERS)
        measure = _measure(folder, described, numbers, encoder, own_code)
        normality = Normality(numbers["deviations"].numpy(), numbers["weights"].numpy())
        return Detector(
            measure,
            normality,
            float(described["rate"]),
            float(described["confidence"]),
            str(described["note"]),
            tuple((str(name), str(problem)) for name, problem in described["skipped"]),
            int(described.get("also_normal", 0)),  # those of before do not say
        )
    except (SafetensorError, KeyError, TypeError, ValueError) as error:
        raise ModelError(f"{folder}: does not hold together ({error}); copy the folder again") from error


def _described(detector: Detector) -> dict[str, Any]:
    """What is no table of numbers, as JSON can hold it."""
    described: dict[str, Any] = {
        "kind": detector.kind,
        "rate": detector.rate,
        "confidence": detector.confidence,
        "note": detector.note,
        "skipped": [list(skipped) for skipped in detector.skipped],
        "also_normal": detector.also_normal,
        "preparation": None,
        "preparation_files": [],
    }
    measure, preparation = detector.measure, detector.preparation
    if _stands_alone(measure):
        described["preparation"] = described_preparation(preparation)
        described["preparation_files"] = sorted(preparation.files())
    if isinstance(measure, Pictured):
        assert isinstance(measure.memory.describer, Gradients)
        describer = {name: _as_list(value) for name, value in asdict(measure.memory.describer).items()}
        return described | {"patches": measure.memory.settings(), "describer": describer, "pictures": measure.pictures}
    assert isinstance(measure, Vectors)
    return described | {"nearest": measure.neighbours.count}


def _as_list(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _stands_alone(measure: Measure) -> bool:
    """Whether no trained model belongs to it."""
    return not isinstance(measure, Vectors) or is_plain(measure.model)


def _write_model(measure: Measure, folder: Path) -> list[str]:
    """The files that hold the model, or what it takes to make it again."""
    if isinstance(measure, Vectors) and not is_plain(measure.model):
        save_model(measure.model, folder / MODEL)
        return [f"{MODEL}/{MODEL_DESCRIPTION}"]  # which holds the hashes of the others
    for name, content in measure.preparation.files().items():
        (folder / name).write_bytes(content)
    return list(measure.preparation.files())


def _measure(
    folder: Path, described: dict[str, Any], numbers: dict[str, Tensor], encoder: nn.Module | None, own_code: bool
) -> Measure:
    preparation = None
    if described["preparation"] is not None:
        names = [name for name in described["preparation_files"] if name in described["files"]]
        preparation = preparation_from(described["preparation"], {name: (folder / name).read_bytes() for name in names})
    if isinstance(preparation, PicturePreparation):
        settings = {name: _as_tuple(value) for name, value in described["describer"].items()}
        memory = patch_memory_from(described["patches"], numbers, Gradients(**settings))
        return Pictured(preparation, memory, int(described["pictures"]))
    model = load_model(folder / MODEL, encoder, own_code=own_code) if preparation is None else model_of(preparation)
    words = json.loads((folder / WORDS).read_text(encoding="utf-8"))
    remembered = Remembered(tuple(words["names"]), _read(numbers), tuple(dict(cells) for cells in words["cells"]))
    neighbours = Neighbours(
        model.distance, numbers["normal"].numpy(), numbers["anomalies"].numpy(), int(described["nearest"])
    )
    return Vectors(model, neighbours, remembered)


def _as_tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _tensors(detector: Detector) -> dict[str, Tensor]:
    """All numbers by name; items of different lengths stand behind each other, and `lengths` says where each ends."""
    measure, normality = detector.measure, detector.normality
    tensors = {
        "deviations": torch.from_numpy(normality.deviations),
        "weights": torch.from_numpy(normality.weights),
    }
    if isinstance(measure, Pictured):
        tensors |= measure.memory.tensors()
    if isinstance(measure, Vectors):
        tensors["normal"] = torch.from_numpy(measure.neighbours.normal)
        tensors["anomalies"] = torch.from_numpy(measure.neighbours.anomalies)
        if read := measure.remembered.read:
            tensors["read"] = torch.cat(read)
            tensors["lengths"] = torch.tensor([len(item) for item in read])  # of a row, its columns
    return {name: tensor.contiguous() for name, tensor in tensors.items()}


def _read(numbers: dict[str, Tensor]) -> tuple[Tensor, ...]:
    return torch.split(numbers["read"], numbers["lengths"].tolist()) if "read" in numbers else ()
