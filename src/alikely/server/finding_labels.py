"""Findings that somebody judged -> a table of labels; and what is kept of them in a ZIP file, to learn from.

In the ZIP file the folders normal/ and anomalous/ hold small pictures, or the tables normal.jsonl and anomalous.jsonl
the texts or rows, as `alikely anomaly fit` reads them; and labels.csv the table.
"""

import csv
import json
import zipfile
from collections.abc import Sequence
from contextlib import suppress
from io import StringIO
from tempfile import TemporaryFile
from typing import IO, Any

from alikely.server.findings import LABELS, Finding, Findings
from alikely.server.problems import RefusedError

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
    judged = [one for one in findings.newest() if one.verdict in LABELS]
    kept = [one for one in judged if one.pictured or one.item is not None]
    if not kept:
        raise RefusedError(
            404,
            "nothing_kept",
            f"of {len(judged):,} findings that were judged, no item is kept: that takes a service started with "
            "--keep-pictures. The labels alone are in /v1/findings/labels.csv",
        )
    file = TemporaryFile()  # noqa: SIM115
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("labels.csv", label_table(judged))
        lines: dict[str, list[str]] = {}
        for finding in kept:
            if finding.pictured:
                # Dropped meanwhile, it is left out.
                with suppress(RefusedError):
                    archive.writestr(_file_of(finding), findings.picture(finding.number))
            else:
                lines.setdefault(_file_of(finding), []).append(json.dumps(_record(finding)) + "\n")
        for name, some in lines.items():
            archive.writestr(name, "".join(some), zipfile.ZIP_DEFLATED)
    file.seek(0)
    return file


def _name_of(finding: Finding) -> str:
    return finding.item if isinstance(finding.item, str) else finding.name


def _file_of(finding: Finding) -> str:
    """Where the archive has it; nowhere, where nothing of it is kept."""
    if finding.pictured:
        return f"{LABELS[finding.verdict]}/{finding.number:07d}.webp"
    return f"{LABELS[finding.verdict]}.jsonl" if finding.item is not None else ""


def _record(finding: Finding) -> Any:
    """A line of a table: a row as itself, a text under the name that it has in tables."""
    return {"text": finding.item} if isinstance(finding.item, str) else finding.item
