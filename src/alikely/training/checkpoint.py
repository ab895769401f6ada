"""The state of a training after an epoch <-> one file of tensors and JSON (no pickle), written whole or not at all."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.optim import Optimizer

from alikely.errors import ModelError, SettingsError
from alikely.folders import whole_file

FILE = "checkpoint.safetensors"


@dataclass(frozen=True)
class Checkpoint:
    """Tensors by name (`weights.*`, `optimizer.*`, `best.*`) and the rest of the state as JSON can hold it."""

    tensors: dict[str, Tensor]
    state: dict[str, Any]

    def part(self, name: str) -> dict[str, Tensor]:
        """The tensors whose name starts with `name.`, by the rest of their name."""
        start = f"{name}."
        return {key.removeprefix(start): tensor for key, tensor in self.tensors.items() if key.startswith(start)}


def named(part: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Tensors as a checkpoint names them. They are copied: training goes on while the checkpoint stays as it is."""
    return {f"{part}.{name}": tensor.detach().to("cpu", copy=True).contiguous() for name, tensor in tensors.items()}


def optimizer_tensors(optimizer: Optimizer) -> dict[str, Tensor]:
    """The optimizer's state of each parameter, by `<number>.<name>`."""
    return {
        f"{number}.{name}": tensor
        for number, entries in optimizer.state_dict()["state"].items()
        for name, tensor in entries.items()
    }


def restore_optimizer(optimizer: Optimizer, tensors: dict[str, Tensor]) -> None:
    """Put the tensors of `optimizer_tensors` back."""
    state: dict[int, dict[str, Tensor]] = {}
    for key, tensor in tensors.items():
        number, name = key.split(".", 1)
        state.setdefault(int(number), {})[name] = tensor
    optimizer.load_state_dict({**optimizer.state_dict(), "state": state})


def write_checkpoint(folder: Path, checkpoint: Checkpoint) -> None:
    """Replace the checkpoint in `folder`. Raises StorageError where the disk is full or refuses."""
    with whole_file(folder / FILE) as partial:
        try:
            save_file(checkpoint.tensors, partial, metadata={"state": json.dumps(checkpoint.state)})
        except SafetensorError as error:
            raise OSError(str(error)) from error


def read_checkpoint(folder: Path, settings: dict[str, Any], fingerprint: str) -> Checkpoint:
    """The checkpoint in `folder`, if it was made with these settings and data.

    Raises SettingsError where they are others, ModelError where there is no checkpoint or it is damaged.
    """
    path = folder / FILE
    if not path.is_file():
        raise ModelError(f"{path}: no checkpoint to resume from; train without --resume")
    try:
        with safe_open(path, framework="pt") as file:
            state = json.loads((file.metadata() or {})["state"])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (it is no dict)
    except (SafetensorError, KeyError, ValueError, OSError) as error:
        raise ModelError(f"{path}: is damaged ({error}); remove {folder} and train anew") from None
    before = state["settings"]
    changed = sorted(name for name in {*settings, *before} if settings.get(name) != before.get(name))
    if changed:
        what = ", ".join(f"{name} was {before.get(name)!r}, is {settings.get(name)!r}" for name in changed)
        raise SettingsError(f"cannot resume with other settings ({what}); use the same, or train without --resume")
    if state["fingerprint"] != fingerprint:
        raise SettingsError(
            "cannot resume: the data are not those that the training began with; train without --resume"
        )
    return Checkpoint(tensors, state)


def network_tensors(modules: dict[str, nn.Module]) -> dict[str, Tensor]:
    """Weights and buffers of several modules, by `<module>.<name>`."""
    return {f"{part}.{name}": t for part, module in modules.items() for name, t in module.state_dict().items()}


def restore_network(modules: dict[str, nn.Module], tensors: dict[str, Tensor]) -> None:
    """Put the tensors of `network_tensors` back."""
    for part, module in modules.items():
        start = f"{part}."
        module.load_state_dict({k.removeprefix(start): t for k, t in tensors.items() if k.startswith(start)})
