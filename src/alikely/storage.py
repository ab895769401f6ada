"""A model is a folder: weights.safetensors, model.json, calibration.json, README.md. No code in it is ever run.

A preparation may have files of its own beside them, such as tokenizer.json; an exported model has encoder.onnx and
proof.json.
"""

import json
import os
import shutil
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from alikely.calibration import Calibration, calibration_from
from alikely.card import model_card
from alikely.contracts import Distance, Encoder, Preparation
from alikely.data.preparations import described as described_preparation
from alikely.data.preparations import own_code_of, preparation_from
from alikely.distances import build_distance
from alikely.encoders import ENCODERS, build_encoder
from alikely.encoders.own import own_encoder
from alikely.engine import OnnxEngine
from alikely.errors import CalibrationError, ModelError, SettingsError, StorageError
from alikely.folders import whole_folder
from alikely.model import SiameseModel, ready
from alikely.own_code import is_own
from alikely.signed import FILES, SignedFormat

WEIGHTS, DESCRIPTION, CALIBRATION, CARD = "weights.safetensors", "model.json", "calibration.json", "README.md"
FORMAT = SignedFormat("model", DESCRIPTION, "alikely-model", 1)
NETWORK, PROOF = "encoder.onnx", "proof.json"
RECORD = ("training", "data", "evaluation", "export", "versions")


def save_model(model: SiameseModel, folder: Path | str, beside: dict[str, str] | None = None) -> Path:
    """Write the model's folder, whole or not at all; one that is there already is replaced.

    `beside` holds further text files by name (the history of the training). The network that the model was exported to
    is kept where the model uses it, else it is left out. Raises StorageError on a full disk, and where `folder` is
    there but is no model: it would be lost. Raises ModelError for a model in int8 without its engine.
    """
    folder = Path(folder)
    exported = _exported(model)
    if not exported:
        model = replace(model, record={key: part for key, part in model.record.items() if key != "export"})
    require_replaceable(folder)
    with whole_folder(folder) as partial:
        for name, text in (beside or {}).items():
            # Names of files, which stand in it, may be no UTF-8; JSON has signs of its own for such.
            (partial / name).write_text(text, encoding="utf-8", errors="backslashreplace")
        try:
            save_file(model.tensors(), partial / WEIGHTS)
        except SafetensorError as error:
            raise OSError(str(error)) from error
        (partial / WEIGHTS).chmod(partial.stat().st_mode & 0o666)  # as other files are
        further = {**model.preparation.files(), **exported, **_calibrated(model)}
        for name, content in further.items():
            (partial / name).write_bytes(content)
        FORMAT.write(partial, describe(model), (WEIGHTS, *further))
        _write_card(model, partial, folder.name)
    return folder


def save_calibration(model: SiameseModel, folder: Path | str, out: Path | str | None = None) -> Path:
    """Write the calibration of `model` and its record into its folder; all other files stay as they are, bit for bit.

    With `out`, into a copy of the folder there. What is changed is calibration.json, model.json and the card; a reader
    sees all of the old state or all of the new one. Raises CalibrationError where the model has no calibration or the
    folder holds another model, ModelError where the folder is damaged, StorageError on a full disk or where `out` is
    there already.
    """
    if model.calibration is None:
        raise CalibrationError("the model has no calibration to save; make one: `calibrate_model`")
    return _save_further(model, folder, out, _calibrated(model))


def save_export(model: SiameseModel, folder: Path | str, out: Path | str | None = None) -> Path:
    """Write the network that the engine of `model` runs, and the proof in its record, into its folder.

    As `save_calibration` in all else; a network that was there is replaced. Raises ModelError where the model has none,
    CalibrationError where the folder holds another model, and as that does.
    """
    exported = _exported(model)
    if not exported:
        raise ModelError("the model has no exported network to save; make one: `export_model`")
    return _save_further(model, folder, out, exported)


def _save_further(
    model: SiameseModel, folder: Path | str, out: Path | str | None, further: Mapping[str, bytes]
) -> Path:
    """Write these files into the model's folder, or a copy of it, and describe them."""
    written = Path(folder if out is None else out)
    folder = Path(folder).resolve()  # where it is a link, the link stays one
    target = folder if out is None else written
    if target.resolve() != folder and os.path.lexists(target):
        raise StorageError(f"{target}: is there already; name another folder")
    own = None if model.encoder_name in ENCODERS else deepcopy(model.encoder)
    there = load_model(folder, own, without_calibration=True, own_code=True).fingerprint()
    if there != model.fingerprint():
        raise CalibrationError(
            f"{folder}: what is to be saved was made for model {model.fingerprint()}, this one is {there}; name the "
            "folder of that model"
        )
    described = FORMAT.description_of(folder)
    with whole_folder(target) as partial:
        shutil.copytree(folder, partial, symlinks=True, dirs_exist_ok=True)
        for name, content in further.items():
            (partial / name).write_bytes(content)
        FORMAT.write(partial, {**described, **describe(model)}, further.keys(), described[FILES])
        _write_card(model, partial, target.name)
    return written


def _calibrated(model: SiameseModel) -> dict[str, bytes]:
    """The file of its calibration, where it has one."""
    return {} if model.calibration is None else {CALIBRATION: _json(model.calibration.to_dict()).encode()}


def _exported(model: SiameseModel) -> dict[str, bytes]:
    """The files of its export, where it has one."""
    if isinstance(model.engine, OnnxEngine) and "export" in model.record:
        return {NETWORK: model.engine.content, PROOF: _json(model.record["export"]).encode()}
    if model.quantised is not None:
        raise ModelError("this model is a network in int8, and its engine was taken away: load it with load_model")
    return {}


