"""Known questions with their answers, and a question in other words, in; its answer, or that none is known, out.

They are kept in a folder, a gallery: an answer is an identity, each wording of its question a template. A question is
identified, or nobody's: so the limit is one for the number of answers, and not only for one pair.
"""

import os
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from alikely.data.items import counted
from alikely.data.texts.reading import cleaned
from alikely.embedding import Progress
from alikely.errors import CalibrationError, GalleryError, InputError, StorageError
from alikely.gallery import Gallery, Hit, Threshold
from alikely.gallery.held import folder_of
from alikely.metrics import percent
from alikely.model import SiameseModel
from alikely.neighbours import near_pairs
from alikely.storage import load_model
from alikely.tasks.sentences.corpus import require_texts
from alikely.tasks.sentences.limit import USUAL_WRONG, answer_limit, promised
from alikely.tasks.sentences.questions import QUESTION, read_questions

CANDIDATES = 3
MOST_CLOSE = 20  # pairs of questions that are told
LEARN = "alikely sentences learn FAQ.csv --model MODEL --out FOLDER"


@dataclass(frozen=True)
class Learned:
    """What was learned: how many questions and answers, and what was left out.

    `close` are pairs of questions with different answers that the model finds as near as two wordings of one
    (question, question, distance), the nearest first, at most 20: it may mix them up. None where no threshold is known.
    `promise` says what is known of the share of wrong answers that is usual (5 %).
    """

    questions: int
    answers: int
    skipped: tuple[tuple[str, str], ...]
    close: tuple[tuple[str, str, float], ...] | None
    promise: str

    def sentence(self) -> str:
        """What was learned, in one line."""
        said = f"{counted(self.questions, 'question', 'questions')} with {counted(self.answers, 'answer', 'answers')}"
        return f"{said} learned"

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        skipped = [{"item": name, "problem": problem} for name, problem in self.skipped]
        close = None
        if self.close is not None:
            close = [{"left": left, "right": right, "distance": far} for left, right, far in self.close]
        return {
            "questions": self.questions,
            "answers": self.answers,
            "skipped": skipped,
            "close": close,
            "promise": self.promise,
        }


@dataclass(frozen=True)
class Reply:
    """The answer to a question, or None where no answer is known.

    `known` are the questions nearest to it that are known, nearest first, with their distances and fields; the answer
    is that of the first where its distance is at most that of `threshold`. `probability` is the chance that the first
    means the same (None without a calibration).
    """

    question: str
    answer: str | None
    known: tuple[Hit, ...]
    probability: float | None
    threshold: Threshold

    @property
    def exit_code(self) -> int:
        """For the command line: 0 an answer, 1 no answer known."""
        return 1 if self.answer is None else 0

    def sentence(self) -> str:
        """The answer, or that none is known with the nearest question; below it, what speaks for it."""
        nearest = self.known[0]
        sure, rate = self.threshold.confidence, percent(self.threshold.fpir)
        kept = f"at most {rate}, at {percent(sure)} confidence" if sure else f"{rate}, an estimate"
        limit = f"threshold {self.threshold.distance:.3g} for wrong answers to unknown questions: {kept}"
        said = self.answer if self.answer is not None else "no answer known"
        return f"{said}\n(nearest known question: {asked(nearest)!r}; distance {nearest.distance:.3g}, {limit})"

    def to_dict(self) -> dict[str, Any]:
        """For JSON: question, answer (null: none known), probability, threshold, known."""
        return {
            "question": self.question,
            "answer": self.answer,
            "probability": self.probability,
            "threshold": asdict(self.threshold),
            "known": [
                {"question": asked(hit), "answer": hit.identity, "distance": hit.distance, "fields": dict(hit.fields)}
                for hit in self.known
            ],
        }


