"""ITEMS -> EMBEDDINGS: the table of encoders, and the making of one from its name and settings.

To add one: an `nn.Module` with `dim` and `settings()` that meets `contracts.Encoder`, and a line in ENCODERS.
"""

import inspect
import json
from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter, ValidationError
from torch import nn

from alikely.encoders.cnn import Cnn
from alikely.encoders.koch import Koch
from alikely.encoders.resnet import ResNet
from alikely.errors import SettingsError

ENCODERS: dict[str, type[nn.Module]] = {"cnn": Cnn, "resnet": ResNet, "koch": Koch}

# How each default encoder is fitted to the pictures: the arguments that it takes from them.
_FITTED = {"cnn": ("channels",), "resnet": ("channels",), "koch": ("channels", "size")}


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


def default_settings(name: str, channels: int, size: int, dim: int | None = None) -> dict[str, Any]:
    """All settings of the encoder `name` for pictures of `channels` x `size` x `size`; `dim=None`: its own default."""
    parameters = inspect.signature(_find(name)).parameters
    settings = {setting: parameter.default for setting, parameter in parameters.items()}
    pictures = {"channels": channels, "size": size}
    settings.update({setting: pictures[setting] for setting in _FITTED[name]})
    if dim is not None:
        settings["dim"] = dim
    return {setting: list(value) if isinstance(value, tuple) else value for setting, value in settings.items()}


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
