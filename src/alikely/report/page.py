"""What a report shows -> one HTML page that needs nothing else: no network, no other file."""

import base64
import hashlib
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from alikely.folders import whole_file
from alikely.metrics import percent
from alikely.report import charts, sides
from alikely.report.content import OFTEN_FILES, ReportContent

GLOSSARY = {
    "FMR": "False match rate: the share of different pairs that are called same.",
    "FNMR": "False non-match rate: the share of same pairs that are called different.",
    "EER": "Equal error rate: both error rates at the threshold where they are equal. Good for comparing models; an "
    "application rarely works there.",
    "AUC": "The chance that a same pair is nearer than a different one: 1 is perfect, 0.5 is guessing.",
    "Spearman": "How well the order of the distances agrees with that of the scores: 1 fully, 0 not at all, -1 the "
    "wrong way round.",
    "Pearson": "How near distances and scores lie to a straight line: 1 on it, 0 not at all, -1 the wrong way round.",
    "DET": "Detection error trade-off: FNMR over FMR for all thresholds.",
    "ROC": "Receiver operating characteristic: the share of same pairs accepted over FMR, for all thresholds.",
    "interval": "Between its ends a figure lies in so many of the cases in which the identities are drawn anew.",
    "Brier score": "The mean squared difference between the probability and what was true (1 same, 0 different): 0 is "
    "perfect, 0.25 is always saying one half.",
    "log loss": "Punishes a probability that was sure and wrong: 0 is perfect, 0.69 is always saying one half.",
    "calibration error (ECE)": "Expected calibration error: how far probabilities are off, on average.",
    "identity": "What makes two items the same: a person, a product, a writer.",
    "distance": "How little alike two items are: 0 is alike.",
}


def write_report(content: ReportContent, path: Path | str) -> Path:
    """Write the report to `path`, whole or not at all. Raises StorageError where it cannot be written."""
    path = Path(path)
    with whole_file(path) as partial:
        # Names of files may be no UTF-8.
        partial.write_text(report_html(content), encoding="utf-8", errors="backslashreplace")
    return path


def report_html(content: ReportContent) -> str:
    """The page as text. Whatever comes from the user is escaped; no script but the page's own may run in it."""
    environment = Environment(
        loader=PackageLoader("alikely.report", "page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["unbroken"] = _unbroken
    style, script = _asset("style.css"), _asset("script.js")
    return environment.get_template("report.html").render(
        content=content,
        charts=charts,
        sides=sides,
        files=content.kind in OFTEN_FILES,
        parts=_parts(content),
        data=_for_script(content),
        glossary=GLOSSARY,
        percent=percent,
        version=version("alikely"),
        style=style,
        script=script,
        style_hash=_hash(style),
        script_hash=_hash(script),
    )


def _unbroken(text: str) -> str:
    """No line ends between a number and its per cent."""
    return text.replace(" %", "\N{NO-BREAK SPACE}%")


def _parts(content: ReportContent) -> list[tuple[str, str]]:
    """The parts that there are: where they stand in the page, and their names."""
    parts = (
        ("threshold", "Threshold", content.distances),
        ("trade-off", "Error curves", content.curve),
        ("probability", "Probability", content.probability),
        ("worst", "Hardest pairs", content.worst),
        ("errors", "Errors by group", content.errors or None),
        ("map", "Map", content.map),
        ("learning", "Learning", content.learning),
        ("checks", "Data checks", content.findings),
        ("settings", "Settings", content.settings or None),
    )
    return [*((place, name) for place, name, part in parts if part is not None), ("words", "Words")]


def _for_script(content: ReportContent) -> dict[str, Any]:
    view, curve, plane = content.distances, content.curve, content.map
    return {
        "threshold": None if view is None or curve is None else charts.moving(view, curve),
        "map": None
        if plane is None
        else {
            "names": plane.names,
            "labels": plane.labels,
            "sprite": plane.sprite,
            "cards": [sides.card(item) for item in plane.shown],
            "columns": plane.columns,
            "side": plane.side,
        },
    }


def _asset(name: str) -> str:
    return (files("alikely.report") / "page" / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    """As a content security policy names what may run."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode('ascii')}"
