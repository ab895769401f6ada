"""What gathering finds in a source is kept, told as an alarm where it is a mistake, and written in the record."""

import json

import numpy as np
import pytest

from alikely.config import TrainSettings
from alikely.data.sources import examples_from
from alikely.training.gather import MOST_KEPT, gather
from alikely.training.progress import Silent
from tests.data.checks.faults import CHANGES, of, pattern, patterns
from tests.kinds import examples_of


class Told(Silent):
    """Keeps what it is told."""

    def __init__(self):
        self.notes, self.alarms, self.phases = [], [], []

    def note(self, text):
        self.notes.append(text)

    def alarm(self, text):
        self.alarms.append(text)

    def done(self, phase, count, total):
        self.phases.append((phase, count, total))


@pytest.fixture
def told():
    return Told()


def gathered(items, labels, told, **given):
    return gather(
        examples_from(items, labels, **given), "here", TrainSettings(size=16).resolved("picture"), False, told
    )


def test_nothing_to_tell(told):
    found = gathered(patterns(40), np.arange(40) // 2, told)
    assert found.findings == ()
    assert (told.notes, told.alarms) == ([], [])
    assert ("checking", 40, 40) in told.phases


def test_copies_between_the_parts_of_the_split_are_alarms(told):
    """Each identity has a near-copy of a picture of the next one: wherever it is split, some lie in two parts."""
    copies = [np.asarray(CHANGES["half"](pattern(i))) for i in range(0, 40, 2)]
    labels = [*(i // 2 for i in range(40)), *((i + 1) % 20 for i in range(20))]
    found = gathered([*patterns(40), *copies], labels, told)
    between, parts = of(found.findings, "near_duplicate")
    assert between.count == 20
    assert "under different parts" in parts.what
    part = {place: name for name, places in found.split.positions.items() for place in places.tolist()}
    apart = {i for i in range(20) if part[2 * i] != part[40 + i]}
    assert 0 < parts.count == len(apart) < 20
    assert set(parts.pairs) == {(f"array {2 * i + 1}", f"array {41 + i}") for i in apart}
    assert len(told.alarms) == 2
    assert all(alarm.startswith("data: ") for alarm in told.alarms)


def test_shortcuts_are_alarms_and_counts_are_notes(told):
    rng = np.random.default_rng(0)
    items = [rng.integers(0, 256, (20, 20 + i // 3), dtype=np.uint8) for i in range(36)]
    found = gathered(items, np.arange(36) // 3, told)
    assert {finding.statistic for finding in of(found.findings, "shortcut")} == {"width", "aspect"}
    assert sorted(alarm.split()[1] for alarm in told.alarms) == ["aspect", "width"]
    assert ["12 identities have 2 items" in note for note in told.notes] == [True]


def test_the_record_is_json_and_names_the_first_of_many(told):
    labels = [*(i // 2 for i in range(40)), *range(100, 100 + MOST_KEPT + 5)]
    record = json.loads(json.dumps(gathered(patterns(len(labels)), labels, told).record()))
    (single,) = record["findings"]
    assert (single["check"], single["count"], len(single["items"])) == ("single", MOST_KEPT + 5, MOST_KEPT)
    assert single["what"].startswith("105 of 125 identities have a single item")


def test_what_the_columns_of_rows_were_taken_for_is_told(told):
    settings = TrainSettings(preparation={"columns": {"paid": "category"}}).resolved("row")
    gather(examples_of("row", identities=12), "here", settings, False, told)
    (schema,) = [note for note in told.notes if note.startswith("rows of 4 columns")]
    assert "\namount: number" in schema
    assert "\npaid: category" in schema
    assert "\nday: date" in schema
