"""Normal items in, with further ones that somebody picked, and anomalies where some are known; a Detector out."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Int

from alikely.calibration.record import percent_up
from alikely.contracts import Preparation
from alikely.data.preparation import PicturePreparation
from alikely.data.reading import Prepared, prepare
from alikely.data.rows import RowPreparation
from alikely.data.sources import read_items
from alikely.embedding import embed_items, read_for
from alikely.errors import BadItemsError, CalibrationError, SettingsError
from alikely.metrics import percent
from alikely.model import SiameseModel
from alikely.tasks.anomaly.columns import require_columns
from alikely.tasks.anomaly.conformal import FIRM, Normality, bearable, needed
from alikely.tasks.anomaly.detector import BATCH, Detector
from alikely.tasks.anomaly.gradients import Gradients
from alikely.tasks.anomaly.measure import Far, Measure
from alikely.tasks.anomaly.neighbours import Neighbours
from alikely.tasks.anomaly.parts import cells_of
from alikely.tasks.anomaly.patches import fit_patches
from alikely.tasks.anomaly.picked import knowing_categories, rememberable
from alikely.tasks.anomaly.pictured import Pictured
from alikely.tasks.anomaly.plain import plain_model, plain_preparation
from alikely.tasks.anomaly.settings import DetectorSettings
from alikely.tasks.anomaly.vectors import Remembered, Vectors
from alikely.types import Examples

Progress = Callable[[str, int, int], None]  # what is being done, how much of it is done, how much there is

USUAL_RATES = (0.01, 0.02, 0.05, 0.1)


def fit_detector(
    source: Examples | Path | str,
    settings: DetectorSettings | None = None,
    anomalies: Examples | Path | str | None = None,
    model: SiameseModel | None = None,
    items: str = "auto",
    skip_bad: bool = False,
    progress: Progress | None = None,
    also_normal: Examples | Path | str | None = None,
) -> Detector:
    """Learn what is normal from the normal items of a source; whatever labels it has are not looked at.

    Some of them are remembered, the others held back to set the threshold; items of one group are never in both.
    `anomalies` are known ones, of the same kind: what is like them deviates more. `also_normal` are normal items that
    were picked, such as findings that were dismissed: they are remembered, and never held back (see picked.py).
    `model` is a trained model whose embeddings and distance are used; without one, rows, sequences, texts and
    embeddings are compared as they are, standardised, and pictures patch by patch. `items` says what the items of a
    folder or table are.

    Raises CalibrationError where the normal items are too few for the false-alarm rate, with how many it takes;
    BadItemsError with all items that cannot be read (with `skip_bad`: where none is left); SettingsError where kinds do
    not fit each other, InputError for a source that cannot be read.
    """
    settings = settings or DetectorSettings()
    normal = source if isinstance(source, Examples) else read_items(source, items)
    known, picked = (
        _further(some, normal, what) for some, what in ((anomalies, "anomalies"), (also_normal, "further ones"))
    )
    if model is not None and settings.preparation:
        raise SettingsError("a trained model says itself how items are prepared; leave preparation and columns out")
    draft = plain_preparation(normal.kind, normal.items, settings.preparation) if model is None else model.preparation
    if draft.kind != normal.kind:
        raise SettingsError(f"the model takes {draft.kind}s, and these items are {normal.kind}s")
    require_columns(normal.items, draft)
    read, skipped = _read(normal, draft, skip_bad, progress)
    units = _units(read.examples)
    rate, note = _rate(settings, units)
    remembered, held = _parted(units, rate, settings)
    learned = [read.select(remembered)]
    also = 0
    if picked is not None:
        require_columns(picked.items, draft)
        others, left_out = rememberable(picked, read.examples, held)
        note = "; ".join(filter(None, (note, left_out)))
        if len(others):
            more, unread = _read(others, draft, skip_bad, progress)
            learned.append(more)
            also = len(more)
            skipped = [*skipped, *unread]
    if model is None and normal.kind == "picture":
        if known is not None:
            raise SettingsError(
                "patches of pictures are compared with normal ones only; to use known anomalies, give a trained model"
            )
        measure: Measure = _pictured(learned, settings)
    else:
        used = _plain(learned) if model is None else model
        if model is None and draft.rereads:
            read, _ = _read(read.examples, used.preparation, False, progress)
            again = [_read(some.examples, used.preparation, False, progress)[0] for some in learned[1:]]
            learned = [read.select(remembered), *again]
        measure = _vectors(used, learned, known, settings, skip_bad, progress)
    deviations = far_of(measure, read.select(held), progress).deviation
    normality = Normality.of(deviations, None if read.examples.groups is None else units[held])
    return Detector(measure, normality, rate, settings.confidence, note, tuple(skipped), also)


def far_of(measure: Measure, items: Prepared, progress: Progress | None = None) -> Far:
    """How far items that were read are from normal, without maps."""
    deviations, distances = np.zeros(len(items)), np.zeros(len(items))
    order = items.by_length()
    for start in range(0, len(items), BATCH):
        some = order[start : start + BATCH]
        far = measure.far(items.take(some))
        deviations[some], distances[some] = far.deviation, far.distance
        if progress:
            progress("measuring", start + len(some), len(items))
    return Far(deviations, distances)


def _further(some: Examples | Path | str | None, normal: Examples, what: str) -> Examples | None:
    """Further items beside the normal ones. Raises SettingsError where they are of another kind."""
    read = read_items(some, normal.kind) if isinstance(some, str | Path) else some
    if read is not None and read.kind != normal.kind:
        raise SettingsError(f"the normal items are {normal.kind}s and the {what} {read.kind}s; give one kind")
    return read


def _plain(learned: Sequence[Prepared]) -> SiameseModel:
    """What is compared without a trained model: its scales are those of the items that were drawn, not picked."""
    drawn = plain_model(learned[0])
    if len(learned) == 1 or not isinstance(drawn.preparation, RowPreparation):
        return drawn
    rows = [item for some in learned for item in some.examples.items]
    return knowing_categories(drawn, drawn.preparation.fitted(rows, ()))


def _vectors(
    model: SiameseModel,
    learned: Sequence[Prepared],
    known: Examples | None,
    settings: DetectorSettings,
    skip_bad: bool,
    progress: Progress | None,
) -> Vectors:
    anomalies = np.zeros((0, model.dim), np.float32)
    if known is not None:
        require_columns(known.items, model.preparation)
        anomalies = embed_items(model, read_for(model, known, skip_bad, progress)[0], progress)
    normal = np.concatenate([embed_items(model, some, progress) for some in learned])
    neighbours = Neighbours(model.distance, normal, anomalies, settings.nearest)
    return Vectors(model, neighbours, _remembered(learned))


def _pictured(learned: Sequence[Prepared], settings: DetectorSettings) -> Pictured:
    preparation = learned[0].preparation
    assert isinstance(preparation, PicturePreparation)
    if preparation.batch_steps:
        raise SettingsError("patches of pictures even out the light themselves; leave light out of the preparation")
    batches = (
        some.take(np.arange(start, min(start + BATCH, len(some))))
        for some in learned
        for start in range(0, len(some), BATCH)
    )
    memory = fit_patches(batches, Gradients(), seed=settings.seed)
    return Pictured(preparation, memory, sum(map(len, learned)))


def _read(
    examples: Examples, preparation: Preparation, skip_bad: bool, progress: Progress | None
) -> tuple[Prepared, list[tuple[str, str]]]:
    told = None if progress is None else lambda done, total: progress("reading", done, total)
    read, skipped = prepare(examples, preparation, skip_bad=skip_bad, progress=told)
    if len(read) == 0:
        raise BadItemsError(skipped, "None is left; name other items.")
    return read, skipped


def _units(examples: Examples) -> Int[np.ndarray, " items"]:
    """A number for each item: that of its group; without groups every item has its own."""
    if examples.groups is None:
        return np.arange(len(examples))
    return np.unique(examples.groups, return_inverse=True)[1].astype(np.int64)


def _rate(settings: DetectorSettings, units: Int[np.ndarray, " items"]) -> tuple[float, str]:
    """The false-alarm rate that can be borne, and a note where that is not the usual one.

    Raises CalibrationError where even half of the items, held back, do not bear it.
    """
    count, grouped = int(units.max()) + 1, _grouped(units)
    most = min(count // 2, settings.most_held_back)
    rates = USUAL_RATES if settings.rate is None else (settings.rate,)
    takes = [needed(rate, settings.confidence, grouped) for rate in rates]
    rate = next((rate for rate, count in zip(rates, takes, strict=True) if count <= most), None)
    sure = f" with {percent(settings.confidence)} confidence" if settings.confidence else ""
    if rate is None:
        more = "" if most < settings.most_held_back else f" and most_held_back of at least {takes[-1]:,}"
        raise CalibrationError(
            f"a false-alarm rate of {percent(rates[-1])} cannot be promised{sure} from {count:,} normal "
            f"{_what(grouped)}: it takes {2 * takes[-1]:,}{more}, half of them held back. The smallest rate that these "
            f"can bear is {percent_up(bearable(most, settings.confidence, grouped))}; ask for that or a lower "
            "confidence, or give more normal items"
        )
    if rate == rates[0]:
        return rate, ""
    return rate, (
        f"a false-alarm rate of {percent(rates[0])}{sure} takes {2 * takes[0]:,} normal {_what(grouped)}, half of them "
        f"held back, and there are {count:,}: the rate is {percent(rate)}"
    )


def _parted(
    units: Int[np.ndarray, " items"], rate: float, settings: DetectorSettings
) -> tuple[Int[np.ndarray, " remembered"], Int[np.ndarray, " held"]]:
    """The positions of the items that are remembered, and of those that are held back, drawn by unit."""
    count = int(units.max()) + 1
    rng = np.random.default_rng(settings.seed)
    order = rng.permutation(count)
    # So many that the threshold is none of the largest deviations, if half of the items are enough for that.
    firm = needed(rate, settings.confidence, _grouped(units), above=FIRM)
    wanted = max(round(settings.hold_back * count), min(firm, count // 2))
    wanted = max(wanted, needed(rate, settings.confidence, _grouped(units)))
    back = np.isin(units, order[: min(wanted, settings.most_held_back)])
    kept, held = np.flatnonzero(~back), np.flatnonzero(back)
    if len(kept) > settings.most_remembered:
        kept = np.sort(rng.choice(kept, settings.most_remembered, replace=False))
    return kept, held


def _grouped(units: Int[np.ndarray, " items"]) -> bool:
    """Whether any group has more than one item."""
    return int(units.max()) + 1 < len(units)


def _what(grouped: bool) -> str:
    return "groups of items" if grouped else "items"


def _remembered(learned: Sequence[Prepared]) -> Remembered:
    """What reasons need of the remembered items: of rows and sequences also what they hold."""
    names = tuple(name for some in learned for name in some.examples.names)
    preparation = learned[0].preparation
    if preparation.kind not in ("row", "sequence"):
        return Remembered(names)
    read = tuple(item for some in learned for item in some.each(np.arange(len(some))))
    if not isinstance(preparation, RowPreparation):
        return Remembered(names, read)
    return Remembered(
        names, read, tuple(cells_of(item, preparation) for some in learned for item in some.examples.items)
    )
