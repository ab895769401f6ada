"""`train`: a folder, a table or Examples -> a model that has been trained, calibrated, measured and saved."""

import platform
import shutil
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import nn

from alikely.calibration import calibrate
from alikely.config import TrainSettings
from alikely.data.augmentations import build_augmentation
from alikely.data.reading import Prepared
from alikely.data.sources import read_items, read_source
from alikely.distances import build_distance
from alikely.embedding import embed_items
from alikely.encoders import brings_preparation, build_encoder, default_settings, require_kind
from alikely.errors import CalibrationError, SettingsError, StorageError
from alikely.evaluation import judge, with_agreement
from alikely.losses import build_loss, learns_from_views
from alikely.metrics import VerificationReport
from alikely.model import SiameseModel, distances_of_examples, ready
from alikely.own_code import is_own
from alikely.storage import require_replaceable, save_model
from alikely.training.encoder import learns, make_encoder, start_from, what_learns
from alikely.training.gather import SKIPPED, Gathered, gather
from alikely.training.history import History
from alikely.training.learner import Learner
from alikely.training.memory import keep_freed_memory
from alikely.training.page import REPORT, Tested, page_of_training
from alikely.training.plan import plan_training
from alikely.training.progress import Reporter, Terminal
from alikely.training.run import METRICS, Run
from alikely.training.trackers import Trackers, require_installed
from alikely.training.views import NO_CALIBRATION, WATCHED, two_views
from alikely.types import Examples, Kind


class Trained(NamedTuple):
    """What `train` gives: the model, its history, and how it did on the test identities (None where there are none)."""

    model: SiameseModel
    history: History
    report: VerificationReport | None


def train(
    source: Path | str | Examples,
    settings: TrainSettings | None = None,
    out: Path | str | None = None,
    encoder: nn.Module | None = None,
    resume: bool = False,
    skip_bad: bool = False,
    overwrite: bool = False,
    reporter: Reporter | None = None,
) -> Trained:
    """Train a Siamese network on some identities of `source`, calibrate it on others, measure it on others still.

    source: a folder of identity folders, a table (CSV, JSONL, Parquet), or Examples. A loss that learns from views
        (`vicreg` ...) needs no labels: a folder with the items directly in it, a table without that column.
    settings: how; the defaults suit a few thousand small pictures.
    out: the model's folder. Without it nothing is written, and there are no checkpoints.
    encoder: your own `nn.Module` with an attribute `dim`, in place of `settings.encoder`.
    resume: go on from the checkpoint that a killed or stopped training left beside `out`.
    skip_bad: go on without items that cannot be read; they are listed in skipped.csv.
    overwrite: replace a model that is there.
    reporter: who is told how far it is; without one, the terminal's standard error.

    Ctrl-C makes the model of what has been learned so far. Raises InputError (and BadItemsError, which lists all items
    that cannot be read), TooFewError, SettingsError, TrainingError and StorageError.
    """
    if reporter is None:
        with Terminal() as terminal:
            return train(source, settings, out, encoder, resume, skip_bad, overwrite, terminal)
    if not isinstance(settings, TrainSettings | None):
        raise SettingsError(f"settings are a TrainSettings, got {type(settings).__name__}: TrainSettings(epochs=10)")
    settings = settings or TrainSettings()
    examples = source if isinstance(source, Examples) else read_examples(source, settings)
    settings = settings.resolved(examples.kind, examples.scored)
    require_known(settings, examples.kind, encoder)
    folder = None if out is None else Path(out)
    work = None if folder is None else _work_folder(folder, resume, overwrite)
    if resume and work is None:
        raise SettingsError("resume needs `out`: the checkpoint lies beside the model's folder")
    name = str(source) if isinstance(source, Path | str) else f"{len(examples)} examples given from Python"
    gathered = gather(examples, name, settings, skip_bad, reporter)
    network, learner, history = learn(gathered, settings, encoder, work, resume, reporter)
    model = SiameseModel(
        preparation=gathered.items.preparation,
        encoder=ready(network),
        encoder_name=str(settings.encoder) if encoder is None else type(encoder).__name__,
        distance=learner.distance.cpu() if isinstance(learner.distance, nn.Module) else learner.distance,
        distance_name=str(settings.distance),
    )
    model = _calibrated(model, gathered, settings, reporter)
    tested = _tested(model, gathered)
    report = None if tested is None else tested.report
    model = replace(model, record=_record(gathered, settings, history, report))
    if folder is not None and work is not None:
        beside = {METRICS: history.to_csv(), REPORT: page_of_training(folder.name, model, gathered, tested, history)}
        if gathered.skipped:
            beside[SKIPPED] = gathered.skipped_csv()
        save_model(model, folder, beside)
        if history.ended != "interrupted":
            shutil.rmtree(work, ignore_errors=True)
    return Trained(model, history, report)


def read_examples(source: Path | str, settings: TrainSettings) -> Examples:
    """What there is to learn from; for a loss that learns from views, whether or not anything is known of it."""
    read = read_items if settings.loss is not None and learns_from_views(settings.loss) else read_source
    return read(source, settings.items)


def require_known(settings: TrainSettings, kind: Kind, own: nn.Module | None) -> None:
    """Raise SettingsError for a name or value that is not known, before any item is opened."""
    require_installed(settings.trackers)
    build_augmentation(kind, settings.of_augmentation())
    with torch.random.fork_rng(), torch.device("meta"):  # without weights
        name = str(settings.encoder)
        if own is None and not is_own(name):
            require_kind(name, kind)
            # What other encoders are built of is known once the items are read.
            if kind == "picture" and not brings_preparation(name):
                fitted = default_settings(name, {"size": settings.size})
                build_encoder(name, {**fitted, **settings.encoder_settings})
        build_distance(str(settings.distance), 1)
        build_loss(str(settings.loss), settings.loss_settings, classes=2, dim=2)


