"""Galleries that log their distances -> how far these have moved from the calibration's; looked at once a minute."""

import time
from collections.abc import Callable, Mapping

from alikely.errors import AlikelyError
from alikely.gallery import Gallery
from alikely.gallery.drift import drift_of_live
from alikely.gallery.live import read_live

SECONDS = 60.0
LAST = 20_000  # distances of a log that are looked at


class Drifts:
    """The population stability index (gallery.drift) by gallery and kind of distances; nothing where it is unknown.

    Unknown: a gallery without a log or with too few distances in it, a model without a calibration. `clock` (seconds)
    never jumps.
    """

    def __init__(self, galleries: Mapping[str, Gallery], clock: Callable[[], float] = time.monotonic) -> None:
        self._galleries, self._clock = galleries, clock
        self._looked = -float("inf")
        self._found: dict[tuple[str, ...], float] = {}

    def __call__(self) -> Mapping[tuple[str, ...], float]:
        """The figures by (name of the gallery, "same" or "different"), at most a minute old."""
        now = self._clock()
        if now - self._looked >= SECONDS:
            self._looked = now
            self._found = {}
            for name, gallery in self._galleries.items():
                self._found |= {(name, kind): psi for kind, psi in _psi(gallery).items()}
        return self._found


def _psi(gallery: Gallery) -> dict[str, float]:
    calibration = gallery.inside.model.calibration
    if gallery.log is None or calibration is None:
        return {}
    try:
        drift = drift_of_live(read_live(gallery.log, LAST), calibration)
    except AlikelyError:  # nothing was logged yet, or it is damaged: `alikely gallery drift` says what
        return {}
    return {row.kind: row.psi for row in drift.rows if row.psi is not None}
