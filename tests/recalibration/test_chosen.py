import math

import numpy as np
import pytest

from alikely.recalibration import chosen
from alikely.recalibration.chosen import chosen_items


def test_few_items_are_all_taken():
    kept, said = chosen_items(np.array(["b", "a", "b"]))

    assert kept.tolist() == [0, 1, 2]
    assert said is None


@pytest.mark.parametrize(
    ("sizes", "identities"),
    [
        ([3] * 300, 66),  # 200 items make 19,900 pairs
        ([1000, 3, 3], 3),  # of the large one, 10 items only
        ([50] * 40, 20),  # 400 items with 10 of each: 20 identities have 200
    ],
)
def test_of_many_a_sample_of_identities_is_taken(monkeypatch, sizes, identities):
    monkeypatch.setattr(chosen, "MOST_PAIRS", 20_000)
    monkeypatch.setattr(chosen, "MOST_EACH", 10)
    labels = np.random.default_rng(0).permutation(np.repeat(np.arange(len(sizes)), sizes))

    kept, said = chosen_items(labels, seed=1)

    found, counts = np.unique(labels[kept], return_counts=True)
    assert len(found) == identities
    assert counts.tolist() == [min(sizes[label], 10) for label in found]
    assert math.comb(len(kept), 2) <= 20_000
    assert kept.tolist() == sorted(set(kept.tolist()))
    assert f"{len(kept):,} of {len(labels):,} items, {identities} of {len(sizes)} identities" in said
    assert "(seed 1)" in said
    assert chosen_items(labels, seed=1)[0].tolist() == kept.tolist()
    assert chosen_items(labels, seed=2)[0].tolist() != kept.tolist()