def _work_folder(folder: Path, resume: bool, overwrite: bool) -> Path:
    if folder.name in ("", ".."):
        raise StorageError(f"{folder}: is no name for a new folder; name one, such as {folder / 'model'}")
    work = folder.with_name(f"{folder.name}.training")
    if folder.exists() and not (resume or overwrite):
        raise StorageError(
            f"{folder}: is there already; name another folder, or replace it: --overwrite (overwrite=True)"
        )
    require_replaceable(folder)
    if resume and folder.exists() and not work.exists():
        raise StorageError(f"{folder}: is finished, there is nothing to resume; to train anew: --overwrite")
    if work.exists() and not resume:
        if not overwrite:
            raise StorageError(
                f"{work}: holds a training that was stopped; go on with it: --resume (resume=True), "
                "or begin anew: --overwrite (overwrite=True)"
            )
        shutil.rmtree(work)
    return work


def learn(
    gathered: Gathered,
    settings: TrainSettings,
    own: nn.Module | None,
    work: Path | None,
    resume: bool,
    reporter: Reporter,
) -> tuple[nn.Module, Learner, History]:
    """The encoder that has learned, all that learned with it, and how that went."""
    items, validate = gathered.part("train"), gathered.part("validate")
    assert items is not None  # a split always has it
    watched = validate if validate is not None else gathered.part("calibrate")
    unlabelled = items.examples.unlabelled
    if unlabelled and validate is not None:
        watched = two_views(
            validate, build_augmentation(validate.examples.kind, settings.of_augmentation()), settings.seed
        )
        reporter.note(WATCHED)
    elif validate is None and watched is not None:
        reporter.note(
            "the EER after each epoch is that of the calibration identities, for information only; "
            "with 20 identities or more, some are set aside and choose the best epoch"
        )
    keep_freed_memory()
    trackers = Trackers(settings.trackers, Path("alikely-logs"), settings.model_dump(mode="json"))
    with torch.random.fork_rng():
        torch.manual_seed(settings.seed)
        encoder = make_encoder(own, items, settings)
        start_from(items, encoder)
        part = what_learns(encoder, items, watched, settings, reporter)
        learner = _learner(part.encoder, part.items, settings)
        run = Run(learner, part.watched, validate is not None and not unlabelled, work, gathered.items.fingerprint())
        if resume:
            run.resume()
        history = run.learn(reporter, trackers) if learns(*learner.modules.values()) else _nothing_learned(reporter)
    trackers.close()
    return encoder, learner, history


def _nothing_learned(reporter: Reporter) -> History:
    reporter.note("nothing learns: the encoder has no weights that steps of training change, so it is taken as it is")
    return History((), (), 0, "nothing to learn", 0.0)


def _learner(encoder: nn.Module, items: Prepared, settings: TrainSettings) -> Learner:
    dim = int(encoder.dim)  # type: ignore[arg-type]
    distance = build_distance(str(settings.distance), dim)
    plan = plan_training(items, settings)
    loss = build_loss(str(settings.loss), settings.loss_settings, plan.classes, dim)
    return Learner(encoder, distance, loss, plan, settings)


def _calibrated(model: SiameseModel, gathered: Gathered, settings: TrainSettings, reporter: Reporter) -> SiameseModel:
    calibrating = gathered.part("calibrate")
    if calibrating is None:
        if gathered.items.examples.unlabelled:
            reporter.note(NO_CALIBRATION)
        return model
    pairs = distances_of_examples(embed_items(model, calibrating), calibrating.examples, model.distance)
    try:
        found = calibrate(pairs, model.distance_name, model.fingerprint(), settings.fmr, settings.confidence)
    except CalibrationError as error:
        # Hours of training are not thrown away for a rate: the model keeps what the data can bear.
        reporter.alarm(str(error))
        found = None
    try:
        found = found or calibrate(pairs, model.distance_name, model.fingerprint(), confidence=settings.confidence)
    except CalibrationError:
        reporter.alarm("the model has no calibration: it gives distances, but no verdicts")
        return model
    if found.note:
        reporter.note(found.note)
    return model.with_calibration(found)


def _tested(model: SiameseModel, gathered: Gathered) -> Tested | None:
    testing = gathered.part("test")
    if testing is None:
        return None
    embeddings = embed_items(model, testing)
    pairs = distances_of_examples(embeddings, testing.examples, model.distance)
    report = with_agreement(judge(model, pairs), embeddings, testing.examples, model.distance)
    return Tested(testing.examples, embeddings, pairs, report)


def _record(
    gathered: Gathered, settings: TrainSettings, history: History, report: VerificationReport | None
) -> dict[str, Any]:
    return {
        "training": {
            "settings": settings.model_dump(mode="json"),
            "epochs_done": len(history.epochs),
            "best_epoch": history.best,
            "ended": history.ended,
            "seconds": round(history.seconds, 1),
            "alarms": list(history.alarms),
        },
        "data": gathered.record(),
        "evaluation": None if report is None else report.to_dict(),
        "versions": {
            "alikely": version("alikely"),
            "torch": torch.__version__,
            "numpy": np.__version__,
            "python": platform.python_version(),
        },
    }
