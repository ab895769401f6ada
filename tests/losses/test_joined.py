"""Several losses at once: the weighted sum of what each says, and one training."""

import numpy as np
import pytest
import torch

import alikely
from alikely import TrainSettings
from alikely.distances import Cosine, build_distance
from alikely.errors import SettingsError
from alikely.losses import Joined, batch_loss, build_loss
from alikely.training.progress import Silent
from alikely.types import Known
from tests.pictures import pattern_examples

LABELS = torch.tensor([0, 0, 1, 1, 2])
SETTINGS = {"contrastive": {"weight": 0.5}, "info_nce": {"temperature": 0.2}, "cosface": {"scale": 10, "weight": 3}}
TRAINED = TrainSettings(
    size=16,
    epochs=3,
    encoder_settings={"width": 8, "depth": 2, "dim": 8},
    loss="info_nce+cosface",
    loss_settings={"info_nce": {"temperature": 0.2}, "cosface": {"scale": 16, "margin": 0.1, "weight": 0.5}},
    labels_per_batch=8,
    draw="root",
    precision="fp32",
    test_share=0,
)


def embeddings():
    return torch.randn(5, 4, generator=torch.Generator().manual_seed(1)).requires_grad_()


def value_and_gradient(loss, rows):
    value = batch_loss(loss, Cosine(), rows, Known.from_labels(LABELS))
    return value, torch.autograd.grad(value, rows)[0]


def joined(name="contrastive+info_nce+cosface", settings=SETTINGS, classes=3):
    torch.manual_seed(0)
    return build_loss(name, settings, classes, 4)


def test_value_and_gradient_are_the_weighted_sum():
    loss, rows = joined(), embeddings()
    value, gradient = value_and_gradient(loss, rows)
    parts = [value_and_gradient(part, rows) for _, part in loss.parts]
    # contrastive by a half, info_nce once, cosface three times
    torch.testing.assert_close(value, 0.5 * parts[0][0] + parts[1][0] + 3 * parts[2][0])
    torch.testing.assert_close(gradient, 0.5 * parts[0][1] + parts[1][1] + 3 * parts[2][1])


def test_by_hand():
    # Two equal items of one label and one of another, at a right angle: the distances are 0 and 1.
    rows = torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    loss = build_loss("contrastive+info_nce", {"contrastive": {"margin": 2, "weight": 0.25}}, 0, 2)
    known = Known.from_labels(torch.tensor([0, 0, 1]))
    contrastive = 1.0  # same: 0; different: (2 - 1) ** 2
    info_nce = float(np.log1p(np.exp(-1 / 0.1)))  # both anchors: log(1 + exp(-1 / t) / exp(0))
    assert batch_loss(loss, Cosine(), rows, known).item() == pytest.approx(0.25 * contrastive + info_nce)


def test_weights_are_1_where_they_are_not_given_and_settings_go_to_their_loss():
    loss = joined("info_nce+cosface", {"cosface": {"margin": 0.2}})
    assert [weight for weight, _ in loss.parts] == [1.0, 1.0]
    assert loss.parts[0][1].temperature == 0.1
    assert (loss.parts[1][1].margin, loss.parts[1][1].scale) == (0.2, 64.0)


def test_what_its_losses_learn_is_its_own():
    loss = joined("logistic+proxy_anchor+info_nce", {})
    assert isinstance(loss, Joined)
    assert sorted(loss.state_dict()) == ["learned.logistic.offset", "learned.proxy_anchor.proxies.vectors"]
    value = batch_loss(loss, build_distance("euclidean", 4), embeddings(), Known.from_labels(LABELS))
    value.backward()
    assert all(weight.grad.abs().sum() > 0 for weight in loss.parameters())


def test_pairs_are_enough_where_no_part_needs_labels():
    known = Known.from_pairs(5, torch.tensor([0, 2]), torch.tensor([1, 3]), torch.tensor([True, False]))
    loss = joined("contrastive+triplet", {"triplet": {"mining": "all"}}, classes=0)
    assert batch_loss(loss, Cosine(), embeddings(), known).isfinite()


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("info_nce+hinge", {}, r"no loss 'hinge'; choose one of: contrastive, "),
        ("info_nce+", {}, r"no loss ''; choose one of"),
        ("info_nce + cosface", {}, r"no loss 'info_nce '; choose one of"),
        ("cosface+info_nce+cosface", {}, r"loss cosface\+info_nce\+cosface names a loss twice"),
        ("info_nce+cosface", {"margin": 0.2}, r"under the name of their loss, got margin = 0.2; .* \{ info_nce = \{"),
        ("info_nce+cosface", {"cosface": 0.2}, r"under the name of their loss, got cosface = 0.2"),
        ("info_nce+cosface", {"arcface": {}}, r"under the name of their loss, got arcface = \{\}"),
        ("info_nce+cosface", {"cosface": {"temperature": 1.0}}, r"loss cosface has no setting 'temperature'"),
        ("info_nce+cosface", {"cosface": {"margin": -1.0}}, r"loss cosface: margin must be a number at least 0"),
        ("info_nce+cosface", {"cosface": {"weight": 0}}, r"cosface: weight must be a number above 0, got 0"),
        ("info_nce+cosface", {"cosface": {"weight": "much"}}, r"loss cosface: weight must be a number, got 'much'"),
        ("info_nce", {"weight": 2.0}, r"loss info_nce has no setting 'weight'"),
        ("info_nce", {"temperature": {"is": 1.0}}, r"loss info_nce: temperature must be a number, got \{'is': 1.0\}"),
    ],
)
def test_what_is_refused(name, settings, message):
    with pytest.raises(SettingsError, match=message):
        joined(name, settings)


def test_a_part_with_proxies_needs_labels():
    with pytest.raises(SettingsError, match="loss cosface learns from labels"):
        joined("info_nce+cosface", {}, classes=0)


def test_resuming_ends_with_the_same_weights_bit_for_bit(tmp_path):
    class Impatient(Silent):
        def epoch(self, epoch, epochs):
            raise KeyboardInterrupt

    examples = pattern_examples()
    alikely.train(examples, TRAINED, out=tmp_path / "model", reporter=Impatient())
    resumed = alikely.train(examples, TRAINED, out=tmp_path / "model", resume=True, reporter=Silent())
    straight = alikely.train(examples, TRAINED, reporter=Silent())

    assert len(resumed.history.epochs) == 3
    assert resumed.history.epochs[-1].loss == straight.history.epochs[-1].loss
    left, right = resumed.model.tensors(), straight.model.tensors()
    assert all(torch.equal(left[name], right[name]) for name in left)


def test_the_proxies_are_learned_with_the_encoder():
    # Were they not, cosface would not get below what random directions give.
    first, *_, last = alikely.train(
        pattern_examples(), TRAINED.model_copy(update={"epochs": 10}), reporter=Silent()
    ).history.epochs
    assert last.loss < 0.7 * first.loss
