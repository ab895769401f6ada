"""How texts are cut into tokens: settings with their bounds, from the user and back from a model folder."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from alikely.errors import SettingsError

# What is taken where the user says nothing: how many tokens there may be, and how many of a text are used.
VOCABULARY = {"bpe": 8_000, "words": 30_000, "ngrams": 200_000}
LONGEST = {"bpe": 256, "words": 256, "ngrams": 3_072}
FEWEST_TOKENS, MOST_TOKENS = 300, 2_000_000  # every byte is a token of its own, and a few are needed beside them
CHARACTERS_A_TOKEN = 100  # with more tokens than that, most of them are too rare for anything to be learned of them
SHORTEST, LONGEST_OF_ALL = 4, 65_536


@dataclass(frozen=True)
class TextSettings:
    """How a text becomes tokens; made by `text_settings`.

    tokens: "bpe": pieces of words, learned from the training texts, over bytes, so that nothing is unknown; fit for any
        language. "words": words and signs; those that are rare or new are one unknown word; for languages that put
        spaces between words. "ngrams": all runs of 2 to 4 characters inside words, each once, without their order:
        for the encoder `bag`.
    vocabulary: kinds of tokens that are kept at most, the most frequent; 300 to 2,000,000; by itself 30,000 words,
        200,000 ngrams, and of bpe one for each 100 characters of the texts, 300 to 8,000.
    longest: tokens of a text that are used, from its beginning; 4 to 65,536; by itself 256, of ngrams 3,072 (which
        1,024 characters have).
    lower: whether capital letters are read as small ones; by itself they are.
    """

    tokens: str
    vocabulary: int
    longest: int
    lower: bool


def text_settings(settings: Mapping[str, Any]) -> TextSettings:
    """Settings by name, checked, and those that are left out filled in.

    Raises SettingsError for a setting that texts do not have, or a value out of its bounds.
    """
    allowed = [field.name for field in fields(TextSettings)]
    if unknown := sorted(set(settings) - set(allowed)):
        raise SettingsError(f"preparation: texts have no setting {unknown[0]!r}; they have {', '.join(allowed)}")
    tokens, lower = settings.get("tokens", "bpe"), settings.get("lower", True)
    if tokens not in VOCABULARY:
        raise SettingsError(f"preparation: tokens must be one of {', '.join(VOCABULARY)}, got {tokens!r}")
    if not isinstance(lower, bool):
        raise SettingsError(f"preparation: lower must be true or false, got {lower!r}")
    vocabulary, longest = settings.get("vocabulary", VOCABULARY[tokens]), settings.get("longest", LONGEST[tokens])
    _check_whole("vocabulary", vocabulary, FEWEST_TOKENS, MOST_TOKENS)
    _check_whole("longest", longest, SHORTEST, LONGEST_OF_ALL)
    return TextSettings(tokens, vocabulary, longest, lower)


def suited_vocabulary(texts: Iterable[object]) -> int:
    """How many pieces of words (bpe) suit so much text."""
    characters = sum(len(text) for text in texts if isinstance(text, str))
    return min(VOCABULARY["bpe"], max(FEWEST_TOKENS, characters // CHARACTERS_A_TOKEN))


def _check_whole(name: str, value: Any, least: int, most: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise SettingsError(f"preparation: {name} must be a whole number from {least} to {most}, got {value!r}")
