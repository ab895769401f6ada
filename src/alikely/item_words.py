"""A model's preparation -> what its items are and how they are read, in lines of plain words; and how to name one."""

from alikely.contracts import Preparation
from alikely.data.embeddings import EmbeddingPreparation
from alikely.data.preparation import PicturePreparation
from alikely.data.rows import RowPreparation
from alikely.data.sequences import SequencePreparation
from alikely.data.texts import TextPreparation
from alikely.types import Kind

# Two items as somebody would type them: in Python, and as options of a command.
TWO_ITEMS: dict[Kind, tuple[str, str]] = {
    "picture": ('"left.png", "right.png"', "LEFT RIGHT"),
    "text": ('"a text", "another text"', '"a text" "another text"'),
    "row": ("left, right", """'{"column": "cell"}' '{"column": "cell"}'"""),
    "sequence": ('"left.csv", "right.csv"', "LEFT RIGHT"),
    "embedding": ("left, right", "'[0.1, 0.2]' '[0.3, 0.1]'"),
}
# What makes items unlike those of the data, by the kind of item.
UNLIKE: dict[Kind, str] = {
    "picture": "other cameras, lights, scanners or kinds of items",
    "text": "other languages, subjects or writers",
    "row": "other times, places or ways to fill the columns",
    "sequence": "other devices, rates or people",
    "embedding": "embeddings of another network, or of other items",
}
NORMALISED = {
    "dataset": "each channel standardised over all training sequences",
    "each": "each sequence standardised by itself, so that only its shape is left",
    "none": "values as they are",
}


def lines_of(preparation: Preparation) -> list[str]:
    """What the items are first, then what is known of them, such as the columns of rows: one line each."""
    if isinstance(preparation, PicturePreparation):
        colour = "grey" if preparation.channels == 1 else "colour"
        steps = ", ".join(step["step"] for part in preparation.settings().values() for step in part)
        return [f"pictures in {colour}, {preparation.size} x {preparation.size} pixels", f"steps: {steps}"]
    if isinstance(preparation, TextPreparation):
        return _of_texts(preparation)
    if isinstance(preparation, RowPreparation):
        return [f"rows of {len(preparation.columns)} columns", *preparation.lines()]
    if isinstance(preparation, SequencePreparation):
        return _of_sequences(preparation)
    if isinstance(preparation, EmbeddingPreparation):
        return [f"embeddings of {preparation.dim} numbers, made elsewhere"]
    return [f"{preparation.kind}s, read as the network that they go into was trained to read them"]


def _of_texts(preparation: TextPreparation) -> list[str]:
    tokens = 0 if preparation.tokens is None else preparation.tokens.count
    words = {"bpe": "pieces of words", "words": "words", "ngrams": "runs of characters and words"}
    letters = "capitals are read as small letters" if preparation.chosen.lower else "capitals count"
    return [
        f"texts as {tokens:,} {words[preparation.chosen.tokens]} of the training texts",
        f"the first {preparation.chosen.longest:,} of a text are used; {letters}",
    ]


def _of_sequences(preparation: SequencePreparation) -> list[str]:
    named = f": {', '.join(preparation.channels)}" if preparation.channels else ""
    lines = [f"sequences of {preparation.count} channel{'' if preparation.count == 1 else 's'}{named}"]
    if preparation.step is not None:
        lines.append(f"brought to even times, {preparation.step:g} apart")
    if preparation.centre:
        which = "each channel" if isinstance(preparation.centre, bool) else ", ".join(preparation.centre)
        lines.append(f"the mean of {which} is taken away in each sequence")
    lines.append(NORMALISED[preparation.normalise])
    further = [
        *(["the difference from the step before"] if preparation.derivatives else []),
        *(["how long and how large it is"] if preparation.keep_duration else []),
    ]
    if further:
        lines.append(f"the encoder is told too: {', '.join(further)}")
    return [*lines, f"at most {preparation.longest:,} steps; longer ones are thinned out"]
