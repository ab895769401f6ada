"""A gallery's templates -> what is computed of them, kept until there are others: names, rate of strangers, fields."""

from collections.abc import Sequence

from alikely.gallery.conditions import check_condition
from alikely.gallery.held import Held
from alikely.gallery.open_set import Shown, shown_to_others


class Computed:
    """What takes long in a large gallery, and stays the same while it has as many templates."""

    def __init__(self, held: Held) -> None:
        self.held = held
        self._shown: Shown | None = None
        self._named: tuple[int, Sequence[str]] | None = None
        self._fields: set[tuple[str, str]] = set()

    def forget(self) -> None:
        """Let go of what other templates would change, though they be as many."""
        self._shown = self._named = None

    def shown(self) -> Shown:
        """The enrolled, each shown to all others."""
        templates, known = self.held.store.count(), self._shown
        if known is None or known.templates != templates:
            known = self._shown = shown_to_others(self.held, templates)
        return known

    def names(self) -> Sequence[str]:
        """Who is enrolled."""
        templates, known = self.held.store.count(), self._named
        if known is None or known[0] != templates:
            known = self._named = (templates, tuple(self.held.store.identities()))
        return known[1]

    def check_condition(self, where: str | None) -> None:
        """Raise SettingsError for a condition that is none, or on a field that no template has."""
        check_condition(self.held.store, where, self._fields)
