"""A model and a corpus of texts in; its paraphrases, and its groups of one meaning, out."""

from collections.abc import Iterable
from pathlib import Path

from alikely.embedding import Progress
from alikely.model import SiameseModel
from alikely.neighbours import AlikeGroups, AlikePairs, limit_for, near_pairs, said_of, star_groups
from alikely.tasks.sentences.corpus import embedded_corpus
from alikely.types import Examples

USUAL_K = 10


def paraphrases(
    model: SiameseModel,
    source: Path | str | Iterable[str] | Examples,
    k: int = USUAL_K,
    fmr: float | None = None,
    confidence: float | None = None,
    skip_bad: bool = False,
    progress: Progress | None = None,
) -> AlikePairs:
    """All pairs of texts of a corpus that mean the same, the nearest first; of each text, at most its `k` nearest.

    The source is a `.txt` file with a text a line, a table with a column `text`, or a list of texts. `fmr` is the
    false-match rate of each pair that is kept, with this `confidence`; without it, the strictest that the model's
    calibration can bear, up to one wrong pair among all. Distances are computed in blocks: the memory holds the texts,
    an embedding of each, and the pairs found.

    Raises CalibrationError where the model has no calibration or it cannot bear the rate, TooFewError for fewer than
    two texts, InputError (BadItemsError with all texts that cannot be read, unless `skip_bad`), SettingsError.
    """
    corpus = embedded_corpus(model, source, skip_bad, progress)
    limit = limit_for(model.calibration, len(corpus.examples), fmr, confidence)
    told = None if progress is None else lambda done, total: progress("comparing", done, total)
    found = near_pairs(corpus.embeddings, model.distance, limit.distance, k, told)
    return AlikePairs(said_of(corpus.examples), found, limit, corpus.skipped, corpus.examples.notes)


def group_texts(
    model: SiameseModel,
    source: Path | str | Iterable[str] | Examples,
    fmr: float | None = None,
    confidence: float | None = None,
    skip_bad: bool = False,
    progress: Progress | None = None,
) -> AlikeGroups:
    """The texts of a corpus in groups of one meaning, each around the text in its middle; the rest by themselves.

    Every text of a group is near enough to the one in the middle, so that groups do not grow into chains. Source,
    rates and errors as in `paraphrases`.
    """
    corpus = embedded_corpus(model, source, skip_bad, progress)
    limit = limit_for(model.calibration, len(corpus.examples), fmr, confidence)
    told = None if progress is None else lambda done, total: progress("comparing", done, total)
    found = star_groups(corpus.embeddings, model.distance, limit.distance, told)
    return AlikeGroups(said_of(corpus.examples), tuple(found), limit, corpus.skipped, corpus.examples.notes)
