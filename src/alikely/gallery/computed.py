"""A gallery's templates -> what is computed of them, kept until they change: names, thresholds, fields."""

from collections.abc import Sequence

from alikely.gallery.answers import Threshold
from alikely.gallery.conditions import check_condition
from alikely.gallery.held import Held
from alikely.gallery.open_set import Shown, open_set_threshold, shown_to_others

MOST_KEPT = 100  # thresholds


class Computed:
    """What takes long in a large gallery, and stays the same until somebody enrols or removes."""

    def __init__(self, held: Held) -> None:
        self.held = held
        self._shown: tuple[str, Shown] | None = None
        self._thresholds: dict[tuple[float, float | None], Threshold] = {}
        self._named: tuple[str, Sequence[str]] | None = None
        self._fields: set[tuple[str, str]] = set()

    def threshold(self, fpir: float, confidence: float | None) -> Threshold:
        """As `open_set_threshold`. Raises GalleryError where nothing is enrolled."""
        stamp = self.held.store.stamp()
        if self._shown is None or self._shown[0] != stamp:
            self.held.require_templates()
            self._shown = stamp, shown_to_others(self.held, self.held.store.count())
            self._thresholds.clear()
        asked = fpir, confidence
        if asked not in self._thresholds:
            threshold = open_set_threshold(self.held, self._shown[1], fpir, confidence)
            if len(self._thresholds) >= MOST_KEPT:
                self._thresholds.clear()
            self._thresholds[asked] = threshold
        return self._thresholds[asked]

    def names(self) -> Sequence[str]:
        """Who is enrolled."""
        stamp = self.held.store.stamp()
        if self._named is None or self._named[0] != stamp:
            self._named = stamp, tuple(self.held.store.identities())
        return self._named[1]

    def check_condition(self, where: str | None) -> None:
        """Raise SettingsError for a condition that is none, or on a field that no template has."""
        check_condition(self.held.store, where, self._fields)