def require_replaceable(folder: Path) -> None:
    """Raise StorageError where `folder` is there but is neither a model nor empty."""
    if not os.path.lexists(folder):
        return
    if folder.is_dir() and ((folder / DESCRIPTION).is_file() or not any(folder.iterdir())):
        return
    raise StorageError(f"{folder}: is there but is no model, so it is not replaced; name another folder")


def load_model(
    folder: Path | str,
    encoder: nn.Module | None = None,
    without_calibration: bool = False,
    own_code: bool = False,
) -> SiameseModel:
    """The model in `folder`, bit-equal to the one that was saved.

    `encoder` is needed for a model with an encoder of your own: an instance of it, built as for training. Nothing in
    the folder is run, so it cannot be found there. With `own_code`, an encoder that was named `module:Class` is
    imported, from the current folder or where it is installed, which runs that module: only for models whose folder you
    trust; so it is with a function that its pictures are cropped by. `without_calibration` leaves out a calibration
    that cannot be read, or is to be made anew. Raises ModelError where the folder is damaged, edited, or of a format
    that this version does not know.
    """
    folder = Path(folder)
    described = FORMAT.read(folder, unread=(CALIBRATION,) if without_calibration else ())
    try:
        tensors = load_file(folder / WEIGHTS)
        calibration: Calibration | None = None
        if CALIBRATION in described[FILES] and not without_calibration:
            calibration = calibration_from(json.loads((folder / CALIBRATION).read_text(encoding="utf-8")))
        preparation = preparation_from(described["preparation"], _files(folder, described))
        if (own := own_code_of(preparation)) is not None and not own_code:
            raise ModelError(
                f"{folder}: its pictures are cropped by {own}, which is not a part of Alikely; where you trust it, "
                "have it imported: own_code=True (--own-code)"
            )
        network = encoder if encoder is not None else _encoder(described, preparation, own_code, folder)
        if not isinstance(network, Encoder):
            raise ModelError(f"the given encoder {type(network).__name__} has no `dim`; set self.dim in its __init__")
        distance = build_distance(described["distance"]["name"], int(network.dim))
        _fill("encoder", network, tensors)
        if isinstance(distance, nn.Module):
            _fill("distance", distance, tensors)
        model = SiameseModel(
            preparation=preparation,
            encoder=ready(network),
            encoder_name=described["encoder"]["name"],
            distance=_as_distance(distance),
            distance_name=described["distance"]["name"],
            engine=_engine(folder, described, preparation, int(network.dim)),
            quantised=described[FILES][NETWORK] if _precision(described) == "int8" else None,
            record={key: described[key] for key in RECORD if key in described},
        )
    except (SafetensorError, KeyError, TypeError, ValueError, RuntimeError) as error:
        raise ModelError(f"{folder}: does not hold together ({error}); copy or train the model again") from error
    return model if calibration is None else model.with_calibration(calibration)


def describe(model: SiameseModel) -> dict[str, Any]:
    """What a model is, as JSON can hold it: encoder, distance, preparation, and its record."""
    return {
        "encoder": {"name": model.encoder_name, "settings": _encoder_settings(model)},
        "distance": {"name": model.distance_name},
        "preparation": described_preparation(model.preparation),
        "preparation_files": sorted(model.preparation.files()),
        **model.record,
    }


def _write_card(model: SiameseModel, folder: Path, name: str) -> None:
    (folder / CARD).write_text(model_card(model, name), encoding="utf-8", errors="backslashreplace")


def _files(folder: Path, described: dict[str, Any]) -> dict[str, bytes]:
    """The files of the preparation; all of them stand in `files`, with their hashes."""
    return {
        name: (folder / name).read_bytes()
        for name in described.get("preparation_files", [])
        if name in described[FILES]
    }


def _precision(described: dict[str, Any]) -> str | None:
    """Of the exported network, where there is one: fp32 or int8."""
    return described["export"]["precision"] if "export" in described else None


def _engine(folder: Path, described: dict[str, Any], preparation: Preparation, dim: int) -> OnnxEngine | None:
    """The exported network, where it is there and can be run; the encoder gives the same answers as one in fp32."""
    precision = _precision(described)
    if precision is None:
        return None
    if find_spec("onnxruntime") is not None:
        return OnnxEngine((folder / NETWORK).read_bytes(), str(folder / NETWORK), preparation, dim)
    if precision == "int8":
        raise SettingsError(f"{folder}: is a model in int8, which needs onnxruntime; run: pip install alikely[onnx]")
    return None


def _encoder_settings(model: SiameseModel) -> dict[str, Any]:
    return dict(model.encoder.settings()) if model.encoder_name in ENCODERS else {"dim": model.dim}  # type: ignore[operator]


def _encoder(described: dict[str, Any], preparation: Preparation, own_code: bool, folder: Path) -> nn.Module:
    name = described["encoder"]["name"]
    if name in ENCODERS:
        return build_encoder(name, described["encoder"]["settings"])
    if is_own(name) and own_code:
        return own_encoder(name, preparation.facts(), described["training"]["settings"]["encoder_settings"])
    imported = "; or, where you trust it, have it imported: own_code=True (--own-code)" if is_own(name) else ""
    raise ModelError(
        f"{folder}: its encoder {name} is not one of Alikely's; pass it: load_model({str(folder)!r}, encoder=...)"
        + imported
    )


def _fill(part: str, module: nn.Module, tensors: dict[str, Tensor]) -> None:
    start = f"{part}."
    module.load_state_dict({name.removeprefix(start): t for name, t in tensors.items() if name.startswith(start)})


def _as_distance(distance: Distance) -> Distance:
    return distance.eval() if isinstance(distance, nn.Module) else distance


def _json(content: Any) -> str:
    return json.dumps(content, indent=2, allow_nan=False) + "\n"
