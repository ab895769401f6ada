"""What a report shows, ready to be drawn: words, figures, curves, items. Every part but the words may lack."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from jaxtyping import Float, Int

from alikely.calibration import ProbabilityQuality
from alikely.types import Kind

# Kinds of items whose names are often paths; other names may hold a / too.
OFTEN_FILES: tuple[Kind, ...] = ("picture", "sequence")


@dataclass(frozen=True)
class Figure:
    """A headline number: its value in words, what it means, and how sure it is."""

    name: str
    value: str
    meaning: str
    remark: str = ""


@dataclass(frozen=True)
class Mark:
    """A threshold with a name: one that the calibration gives (`calibrated`), or the best one on these very pairs."""

    name: str
    threshold: float
    calibrated: bool = False


@dataclass(frozen=True, eq=False)
class DistanceView:
    """How the distances of either kind lie, and how many of them are accepted at each of many thresholds.

    Bin i of the histogram reaches from `edges[i]` to `edges[i + 1]`. At `thresholds[k]`, `same_accepted[k]` of the
    `same_pairs` and `different_accepted[k]` of the `different_pairs` are called same. The first `steps` thresholds are
    evenly spaced from 0 to the largest distance; those of `marks` follow, in their order. Where `sampled`, the
    histogram is that of a sample, and the counts are exact only at the model's own threshold and at the best ones.

    `confidence` is that of the calibrated marks (0: they promise nothing); `unborne` says which rates the calibration
    cannot give a threshold for, and why.
    """

    edges: Float[np.ndarray, " edges"]
    same_bins: Int[np.ndarray, " bins"]
    different_bins: Int[np.ndarray, " bins"]
    thresholds: Float[np.ndarray, " thresholds"]
    same_accepted: Int[np.ndarray, " thresholds"]
    different_accepted: Int[np.ndarray, " thresholds"]
    steps: int
    marks: tuple[Mark, ...]
    same_pairs: int
    different_pairs: int
    sampled: bool
    confidence: float
    unborne: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class ErrorCurve:
    """FNMR over FMR, thresholds ascending; and the band in which FNMR lies at `band_fmr`, None with few identities."""

    fmr: Float[np.ndarray, " points"]
    fnmr: Float[np.ndarray, " points"]
    band_fmr: Float[np.ndarray, " band"]
    band_low: Float[np.ndarray, " band"] | None
    band_high: Float[np.ndarray, " band"] | None
    confidence: float


@dataclass(frozen=True, eq=False)
class ShownItem:
    """What the page shows of one item: its name, its label, and what it holds, by its kind.

    picture: a small one as a data URL. text: the text or its beginning. cells: those of a row by their columns. curves:
    some steps of the channels of a sequence, which has `steps` in all. What could not be read is None or empty.
    """

    name: str
    label: str | None = None
    picture: str | None = None
    text: str | None = None
    cells: Mapping[str, str] = field(default_factory=dict)
    steps: int = 0
    curves: Float[np.ndarray, "some channels"] | None = None

    def holds(self, kind: Kind) -> dict[str, Any]:
        """What an item of this kind holds, for JSON; nothing of an embedding, of which nothing is shown.

        {"picture": data URL or null}, {"text": ...}, {"cells": [[column, cell], ...]}, or {"curves": [channels of
        numbers] or null, "steps": n}.
        """
        curves = None if self.curves is None else self.curves.T.tolist()
        held: dict[Kind, dict[str, Any]] = {
            "picture": {"picture": self.picture},
            "text": {"text": self.text},
            "row": {"cells": [list(cell) for cell in self.cells.items()]},
            "sequence": {"curves": curves, "steps": self.steps},
            "embedding": {},
        }
        return held[kind]


@dataclass(frozen=True, eq=False)
class ShownPair:
    """Two items side by side, and their distance where there is one."""

    left: ShownItem
    right: ShownItem
    distance: float | None = None


@dataclass(frozen=True, eq=False)
class WorstPairs:
    """Different pairs that lie closest and same pairs that lie farthest apart, the worst first.

    They were searched among `searched` of `items` items.
    """

    different: tuple[ShownPair, ...]
    same: tuple[ShownPair, ...]
    searched: int
    items: int


@dataclass(frozen=True)
class ErrorTable:
    """Errors by something (a column of the table, the identity): one row each, cells as text."""

    title: str
    said: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, eq=False)
class EmbeddingMap:
    """Items as points in a plane, near ones near.

    `sprite` holds their pictures, `side` px each, row by row; of other kinds it is None, and `shown` are the items.
    `identities` number the labels, 0 and up; None where there are no labels.
    """

    points: Float[np.ndarray, "items 2"]
    names: tuple[str, ...]
    labels: tuple[str, ...] | None
    identities: Int[np.ndarray, " items"] | None
    sprite: str | None
    shown: tuple[ShownItem, ...]
    columns: int
    side: int
    items: int


@dataclass(frozen=True)
class EpochPoint:
    """One epoch of a training: its mean loss, and what was measured after it, where anything was.

    `eer` and, of pairs with scores, `spearman` are those of what was held back.
    """

    epoch: int
    loss: float
    eer: float | None
    spearman: float | None = None


@dataclass(frozen=True)
class Learning:
    """The epochs of a training, the one whose weights were kept, how it ended, and the alarms on the way.

    `watched` is what the figures of the epochs were measured on; `chosen_by` is the one that chose the best epoch, None
    where the last one was taken.
    """

    epochs: tuple[EpochPoint, ...]
    best: int
    ended: str
    alarms: tuple[str, ...] = ()
    watched: str = "held-back identities"
    chosen_by: Literal["EER", "Spearman"] | None = "EER"


@dataclass(frozen=True, eq=False)
class ShownFinding:
    """Something that the data checks found, with the worst cases."""

    check: str
    severity: Literal["error", "warning", "note"]
    what: str
    cases: tuple[ShownPair, ...] = ()


@dataclass(frozen=True)
class Settings:
    """A table of names and values."""

    title: str
    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True, eq=False)
class ReportContent:
    """A whole report. `summary` says in one or two sentences what the model does and how sure that is.

    `notes` are what a reader must know before trusting a number: few identities, samples, known identities. `kind` is
    that of the items shown.
    """

    title: str
    summary: tuple[str, ...]
    figures: tuple[Figure, ...]
    kind: Kind = "picture"
    notes: tuple[str, ...] = ()
    distances: DistanceView | None = None
    curve: ErrorCurve | None = None
    probability: ProbabilityQuality | None = None
    worst: WorstPairs | None = None
    errors: tuple[ErrorTable, ...] = ()
    map: EmbeddingMap | None = None
    learning: Learning | None = None
    findings: tuple[ShownFinding, ...] | None = None
    settings: tuple[Settings, ...] = ()
