"""Findings that somebody judged -> a table of labels; and what is kept of them, in files to learn from.

For each detector there is a folder of its name. In it the folders normal/ and anomalous/ hold small pictures; or the
tables normal.jsonl and anomalous.jsonl the texts, rows, sequences or embeddings: as `alikely anomaly fit` reads them.
Beside them labels.csv is the table.
"""

import csv
import json
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

from alikely.data.items import counted
from alikely.errors import InputError, StorageError
from alikely.folders import whole_folder
from alikely.server.finding import LABELS, Finding, findings_in, picture_of
from alikely.server.findings import Findings
from alikely.server.problems import RefusedError
from alikely.server.state import State

TABLE = "labels.csv"
COLUMNS = (
    "number",
    "label",
    "item",
    "content",
    "detector",
    "time",
    "deviation",
    "threshold",
    "p_value",
    "who",
    "judged",
)
COLUMN_OF = {"text": "text", "sequence": "sequence", "embedding": "embedding"}  # in tables, by the kind of item


@dataclass(frozen=True)
class FindingLabels:
    """All findings of a service that somebody judged, the newest first, and the folder of their small pictures."""

    findings: tuple[Finding, ...]
    pictures: Path

    @property
    def lost(self) -> int:
        """How many of them nothing is kept of but a line in the table: nobody can learn from these."""
        return sum(not one.kept for one in self.findings)

    def counts(self) -> dict[str, dict[str, int]]:
        """How many were dismissed (normal) and accepted (anomalous), and of how many the item is kept, by detector."""
        counts: dict[str, dict[str, int]] = {}
        for one in self.findings:
            label = LABELS[one.verdict]
            said = counts.setdefault(one.detector, {"normal": 0, "anomalous": 0, "kept_normal": 0, "kept_anomalous": 0})
            said[label] += 1
            said[f"kept_{label}"] += one.kept
        return dict(sorted(counts.items()))

    def sources(self) -> dict[str, dict[str, str]]:
        """Where in the folder the items of each detector stand, by label; only those of which there are some."""
        places: dict[str, dict[str, str]] = {}
        for one in self.findings:
            if one.kept:
                places.setdefault(one.detector, {})[LABELS[one.verdict]] = _source_of(one)
        return dict(sorted(places.items()))

    def sentence(self) -> str:
        """What is not kept and so cannot be learned from, and what to do about it; nothing where all of it is."""
        if not self.lost:
            return ""
        are = "is" if self.lost == 1 else "are"
        return (
            f"{counted(self.lost, 'item', 'items')} of {len(self.findings):,} {are} not kept, so nothing can be "
            "learned from them: the table has them by name and hash. A service keeps items of findings, pictures as "
            "small copies, if it is started with --keep-items"
        )

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {"detectors": self.counts(), "not_kept": self.lost}

    def files(self) -> Iterator[tuple[str, bytes]]:
        """The table, and what is kept of the items, each file by its place in the folder."""
        yield TABLE, label_table(self.findings).encode("utf-8", "surrogatepass")
        tables: dict[str, list[str]] = {}
        for one in self.findings:
            if one.item is not None:
                tables.setdefault(_source_of(one), []).append(json.dumps(_record(one)) + "\n")
            elif one.pictured:
                try:
                    yield _file_of(one), picture_of(self.pictures, one.number, False).read_bytes()
                except FileNotFoundError:  # dropped meanwhile
                    continue
        for name, lines in tables.items():
            yield name, "".join(lines).encode()


def finding_labels_in(state: Path | str) -> FindingLabels:
    """What people said on the page Anomalies of a service, by the folder in which it keeps what outlives it.

    Raises InputError where nobody judged anything, StorageError for a damaged file.
    """
    lies = State(Path(state))
    found, _ = findings_in(lies.anomalies)
    labels = _labels_of([found[number] for number in sorted(found, reverse=True)], lies.finding_pictures)
    if not labels.findings:
        raise InputError(
            f"{state}: holds no finding that was accepted or dismissed; judge some on the page Anomalies: "
            "alikely serve --detector DETECTOR --keep-items"
        )
    return labels


def write_finding_labels(labels: FindingLabels, out: Path | str, overwrite: bool = False) -> Path:
    """Write the table and what is kept of the items into a folder, whole or not at all; the folder.

    Raises StorageError where it is there (unless it holds such a table and `overwrite` is given) or cannot be written.
    """
    folder = Path(out)
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        if not holds_labels(folder):
            raise StorageError(f"{folder}: is there but holds no labels of findings; name another folder")
        if not overwrite:
            raise StorageError(f"{folder}: holds labels already; name another folder, or replace them: --overwrite")
    with whole_folder(folder) as partial:
        for name, content in labels.files():
            (partial / name).parent.mkdir(parents=True, exist_ok=True)
            (partial / name).write_bytes(content)
    return folder


def label_table(findings: Sequence[Finding]) -> str:
    """A CSV table with a row for each finding that was judged, in the order given: its label, item and its hash."""
    text = StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow([*COLUMNS, "file"])
    for finding in findings:
        if finding.verdict in LABELS:
            said = {**finding.to_dict(), "label": LABELS[finding.verdict], "item": _name_of(finding)}
            table.writerow([*(said[name] for name in COLUMNS), _file_of(finding)])
    return text.getvalue()


def label_archive(findings: Findings) -> IO[bytes]:
    """A ZIP file, at its beginning, of all that is kept of what was judged; it is gone when it is closed.

    Raises RefusedError (404) where nothing is kept of any of it.
    """
    labels = _labels_of(findings.newest(), findings.folder)
    if not labels.sources():
        raise RefusedError(
            404,
            "nothing_kept",
            f"of {len(labels.findings):,} findings that were judged, no item is kept: whoever runs the service can "
            "have it keep them (alikely serve --keep-items). The labels alone are in /v1/findings/labels.csv",
        )
    file = TemporaryFile()  # noqa: SIM115
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in labels.files():
            archive.writestr(name, content, zipfile.ZIP_STORED if name.endswith(".webp") else zipfile.ZIP_DEFLATED)
    file.seek(0)
    return file


def _labels_of(findings: Sequence[Finding], pictures: Path) -> FindingLabels:
    return FindingLabels(tuple(one for one in findings if one.verdict in LABELS), pictures)


def holds_labels(folder: Path) -> bool:
    """Whether a folder is one that `write_finding_labels` wrote."""
    try:
        with (folder / TABLE).open(encoding="utf-8") as file:
            return file.readline().startswith(",".join(COLUMNS))
    except (OSError, UnicodeDecodeError):
        return False


def _name_of(finding: Finding) -> str:
    return finding.item if isinstance(finding.item, str) else finding.name


def _source_of(finding: Finding) -> str:
    """The folder, or the table, that has all kept items of this detector and label."""
    return f"{finding.detector}/{LABELS[finding.verdict]}{'' if finding.pictured else '.jsonl'}"


def _file_of(finding: Finding) -> str:
    """Where in the folder it is; nowhere, where nothing of it is kept."""
    if not finding.kept:
        return ""
    return f"{_source_of(finding)}/{finding.number:07d}.webp" if finding.pictured else _source_of(finding)


def _record(finding: Finding) -> Any:
    """A line of a table: a row as itself, anything else under the name that it has in tables."""
    return finding.item if isinstance(finding.item, Mapping) else {COLUMN_OF[finding.kind]: finding.item}
