"""Texts -> pieces of words, or words, as numbers: by Hugging Face `tokenizers`, trained on the training texts."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from alikely.errors import ModelError

FILE = "tokenizer.json"
UNKNOWN = "[UNK]"
LEAST_OFTEN = 2  # what is seen once only cannot be learned


@dataclass(frozen=True)
class Subwords:
    """A trained tokenizer, as the text of its tokenizer.json."""

    written: str
    _tokenizer: Any = field(repr=False, compare=False)

    @classmethod
    def trained(cls, texts: Iterable[str], words: bool, vocabulary: int) -> "Subwords":
        """At most `vocabulary` tokens, of what stands in these texts twice or more.

        Byte-level byte-pair encoding (Sennrich, Haddow, Birch 2016, over bytes), or `words`: words and signs, the first
        token standing for all others. The same texts give the same tokens.
        """
        from tokenizers import Tokenizer, models, pre_tokenizers, trainers

        trainer: Any
        if words:
            tokenizer = Tokenizer(models.WordLevel(unk_token=UNKNOWN))
            tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
            trainer = trainers.WordLevelTrainer(
                vocab_size=vocabulary, min_frequency=LEAST_OFTEN, special_tokens=[UNKNOWN], show_progress=False
            )
        else:
            tokenizer = Tokenizer(models.BPE())
            tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
            trainer = trainers.BpeTrainer(
                vocab_size=vocabulary,
                min_frequency=LEAST_OFTEN,
                initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
                show_progress=False,
            )
        tokenizer.train_from_iterator(texts, trainer)
        return cls(tokenizer.to_str(), tokenizer)

    @classmethod
    def again(cls, content: bytes) -> "Subwords":
        """From a tokenizer.json. Raises ModelError where it is damaged."""
        from tokenizers import Tokenizer

        try:
            written = content.decode()
            json.loads(written)
            return cls(written, Tokenizer.from_str(written))
        except Exception as error:  # tokenizers raises Exception itself
            raise ModelError(
                f"preparation: {FILE} is damaged ({error}); take the model from where it was made"
            ) from None

    @property
    def count(self) -> int:
        """How many tokens there are."""
        return int(self._tokenizer.get_vocab_size())

    def numbers(self, text: str) -> list[int]:
        """The text as numbers of tokens."""
        return list(self._tokenizer.encode(text).ids)

    def facts(self) -> dict[str, Any]:
        """How many tokens there are."""
        return {"tokens": self.count}

    def files(self) -> dict[str, bytes]:
        """tokenizer.json, which other programs read as well."""
        return {FILE: self.written.encode()}
