"""A network's folder -> how its items are prepared: with its own tokenizer, or with its mean, deviation and size."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from alikely.data.preparation import PicturePreparation, fit_preparation
from alikely.data.steps import Standardise
from alikely.data.texts.given import GivenTextPreparation, given_texts
from alikely.encoders.pretrained.folder import quietly, read_json, require_transformers
from alikely.errors import InputError, SettingsError

LONGEST = 512  # tokens, where the folder sets no bound
USUAL_SIZE = 224


def texts_of(folder: Path, chosen: Mapping[str, Any]) -> GivenTextPreparation:
    """Texts as this network read them when it learned. `chosen` may hold `longest` and `prompt` to change these.

    Raises SettingsError for another setting or value, InputError for a folder without a tokenizer.
    """
    if unknown := sorted(set(chosen) - {"longest", "prompt"}):
        raise SettingsError(
            f"preparation: texts of a pretrained network have no setting {unknown[0]!r}; they have longest, prompt"
        )
    longest, prompt = chosen.get("longest", _longest(folder)), chosen.get("prompt", _prompt(folder))
    return given_texts(_tokenizer(folder), longest, prompt)


def pictures_of(folder: Path, chosen: Mapping[str, Any]) -> PicturePreparation:
    """Pictures as this network saw them when it learned: RGB, of its size, with its mean and deviation.

    `chosen` may hold `size` (None: the network's), `shape`, `colour` (auto or rgb) and `light` (none). Raises
    SettingsError for other settings or values.
    """
    if chosen.get("colour", "auto") not in ("auto", "rgb") or chosen.get("light", "none") != "none":
        raise SettingsError("pretrained networks see pictures in RGB, in their own light: leave out colour and light")
    described = read_json(folder / "preprocessor_config.json")
    kept = {name: value for name, value in chosen.items() if name not in ("colour", "light", "size")}
    size = chosen.get("size") or _size(described)
    try:
        standardise = Standardise(
            tuple(float(value) for value in described.get("image_mean", (0.485, 0.456, 0.406))),
            tuple(float(value) for value in described.get("image_std", (0.229, 0.224, 0.225))),
        )
        framed = fit_preparation((), size=size, colour="rgb", **kept)
    except TypeError as error:
        raise SettingsError(f"preparation: {error}") from None
    return PicturePreparation(framed.item_steps, (standardise,))


def _tokenizer(folder: Path) -> str:
    path = folder / "tokenizer.json"
    try:
        written = path.read_text(encoding="utf-8") if path.is_file() else _converted(folder)
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read ({error}); copy the network's folder again") from None
    if read_json(folder / "sentence_bert_config.json").get("do_lower_case"):
        return _lowered(written)
    return written


def _converted(folder: Path) -> str:
    """An older folder holds the tokens in files of their own; transformers makes one of them."""
    require_transformers()
    from transformers import AutoTokenizer

    try:
        with quietly():
            made = AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
        return str(made.backend_tokenizer.to_str())
    except (OSError, ValueError, KeyError, AttributeError, ImportError) as error:
        raise InputError(f"{folder}: holds no tokenizer.json, and none can be made ({error}); add one") from None


def _lowered(written: str) -> str:
    from tokenizers import Tokenizer, normalizers

    tokenizer = Tokenizer.from_str(written)
    steps = [normalizers.Lowercase(), *([tokenizer.normalizer] if tokenizer.normalizer else [])]
    tokenizer.normalizer = normalizers.Sequence(steps)
    return str(tokenizer.to_str())


def _longest(folder: Path) -> int:
    """The smallest bound that the folder sets for a text, its marks among the tokens."""
    config = read_json(folder / "config.json")
    places = config.get("max_position_embeddings")
    if isinstance(places, int) and config.get("model_type") in ("roberta", "xlm-roberta", "camembert", "mpnet"):
        places -= 1 + int(config.get("pad_token_id", 1))  # their places are counted from behind the padding's number
    bounds = [
        read_json(folder / "sentence_bert_config.json").get("max_seq_length"),
        read_json(folder / "tokenizer_config.json").get("model_max_length"),
        places,
    ]
    known = [bound for bound in bounds if isinstance(bound, int) and 0 < bound <= 65_536]
    return min(known, default=LONGEST)


def _prompt(folder: Path) -> str:
    described = read_json(folder / "config_sentence_transformers.json")
    prompts, name = described.get("prompts") or {}, described.get("default_prompt_name")
    return str(prompts.get(name, "")) if isinstance(prompts, dict) and name else ""


def _size(described: Mapping[str, Any]) -> int:
    for name in ("crop_size", "size"):
        size = described.get(name)
        if isinstance(size, dict):
            size = size.get("height", size.get("shortest_edge"))
        if isinstance(size, int) and (name != "crop_size" or described.get("do_center_crop", True)):
            return size
    return USUAL_SIZE
