"""The ORL benchmark: its splits, the PCA + LDA floor where the answer is known, and that it runs."""

import numpy as np
import pytest

import alikely
from alikely.distances import Cosine
from benchmarks import orl, orl_choice
from tests.benchmarks.quick import quick_run


def lit_people(people, each=6):
    """Each person is a pattern; each picture of it has another light from the side, much stronger than the patterns."""
    rng = np.random.default_rng(0)
    width, height = orl.FLOOR_SIZE
    side = np.linspace(-1, 1, width)[None, :]
    items = []
    for _ in range(people):
        pattern = np.kron(rng.normal(0, 4, (8, 2)), np.ones((height // 8, width // 2)))
        for _ in range(each):
            picture = 128 + pattern + 100 * rng.uniform(-1, 1) * side + rng.normal(0, 2, pattern.shape)
            items.append(picture.clip(0, 255).astype(np.uint8))
    return alikely.examples_from(items, labels=np.repeat([f"p{i:02d}" for i in range(people)], each))


def test_pca_lda_learns_from_some_people_which_light_to_overlook_in_others():
    learned, judged = orl.parted(lit_people(26), 10, seed=0)
    by_pixels = orl.verified(orl.pixels(judged.items), judged, Cosine())
    by_lda = orl.by_pca_lda(learned, judged, [20])[0]
    assert by_pixels.eer > 0.3
    assert by_lda.eer < 0.01


def test_components_are_chosen_by_people_held_back(monkeypatch):
    # With one component only the light is seen, which tells nobody from another.
    monkeypatch.setattr(orl, "COMPONENTS", (1, 20))
    assert orl.best_components(lit_people(26)) == 20


def test_a_seed_parts_people_not_pictures():
    examples = lit_people(12, each=3)
    learned, judged = orl.parted(examples, 4, seed=1)
    again, other = orl.parted(examples, 4, seed=1)[1], orl.parted(examples, 4, seed=2)[1]
    assert len(judged) == 4 * 3
    assert set(learned.labels) | set(judged.labels) == set(examples.labels)
    assert not set(learned.labels) & set(judged.labels)
    assert set(judged.labels) == set(again.labels) != set(other.labels)


@pytest.mark.slow
@pytest.mark.data
@pytest.mark.parametrize("benchmark", [orl, orl_choice])
def test_it_runs(benchmark, real_data, tmp_path, monkeypatch):
    result = quick_run(benchmark, real_data, tmp_path, monkeypatch)
    for who in (result["metrics"], *result["floors"].values()):
        assert 0 < who["eer"] < 0.5
    if benchmark is orl:
        assert 0.05 < result["floors"]["PCA + LDA"]["eer"] < 0.12
