"""A network's folder -> what it is made of, as JSON can hold it; and from that the network again, without the folder.

A folder of transformers holds one network. A folder of sentence-transformers says in modules.json what follows it:
pooling, linear layers, length 1.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from alikely.encoders.pretrained.folder import quietly, read_json, require_transformers
from alikely.encoders.pretrained.pooling import require_pooling
from alikely.errors import InputError, SettingsError

# What sentence-transformers calls its poolings, in the configs of its older versions (in the order in which several of
# them stand side by side), and of its newer ones.
_OLDER = {
    "pooling_mode_cls_token": "cls",
    "pooling_mode_max_tokens": "max",
    "pooling_mode_mean_tokens": "mean",
    "pooling_mode_mean_sqrt_len_tokens": "mean_sqrt",
    "pooling_mode_weightedmean_tokens": "weightedmean",
    "pooling_mode_lasttoken": "last",
}
_NEWER = {"lasttoken": "last", "mean_sqrt_len_tokens": "mean_sqrt"}
# Parts of a config that say where it was written and how its weights were stored.
_OF_THE_FILE = ("_name_or_path", "dtype", "torch_dtype", "transformers_version")
ACTIVATIONS: dict[str, type[nn.Module]] = {
    "identity": nn.Identity,
    "tanh": nn.Tanh,
    "relu": nn.ReLU,
    "gelu": nn.GELU,
    "sigmoid": nn.Sigmoid,
}


@dataclass(frozen=True)
class Layer:
    """What follows the pooling: `dense` (a linear layer and its activation) or `normalise` (length 1)."""

    kind: str
    taken: int = 0
    given: int = 0
    bias: bool = True
    activation: str = "identity"


@dataclass(frozen=True)
class Architecture:
    """Everything about a network but its weights. `config` is that of transformers; `pooling` is one of POOLINGS."""

    config: dict[str, Any]
    pooling: str | None
    layers: tuple[Layer, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """As JSON can hold it; `architecture_from` makes it again."""
        return asdict(self) | {"layers": [asdict(layer) for layer in self.layers]}


def architecture_from(described: dict[str, Any]) -> Architecture:
    """The architecture that `to_dict` described. Raises SettingsError for what is none."""
    known = {field.name for field in fields(Architecture)}
    try:
        if set(described) != known:
            raise ValueError(f"it must have {', '.join(sorted(known))}")
        return Architecture(**(described | {"layers": tuple(Layer(**layer) for layer in described["layers"])}))
    except (TypeError, ValueError) as error:
        raise SettingsError(f"pretrained: {described!r} is no architecture ({error})") from None


def read_architecture(folder: Path) -> Architecture:
    """What the folder says of its network. Raises InputError for a part that is not known here."""
    config = read_json(folder / "config.json")
    if not isinstance(config, dict) or "model_type" not in config:
        raise InputError(f"{folder / 'config.json'}: names no model_type, so transformers cannot make the network")
    pooling, layers = None, []
    for module in _modules(folder):
        kind, place = str(module.get("type", "")).rsplit(".", 1)[-1], folder / str(module.get("path", ""))
        settings = read_json(place / "config.json")
        if kind == "Pooling":
            pooling = _pooling(place, settings)
        elif kind == "Dense":
            layers.append(_dense(place, settings))
        elif kind == "Normalize":
            layers.append(Layer("normalise"))
        elif kind not in ("Transformer", "Dropout"):
            raise InputError(
                f"{folder / 'modules.json'}: the part {kind!r} is not known here; there are Transformer, Pooling, "
                "Dense, Normalize and Dropout. Embed the items with sentence-transformers, and give the embeddings"
            )
    return Architecture(_plain(folder), pooling, tuple(layers))


def empty_network(config: dict[str, Any]) -> nn.Module:
    """The network of transformers with this config, its weights not yet those that were learned."""
    require_transformers()
    from transformers import AutoConfig, AutoModel

    try:
        with quietly():
            made = AutoConfig.for_model(**config)
            return _of_items(AutoModel.from_config(made))  # type: ignore[no-untyped-call]
    except (ValueError, KeyError, TypeError) as error:
        raise SettingsError(
            f"pretrained: this version of transformers cannot make the network ({error}); install a newer one"
        ) from None


def pretrained_network(folder: Path) -> nn.Module:
    """The network in the folder with its weights. Raises InputError where some of them are not there."""
    require_transformers()
    from safetensors import SafetensorError
    from transformers import AutoModel

    try:
        with quietly(), torch.device("cpu"):
            network, loaded = AutoModel.from_pretrained(
                folder, local_files_only=True, use_safetensors=True, output_loading_info=True, trust_remote_code=False
            )
    except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
        raise InputError(f"{folder}: transformers cannot load this network ({error}); copy the folder again") from None
    # A part that pools for another task may well not be there.
    missing = sorted(name for name in loaded["missing_keys"] if "pooler" not in name)
    if missing or loaded["mismatched_keys"]:
        raise InputError(
            f"{folder}: its weights do not fit its config.json: {len(missing)} are missing, such as "
            f"{(missing or ['(another shape)'])[0]}; copy the folder again"
        )
    return _of_items(network.float())


class Layers(nn.Module):
    """What follows the pooling, its weights not yet those that were learned."""

    def __init__(self, layers: Sequence[Layer]) -> None:
        super().__init__()
        self.steps = nn.ModuleList(
            nn.Sequential(nn.Linear(layer.taken, layer.given, layer.bias), ACTIVATIONS[layer.activation]())
            if layer.kind == "dense"
            else _Normalise()
            for layer in layers
        )

    def forward(self, rows: Float[Tensor, "items taken"]) -> Float[Tensor, "items given"]:
        """One layer after the other."""
        for step in self.steps:
            rows = step(rows)
        return rows


class _Normalise(nn.Module):
    def forward(self, rows: Float[Tensor, "items dim"]) -> Float[Tensor, "items dim"]:
        return functional.normalize(rows, dim=1)


def pretrained_layers(folder: Path) -> Layers:
    """What follows the pooling, with its weights from the folder. Raises InputError where they are not there."""
    from safetensors.torch import load_file

    with torch.device("cpu"):
        layers = Layers(read_architecture(folder).layers)
    dense = [step[0] for step in layers.steps if isinstance(step, nn.Sequential)]
    places = [folder / str(module["path"]) for module in _modules(folder) if str(module["type"]).endswith(".Dense")]
    for linear, place in zip(dense, places, strict=True):
        path = place / "model.safetensors"
        if not path.is_file():
            raise InputError(f"{path}: is missing; write the network again with `save` of sentence-transformers")
        linear.load_state_dict({name.removeprefix("linear."): tensor for name, tensor in load_file(path).items()})
    return layers


def _of_items(network: nn.Module) -> nn.Module:
    """Of a network with an encoder and a decoder, the encoder."""
    if getattr(network.config, "is_encoder_decoder", False):
        return network.get_encoder()  # type: ignore[no-any-return,operator]
    return network


def _plain(folder: Path) -> dict[str, Any]:
    """The config as transformers understands it, without where it came from."""
    require_transformers()
    from transformers import AutoConfig

    try:
        with quietly():
            config = AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    except (OSError, ValueError, KeyError) as error:
        raise InputError(f"{folder}: transformers cannot read its config.json ({error})") from None
    described: dict[str, Any] = json.loads(config.to_json_string(use_diff=False))
    return {name: value for name, value in described.items() if name not in _OF_THE_FILE}


def _modules(folder: Path) -> list[dict[str, Any]]:
    listed = read_json(folder / "modules.json") or []
    if not isinstance(listed, list) or not all(isinstance(module, dict) for module in listed):
        raise InputError(f"{folder / 'modules.json'}: is no list of modules; copy the folder again")
    return listed


def _pooling(place: Path, settings: dict[str, Any]) -> str:
    named = settings.get("pooling_mode")
    modes = [named] if isinstance(named, str) else list(named or [])
    modes = modes or [pooling for mode, pooling in _OLDER.items() if settings.get(mode)]
    pooling = "+".join(_NEWER.get(mode, mode) for mode in modes)
    try:
        require_pooling(pooling)
    except SettingsError as error:
        raise InputError(f"{place / 'config.json'}: {error}") from None
    return pooling


def _dense(place: Path, settings: dict[str, Any]) -> Layer:
    activation = str(settings.get("activation_function", "Identity")).rsplit(".", 1)[-1].lower()
    if activation not in ACTIVATIONS:
        raise InputError(f"{place / 'config.json'}: the activation {activation!r} is none of {', '.join(ACTIVATIONS)}")
    try:
        sizes = int(settings["in_features"]), int(settings["out_features"])
    except (KeyError, TypeError, ValueError):
        raise InputError(f"{place / 'config.json'}: in_features and out_features are missing") from None
    return Layer("dense", *sizes, bias=bool(settings.get("bias", True)), activation=activation)
