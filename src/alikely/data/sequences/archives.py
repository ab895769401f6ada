"""A file of the UCR or UEA archive, with many sequences in it -> the sequences and their labels."""

from pathlib import Path

import numpy as np
from jaxtyping import Float, Shaped

from alikely.data.items import counted
from alikely.errors import InputError

ARCHIVE_ENDINGS = frozenset({".ts"})
_MISSING = ("?", "nan", "")


def read_ts(path: Path) -> tuple[list[Float[np.ndarray, "steps channels"]], Shaped[np.ndarray, " items"] | None]:
    """A `.ts` file: one array (steps channels) a case, and the label of each as text; None where it says it has none.

    One case a line, its channels apart by colons, and its label behind the last colon. A missing number (?) is NaN.
    Steps without any number at the end of a case are padding, and left off; a channel shorter than others ends in NaN.
    Raises InputError for a file that is not so, and for times beside the numbers (`@timeStamps true`), naming the line.
    """
    facts, lines = _head_and_cases(path)
    if facts.get("timestamps") == "true":
        raise InputError(
            f"{path}: has times beside its numbers (@timeStamps true), which cannot be read; write a long table "
            "with the columns id, t and one for each channel"
        )
    labelled = facts.get("classlabel", "true").split()[0] == "true"
    arrays, labels = [], []
    for number, line in lines:
        parts = line.split(":")
        if labelled:
            if len(parts) < 2 or not parts[-1].strip():
                raise InputError(f"{path}, line {number}: has no label behind a last colon; add it")
            labels.append(parts.pop().strip())
        arrays.append(_joined(path, number, [_numbers(path, number, part.split(",")) for part in parts]))
        if arrays[-1].shape[1] != arrays[0].shape[1]:
            found = counted(arrays[-1].shape[1], "channel", "channels")
            raise InputError(f"{path}, line {number}: has {found}, the first case {arrays[0].shape[1]}; mend the line")
    return arrays, np.array(labels) if labelled else None


def read_ucr(path: Path) -> tuple[list[Float[np.ndarray, "steps 1"]], Shaped[np.ndarray, " items"]]:
    """An old UCR file (.txt, .tsv, .csv): a case a line, its label first, then its numbers; no line of names.

    Labels are whole numbers, given as text. NaN at the end is padding, and left off.
    Raises InputError naming the line that is not so.
    """
    arrays, labels = [], []
    for number, line in enumerate(_text_of(path).splitlines(), start=1):
        cells = line.replace(",", " ").split()
        if not cells:
            continue
        values = _numbers(path, number, cells)
        if not np.isfinite(values[0]) or values[0] != round(values[0]):
            raise InputError(f"{path}, line {number}: begins with {cells[0]!r}, which is no whole number as label")
        labels.append(str(int(values[0])))
        arrays.append(_joined(path, number, [values[1:]]))
    if not arrays:
        raise InputError(f"{path}: holds no case; it needs a line for each: its label, then its numbers")
    return arrays, np.array(labels)


def _head_and_cases(path: Path) -> tuple[dict[str, str], list[tuple[int, str]]]:
    """What the lines with @ say, and the lines behind @data with their numbers."""
    facts: dict[str, str] = {}
    cases: list[tuple[int, str]] = []
    begun = False
    for number, line in enumerate(_text_of(path).splitlines(), start=1):
        said = line.strip()
        if not said or said.startswith("#"):
            continue
        if begun:
            cases.append((number, said))
        elif said.lower() == "@data":
            begun = True
        elif said.startswith("@"):
            name, _, value = said[1:].partition(" ")
            facts[name.lower()] = value.strip().lower()
        else:
            raise InputError(f"{path}, line {number}: stands before @data, and begins with neither # nor @")
    if not cases:
        raise InputError(f"{path}: holds no case behind a line @data; it is no .ts file, or it is cut off")
    return facts, cases


def _numbers(path: Path, number: int, cells: list[str]) -> Float[np.ndarray, " steps"]:
    try:
        return np.array([np.nan if cell.strip().lower() in _MISSING else float(cell) for cell in cells])
    except ValueError:
        bad = next(cell for cell in cells if not _is_number(cell))
        raise InputError(f"{path}, line {number}: {bad.strip()!r} is no number; mend the line") from None


def _is_number(cell: str) -> bool:
    if cell.strip().lower() in _MISSING:
        return True
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _joined(path: Path, number: int, channels: list[np.ndarray]) -> Float[np.ndarray, "steps channels"]:
    """One case without the padding at its end."""
    values = np.full((max(map(len, channels)), len(channels)), np.nan)
    for place, channel in enumerate(channels):
        values[: len(channel), place] = channel
    held = np.flatnonzero(~np.isnan(values).all(axis=1))
    if len(held) == 0:
        raise InputError(f"{path}, line {number}: holds no number; remove the line")
    return values[: held[-1] + 1]


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as problem:
        raise InputError(f"{path}: cannot be opened ({problem.strerror}); check the path and the rights") from problem
    except UnicodeDecodeError:
        raise InputError(f"{path}: is not UTF-8; save it as UTF-8") from None
