"""ITEMS -> THE PAIRS WORTH A LABEL, and people's answers -> a table of pairs to learn from."""

from alikely.labelling.agreement import Agreement, Couple, agreement_of
from alikely.labelling.answers import VERDICTS, Answer, AnswerFile, Verdict
from alikely.labelling.judged import Judged, Labels, labels_in, packed, ways_of, write_pairs
from alikely.labelling.labelling import Labelling, Question, Said, Standing
from alikely.labelling.pool import DRAWN, Drawn, Pool, pairs_worth_a_label

__all__ = [
    "DRAWN",
    "VERDICTS",
    "Agreement",
    "Answer",
    "AnswerFile",
    "Couple",
    "Drawn",
    "Judged",
    "Labelling",
    "Labels",
    "Pool",
    "Question",
    "Said",
    "Standing",
    "Verdict",
    "agreement_of",
    "labels_in",
    "packed",
    "pairs_worth_a_label",
    "ways_of",
    "write_pairs",
]
