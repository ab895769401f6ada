"""A folder that Alikely wrote -> what it is and what it was made of: a gallery, a detector, a recommender, answers ...

A model says so much of itself that it is described by `storage.describe`.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args

from alikely.errors import InputError
from alikely.gallery import Gallery
from alikely.gallery.fields_there import fields_there
from alikely.item_words import lines_of
from alikely.labelling import labels_in
from alikely.labelling.answers import FILE as PAIRS_FILE
from alikely.server.finding import findings_in
from alikely.server.finding_labels import holds_labels
from alikely.server.state import State
from alikely.storage import DESCRIPTION
from alikely.stores.local import ABOUT
from alikely.tasks.anomaly import load_detector
from alikely.tasks.anomaly.storage import FORMAT as DETECTOR
from alikely.tasks.recommend.storage import FORMAT as RECOMMENDER
from alikely.tasks.recommend.storage import load_recommender
from alikely.tasks.sentences.questions import QUESTION

What: TypeAlias = Literal["model", "gallery", "answers", "detector", "recommender", "service"]

SAID: dict[What, str] = {
    "model": "a model",
    "gallery": "a gallery: who is enrolled, to be verified, identified and searched",
    "answers": "questions with known answers, to be asked otherwise",
    "detector": "a detector of anomalies",
    "recommender": "a recommender",
    "service": "what outlives a service: what people said on its pages",
}
NAMED = 10  # folders that are named where the one asked for holds others
# The file that tells what a folder is; answers are a gallery of questions.
MARKS: dict[str, What] = {
    DESCRIPTION: "model",
    DETECTOR.description: "detector",
    RECOMMENDER.description: "recommender",
    ABOUT: "gallery",
}


Told: TypeAlias = tuple[list[tuple[str, str]], dict[str, Any]]  # rows for people, and for JSON


@dataclass(frozen=True)
class Inspected:
    """What a folder is, in rows for people (name, value), and for JSON."""

    what: What
    rows: list[tuple[str, str]]
    described: Mapping[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {"what": self.what, **self.described}


def what_is(folder: Path | str) -> What:
    """What Alikely wrote into this folder. Raises InputError where that is nothing to show, with what lies below it."""
    path = Path(folder)
    found = _mark(path)
    if found is not None:
        return found
    names = ", ".join(get_args(What))
    if not path.is_dir():
        why = "is a file" if path.exists() else "no such folder"
        raise InputError(f"{path}: {why}; name the folder of one of these: {names}")
    below = [f"{one} ({what})" for one in sorted(path.iterdir()) if (what := _mark(one)) is not None]
    if below:
        more = f" and {len(below) - NAMED:,} more" if len(below) > NAMED else ""
        raise InputError(f"{path}: is no one thing, but holds some; name one: {', '.join(below[:NAMED])}{more}")
    if holds_labels(path):
        raise InputError(
            f"{path}: holds labels of findings, as `alikely anomaly labels` writes them: data to learn from; see "
            "labels.csv in it"
        )
    raise InputError(f"{path}: is none of these: {names}; name the folder of one. Data? Try: alikely check {path}")


def inspect(folder: Path | str, own_code: bool = False) -> Inspected:
    """What a folder is that is no model. Raises InputError where it is none of ours, and whatever opening it raises."""
    path, what = Path(folder), what_is(folder)
    if what == "model":
        raise InputError(f"{path}: is a model; load_model and alikely.storage.describe tell what it is")
    if what == "gallery" and _asked(path, own_code):
        what = "answers"
    ways = {
        "detector": _detector,
        "recommender": _recommender,
        "gallery": _gallery,
        "answers": _answers,
        "service": _service,
    }
    rows, described = ways[what](path, own_code)
    return Inspected(what, [("what it is", SAID[what]), *rows], described)


def _mark(folder: Path) -> What | None:
    for name, what in MARKS.items():
        if (folder / name).is_file():
            return what
    return "service" if State(folder).lock.is_file() else None


def _asked(folder: Path, own_code: bool) -> bool:
    """Whether a gallery is one of questions with their answers."""
    with Gallery.open(folder, own_code=own_code) as gallery:
        piece = next(gallery.templates(), None)
        return gallery.inside.model.preparation.kind == "text" and piece is not None and QUESTION in piece.fields[0]


def _detector(folder: Path, own_code: bool) -> Told:
    detector = load_detector(folder, own_code=own_code)
    notes = [("note", detector.note)] if detector.note else []
    left_out = [("items left out", f"{len(detector.skipped):,}")] if detector.skipped else []
    return [*detector.rows(), *left_out, *notes], detector.to_dict()


def _recommender(folder: Path, own_code: bool) -> Told:  # noqa: ARG001
    made = load_recommender(folder)
    # As it is now: items may have come after it was made.
    counts = {"items": len(made.catalogue), "people": len(made.histories)}
    rows = [(name, f"{count:,}") for name, count in counts.items()]
    rows += [row for row in made.rows() if row[0] not in counts]
    if made.skipped:
        rows.append(("items left out", f"{len(made.skipped):,}"))
    return rows, {**made.record, **counts, "skipped": len(made.skipped)}


def _gallery(folder: Path, own_code: bool, templates: str = "templates", identities: str = "identities") -> Told:
    with Gallery.open(folder, own_code=own_code) as gallery:
        return _of_gallery(gallery, templates, identities)


def _answers(folder: Path, own_code: bool) -> Told:
    return _gallery(folder, own_code, "questions", "answers")


def _of_gallery(gallery: Gallery, templates: str, identities: str) -> Told:
    model, about = gallery.inside.model, gallery.inside.store.about
    fields = {one["name"]: one["kind"] for one in fields_there(gallery.templates())["fields"]}
    described = {
        "items": model.preparation.kind,
        templates: len(gallery),
        identities: len(gallery.identities()),
        "fields": fields,
        "joining": about["joining"],
        "distance": about["distance"],
        "model": about["model"],
        "model_folder": about["model_folder"],
        "calibrated": model.calibration is not None,
    }
    rows = [
        ("items", "; ".join(lines_of(model.preparation))),
        (templates, f"{described[templates]:,}"),
        (identities, f"{described[identities]:,}"),
        *([("fields", ", ".join(f"{name} ({kind})" for name, kind in fields.items()))] if fields else []),
        ("several of one are joined by", about["joining"]["rule"]),
        ("model", f"{about['model_folder'] or 'given by hand'} ({about['model'][:12]})"),
        ("calibration", "there is one" if described["calibrated"] else "none: distances, but no verdicts"),
    ]
    return rows, described


def _service(folder: Path, own_code: bool) -> Told:  # noqa: ARG001
    lies = State(folder)
    pairs = len(labels_in(lies.labels).judged) if (lies.labels / PAIRS_FILE).is_file() else 0
    findings = Counter(finding.verdict for finding in findings_in(lies.anomalies)[0].values())
    rows = [
        ("pairs that were judged", f"{pairs:,} (write them: alikely labels {folder})"),
        *((f"findings, {verdict}", f"{count:,}") for verdict, count in sorted(findings.items())),
    ]
    if findings:
        rows.append(("", f"write those that were judged: alikely anomaly labels {folder}"))
    return rows, {"pairs": pairs, "findings": dict(findings)}
