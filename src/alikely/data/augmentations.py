"""The augmentation of each kind of item, from the word or the strengths that the settings say."""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from alikely.contracts import Augmentation
from alikely.data.augment import build_augmentation as build_for_pictures
from alikely.data.augmenting_rows import build_row_augmentation
from alikely.data.augmenting_sequences import build_sequence_augmentation
from alikely.data.augmenting_texts import build_text_augmentation
from alikely.errors import SettingsError
from alikely.types import Kind

Setting: TypeAlias = str | Mapping[str, Any]


def _unchanged(setting: Setting) -> Augmentation:
    if setting not in ("none", "light", "strong") and setting != {}:
        raise SettingsError(f"embeddings are not augmented; leave augment = {setting!r} out")
    return lambda batch, _: batch


AUGMENTATIONS: dict[Kind, Callable[[Setting], Augmentation]] = {
    "picture": build_for_pictures,
    "text": build_text_augmentation,
    "row": build_row_augmentation,
    "sequence": build_sequence_augmentation,
    "embedding": _unchanged,
}


def build_augmentation(kind: Kind, setting: Setting) -> Augmentation:
    """What the setting says: none, light, strong, or strengths by name. Raises SettingsError for anything else."""
    if kind not in AUGMENTATIONS:
        raise SettingsError(f"{kind}s cannot be augmented")
    return AUGMENTATIONS[kind](setting)
