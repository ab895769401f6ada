"""What detectors call anomalous -> a list that people go through: each accepted, dismissed, or still open; kept.

It is a file of JSON lines to which is only added: a line for each finding, one for each time that somebody judged it.
Findings have numbers that only grow, so that a clock that jumps does not change their order. Of each state the newest
10,000 stay; older ones are dropped, with their pictures.
"""

import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from alikely.data.rows.cells import as_names, text_of
from alikely.errors import InputError
from alikely.gallery.content import content_of
from alikely.server.finding import VERDICTS, Finding, Shown, Verdict, findings_in, picture_of, with_verdict
from alikely.server.lines import append_lines, rewrite_lines
from alikely.server.pictures import keep_copy, remove_copy
from alikely.server.problems import RefusedError
from alikely.server.thumbnails import SIDE, as_webp, small_copy
from alikely.tasks.anomaly import Answer, Detector
from alikely.tasks.anomaly.heat_maps import map_of
from alikely.types import Item

MOST = 10_000  # findings of each verdict that stay
MOST_REASONS = 10  # of a finding
LONGEST_NAME = 200
LARGEST_ITEM = 10_000  # characters of a text or row that is kept, as JSON
LARGEST_NUMBERS = 50_000  # the same of a sequence or embedding


class Findings:
    """All findings, in memory and in a file; small pictures in a folder where `keeps` says so.

    May be used from many threads. Raises StorageError where the file cannot be read or written: what was answered is on
    the disk.
    """

    def __init__(self, path: Path, folder: Path, keeps: bool) -> None:
        self.path, self.folder, self.keeps = path, folder, keeps
        self._lock = threading.RLock()
        self._all, self._lines = findings_in(path)
        self._known = {(one.detector, one.content) for one in self._all.values()}
        self._drop_old()

    def add(
        self,
        name: str,
        detector: Detector,
        items: Sequence[Item],
        answers: Sequence[Answer],
        rate: float | None = None,
        names: Mapping[str, str] | None = None,
    ) -> list[Finding]:
        """Note what is anomalous among the answers of the detector of this name, given at this false-alarm rate.

        `names`: what a client calls items, by the names in the answers; only shown, never taken for a path.
        What the same detector found before, by its content, is not noted again.
        """
        found = [
            (item, answer, content_of(item)) for item, answer in zip(items, answers, strict=True) if answer.anomalous
        ]
        with self._lock:
            new: dict[str, tuple[Item, Answer]] = {
                content: (item, answer) for item, answer, content in found if (name, content) not in self._known
            }
            first = max(self._all, default=0) + 1
            noted = []
            for number, (content, (item, answer)) in enumerate(new.items(), start=first):
                finding = Finding(
                    number=number,
                    time=_now(),
                    detector=name,
                    kind=detector.kind,
                    # A text is called by what it says.
                    name="" if detector.kind == "text" else _called((names or {}).get(answer.name, "")) or answer.name,
                    content=content,
                    deviation=answer.deviation,
                    threshold=answer.threshold,
                    p_value=answer.p_value,
                    rate=detector.rate if rate is None else rate,
                    confidence=detector.confidence,
                    reasons=tuple(reason.to_dict() for reason in answer.reasons[:MOST_REASONS]),
                    item=_shown(item) if self.keeps else None,
                )
                noted.append(self._with_pictures(finding, detector, item, answer) if self.keeps else finding)
            self._append([finding.to_dict() for finding in noted])
            for finding in noted:
                self._take(finding)
            self._drop_old()
        return noted

    def judge(self, number: int, verdict: Verdict, who: str) -> Finding:
        """Accept a finding (it is an anomaly), dismiss it (it is normal), or open it again. RefusedError: 404."""
        with self._lock:
            finding = self.one(number)
            line = {"of": number, "verdict": verdict, "who": who if verdict != "open" else "", "judged": _now()}
            line |= {} if verdict != "open" else {"judged": ""}
            self._append([line])
            judged = with_verdict(finding, line)
            self._take(judged)
            self._drop_old()
            return judged

    def one(self, number: int) -> Finding:
        """The finding of this number. Raises RefusedError (404) where there is none (any more)."""
        with self._lock:
            if number not in self._all:
                raise RefusedError(404, "no_finding", f"there is no finding {number}; old ones are dropped in time")
            return self._all[number]

    def newest(
        self,
        verdict: Verdict | None = None,
        detector: str | None = None,
        before: int | None = None,
        count: int | None = None,
    ) -> list[Finding]:
        """Findings, the newest first: those with this verdict, of this detector, with a number below `before`."""
        with self._lock:
            chosen = [
                finding
                for number, finding in sorted(self._all.items(), reverse=True)
                if (before is None or number < before)
                and verdict in (None, finding.verdict)
                and detector in (None, finding.detector)
            ]
        return chosen[:count]

    def counts(self, detector: str | None = None) -> dict[str, int]:
        """How many there are with each verdict."""
        with self._lock:
            verdicts = [one.verdict for one in self._all.values() if detector in (None, one.detector)]
        return {verdict: verdicts.count(verdict) for verdict in VERDICTS}

    def picture(self, number: int, of_map: bool = False) -> bytes:
        """The small copy of its picture, or of its heat map, as WebP. Raises RefusedError (404) where none is kept."""
        finding = self.one(number)
        try:
            return picture_of(self.folder, finding.number, of_map).read_bytes()
        except OSError:
            raise RefusedError(404, "no_picture", f"no picture of finding {number} is kept") from None

    def _with_pictures(self, finding: Finding, detector: Detector, item: Item, answer: Answer) -> Finding:
        if detector.kind != "picture":
            return finding
        try:
            copy = small_copy(item)
        except InputError:  # a path that is not there any more
            return finding
        keep_copy(picture_of(self.folder, finding.number, False), copy)
        drawn = map_of(detector, item, answer, SIDE)
        if drawn is not None:
            keep_copy(picture_of(self.folder, finding.number, True), as_webp(drawn))
        return replace(finding, pictured=True, mapped=drawn is not None)

    def _take(self, finding: Finding) -> None:
        self._all[finding.number] = finding
        self._known.add((finding.detector, finding.content))

    def _append(self, lines: Sequence[dict[str, Any]]) -> None:
        append_lines(self.path, lines)
        self._lines += len(lines)

    def _drop_old(self) -> None:
        """Of each verdict the newest stay; the file is written anew where most of its lines say nothing any more."""
        if len(self._all) > MOST and (old := [one.number for said in VERDICTS for one in self.newest(said)[MOST:]]):
            self._append([{"dropped": old}])
            self._forget(old)
        if self._lines > 2 * len(self._all) + MOST // 10:
            rewrite_lines(self.path, [self._all[number].to_dict() for number in sorted(self._all)])
            self._lines = len(self._all)

    def _forget(self, numbers: Sequence[int]) -> None:
        for number in numbers:
            finding = self._all.pop(number, None)
            if finding is not None:
                self._known.discard((finding.detector, finding.content))
            for of_map in (False, True):
                remove_copy(picture_of(self.folder, number, of_map))


def _shown(item: Item) -> Shown | None:
    """What is kept of an item that is no picture: as JSON can hold it, unless it is very long."""
    if isinstance(item, Mapping):
        # As a CSV file would hold them, so that it is the same row when it is read again.
        shown: Shown = {name: text_of(cell) for name, cell in as_names(item).items()}
    elif isinstance(item, np.ndarray):
        shown = item.astype(np.float64).tolist()
    elif isinstance(item, str):
        shown = item
    else:
        return None
    largest = LARGEST_NUMBERS if isinstance(shown, list) else LARGEST_ITEM
    return shown if len(json.dumps(shown)) <= largest else None


def _called(name: str) -> str:
    """A client's name for an item, in signs that can be seen, at most so many of them."""
    return "".join(sign for sign in name if sign.isprintable())[:LONGEST_NAME].strip()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
