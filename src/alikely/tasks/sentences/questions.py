"""A table of questions and answers in; the questions, with the answer of each as its label, out."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from alikely.data.checks.words import plainest
from alikely.data.items import counted
from alikely.data.sources.names import name_of_text, shortened
from alikely.data.tables import Table, read_table, table_of_records
from alikely.data.texts.reading import cleaned
from alikely.errors import BadItemsError, InputError
from alikely.types import Examples

QUESTION, ANSWER = "question", "answer"


def read_questions(
    source: Path | str | list[Mapping[str, str]], skip_bad: bool = False
) -> tuple[Examples, list[tuple[str, str]]]:
    """The questions of a table, or of a list of records, each once; its label is its answer. And what was left out.

    The columns are `question` and `answer`; all others are kept beside the question. Several questions may have one
    answer: they are wordings of one thing. The same question (but for capitals, blanks and punctuation) with two
    answers is an error that names all such questions; with `skip_bad` they are left out, as nobody knows which answer
    is right. Raises InputError (BadItemsError) for these, for a table without the two columns or with an empty cell in
    them.
    """
    known = (QUESTION, ANSWER)
    table = table_of_records(source, known) if isinstance(source, list) else read_table(Path(source), known)
    if not table.has(*known):
        raise InputError(
            f"{table.path}: has the columns {', '.join(table.found)}, but needs question and answer (and any others)"
        )
    if not table.places:
        raise InputError(f"{table.path}: holds no questions; give each a row with the question and its answer")
    questions = [cleaned(cell) for cell in table.column(QUESTION)]
    answers = [cleaned(cell) for cell in table.column(ANSWER)]
    bad = _with_two_answers(table, questions, answers)
    if bad and not skip_bad:
        raise BadItemsError(
            list(bad.values()), "Keep the right answer of each, or go on without these questions: --skip-bad"
        )
    firsts: dict[tuple[str, str], int] = {}
    for row, (question, answer) in enumerate(zip(questions, answers, strict=True)):
        if plainest(question) not in bad:
            firsts.setdefault((question, answer), row)
    rows = list(firsts.values())
    if not rows:
        raise InputError(f"{table.path}: all questions have several answers, so none is left; mend the table")
    further = {name: cells for name, cells in table.columns.items() if name != ANSWER}
    examples = Examples(
        items=tuple(questions[row] for row in rows),
        names=tuple(name_of_text(questions[row], table.places[row]) for row in rows),
        labels=np.array([answers[row] for row in rows]),
        columns={name: np.array([cells[row] for row in rows], dtype=str) for name, cells in further.items()},
        kind="text",
    )
    return examples, list(bad.values())


def _with_two_answers(table: Table, questions: list[str], answers: list[str]) -> dict[str, tuple[str, str]]:
    """The questions with several answers, by their plainest form: what each is called, and what is wrong with it."""
    rows: dict[str, dict[str, int]] = {}
    for row, (question, answer) in enumerate(zip(questions, answers, strict=True)):
        rows.setdefault(plainest(question), {}).setdefault(answer, row)
    bad = {}
    for form, of_answers in rows.items():
        if len(of_answers) > 1:
            said = " and ".join(f"{shortened(answer)!r} ({table.places[row]})" for answer, row in of_answers.items())
            first = next(iter(of_answers.values()))
            bad[form] = (
                name_of_text(questions[first], table.places[first]),
                f"has {counted(len(of_answers), 'answer', 'answers')}: {said}",
            )
    return bad
