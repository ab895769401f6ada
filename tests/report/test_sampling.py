"""A report of very many items stays small and says that it shows a sample."""

import numpy as np

from alikely.evaluation import judge
from alikely.metrics import ErrorRates, PairDistances
from alikely.report import report_html, report_of_model
from alikely.report.sampling import MOST_ITEMS, some_items
from alikely.types import Examples
from tests.models import small_model

ITEMS = 100_000
MOST_BYTES = 10_000_000


def test_a_report_of_100_000_items_stays_under_10_mb_and_says_that_it_sampled():
    draw = np.random.default_rng(0)
    model = small_model()
    labels = np.repeat(np.arange(ITEMS // 10), 10)
    embeddings = draw.normal(size=(ITEMS // 10, model.dim)).repeat(10, axis=0) + draw.normal(size=(ITEMS, model.dim))
    # Noise is what a JPEG holds least of: no real pictures of this size take more.
    pictures = draw.integers(0, 256, (200, 128, 128, 3), dtype=np.uint8)
    examples = Examples(
        tuple(pictures[place % 200] for place in range(ITEMS)),
        tuple(f"a/rather/long/folder/for/a/picture/{place:06}.jpg" for place in range(ITEMS)),
        labels,
    )
    same = np.repeat(labels[::10], 5)
    other = draw.integers(0, ITEMS // 10 - 1, (200_000, 2))
    pairs = PairDistances(
        draw.gamma(4, 0.1, len(same)),
        draw.gamma(12, 0.1, len(other)),
        np.stack([same, same], axis=1),
        np.stack([other[:, 0], other[:, 0] + 1], axis=1),
        identities=ITEMS // 10,
        items=ITEMS,
    )
    rates = ErrorRates.from_pairs(pairs, threshold=0.5, most_pairs=20_000)
    report = judge(model.with_calibration(model.calibration), pairs)
    content = report_of_model("many", model, examples, embeddings.astype(np.float32), rates, report)
    page = report_html(content)

    assert len(page.encode()) < MOST_BYTES
    assert "a sample of 3,000 of the 100,000 items" in page
    assert "Shown is a sample of 500 of the 100,000 items" in page
    assert "the heights are those of a sample" in page


def test_few_items_are_all_looked_at_and_many_always_the_same():
    assert some_items(MOST_ITEMS).tolist() == list(range(MOST_ITEMS))
    assert len(some_items(MOST_ITEMS + 1)) == MOST_ITEMS
    assert len(set(some_items(100_000).tolist())) == MOST_ITEMS
    assert (some_items(100_000) == some_items(100_000)).all()
