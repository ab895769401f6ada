import numpy as np
import pytest

from alikely.data.checks.findings import Finding
from alikely.evaluation import judge
from alikely.model import distances_of_examples
from alikely.report import EpochPoint, Learning, report_html, report_of_model, report_unmeasured
from alikely.types import Examples, Pairs
from tests.models import small_model

IDENTITIES, ITEMS = 12, 4


def examples(label="person {}"):
    draw = np.random.default_rng(0)
    faces = draw.integers(0, 256, (IDENTITIES, 16, 16))
    items = [
        np.clip(face + draw.integers(-30, 30, (16, 16)), 0, 255).astype(np.uint8)
        for face in faces
        for _ in range(ITEMS)
    ]
    labels = np.array([label.format(number) for number in range(IDENTITIES) for _ in range(ITEMS)])
    return Examples(tuple(items), tuple(f"{place}.png" for place in range(len(items))), labels)


LEARNING = Learning((EpochPoint(1, 0.9, 0.4), EpochPoint(2, 0.5, 0.2)), best=2, ended="all epochs", alarms=("slow",))


@pytest.fixture(scope="module")
def whole():
    model, given = small_model(), examples()
    embeddings = model.embed(given.items)
    pairs = distances_of_examples(embeddings, given, model.distance)
    finding = Finding(
        "identical", "two alike", "warning", pairs=(("0.png", "5.png"),), pictures=((given.items[0], given.items[5]),)
    )
    report = judge(model, pairs)
    return report_of_model("faces", model, given, embeddings, pairs, report, learning=LEARNING, findings=[finding])


def test_every_part_of_the_report_is_in_the_page(whole):
    page = report_html(whole)

    for part in ("threshold", "trade-off", "worst", "map", "learning", "checks", "settings", "words"):
        assert f'<section id="{part}">' in page
        assert f'href="#{part}"' in page
