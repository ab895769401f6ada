"""Simulated card transactions: which are fraud, told without labels, and with labels that arrive after seven days.

The transactions of Le Borgne and others 2022, "Reproducible machine learning for credit card fraud detection", part 3:
91 days, .8 % fraud of three kinds: very large amounts, terminals taken over for four weeks, customers whose amounts are
five times their usual ones for two weeks. Learned from days 15 to 56 and judged on days 64 to 91: by then the labels of
all that was learned from have arrived. Every feature is made of what was known at its moment (`fraud_features`).

- `auroc`, `average_precision`, `card_precision_at_100`: without any label. A detector (`alikely.tasks.anomaly`) has
  learned how far amounts usually are from what their customers paid before, from transactions as they came, frauds
  among them; judged is the mean distance to the NEAREST ones. Only labels can tell of terminals that are taken over:
  neither amounts nor customers change there.
- `labelled_*`: with labels. A detector with known anomalies, on the same columns and the share of known frauds at the
  terminal; frauds of the days learned from are the anomalies. `false_alarms`: the share of honest transactions that it
  calls anomalous, where RATE was asked; days to come are not quite as days gone by.
- Card precision: of the 100 cards with the most suspect transaction of a day, the share that has a fraud on that day;
  the mean over days.

Beside it in the same run: the amount alone, an isolation forest and 5 nearest neighbours on the usual counts and means,
and, with labels, gradient boosting on these and the risks of terminals, and on the detector's columns.
The settings were chosen on days 43 to 56 with what days 15 to 35 told (`python -m benchmarks.fraud_choice`).
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import faiss
import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from sklearn.ensemble import HistGradientBoostingClassifier, IsolationForest
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.preprocessing import StandardScaler

from alikely.data.reading import prepare
from alikely.tasks.anomaly import Detector, DetectorSettings, fit_detector
from alikely.types import Examples
from benchmarks.fraud_features import Transactions, deviations, plain_features, read_transactions, risks
from benchmarks.report import Result, over_seeds, publish, read_options

LEARNED, JUDGED = (15, 56), (64, 91)  # days, both ends among them
CARDS = 100
RATE = 0.01
REMEMBERED = 10_000
MOST_TREES = 100_000  # transactions that the isolation forest looks at
QUICK_CUSTOMERS, QUICK_REMEMBERED = 250, 500


@dataclass(frozen=True)
class Way:
    """What a detector of this benchmark looks at: its columns, the scale of their numbers, how many neighbours."""

    columns: tuple[str, ...]
    nearest: int
    numbers: str = "standard"
    labelled: bool = False


OWN = ("amount", "unusual", "spread")
UNLABELLED = Way(OWN, nearest=20)
LABELLED = Way((*OWN, "recent", "terminal_risk_7", "terminal_risk_30"), nearest=3, numbers="quantile", labelled=True)


@dataclass(frozen=True)
class Task:
    """Transactions with their columns, and which of them are learned from and judged."""

    of: Transactions
    columns: Mapping[str, Float[np.ndarray, " transactions"]]
    learned: Int[np.ndarray, " learned"]
    judged: Int[np.ndarray, " judged"]

    def table(self, names: Sequence[str], rows: Int[np.ndarray, " rows"]) -> Float[np.ndarray, "rows columns"]:
        """Some columns of some transactions."""
        return np.column_stack([self.columns[name][rows] for name in names])

    def examples(self, names: Sequence[str], rows: Int[np.ndarray, " rows"]) -> Examples:
        """The same as Alikely takes them."""
        items = tuple(dict(zip(names, cells, strict=True)) for cells in self.table(names, rows).tolist())
        return Examples(items, tuple(f"transaction {row + 1}" for row in rows), kind="row")

    def figures(self, suspicion: Float[np.ndarray, " judged"], prefix: str = "") -> dict[str, float]:
        """How well larger numbers tell fraud."""
        fraud = self.of.fraud[self.judged]
        cards = card_precision(suspicion, fraud, self.of.customer[self.judged], self.of.day[self.judged])
        return {
            f"{prefix}auroc": float(roc_auc_score(fraud, suspicion)),
            f"{prefix}average_precision": float(average_precision_score(fraud, suspicion)),
            f"{prefix}card_precision_at_{CARDS}": cards,
        }


def card_precision(
    suspicion: Float[np.ndarray, " rows"],
    fraud: Bool[np.ndarray, " rows"],
    card: Int[np.ndarray, " rows"],
    day: Int[np.ndarray, " rows"],
    most: int = CARDS,
) -> float:
    """The mean over days of the share of the `most` most suspect cards of a day that have a fraud on it."""
    shares = []
    for one in np.unique(day):
        rows = np.flatnonzero(day == one)
        cards, place = np.unique(card[rows], return_inverse=True)
        highest, bad = np.full(len(cards), -np.inf), np.zeros(len(cards), bool)
        np.maximum.at(highest, place, suspicion[rows])
        np.logical_or.at(bad, place, fraud[rows])
        shares.append(bad[np.argsort(-highest, kind="stable")[:most]].mean())
    return float(np.mean(shares))


def task_of(of: Transactions, learned: tuple[int, int], judged: tuple[int, int]) -> Task:
    """The columns of all transactions, and those of the days that are learned from and judged."""
    day = of.day
    parts = [np.flatnonzero((day >= first) & (day <= last)) for first, last in (learned, judged)]
    return Task(of, {**plain_features(of), **risks(of), **deviations(of)}, parts[0], parts[1])


def detector_of(task: Task, way: Way, seed: int, remembered: int = REMEMBERED) -> Detector:
    """A detector that has learned from transactions drawn by the seed; with labels, from honest ones and all frauds."""
    fraud = task.of.fraud[task.learned]
    usual = task.learned[~fraud] if way.labelled else task.learned
    settings = DetectorSettings(
        rate=RATE,
        nearest=way.nearest,
        most_remembered=remembered,
        preparation={"numbers": way.numbers},
        seed=seed,
    )
    wanted = round(remembered / (1 - settings.hold_back))
    drawn = np.random.default_rng(seed).permutation(usual)[:wanted]
    known = task.examples(way.columns, task.learned[fraud]) if way.labelled else None
    return fit_detector(task.examples(way.columns, drawn), settings, known)


def suspicion_of(detector: Detector, task: Task, way: Way) -> Float[np.ndarray, " judged"]:
    """The deviation of each judged transaction."""
    read, _ = prepare(task.examples(way.columns, task.judged), detector.preparation)
    return detector.measure.far(read.take(np.arange(len(read)))).deviation


def ours_of(task: Task, seed: int, remembered: int = REMEMBERED) -> dict[str, float]:
    """All figures of one seed."""
    found: dict[str, float] = {}
    for way, prefix in ((UNLABELLED, ""), (LABELLED, "labelled_")):
        start = time.perf_counter()
        detector = detector_of(task, way, seed, remembered)
        suspicion = suspicion_of(detector, task, way)
        found |= task.figures(suspicion, prefix)
        honest = ~task.of.fraud[task.judged]
        found[f"{prefix}false_alarms"] = float((suspicion[honest] > detector.threshold()).mean())
        found[f"{prefix}seconds"] = time.perf_counter() - start
    return found


def floors_of(task: Task, seed: int = 0) -> dict[str, dict[str, float]]:
    """The figures of other methods."""
    known = [name for name in task.columns if name not in ("unusual", "spread", "recent")]
    plain = [name for name in known if "risk" not in name]
    scaler = StandardScaler().fit(task.table(plain, task.learned))
    learned, judged = (scaler.transform(task.table(plain, rows)) for rows in (task.learned, task.judged))
    some = np.random.default_rng(seed).permutation(len(learned))
    forest = IsolationForest(random_state=seed).fit(learned[some[:MOST_TREES]])
    index = faiss.IndexFlatL2(len(plain))
    index.add(learned[some[:REMEMBERED]].astype(np.float32))
    near = np.sqrt(np.maximum(index.search(judged.astype(np.float32), 5)[0], 0)).mean(axis=1)
    return {
        "amount": task.figures(task.columns["amount"][task.judged]),
        "isolation forest": task.figures(-forest.score_samples(judged)),
        "5 nearest, usual columns": task.figures(near),
        "boosting, usual columns": task.figures(boosted(task, known, seed), "labelled_"),
        "boosting, our columns": task.figures(boosted(task, LABELLED.columns, seed), "labelled_"),
    }


def boosted(task: Task, columns: Sequence[str], seed: int) -> Float[np.ndarray, " judged"]:
    """What gradient boosting makes of these columns and the labels of the days learned from."""
    trees = HistGradientBoostingClassifier(
        learning_rate=0.05, max_iter=200, early_stopping=False, random_state=seed
    )  # its defaults, which stop early, do worse
    trees.fit(task.table(columns, task.learned), task.of.fraud[task.learned])
    return np.asarray(trees.predict_proba(task.table(columns, task.judged))[:, 1])


def main() -> None:
    options = read_options(__doc__ or "", needs_data=True, seeds=3)
    begin = time.perf_counter()
    torch.set_num_threads(1)
    of = read_transactions(options.data)
    if options.quick:
        of = of.of_customers(QUICK_CUSTOMERS)
    task = task_of(of, LEARNED, JUDGED)
    remembered = QUICK_REMEMBERED if options.quick else REMEMBERED
    ours = [ours_of(task, seed, remembered) for seed in range(options.seeds)]
    result = Result(
        name="fraud",
        metrics=over_seeds(ours),
        floors=floors_of(task),
        settings={
            "learned": LEARNED,
            "judged": JUDGED,
            "remembered": remembered,
            "unlabelled": asdict(UNLABELLED),
            "labelled": asdict(LABELLED),
        },
        seconds=time.perf_counter() - begin,
    )
    publish(result, options)


if __name__ == "__main__":
    main()
