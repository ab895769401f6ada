"""A file with a text a line, a table, or a list in; its texts, each once, and what messages call them, out."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float

from alikely.data.items import counted
from alikely.data.sources import read_items
from alikely.data.sources.names import name_of_text
from alikely.data.texts.reading import cleaned
from alikely.embedding import Progress, embed_items, read_for
from alikely.errors import InputError, SettingsError, TooFewError
from alikely.model import SiameseModel
from alikely.types import Examples

PLAIN = ".txt"


@dataclass(frozen=True, eq=False)
class Corpus:
    """Texts, a row of numbers for each, and what could not be read, and why."""

    examples: Examples
    embeddings: Float[np.ndarray, "texts dim"]
    skipped: tuple[tuple[str, str], ...]


def read_corpus(source: Path | str | Iterable[str]) -> Examples:
    """The texts of a source, in its order; a text that stands there again (but for blanks) is taken once, and said.

    A `.txt` file holds a text in each line; blank lines are no texts. Any other file is a table with a column `text`
    (CSV, JSONL, Parquet). Anything else is a list of texts. Raises InputError for what cannot be read so, naming file
    and line.
    """
    if isinstance(source, Path | str):
        path = Path(source)
        return _of_lines(path) if path.suffix.lower() == PLAIN else read_items(path, "text")
    return _once([(str(text), f"text {place}") for place, text in enumerate(source, start=1)], "the list of texts")


def embedded_corpus(
    model: SiameseModel, source: Path | str | Iterable[str] | Examples, skip_bad: bool, progress: Progress | None
) -> Corpus:
    """The texts of a source with their embeddings. Raises SettingsError where the model takes no texts.

    Raises TooFewError for fewer than two texts, BadItemsError with all that cannot be read, unless `skip_bad`.
    """
    require_texts(model)
    examples = source if isinstance(source, Examples) else read_corpus(source)
    items, skipped = read_for(model, examples, skip_bad, progress)
    if len(items) < 2:
        raise TooFewError(f"the corpus has {counted(len(items), 'text', 'texts')}; there must be two at the least")
    return Corpus(items.examples, embed_items(model, items, progress), tuple(skipped))


def require_texts(model: SiameseModel) -> None:
    """Raise SettingsError unless the model takes texts."""
    if model.preparation.kind != "text":
        raise SettingsError(
            f"the model takes {model.preparation.kind}s, and sentences are texts; name a model of texts (docs/texts.md)"
        )


def _of_lines(path: Path) -> Examples:
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as problem:
        raise InputError(f"{path}: cannot be opened ({problem.strerror}); check the path and the rights") from None
    except UnicodeDecodeError as problem:
        line = problem.object.count(b"\n", 0, problem.start) + 1
        raise InputError(f"{path}, line {line}: is not UTF-8; save the file as UTF-8") from None
    # Not `splitlines`: it would also cut at signs that may stand inside a text.
    lines = [(line, f"line {number}") for number, line in enumerate(text.split("\n"), start=1) if cleaned(line)]
    return _once(lines, str(path))


def _once(texts: list[tuple[str, str]], where: str) -> Examples:
    firsts: dict[str, tuple[str, str]] = {}
    for text, place in texts:
        firsts.setdefault(cleaned(text), (text, place))
    if not firsts:
        raise InputError(f"{where}: is empty; give a text in each line")
    repeats = len(texts) - len(firsts)
    return Examples(
        items=tuple(text for text, _ in firsts.values()),
        names=tuple(name_of_text(text, place) for text, place in firsts.values()),
        notes=(f"texts that repeat another and were taken once: {repeats}",) if repeats else (),
        kind="text",
    )