def learn_answers(
    source: Path | str | list[Mapping[str, str]],
    model: SiameseModel | Path | str,
    folder: Path | str,
    skip_bad: bool = False,
    own_code: bool = False,
    progress: Progress | None = None,
) -> Learned:
    """Keep the questions and answers of a table in a new folder, for `Answers`.

    The table has the columns question and answer; further ones are kept beside each question. Several wordings of a
    question have the same answer. `model` is a model of texts, or its folder, which must stay where it is.

    Raises InputError (BadItemsError with all questions that have two answers or cannot be read, unless `skip_bad`),
    StorageError where the folder is there already, SettingsError for a model of other items.
    """
    folder = Path(folder)
    if os.path.lexists(folder):
        raise StorageError(f"{folder}: is there already; name another folder, or remove it")
    loaded = load_model(model, own_code=own_code) if isinstance(model, Path | str) else model
    require_texts(loaded)
    examples, skipped = read_questions(source, skip_bad)
    try:
        with Gallery.create(folder, model, own_code=own_code) as gallery:
            done = gallery.enrol(examples, progress=progress)
            if done.problems and not skip_bad:
                name, problem = done.problems[0]
                raise InputError(f"{name}: {problem}; mend or remove it, or go on without it: --skip-bad")
            answers = len(gallery.identities())
            said = promised(gallery, USUAL_WRONG)
            return Learned(len(gallery), answers, (*skipped, *done.problems), _close(gallery), said)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


class Answers:
    """Questions with known answers, in a folder that `learn_answers` made; to be closed, or used in a `with`.

    `model` is needed only where the folder does not know where its model lies. Raises GalleryError where there is no
    such folder or its model is another one.
    """

    def __init__(
        self, folder: Path | str, model: SiameseModel | Path | str | None = None, own_code: bool = False
    ) -> None:
        _require_learned(Path(folder))
        self.gallery = Gallery.open(folder, model, own_code=own_code)
        try:
            require_texts(self.gallery.inside.model)
            self._require_questions(str(folder))
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> "Answers":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the folder."""
        self.gallery.close()

    def ask(self, question: str, wrong: float = USUAL_WRONG, confidence: float = 0.0) -> Reply:
        """The answer of the nearest known question where it is near enough, else none.

        Of questions with no known answer, a share `wrong` gets one: an estimate. With a `confidence` above 0, at most
        so many are promised to, and fewer questions are answered. Raises InputError for a question that cannot be
        read, CalibrationError where the known questions are too few even for an estimate, or for the promise.
        """
        if not isinstance(question, str) or not cleaned(question):
            raise InputError("the question is blank; ask something")
        threshold = self.threshold(wrong, confidence)
        known = tuple(self.gallery.search(question, CANDIDATES))
        calibration = self.gallery.inside.model.calibration
        chance = None if calibration is None else calibration.probability(known[0].distance)
        answer = known[0].identity if known[0].distance <= threshold.distance else None
        return Reply(question, answer, known, chance, threshold)

    def _require_questions(self, where: str) -> None:
        piece = next(self.gallery.templates(), None)
        if piece is not None and any(QUESTION not in fields for fields in piece.fields):
            raise GalleryError(f"{where}: is a gallery, but not of questions and answers; make one of those: {LEARN}")

    def threshold(self, wrong: float = USUAL_WRONG, confidence: float = 0.0) -> Threshold:
        """The distance up to which a question is answered; rates and errors as for `ask`."""
        return answer_limit(self.gallery, wrong, confidence)


def asked(hit: Hit) -> str:
    """The question of a hit."""
    return str(hit.fields[QUESTION])


def _require_learned(folder: Path) -> None:
    if folder_of(str(folder)) is None:
        what = "there are no questions and answers in it" if folder.is_dir() else "there is no such folder"
        raise GalleryError(f"{folder}: {what}; make one: {LEARN}")


def _close(gallery: Gallery) -> tuple[tuple[str, str, float], ...] | None:
    try:
        limit = answer_limit(gallery).distance
    except CalibrationError:
        return None
    pieces = list(gallery.templates())
    rows = np.concatenate([piece.embeddings for piece in pieces])
    answers = [answer for piece in pieces for answer in piece.identities]
    questions = [str(fields[QUESTION]) for piece in pieces for fields in piece.fields]
    found = near_pairs(rows, gallery.inside.coordinates.distance, limit, MOST_CLOSE)
    close = [
        (questions[left], questions[right], float(far))
        for left, right, far in zip(found.left, found.right, found.distances, strict=True)
        if answers[left] != answers[right]
    ]
    return tuple(close[:MOST_CLOSE])
