"""An item that a detector called anomalous, and what people said of it; lines of a file -> all such, as they stand."""

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args

from alikely.server.lines import damaged, read_lines

Verdict = Literal["open", "accepted", "dismissed"]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)
LABELS = {"accepted": "anomalous", "dismissed": "normal"}

# A text, a row, a sequence (its steps, of each its channels) or an embedding, as JSON can hold it.
Shown: TypeAlias = str | dict[str, str | None] | list[list[float]] | list[float]


@dataclass(frozen=True)
class Finding:
    """One item that a detector called anomalous, and what somebody said of it.

    name: what the item was called, if anything. content: the hash of what it holds.
    item: a text, row, sequence or embedding itself, where the service keeps such things.
    pictured, mapped: whether a small copy of the picture, and of its heat map, is kept.
    who: the name of the key of who judged it, when: then; empty while it is open.
    """

    number: int
    time: str
    detector: str
    kind: str
    name: str
    content: str
    deviation: float
    threshold: float
    p_value: float
    rate: float
    confidence: float
    reasons: tuple[dict[str, Any], ...] = ()
    item: Shown | None = None
    pictured: bool = False
    mapped: bool = False
    verdict: Verdict = "open"
    who: str = ""
    judged: str = ""

    @property
    def kept(self) -> bool:
        """Whether the item, or a small copy of it, is kept."""
        return self.pictured or self.item is not None

    def to_dict(self) -> dict[str, Any]:
        """For JSON: the fields by name."""
        return {**asdict(self), "reasons": list(self.reasons)}


def findings_in(path: Path) -> tuple[dict[int, Finding], int]:
    """All findings of a file by their numbers, and how many lines it has. Raises StorageError for a damaged line."""
    found: dict[int, Finding] = {}
    lines = read_lines(path)
    for number, line in enumerate(lines, start=1):
        try:
            _take(line, found)
        except (KeyError, TypeError):
            raise damaged(path, number) from None
    return found, len(lines)


def with_verdict(finding: Finding, line: dict[str, Any]) -> Finding:
    """The finding as it stands after a line that judges it."""
    return replace(finding, **{name: line[name] for name in ("verdict", "who", "judged")})


def picture_of(folder: Path, number: int, of_map: bool) -> Path:
    """Where the small copy of its picture, or of its heat map, lies in the folder of the pictures."""
    return folder / f"{number:07d}{'-map' if of_map else ''}.webp"


def _take(line: dict[str, Any], found: dict[int, Finding]) -> None:
    if "dropped" in line:
        for number in line["dropped"]:
            found.pop(number, None)
    elif "of" in line:
        said = with_verdict(found[line["of"]], line) if line["of"] in found else None
        if said is not None:
            found[said.number] = said
    else:
        finding = Finding(**{**line, "reasons": tuple(line["reasons"])})
        found[finding.number] = finding
