"""A condition on fields and a store in; an error where no template has such a field, or one of such a kind, out."""

from collections.abc import Iterator

from alikely.contracts import Store
from alikely.errors import SettingsError
from alikely.stores.conditions import Among, Compared, Condition, Either, Every, Missing
from alikely.stores.filters import parse_filter
from alikely.stores.values import KINDS, kind_of


def check_condition(store: Store, where: str | None, known: set[tuple[str, str]]) -> None:
    """Raise SettingsError for a condition that is none, or that asks for what no template has: it would be met by none.

    `known` are names and kinds of fields that were seen to be there, and gets those that are seen now.
    """
    if where is None:
        return
    asked = set(_asked(parse_filter(where).condition)) - known
    if not asked or store.count() == 0:
        return
    for name, kind in sorted(asked):
        there = [one for one in KINDS if store.count(_probe(name, one))]
        if not there:
            raise SettingsError(f"no template has a field {name!r}; {_fields_of(store)}")
        if kind and kind not in there:
            raise SettingsError(
                f"the condition compares the field {name!r} with a {kind}, and in all templates it is a "
                f"{' or a '.join(there)}; write a text in single quotes ('40'), a number as it is (40), and true or "
                "false for a truth"
            )
    known |= asked


def _asked(condition: Condition) -> Iterator[tuple[str, str]]:
    """The fields, each with the kind of what it is compared with; '' for none."""
    match condition:
        case Every(parts) | Either(parts):
            for part in parts:
                yield from _asked(part)
        case Missing(name, _):
            yield name, ""
        case Among(name, values, _):
            yield from ((name, kind_of(value)) for value in values)
        case Compared(name, _, value):
            yield name, kind_of(value)


def _probe(name: str, kind: str) -> str:
    """A condition that all templates meet whose field of this name is of this kind."""
    quoted = '"' + name.replace('"', '""') + '"'
    if kind == "truth":
        return f"{quoted} in (true, false)"
    value = "0" if kind == "number" else "''"
    return f"{quoted} < {value} or {quoted} >= {value}"


def _fields_of(store: Store) -> str:
    names = sorted({name for piece in store.read() for fields in piece.fields for name in fields})
    return f"there are: {', '.join(names)}" if names else "no template has any field"
