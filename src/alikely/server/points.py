"""Thresholds that people chose and named <-> a file in the service's folder; the one that a request names."""

import json
import threading
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime

from pydantic import TypeAdapter

from alikely.calibration import Calibration
from alikely.errors import CalibrationError, StorageError
from alikely.folders import write_text
from alikely.server.problems import RefusedError
from alikely.server.state import State

FORMAT, VERSION = "alikely operating points", 1
LONGEST_NAME = 64
# The file is read, changed and written by one at a time.
_CHANGING = threading.Lock()


@dataclass(frozen=True)
class Point:
    """A threshold with a name. `fmr` is what it promises with this `confidence` (0: the rate found, no promise).

    `model` is the hash of the model that it was chosen for, `who` the name of the key, `when` ISO 8601 in UTC.
    """

    name: str
    threshold: float
    fmr: float
    confidence: float
    model: str
    who: str
    when: str

    def misfit(self, calibration: Calibration | None) -> str | None:
        """Why it cannot be used with the model of this calibration; None where it can."""
        if calibration is None:
            return "the model has no calibration now; whoever runs the service can calibrate it (alikely calibrate)"
        if self.model != calibration.model:
            return f"it was chosen for another model ({self.model[:12]}), this one is {str(calibration.model)[:12]}"
        same = calibration.promise(self.threshold, self.confidence) == self.fmr
        return None if same else "the model was calibrated anew since it was chosen"


def points_of(state: State) -> Mapping[str, Point]:
    """All operating points by their names, in the order in which they were chosen; none where there is no file.

    Raises StorageError where the file is damaged.
    """
    try:
        said = json.loads(state.points.read_text(encoding="utf-8"))
        if said["format"] != FORMAT or said["version"] != VERSION:
            raise ValueError(f"it is no {FORMAT} of version {VERSION}")
        points = TypeAdapter(list[Point]).validate_python(said["points"])
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise StorageError(
            f"{state.points}: the operating points cannot be read ({error}); take the file from a backup, or remove it "
            "and choose the points anew"
        ) from error
    return {point.name: point for point in points}


def point_for(state: State, name: str, calibration: Calibration | None) -> Point:
    """The operating point of this name. Raises RefusedError: 404 for none, 409 for one that does not fit the model."""
    point = _there(name, points_of(state))
    misfit = point.misfit(calibration)
    if misfit is not None:
        raise RefusedError(409, "operating_point", f"the operating point {name!r} cannot be used: {misfit}")
    return point


def add_point(
    state: State,
    name: str,
    threshold: float | None,
    confidence: float | None,
    calibration: Calibration,
    who: str,
    fmr: float | None = None,
) -> Point:
    """Keep a threshold, or in place of it the one for this `fmr`, under a name. `confidence` None is the calibration's.

    Raises RefusedError: 422 for a name that is none, 409 for one that is taken; and as `Calibration.promise` and
    `Calibration.threshold`.
    """
    if (threshold is None) == (fmr is None):
        raise RefusedError(422, "request", "an operating point is a threshold or an fmr; give one of the two")
    if calibration.model is None:
        raise CalibrationError("the calibration is of no model of ours; an operating point is for one")
    sure = calibration.confidence if confidence is None else confidence
    when = datetime.now(UTC).isoformat(timespec="seconds")
    chosen = calibration.threshold(fmr=fmr, confidence=sure) if threshold is None else threshold
    promised = calibration.promise(chosen, sure)
    with _CHANGING:
        points = points_of(state)
        point = Point(_new_name(name, points), chosen, promised, sure, calibration.model, who, when)
        _write(state, [*points.values(), point])
    return point


def rename_point(state: State, name: str, new: str) -> Point:
    """Call an operating point otherwise; it keeps its place. Raises as `remove_point` and `add_point` do."""
    with _CHANGING:
        points = points_of(state)
        renamed = replace(_there(name, points), name=_new_name(new, points))
        _write(state, [renamed if point.name == name else point for point in points.values()])
    return renamed


def remove_point(state: State, name: str) -> Point:
    """Remove an operating point; gives what it was. Raises RefusedError (404) where there is none of this name."""
    with _CHANGING:
        points = points_of(state)
        removed = _there(name, points)
        _write(state, [point for point in points.values() if point is not removed])
    return removed


def _there(name: str, points: Mapping[str, Point]) -> Point:
    if name not in points:
        there = f"there are {', '.join(points)}" if points else "there is none yet; choose one on the page Threshold"
        raise RefusedError(404, "operating_point", f"no operating point is called {name!r}: {there}")
    return points[name]


def _new_name(said: str, taken: Collection[str]) -> str:
    name = said.strip()
    if not 0 < len(name) <= LONGEST_NAME or not name.isprintable():
        raise RefusedError(
            422, "operating_point", f"a name has 1 to {LONGEST_NAME} characters that can be seen, got {name!r}"
        )
    if name in taken:
        raise RefusedError(
            409,
            "operating_point",
            f"there is an operating point called {name!r} already; choose another name, or remove that one",
        )
    return name


def _write(state: State, points: Sequence[Point]) -> None:
    said = {"format": FORMAT, "version": VERSION, "points": [asdict(point) for point in points]}
    write_text(state.points, json.dumps(said, indent=2, allow_nan=False) + "\n", private=True)
