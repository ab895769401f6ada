"""/v1/anomaly: items -> how rare each is among normal ones, whether that is an anomaly, and why; with maps of it."""

import base64
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request
from PIL import Image
from pydantic import BaseModel, Field

from alikely.errors import BadItemsError, SettingsError
from alikely.server.access import Caller, MayRead
from alikely.server.answering import answers
from alikely.server.held import Served, TheServed
from alikely.server.several import items_from, unreadable
from alikely.server.threads import GoOn, while_wanted
from alikely.server.uploads import Asked, ItemSaid, body_of, read_asked
from alikely.tasks.anomaly import Answer, Detector
from alikely.tasks.anomaly.heat_maps import has_maps, map_of
from alikely.types import Kind

router = APIRouter(prefix="/v1/anomaly", tags=["anomaly"])

LONGEST = 512  # pixels of a side of a map


# Examples for the description.
SCORED = {
    "item": "row 1",
    "anomalous": True,
    "p_value": 0.0099,
    "deviation": 98.5,
    "threshold": 1.7,
    "distance": 98.5,
    "nearest": "row 7",
    "reasons": [{"where": "amount", "share": 1.0, "found": "912.5", "normal": "26"}],
}
DETECTOR = {
    "name": "payments",
    "items": "row",
    "maps": False,
    "rate": 0.01,
    "confidence": 0.95,
    "threshold": 1.7,
    "columns": {"amount": "number", "country": "category"},
    "columns_left_out": {},
}


class ScoreAsked(Asked):
    """Items to judge, by the detector of this name (without it: the only one), at this false-alarm rate (its own).

    `maps`: also a picture of each picture, with what deviates coloured. `skip_bad`: go on past items that cannot be
    read. `names`: what each item is called in the list of findings; without them, the names of the files of a form.
    """

    items: list[ItemSaid]
    detector: str | None = None
    rate: float | None = None
    maps: bool = False
    skip_bad: bool = False
    names: list[str] | None = None


class ReasonTold(BaseModel):
    """A part that makes an item deviate."""

    where: str
    share: float
    found: str
    normal: str


class ScoreTold(BaseModel):
    """What is said of one item."""

    item: str
    anomalous: bool
    p_value: float
    deviation: float
    threshold: float
    distance: float
    nearest: str | None
    reasons: list[ReasonTold]
    map: str | None = Field(default=None, description="where maps were asked for: a PNG as a data URL")


class SkippedTold(BaseModel):
    """An item that could not be read, and why."""

    item: str
    problem: str


class ScoresTold(BaseModel):
    """What is said of each item, how many are anomalous, and what was left out."""

    items: list[ScoreTold]
    anomalies: int
    skipped: list[SkippedTold]


class DetectorTold(BaseModel):
    """What a detector looks at; the rest says what it was made of."""

    name: str
    items: Kind = Field(description="what the items are")
    maps: bool = Field(description="whether it says of pictures where they deviate")
    rate: float
    confidence: float
    threshold: float
    columns: dict[str, str]
    columns_left_out: dict[str, str]


class Detectors(BaseModel):
    """The detectors that are served."""

    detectors: list[DetectorTold]


@router.get("", responses=answers(Detectors, {"detectors": [DETECTOR]}), response_model=None)
async def detectors(served: TheServed, caller: MayRead) -> dict[str, Any]:  # noqa: ARG001
    """The detectors that are served, and what each looks at."""
    return {"detectors": [_about(name, detector) for name, detector in served.detectors.items()]}


@router.post(
    "/score",
    responses=answers(ScoresTold, {"items": [SCORED], "anomalies": 1, "skipped": []}),
    response_model=None,
    openapi_extra=body_of(
        ScoreAsked, {"a row": {"items": [{"amount": 912.5, "country": "CH"}], "rate": 0.05}}, ("items",)
    ),
)
async def score(request: Request, served: TheServed, caller: MayRead) -> dict[str, Any]:
    """How rare each item is among normal ones, whether that is an anomaly, and why."""
    asked = await read_asked(request, ScoreAsked)
    detector = served.detector(asked.detector)
    return await while_wanted(request, lambda go_on: _score(detector, asked, served, caller, go_on))


def _about(name: str, detector: Detector) -> dict[str, Any]:
    told = detector.to_dict()
    # They may be names of files, and are of no use to who asks.
    del told["skipped"]
    return {"name": name, "maps": has_maps(detector), **told}


def _score(detector: Detector, asked: ScoreAsked, served: Served, caller: Caller, go_on: GoOn) -> dict[str, Any]:
    if asked.maps and not has_maps(detector):
        raise SettingsError(
            f"maps are of pictures that are judged patch by patch, and this detector compares {detector.kind}s as a "
            "whole; leave maps out"
        )
    if asked.names is not None and len(asked.names) != len(asked.items):
        raise SettingsError(f"names are {len(asked.names)} for {len(asked.items)} items; give one for each, or none")
    examples, places, problems = items_from(asked.items, detector.kind, served.settings)
    if examples is None:
        raise unreadable(problems)
    try:
        judged = detector.judge_source(examples, asked.rate, skip_bad=True, progress=go_on)
    except BadItemsError as error:
        raise unreadable((*problems, *error.problems)) from error
    skipped = (*problems, *judged.skipped)
    if skipped and not asked.skip_bad:
        raise unreadable(skipped)
    name = _name_of(detector, served.detectors)
    for answer in judged.answers:
        served.meter.verdict("score", "anomalous" if answer.anomalous else "normal", answer.deviation)
        told = {"detector": name, "anomalous": answer.anomalous, "p_value": answer.p_value}
        served.audit.add(caller.name, "score", told)
    called = {} if asked.names is None else {examples.names[row]: asked.names[at] for row, at in enumerate(places)}
    served.findings.add(name, detector, judged.items, judged.answers, asked.rate, called)
    items = [_told(detector, answer) for answer in judged.answers]
    if asked.maps:
        for told, item, answer in zip(items, judged.items, judged.answers, strict=True):
            told["map"] = _as_url(map_of(detector, item, answer, LONGEST))
    return {
        "items": items,
        "anomalies": sum(answer.anomalous for answer in judged.answers),
        "skipped": [{"item": item, "problem": problem} for item, problem in skipped],
    }


def _told(detector: Detector, answer: Answer) -> dict[str, Any]:
    told = answer.to_dict()
    if detector.kind in ("picture", "sequence") and answer.nearest is not None:
        # Where on this machine a file lies is nobody's business.
        told["nearest"] = Path(answer.nearest).name
    return told


def _name_of(detector: Detector, detectors: Mapping[str, Detector]) -> str:
    return next(name for name, one in detectors.items() if one is detector)


def _as_url(picture: Image.Image | None) -> str | None:
    if picture is None:
        return None
    content = BytesIO()
    picture.save(content, "PNG")
    return f"data:image/png;base64,{base64.b64encode(content.getvalue()).decode()}"
