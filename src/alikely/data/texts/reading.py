"""One text as the user has it -> the same text checked, in one form, and not longer than what will be used of it."""

import re
import unicodedata
from typing import Any

from alikely.errors import InputError

CHARACTERS_OF_A_TOKEN = 16  # many more than tokens have on average; a text is cut there before time is spent on it

# Characters that only steer a terminal or a file, among them tabs and ends of lines; the byte order mark.
_STEERING = re.compile("[\x00-\x1f\x7f-\x9f\ufeff\u2028\u2029]+")
_HALVES = re.compile("[\ud800-\udfff]")
# Spaces, and signs without a shape (such as the zero-width joiner): a text of these alone is blank.
_INVISIBLE = ("Zs", "Zl", "Zp", "Cc", "Cf")


def cleaned(text: str, most: int | None = None) -> str:
    """The first `most` characters of a text in Unicode's form NFC. Texts that are alike in this are one item.

    Control characters become spaces, several spaces become one, and those at both ends are dropped: they say nothing
    that a reader could see.
    """
    # Cut before anything that costs time by the character; a text that is longer by then only loses its end.
    return " ".join(unicodedata.normalize("NFC", _STEERING.sub(" ", text).strip()[:most]).split())


def read_text(item: Any, lower: bool, most: int) -> str:
    """The first `most` characters of a text that is `cleaned`, in small letters if `lower`.

    Raises InputError for what is no text, for a text without any visible character, and for half a character (a lone
    surrogate, which no encoding can write).
    """
    if not isinstance(item, str):
        raise InputError(f"is no text but {type(item).__name__}; give a str, or say what the items are")
    if half := _HALVES.search(item):
        raise InputError(
            f"holds half a character (U+{ord(half[0]):04X}, character {half.start() + 1}); "
            "it was decoded wrongly: read its file as UTF-8, or put errors='replace' where it is decoded"
        )
    text = cleaned(item, 2 * most)
    text = (text.lower() if lower else text)[:most]
    if all(unicodedata.category(character) in _INVISIBLE for character in text):
        raise InputError("is empty; remove it, or give its text" if not item else "is blank; remove it, or give a text")
    return text
