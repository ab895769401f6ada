"""`tune`: a source and settings -> better settings, chosen on identities that were held back from learning."""

from collections.abc import Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from alikely.config import TrainSettings
from alikely.data.splits import Fractions, split
from alikely.errors import InputError, SettingsError, TooFewError, TrainingError
from alikely.training.gather import Gathered, gather
from alikely.training.history import Epoch, History
from alikely.training.progress import Reporter, Silent, Terminal
from alikely.training.train import learn, read_examples, require_known
from alikely.tuning.result import Again, Trial, Tuned, best_of
from alikely.tuning.space import Asked, Space, require_losses, space_of
from alikely.types import Examples

EPOCHS = 10
UNPRUNED = 4  # trials before any is given up early


def tune(
    source: Path | str | Examples,
    settings: TrainSettings | None = None,
    trials: int = 20,
    losses: Sequence[str] = (),
    fresh: int = 3,
    out: Path | str | None = None,
    skip_bad: bool = False,
    reporter: Reporter | None = None,
) -> Tuned:
    """Search the learning rate, the loss, its margin or temperature, and the length of the embedding.

    source: as for `train`; it takes enough identities to spare some to choose by (20 with two items or more).
    settings: where the search starts. **What they say stays as it is, what they leave out is searched.** By itself
        10 epochs, so that trials are short.
    trials: how many trainings; the first is with the settings as they are. Trials that fall behind are given up early.
    losses: those to search, in place of the usual ones; not where the settings say a loss.
    fresh: on so many splits drawn anew the best settings are compared with those as they were; 0: on none.
    out: folder for best.toml and trials.csv.

    Trials are compared by the best epoch's EER (of scored pairs: by 1 - Spearman) on the identities that `train` calls
    validate. Those to calibrate and to test by are not looked at, in the splits drawn anew neither. The search is
    optuna's (tree-structured Parzen estimator with median pruning); equal seeds give equal searches on one machine.
    Ctrl-C ends the search with what it has found.

    Raises SettingsError (also where optuna is missing), TooFewError, InputError, TrainingError where no trial could be
    trained to its end, and StorageError.
    """
    if reporter is None:
        with Terminal() as terminal:
            return tune(source, settings, trials, losses, fresh, out, skip_bad, terminal)
    if find_spec("optuna") is None:
        raise SettingsError("tuning needs optuna; run: pip install alikely[tune]")
    if trials < 2 or fresh < 0:
        raise SettingsError(f"tuning takes 2 trials or more and 0 fresh splits or more, got {trials} and {fresh}")
    given = settings or TrainSettings(epochs=EPOCHS)
    require_losses(given, losses)
    examples = read_examples(source, given) if not isinstance(source, Examples) else source
    if examples.unlabelled:
        raise InputError("tuning measures by labels or pairs, and nothing is known of these items; give some")
    resolved = given.resolved(examples.kind, examples.scored).model_copy(update={"trackers": ()})
    require_known(resolved, examples.kind, None)
    gathered = gather(examples, str(source) if isinstance(source, Path | str) else "", resolved, skip_bad, reporter)
    _require_held_back(gathered, resolved)
    space = space_of(given, resolved, examples, gathered.items.preparation.facts(), losses)
    tried, stopped = _searched(gathered, given, space, trials, reporter)
    best = best_of(tried)
    chosen = given.model_copy(update=dict(best.changes))
    again: tuple[Again, ...] = ()
    if best is not tried[0] and not stopped:
        start = given.model_copy(update=dict(tried[0].changes))
        again = _compared(gathered, start, chosen, fresh, reporter)
    by_scores = examples.pairs is not None and examples.pairs.score is not None
    tuned = Tuned(chosen, "1 - spearman" if by_scores else "eer", tried, again)
    if out is not None:
        tuned.write(out)
    return tuned


class _Pruning(Silent):
    """Tells the search of each epoch, and gives a training up that it says is behind."""

    def __init__(self, trial: Asked) -> None:
        self.trial = trial
        self.epochs = 0

    def epoch(self, epoch: Epoch, epochs: int) -> None:  # noqa: ARG002 (as the contract has it)
        """Raises TrialPruned."""
        import optuna

        self.epochs = epoch.epoch
        if epoch.badness is not None:
            self.trial.report(epoch.badness, epoch.epoch)
            if self.trial.should_prune():
                raise optuna.TrialPruned


