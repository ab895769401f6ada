"""Small detectors, items that they call anomalous, and questions to a service of them: for the tests of findings."""

from pathlib import Path

import numpy as np

from alikely.server import Folders
from alikely.tasks.anomaly import Answer, DetectorSettings, Reason, fit_detector, save_detector
from tests.server.uses import png
from tests.tasks.anomaly.normal import anomaly_of, normal_of

ROW = {"amount": 5000.0, "hours": -9.0, "town": "Bern"}
NORMAL = normal_of("row", seed=7, count=1).items[0]


def make_detectors(root: Path, *kinds: str) -> Folders:
    """A detector for each of these kinds, called rows, pictures, ...; pictures are judged patch by patch."""
    for kind in kinds:
        further = {"preparation": {"size": 32}} if kind == "picture" else {}
        made = DetectorSettings(rate=0.1, confidence=0.0, **further)
        save_detector(fit_detector(normal_of(kind, count=60), made), root / f"{kind}s")
    return Folders(detectors=tuple(root / f"{kind}s" for kind in kinds))


def odd_picture(place: int = 10) -> bytes:
    pixels = np.asarray(anomaly_of("picture")).copy()
    pixels[place] = 0
    return png(pixels)


def score(client, **said):
    answer = client.post("/v1/anomaly/score", json=said)
    assert answer.status_code == 200, answer.text
    return answer.json()


def score_picture(client, content: bytes):
    return client.post("/v1/anomaly/score", files={"items": content}, data={"detector": "pictures"}).json()


def judge(client, **verdicts):
    """Accept and dismiss findings by their numbers: `judge(client, accepted=(1, 2), dismissed=(3,))`."""
    for verdict, found in verdicts.items():
        for number in found:
            assert client.post(f"/v1/findings/{number}/judge", json={"verdict": verdict}).status_code == 200


def answer(deviation: float = 5.0, anomalous: bool = True, reasons: int = 1) -> Answer:
    why = tuple(Reason(f"column {n}", 0.5, "9", "1") for n in range(reasons))
    return Answer("row 1", anomalous, 0.01, deviation, 3.0, deviation, None, why)


def numbers(found) -> list[int]:
    return [one.number for one in found]
