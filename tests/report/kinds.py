"""Reports of items that are no pictures, for tests: made-up items and embeddings, in order of their identity."""

from dataclasses import replace

import numpy as np

from alikely.calibration import calibrate
from alikely.contracts import Preparation
from alikely.data.checks.findings import Finding
from alikely.data.rows import draft_rows
from alikely.data.sequences import draft_sequences
from alikely.data.sources.names import name_of_text
from alikely.data.texts import draft_texts
from alikely.evaluation import judge
from alikely.model import distances_of_examples
from alikely.report import ReportContent, report_of_model
from alikely.types import Examples, Item, Kind
from tests.models import small_model

IDENTITIES, EACH = 6, 4
COUNT = IDENTITIES * EACH
# A text that wants to be a script, one in another direction, one over several lines, and one that goes on and on.
TEXTS = ("<script>alert(1)</script> & more", "שלום עולם, מה שלומך היום?", "one line\nand another", "on and on " * 90)


def items_of(kind: Kind) -> tuple[Item, ...]:
    draw = np.random.default_rng(0)
    if kind == "text":
        return tuple(f"{TEXTS[place % 4]} {place}" for place in range(COUNT))
    if kind == "row":
        colours = ["red", "<b>blue</b>", None]
        columns = {f"column {number}": 0.5 * number for number in range(20)}
        return tuple({"amount": float(place) / 3, "colour": colours[place % 3], **columns} for place in range(COUNT))
    if kind == "sequence":
        return tuple(np.cumsum(draw.normal(size=(int(draw.integers(8, 300)), 3)), axis=0) for place in range(COUNT))
    return tuple(draw.normal(size=8).astype(np.float32) for _ in range(COUNT))


def preparation_of(kind: Kind, items: tuple[Item, ...]) -> Preparation:
    drafts = {"text": draft_texts, "row": draft_rows, "sequence": draft_sequences}
    # Embeddings are shown by their names alone.
    return drafts[kind](items, {}) if kind in drafts else small_model(calibrated=False).preparation


def report_of(kind: Kind) -> ReportContent:
    """A report with all parts that items can be seen in."""
    items = items_of(kind)
    names = tuple(f"{kind} {place + 1}" for place in range(COUNT))
    if kind == "text":
        names = tuple(name_of_text(str(item), f"row {place + 2}") for place, item in enumerate(items))
    labels = np.array([f"who <i>{number}</i>" for number in range(IDENTITIES) for _ in range(EACH)])
    given = Examples(items, names, labels, kind=kind)
    draw = np.random.default_rng(1)
    bases = np.repeat(draw.normal(size=(IDENTITIES, 8)), EACH, axis=0)
    embeddings = (bases + 0.8 * draw.normal(size=(COUNT, 8))).astype(np.float32)
    model = replace(small_model(calibrated=False), preparation=preparation_of(kind, items))
    pairs = distances_of_examples(embeddings, given, model.distance)
    model = model.with_calibration(calibrate(pairs, model.distance_name, model.fingerprint(), fmr=0.1, confidence=0.0))
    shown = ((items[0], items[5]),)
    finding = Finding("identical", f"two {kind}s alike", "warning", pairs=((names[0], names[5]),), shown=shown)
    return report_of_model(f"some {kind}s", model, given, embeddings, pairs, judge(model, pairs), findings=[finding])