def _searched(
    gathered: Gathered, given: TrainSettings, space: Space, trials: int, reporter: Reporter
) -> tuple[tuple[Trial, ...], bool]:
    """All trials, and whether the user stopped them before their end."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(
        sampler=optuna.samplers.TPESampler(seed=given.seed),
        pruner=optuna.pruners.MedianPruner(n_startup_trials=UNPRUNED, n_warmup_steps=given.epochs // 2),
    )
    study.enqueue_trial(space.start())
    tried: list[Trial] = []
    stopped = False
    for number in range(trials):
        reporter.done("tuning", number, trials)
        asked = study.ask()
        changes = space.suggested(asked)
        trial, stopped = _tried(gathered, given.model_copy(update=changes), changes, asked, number + 1)
        if stopped:
            reporter.note(f"stopped by the user after {number} of {trials} trials")
            break
        if trial.ended == "done":
            study.tell(asked, trial.value)
        else:
            pruned = trial.ended == "pruned"
            study.tell(asked, state=optuna.trial.TrialState.PRUNED if pruned else optuna.trial.TrialState.FAIL)
        tried.append(trial)
        value = trial.ended if trial.ended != "done" else f"{trial.value:.4f}"
        reporter.note(f"trial {number + 1:>{len(str(trials))}}/{trials}  {value}  {trial.said()}")
    if not any(trial.ended == "done" for trial in tried):
        reasons = "; ".join(sorted({trial.ended for trial in tried})) or "stopped by the user"
        raise TrainingError(f"no trial could be trained to its end: {reasons}")
    return tuple(tried), stopped


def _tried(
    gathered: Gathered, settings: TrainSettings, changes: dict[str, Any], asked: Asked, number: int
) -> tuple[Trial, bool]:
    """One training, and whether the user stopped it."""
    import optuna

    started, pruning = perf_counter(), _Pruning(asked)
    value, ended, stopped = None, "done", False
    try:
        history = _trained(gathered, settings, pruning)
        value, stopped = _value(history), history.ended == "interrupted"
    except optuna.TrialPruned:
        ended = "pruned"
    except TrainingError as error:
        ended = str(error)
    except KeyboardInterrupt:
        stopped = True
    return Trial(number, changes, value, pruning.epochs, ended, perf_counter() - started), stopped


def _trained(gathered: Gathered, settings: TrainSettings, reporter: Reporter) -> History:
    examples = gathered.items.examples
    resolved = settings.resolved(examples.kind, examples.scored).model_copy(update={"trackers": ()})
    return learn(gathered, resolved, None, None, False, reporter)[2]


def _value(history: History) -> float:
    """The measure of the epoch that training would keep."""
    values = [epoch.badness for epoch in history.epochs if epoch.badness is not None]
    return min(values) if values else float("inf")


def _require_held_back(gathered: Gathered, settings: TrainSettings) -> None:
    if settings.validate_share == 0:
        raise SettingsError("tuning chooses by the identities of validate_share, which is 0; leave it out")
    if gathered.part("validate") is None:
        raise TooFewError(
            "tuning chooses by identities that are held back from learning, and there are too few to spare any: it "
            "takes 20 identities with 2 items or more; add identities, or choose settings by hand"
        )


def _compared(
    gathered: Gathered, start: TrainSettings, best: TrainSettings, fresh: int, reporter: Reporter
) -> tuple[Again, ...]:
    """Both settings on splits drawn anew among the items that were learned from or chosen by."""
    positions = gathered.split.positions
    seen = np.sort(np.concatenate([positions["train"], positions["validate"]]))
    items = gathered.items.select(seen)
    share = len(positions["validate"]) / len(seen)
    found = []
    for number in range(fresh):
        seed = start.seed + number + 1
        reporter.done("comparing", number, fresh)
        # As a part to test by, since for one to validate by few identities are refused.
        parts = split(items.examples, seed, Fractions(1 - share, 0.0, 0.0, share))
        parts = replace(
            parts,
            test=None,
            validate=parts.test,
            positions={"train": parts.positions["train"], "validate": parts.positions["test"]},
        )
        anew = replace(gathered, items=items, split=parts)
        one, other = (
            _trained(anew, settings.model_copy(update={"seed": seed}), Silent()) for settings in (start, best)
        )
        if "interrupted" in (one.ended, other.ended):
            reporter.note(f"stopped by the user after {number} of {fresh} splits drawn anew")
            break
        entry = Again(seed, _value(one), _value(other))
        found.append(entry)
        reporter.note(f"split {number + 1}/{fresh} drawn anew  as they were {entry.start:.4f}  best {entry.best:.4f}")
    return tuple(found)
