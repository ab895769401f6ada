"""Texts -> numbers of tokens, by tokens that the training texts gave and that are kept with the model."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, ClassVar

import torch
from jaxtyping import Int
from torch import Tensor

from alikely.data.texts import ngrams, subwords
from alikely.data.texts.given import GIVEN, GivenTextPreparation, given_texts_from
from alikely.data.texts.joining import join_tokens
from alikely.data.texts.ngrams import PER_CHARACTER, Ngrams
from alikely.data.texts.reading import CHARACTERS_OF_A_TOKEN, read_text
from alikely.data.texts.settings import TextSettings, suited_vocabulary, text_settings
from alikely.data.texts.subwords import Subwords
from alikely.errors import InputError, ModelError, SettingsError
from alikely.types import Item, Kind


@dataclass(frozen=True)
class TextPreparation:
    """Meets `contracts.Preparation` for texts. `tokens` is None until `fitted` has seen the training texts."""

    kind: ClassVar[Kind] = "text"
    rereads: ClassVar[bool] = True

    chosen: TextSettings
    tokens: Subwords | Ngrams | None = None

    def read_one(self, item: Item) -> Int[Tensor, " tokens"]:
        """A text as numbers of tokens; before `fitted`, only checked. Raises InputError for a text that is none."""
        text = self._read(item)
        if self.tokens is None:
            return torch.zeros(1, dtype=torch.int64)
        return torch.tensor(self.tokens.numbers(text)[: self.chosen.longest], dtype=torch.int64)

    def join(self, read: Sequence[Tensor]) -> Int[Tensor, "items tokens"]:
        """Texts that have been read as one batch, padded with -1 behind their end."""
        return join_tokens(read)

    def fitted(self, items: Sequence[Item], read: Sequence[Tensor]) -> "TextPreparation":  # noqa: ARG002
        """The same with tokens from these texts. Raises InputError where there are none."""
        if not items:
            raise InputError("tokens cannot be learned without texts; give the training texts")
        texts = (self._read(item) for item in items)
        if self.chosen.tokens == "ngrams":
            return replace(self, tokens=Ngrams.counted(texts, self.chosen.vocabulary))
        words = self.chosen.tokens == "words"
        return replace(self, tokens=Subwords.trained(texts, words, self.chosen.vocabulary))

    def finish(self, batch: Int[Tensor, "items tokens"]) -> Int[Tensor, "items tokens"]:
        """Nothing: the encoder takes the tokens as they are."""
        return batch

    def facts(self) -> dict[str, Any]:
        """How many tokens there are; of n-grams also how rare they are."""
        return {"tokens": 0} if self.tokens is None else self.tokens.facts()

    def settings(self) -> dict[str, Any]:
        """How texts are cut into tokens, without the tokens themselves."""
        return asdict(self.chosen)

    def files(self) -> dict[str, bytes]:
        """The tokens."""
        return {} if self.tokens is None else self.tokens.files()

    def _read(self, item: Item) -> str:
        longest = self.chosen.longest
        most = longest // PER_CHARACTER if self.chosen.tokens == "ngrams" else longest * CHARACTERS_OF_A_TOKEN
        return read_text(item, self.chosen.lower, most)


def draft_texts(items: Sequence[Item], settings: Mapping[str, Any]) -> TextPreparation:
    """The preparation of these texts with these settings (of `TextSettings`); `fitted` adds the tokens.

    Raises SettingsError for a setting that texts do not have, or a value out of its bounds.
    """
    chosen = text_settings(settings)
    if chosen.tokens == "bpe" and "vocabulary" not in settings:
        chosen = replace(chosen, vocabulary=suited_vocabulary(items))
    return TextPreparation(chosen)


def texts_from(settings: Mapping[str, Any], files: Mapping[str, bytes]) -> TextPreparation | GivenTextPreparation:
    """The preparation that its `settings` and `files` describe. Raises ModelError where they do not fit."""
    if settings.get("tokens") == GIVEN:
        return given_texts_from(settings, files)
    try:
        chosen = text_settings(settings)
    except SettingsError as error:
        raise ModelError(f"{error}; a newer version may have written this model") from error
    wanted, again = (ngrams.FILE, Ngrams.again) if chosen.tokens == "ngrams" else (subwords.FILE, Subwords.again)
    if wanted not in files:
        raise ModelError(f"preparation: {wanted} is missing; take the model from where it was made")
    return TextPreparation(chosen, again(files[wanted]))
