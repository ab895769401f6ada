"""Texts -> numbers of tokens, by a tokenizer that came with a pretrained network."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar

import torch
from jaxtyping import Int
from torch import Tensor

from alikely.data.texts.joining import join_tokens
from alikely.data.texts.reading import CHARACTERS_OF_A_TOKEN, read_text
from alikely.data.texts.subwords import FILE
from alikely.errors import InputError, ModelError, SettingsError
from alikely.types import Item, Kind

GIVEN = "given"  # stands in `settings()` where other texts say how their tokens were learned
SHORTEST, LONGEST = 4, 65_536


@dataclass(frozen=True)
class GivenTextPreparation:
    """Meets `contracts.Preparation` for texts. Nothing is learned: the tokenizer stays as it was given.

    tokenizer: the text of a tokenizer.json; the tokens that mark a text's beginning and end are put there as it says.
    longest: tokens of a text that are used, those two among them; 4 to 65,536.
    prompt: what stands before each text, where the network learned so.

    Made by `given_texts`.
    """

    kind: ClassVar[Kind] = "text"
    rereads: ClassVar[bool] = False

    tokenizer: str = field(repr=False)
    longest: int = 256
    prompt: str = ""

    def read_one(self, item: Item) -> Int[Tensor, " tokens"]:
        """A text as numbers of tokens. Raises InputError for a text that is none."""
        text = read_text(item, False, self.longest * CHARACTERS_OF_A_TOKEN)
        numbers = self._made.encode(self.prompt + text).ids
        if not numbers:
            raise InputError("the tokenizer makes no token of this text; leave it out")
        return torch.tensor(numbers, dtype=torch.int64)

    def join(self, read: Sequence[Tensor]) -> Int[Tensor, "items tokens"]:
        """Texts that have been read as one batch, padded with -1 behind their end."""
        return join_tokens(read)

    def fitted(self, items: Sequence[Item], read: Sequence[Tensor]) -> "GivenTextPreparation":  # noqa: ARG002
        """The same: the tokenizer stays as it was given."""
        return self

    def finish(self, batch: Int[Tensor, "items tokens"]) -> Int[Tensor, "items tokens"]:
        """Nothing: the encoder takes the tokens as they are."""
        return batch

    def facts(self) -> dict[str, Any]:
        """How many tokens there are."""
        return {"tokens": int(self._made.get_vocab_size())}

    def settings(self) -> dict[str, Any]:
        """All but the tokenizer itself."""
        return {"tokens": GIVEN, "longest": self.longest, "prompt": self.prompt}

    def files(self) -> dict[str, bytes]:
        """The tokenizer."""
        return {FILE: self.tokenizer.encode()}

    @cached_property
    def _made(self) -> Any:
        from tokenizers import Tokenizer

        try:
            tokenizer = Tokenizer.from_str(self.tokenizer)
        except Exception as error:  # tokenizers raises Exception itself
            raise SettingsError(
                f"preparation: {FILE} cannot be used ({error}); copy the network's folder again"
            ) from None
        tokenizer.no_padding()
        tokenizer.enable_truncation(self.longest)
        return tokenizer


def given_texts(tokenizer: str, longest: Any, prompt: Any) -> GivenTextPreparation:
    """The preparation with this tokenizer.json. Raises SettingsError for one that cannot be used, and other values."""
    whole = isinstance(longest, int) and not isinstance(longest, bool)
    if not whole or not SHORTEST <= longest <= LONGEST:
        raise SettingsError(
            f"preparation: longest must be a whole number from {SHORTEST} to {LONGEST}, got {longest!r}"
        )
    if not isinstance(prompt, str):
        raise SettingsError(f"preparation: prompt must be a text, got {prompt!r}")
    made = GivenTextPreparation(tokenizer, longest, prompt)
    made.facts()  # fails where the tokenizer cannot be used
    return made


def given_texts_from(settings: Mapping[str, Any], files: Mapping[str, bytes]) -> GivenTextPreparation:
    """The preparation that `settings` and `files` describe. Raises ModelError where they do not fit."""
    if FILE not in files:
        raise ModelError(f"preparation: {FILE} is missing; take the model from where it was made")
    if set(settings) != {"tokens", "longest", "prompt"}:
        raise ModelError(
            f"preparation: {', '.join(settings)} are not the settings of given texts; a newer version may have written "
            "this model"
        )
    try:
        return given_texts(files[FILE].decode(), settings["longest"], settings["prompt"])
    except (SettingsError, UnicodeDecodeError) as error:
        raise ModelError(f"preparation: {error}; take the model from where it was made") from None
