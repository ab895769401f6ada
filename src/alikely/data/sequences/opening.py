"""One sequence, however the user has it -> its numbers over time, or an error that names it and the step."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from jaxtyping import Float, Shaped

from alikely.data.items import name_of
from alikely.data.tables import Table, is_number, read_table
from alikely.errors import InputError
from alikely.types import Item

_ARRAY_ENDINGS = frozenset({".npy", ".npz"})
_COLUMN_ENDINGS = frozenset({".csv", ".tsv"})
SEQUENCE_ENDINGS = _ARRAY_ENDINGS | _COLUMN_ENDINGS

# What a column is called that says when each step was; it is no channel.
TIMES = ("t", "time", "timestamp")
FEWEST_STEPS = 2


@dataclass(frozen=True)
class Opened:
    """A sequence: finite numbers, step by step. `channels` are their names, `times` (unchecked) say when each was."""

    values: Float[np.ndarray, "steps channels"]
    channels: tuple[str, ...] | None = None
    times: Float[np.ndarray, " steps"] | None = None


def open_sequence(item: Item, channels: tuple[str, ...] | None = None) -> Opened:
    """Open and check one sequence; of named channels only `channels`, in that order (None: all).

    Names of channels are taken in small letters.

    - CSV, TSV: a line with the names of the channels, then one line a step. A column t, time or timestamp says when.
    - .npy or an array: (steps) or (steps channels). .npz: one such array, or one (steps) a channel by its name.
    - A structured array (steps): a field a channel by its name, and t, time or timestamp.

    Steps at the end that hold no number in any channel (NaN) are padding, and left off. Raises InputError for anything
    else that is no finite number, for fewer than 2 steps, and for missing channels.
    """
    name = name_of(item)
    if isinstance(item, np.ndarray):
        return _from_array(name, item, channels)
    if not isinstance(item, Path | str):
        raise InputError(f"{item!r} is no sequence; give a path or a NumPy array (steps) or (steps channels)")
    path = Path(item)
    ending = path.suffix.lower()
    if ending not in SEQUENCE_ENDINGS:
        raise InputError(
            f"{name}: is no file of one sequence; there are {', '.join(sorted(SEQUENCE_ENDINGS))} "
            "(a .ts file holds many sequences: give it as the source)"
        )
    if not path.is_file():
        raise InputError(f"{name}: {'is a folder; name a file in it' if path.is_dir() else 'is not there'}")
    if ending in _ARRAY_ENDINGS:
        return _from_arrays(name, path, channels)
    return _from_table(name, read_table(path, known=()), channels)


def columns_to_numbers(table: Table, name: str, columns: tuple[str, ...]) -> Float[np.ndarray, "rows columns"]:
    """Columns of text as numbers; an empty cell is NaN. Raises InputError, which begins with `name`, where none is."""
    values = np.empty((len(table.places), len(columns)))
    for place, column in enumerate(columns):
        for row, cell in enumerate(table.columns[column]):
            try:
                values[row, place] = float(cell) if cell.strip() else np.nan
            except ValueError:
                raise InputError(
                    f"{name}, {table.places[row]}: the column {column!r} holds {cell!r}, which is no number; mend it, "
                    'or choose the channels: preparation = { channels = ["..."] }'
                ) from None
    return values


def _from_table(name: str, table: Table, channels: tuple[str, ...] | None) -> Opened:
    found = tuple(table.columns)
    if found and all(is_number(column) for column in found):
        raise InputError(
            f"{name}: the first line holds numbers; write the names of the channels there, for example "
            f"{','.join('xyzuvw'[: len(found)])}"
        )
    chosen = _chosen(name, found, channels)
    time = next((column for column in TIMES if column in table.columns and column not in chosen), None)
    values = columns_to_numbers(table, name, chosen)
    times = None if time is None else columns_to_numbers(table, name, (time,))[:, 0]
    return _checked(name, values, chosen, times)


def _from_arrays(name: str, path: Path, channels: tuple[str, ...] | None) -> Opened:
    try:
        with path.open("rb") as file:
            read = np.load(file, allow_pickle=False)
            lone = isinstance(read, np.ndarray)
            arrays = {"": read} if lone else {key: read[key] for key in read.files}
    except (OSError, ValueError, EOFError, BadZipFile) as problem:
        raise InputError(f"{name}: cannot be read as numbers of NumPy ({problem}); save it anew") from None
    if not arrays:
        raise InputError(f"{name}: holds no array; save one array (steps channels) in it")
    if len(arrays) == 1:
        return _from_array(name, next(iter(arrays.values())), channels)
    shapes = {array.shape for array in arrays.values()}
    if len(shapes) > 1 or len(min(shapes)) != 1:
        raise InputError(
            f"{name}: holds arrays of the shapes {', '.join(map(str, sorted(shapes)))}; save one array "
            "(steps channels), or for each channel one array, all of one length"
        )
    return _from_named(name, arrays, channels)


def _from_array(name: str, array: Shaped[np.ndarray, "..."], channels: tuple[str, ...] | None) -> Opened:
    if array.dtype.names is None:
        return _checked(name, _numbers(name, array), None, None)
    fields = {key: array[key] for key in array.dtype.names}
    if any(values.ndim != 1 for values in fields.values()):
        raise InputError(
            f"{name}: is {array.dtype} of the shape {array.shape}; with a field for each channel it is (steps)"
        )
    return _from_named(name, fields, channels)


def _from_named(
    name: str, named: Mapping[str, Shaped[np.ndarray, " steps"]], channels: tuple[str, ...] | None
) -> Opened:
    arrays = {key.strip().lower(): values for key, values in named.items()}
    chosen = _chosen(name, tuple(arrays), channels)
    time = next((key for key in TIMES if key in arrays and key not in chosen), None)
    values = np.concatenate([_numbers(name, arrays[key]) for key in chosen], axis=1)
    return _checked(name, values, chosen, None if time is None else _numbers(name, arrays[time])[:, 0])


def _chosen(name: str, found: tuple[str, ...], channels: tuple[str, ...] | None) -> tuple[str, ...]:
    if channels is None:
        channels = tuple(column for column in found if column not in TIMES)
        if not channels:
            raise InputError(f"{name}: has no channel beside the times; it needs a column of numbers for each channel")
    missing = [channel for channel in channels if channel not in found]
    if missing:
        raise InputError(
            f"{name}: has no channel {missing[0]!r}; wanted are {', '.join(channels)}, found {', '.join(found)}"
        )
    return channels


def _numbers(name: str, values: Shaped[np.ndarray, "..."]) -> Float[np.ndarray, "steps channels"]:
    if values.dtype.kind not in "biuf":
        raise InputError(f"{name}: holds {values.dtype}, not numbers; give integers or floats")
    if values.ndim not in (1, 2) or (values.ndim == 2 and values.shape[1] == 0):
        raise InputError(f"{name}: has the shape {values.shape}; wanted is (steps) or (steps channels)")
    return (values[:, None] if values.ndim == 1 else values).astype(np.float64)


def _checked(
    name: str,
    values: Float[np.ndarray, "steps channels"],
    channels: tuple[str, ...] | None,
    times: Float[np.ndarray, " steps"] | None,
) -> Opened:
    held = np.flatnonzero(~np.isnan(values).all(axis=1))
    steps = int(held[-1]) + 1 if len(held) else 0
    if steps < FEWEST_STEPS:
        found = "no steps" if steps == 0 else "a single step"
        raise InputError(f"{name}: has {found}; a sequence needs at least {FEWEST_STEPS}; leave it out")
    values = values[:steps]
    bad = np.argwhere(~np.isfinite(values))
    if len(bad):
        step, channel = (int(place) for place in bad[0])
        called = repr(channels[channel]) if channels else str(channel + 1)
        what = "a gap" if np.isnan(values[step, channel]) else "an infinity"
        raise InputError(
            f"{name}: has {what} at step {step + 1} of channel {called} ({len(bad)} in all); "
            "fill it, for example with what lies between its neighbours, or cut the sequence there"
        )
    return Opened(values, channels, None if times is None else times[:steps])
