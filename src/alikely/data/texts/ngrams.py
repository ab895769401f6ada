"""Texts -> the runs of characters in their words, as numbers: without their order, each once."""

import json
import math
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from alikely.errors import ModelError

FILE = "ngrams.json"
CHARACTERS = (2, 3, 4)
PER_CHARACTER = len(CHARACTERS)  # a word with the spaces around it has at most so many n-grams for each character
LEAST_OFTEN = 2  # what is seen in one text only says nothing about likeness
_WORDS = re.compile(r"\w+|[^\w\s]")


def ngrams_of(text: str) -> list[str]:
    """All runs of 2 to 4 characters in each word (a sign is a word) with a space before and behind; each once."""
    words = dict.fromkeys(f" {word} " for word in _WORDS.findall(text))
    return list(
        dict.fromkeys(word[at : at + n] for word in words for n in CHARACTERS for at in range(len(word) - n + 1))
    )


@dataclass(frozen=True)
class Ngrams:
    """The n-grams of the training texts, those in most texts first. Number 0 is a text without any.

    kept: the n-grams; the place of the first is 1.
    texts: how many texts they were counted in.
    often: how many of the texts each stands in.
    """

    kept: tuple[str, ...]
    texts: int
    often: tuple[int, ...]
    _numbers: dict[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_numbers", {ngram: number for number, ngram in enumerate(self.kept, start=1)})

    @classmethod
    def counted(cls, texts: Iterable[str], vocabulary: int) -> "Ngrams":
        """At most `vocabulary` tokens, of what stands in two texts or more."""
        often: Counter[str] = Counter()
        count = 0
        for text in texts:
            often.update(ngrams_of(text))
            count += 1
        ranked = sorted(often.items(), key=lambda entry: (-entry[1], entry[0]))[: vocabulary - 1]
        kept = [(ngram, times) for ngram, times in ranked if times >= LEAST_OFTEN]
        return cls(tuple(ngram for ngram, _ in kept), count, tuple(times for _, times in kept))

    @classmethod
    def again(cls, content: bytes) -> "Ngrams":
        """From an ngrams.json. Raises ModelError where it is damaged."""
        try:
            read = json.loads(content)
            kept, texts, often = tuple(read["ngrams"]), int(read["texts"]), tuple(read["often"])
            if len(kept) != len(often) or not all(isinstance(times, int) for times in often):
                raise ValueError("ngrams and how often they stand there do not fit each other")
            return cls(kept, texts, often)
        except (ValueError, KeyError, TypeError) as error:
            raise ModelError(
                f"preparation: {FILE} is damaged ({error}); take the model from where it was made"
            ) from None

    @property
    def count(self) -> int:
        """How many tokens there are, the one for a text without any n-gram that is known among them."""
        return len(self.kept) + 1

    def numbers(self, text: str) -> list[int]:
        """The known n-grams of a text, or 0 where none is known."""
        known = (self._numbers.get(ngram) for ngram in ngrams_of(text))
        return [number for number in known if number is not None] or [0]

    def facts(self) -> dict[str, Any]:
        """How many tokens there are, and how rare they are.

        rarity: the inverse document frequency of the tokens in the order of their numbers, as runs of (value rounded
            to a tenth, how many tokens): ln((1 + texts) / (1 + often)) + 1, as scikit-learn has it.
        """
        values = (round(math.log((1 + self.texts) / (1 + times)) + 1, 1) for times in (0, *self.often))
        return {"tokens": self.count, "rarity": [[value, len(list(run))] for value, run in groupby(values)]}

    def files(self) -> dict[str, bytes]:
        """ngrams.json."""
        written = {"texts": self.texts, "ngrams": self.kept, "often": self.often}
        return {FILE: json.dumps(written, ensure_ascii=False).encode()}
