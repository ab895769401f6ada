"""ITEMS -> EMBEDDINGS: the table of encoders, and the making of one from its name and settings.

To add one: an `nn.Module` with `dim` and `settings()` that meets `contracts.Encoder`, and a line in ENCODERS.
"""

import inspect
import json
from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter, ValidationError
from torch import nn

from alikely.contracts import Preparation
from alikely.encoders.bag import Bag
from alikely.encoders.cnn import Cnn
from alikely.encoders.convolution1d import Conv1d
from alikely.encoders.given import Given
from alikely.encoders.koch import Koch
from alikely.encoders.manhattan_lstm import ManhattanLstm
from alikely.encoders.mlp import Mlp
from alikely.encoders.onnx import Onnx
from alikely.encoders.parts import Parts
from alikely.encoders.pretrained import Pretrained
from alikely.encoders.recurrent import Gru, Lstm
from alikely.encoders.resnet import ResNet
from alikely.encoders.transformer import Transformer
from alikely.errors import SettingsError
from alikely.types import Kind

ENCODERS: dict[str, type[nn.Module]] = {
    "cnn": Cnn,
    "resnet": ResNet,
    "koch": Koch,
    "parts": Parts,
    "gru": Gru,
    "lstm": Lstm,
    "manhattan_lstm": ManhattanLstm,
    "transformer": Transformer,
    "bag": Bag,
    "mlp": Mlp,
    "conv1d": Conv1d,
    "pretrained": Pretrained,
    "onnx": Onnx,
    "given": Given,
}

# What is taken where no encoder is named.
DEFAULT_ENCODERS: dict[Kind, str] = {
    "picture": "cnn",
    "text": "gru",
    "row": "mlp",
    "sequence": "gru",
    "embedding": "given",
}


def build_encoder(name: str, settings: Mapping[str, Any]) -> nn.Module:
    """A new encoder. What `settings` leaves out takes its default.

    The weights are drawn from torch's default generator: seed that before, for the same weights again.
    Raises SettingsError for an unknown name, an unknown setting, or a value that does not fit; it lists the choices.
    """
    kind = _find(name)
    known = inspect.signature(kind).parameters
    values = {}
    for setting, value in settings.items():
        if setting not in known:
            raise SettingsError(f"encoder {name} has no setting {setting!r}; it has {', '.join(known)}")
        values[setting] = _checked(name, setting, value, known[setting].annotation)
    return kind(**values)


def default_settings(name: str, facts: Mapping[str, Any]) -> dict[str, Any]:
    """All settings of the encoder `name` for items of which these `facts` (of their preparation) are known."""
    parameters = inspect.signature(_find(name)).parameters
    settings = {setting: facts.get(setting, parameter.default) for setting, parameter in parameters.items()}
    return {setting: list(value) if isinstance(value, tuple) else value for setting, value in settings.items()}


def require_kind(name: str, kind: Kind) -> None:
    """Raise SettingsError where the encoder `name` does not take items of this kind."""
    if kind not in _find(name).kinds:  # type: ignore[attr-defined]
        fitting = [other for other, encoder in ENCODERS.items() if kind in encoder.kinds]  # type: ignore[attr-defined]
        raise SettingsError(f"the encoder {name} does not take {kind}s; choose one of {', '.join(fitting)}")


def brings_preparation(name: str) -> bool:
    """Whether the encoder says itself how its items are prepared."""
    return hasattr(ENCODERS.get(name), "preparation")


def preferred_preparation(name: str) -> dict[str, Any]:
    """Settings of the preparation that suit the encoder better than the usual ones: what its class has `preferred`."""
    return dict(getattr(ENCODERS.get(name), "preferred", {}))


def brought_preparation(
    name: str, kind: Kind, settings: Mapping[str, Any], chosen: Mapping[str, Any]
) -> Preparation | None:
    """How the items of a network made elsewhere were prepared when it learned; None for an encoder that does not say.

    `settings` are the encoder's; `chosen`, those of the preparation, change it where that makes sense.
    """
    if not brings_preparation(name):
        return None
    brought: Preparation | None = ENCODERS[name].preparation(kind, settings, chosen)  # type: ignore[attr-defined]
    return brought


def _find(name: str) -> type[nn.Module]:
    if name not in ENCODERS:
        raise SettingsError(f"there is no encoder {name!r}; choose one of {', '.join(ENCODERS)}")
    return ENCODERS[name]


def _checked(name: str, setting: str, value: Any, annotation: Any) -> Any:
    try:
        return TypeAdapter(annotation).validate_json(json.dumps(value), strict=True)
    except (TypeError, ValueError, ValidationError) as error:
        wanted = inspect.formatannotation(annotation)
        raise SettingsError(f"encoder {name}: {setting} must be {wanted}, got {value!r}") from error
