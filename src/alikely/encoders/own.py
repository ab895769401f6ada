"""`module:Class` -> an encoder of the user's own, checked against the contract: what does not meet it is said."""

import inspect
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from alikely.errors import SettingsError
from alikely.own_code import imported

APART = 1e-4  # relative to the largest number: further apart, a row depends on the others
CHECKED = 4  # items that are tried, together and one by one
FURTHER = 3  # steps of padding that are put behind a batch, to see that nobody looks at them


def own_encoder(name: str, facts: Mapping[str, Any], settings: Mapping[str, Any]) -> nn.Module:
    """A new encoder of the class `module:Class`, from the current folder or installed. This runs the module's code.

    Its `__init__` gets `settings`, and of the `facts` of the items (`channels`, `size`, `tokens` ...) those that it has
    arguments for. Raises SettingsError that says which part of the contract is not met.
    """
    made = _imported(name)
    parameters = inspect.signature(made).parameters
    takes_any = any(parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in parameters.values())
    if not takes_any and (unknown := sorted(set(settings) - set(parameters))):
        raise SettingsError(
            f"the encoder {name} has no setting {unknown[0]!r}; its __init__ has {', '.join(parameters) or 'none'}"
        )
    values = {fact: value for fact, value in facts.items() if fact in parameters} | dict(settings)
    missing = [
        parameter.name
        for parameter in parameters.values()
        if parameter.default is parameter.empty
        and parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)
        and parameter.name not in values
    ]
    if missing:
        raise SettingsError(
            f"the encoder {name} needs {', '.join(missing)}: give it in encoder_settings; known of the items is "
            f"{', '.join(facts) or 'nothing'}"
        )
    try:
        encoder = made(**values)
    except Exception as error:  # the user's code may raise anything
        raise SettingsError(f"the encoder {name} cannot be made: {type(error).__name__}: {error}") from error
    require_module(encoder, name)
    return encoder


def require_module(encoder: object, name: str) -> int:
    """The encoder's `dim`. Raises SettingsError where it is no `nn.Module`, or has no such `dim`."""
    if not isinstance(encoder, nn.Module):
        raise SettingsError(f"the encoder {name} is no torch.nn.Module: write class {_class(name)}(torch.nn.Module)")
    dim = getattr(encoder, "dim", None)
    if dim is None:
        raise SettingsError(f"the encoder {name} has no `dim`, the numbers in an embedding: set self.dim in __init__")
    if not isinstance(dim, int) or isinstance(dim, bool) or dim < 1:
        raise SettingsError(f"the encoder {name} has dim = {dim!r}, but it must be a whole number, 1 or more")
    return dim


def require_rows(encoder: nn.Module, name: str, batch: Tensor) -> None:
    """Raise SettingsError where the encoder does not give one row of `dim` numbers for each item of `batch`, or where,
    in `eval()` mode, a row depends on the other items or on padding. The encoder is left in the mode that it was in."""
    dim = require_module(encoder, name)
    batch = batch[:CHECKED]
    items = [_without_padding(batch[place : place + 1]) for place in range(len(batch))]
    training = encoder.training
    encoder.eval()
    try:
        with torch.no_grad():
            together = _answer(encoder, name, _padded(batch), dim)
            alone = torch.cat([_answer(encoder, name, item, dim) for item in items])
    finally:
        encoder.train(training)
    if (together - alone).abs().max() > APART * max(1.0, float(alone.abs().max())):
        raise SettingsError(
            f"the encoder {name} gives an item another row alone than in a batch, in eval mode; make each row depend "
            "on its own item only (statistics of the batch belong to training: torch.nn.BatchNorm keeps them apart), "
            "and not on padding (-1 behind a text, NaN behind a sequence)"
        )


def _padding(batch: Tensor) -> Tensor | None:
    """One more step of padding for each item; None for items that have no length."""
    if batch.ndim == 2 and not batch.is_floating_point():
        return torch.full_like(batch[:, :1], -1)
    return torch.full_like(batch[:, :1], torch.nan) if batch.ndim == 3 else None


def _padded(batch: Tensor) -> Tensor:
    padding = _padding(batch)
    return batch if padding is None else torch.cat([batch, *[padding] * FURTHER], dim=1)


def _without_padding(item: Tensor) -> Tensor:
    """One item, as a batch, up to its end."""
    if _padding(item) is None:
        return item
    there = ~item.isnan().all(dim=2) if item.is_floating_point() else item >= 0
    return item[:, : int(there.sum())]


def _answer(encoder: nn.Module, name: str, batch: Tensor, dim: int) -> Tensor:
    try:
        given = encoder(batch)
    except Exception as error:  # the user's code may raise anything
        raise SettingsError(
            f"the encoder {name} cannot take a batch of shape {tuple(batch.shape)} of {batch.dtype}: "
            f"{type(error).__name__}: {error}"
        ) from error
    if not isinstance(given, Tensor) or tuple(given.shape) != (len(batch), dim):
        shape = tuple(given.shape) if isinstance(given, Tensor) else type(given).__name__
        raise SettingsError(
            f"the encoder {name} gives {shape} for a batch of shape {tuple(batch.shape)}; "
            f"it has dim = {dim}, so it must give {(len(batch), dim)}: one row for each item"
        )
    if not given.is_floating_point():
        raise SettingsError(f"the encoder {name} gives {given.dtype}, but embeddings are floats")
    return given


def _imported(name: str) -> type[nn.Module]:
    attribute = _class(name)
    found = imported(name, "class", "module:Class, such as networks:Mine for class Mine in networks.py")
    if not isinstance(found, type) or not issubclass(found, nn.Module):
        raise SettingsError(f"{name}: {attribute} is no torch.nn.Module: write class {attribute}(torch.nn.Module)")
    return found


def _class(name: str) -> str:
    return name.rpartition(":")[2]
