"""A text, or a row of a table -> its look: what it says however it is written, and how much of what it holds."""

import unicodedata

from alikely.data.checks.looks import Look, hashed
from alikely.data.rows.cells import CellProblem, as_names, category_of, number_of, text_of
from alikely.types import Item

# What is told of a text.
STATISTICS = ("characters", "words", "digits", "capitals")


def look_at_text(item: Item) -> Look:
    """Its form is without capitals, punctuation and blanks between words.

    characters, words: how many. digits: their share of the characters. capitals: their share of the letters.
    """
    if not isinstance(item, str):
        return Look(None)
    letters = sum(character.isalpha() for character in item)
    capitals = sum(character.isupper() for character in item)
    return Look(
        digest=hashed("text", item.encode(errors="surrogatepass")),
        form=hashed("text", plainest(item).encode(errors="surrogatepass")),
        statistics={
            "characters": float(len(item)),
            "words": float(len(item.split())),
            "digits": sum(character.isdecimal() for character in item) / max(len(item), 1),
            "capitals": capitals / max(letters, 1),
        },
    )


def look_at_row(item: Item) -> Look:
    """Its statistics are its cells, numbers as such; its form is without capitals, and with each number in one way.

    A row is the same row whether its cells are texts, as a CSV file has them, or numbers and truths.
    """
    try:
        cells = {name: text_of(cell) for name, cell in as_names(item).items()}
    except CellProblem:  # the reading says what is wrong with it
        return Look(None)
    told = {name: _number_or_text(text) for name, text in sorted(cells.items()) if text is not None}
    forms = {name: plainest(cell) or cell if isinstance(cell, str) else cell for name, cell in told.items()}
    written = {name: text for name, text in sorted(cells.items()) if text is not None}
    return Look(
        digest=hashed("row", repr(written).encode() if written else b""),
        form=hashed("row", repr(forms).encode() if forms else b""),
        statistics=told,
    )


def plainest(text: str) -> str:
    """The text in Unicode's form NFKC, in small letters, each run of punctuation and blanks as one space."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    kept = "".join(" " if unicodedata.category(character)[0] in "PZC" else character for character in folded)
    return " ".join(kept.split())


def _number_or_text(text: str) -> float | str:
    number = number_of(text)
    return category_of(text) if number is None else number
