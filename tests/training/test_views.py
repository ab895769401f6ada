from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from sklearn.datasets import load_digits
from sklearn.neighbors import KNeighborsClassifier

import alikely
from alikely import TrainSettings
from alikely.data.augmentations import build_augmentation
from alikely.data.batches import ViewBatches
from alikely.data.preparations import draft_preparation
from alikely.data.reading import prepare
from alikely.data.splits import Fractions
from alikely.data.unlabelled import split_items, without_useless_labels
from alikely.distances import build_distance
from alikely.errors import CalibrationError, SettingsError, TooFewError
from alikely.losses import LOSSES
from alikely.losses.views import SimSiam
from alikely.metrics import Verification, all_pairs
from alikely.training.progress import Silent
from alikely.training.views import NO_CALIBRATION, WATCHED, two_views
from tests.kinds import examples_of
from tests.pictures import pattern_examples
from tests.training.test_train import FAST, same_weights

VIEWS = [name for name, kind in LOSSES.items() if kind.takes == "views"]
SMALL = FAST.model_copy(update={"loss": "vicreg", "epochs": 2, "items_per_batch": 32})


class Listening(Silent):
    def __init__(self):
        self.notes, self.alarms = [], []

    def note(self, text):
        self.notes.append(text)

    def alarm(self, text):
        self.alarms.append(text)


def unlabelled(identities=24, **further):
    return replace(pattern_examples(identities), labels=None, **further)


@given(count=st.integers(2, 60), size=st.integers(2, 70), epoch=st.integers(1, 4))
def test_each_item_stands_twice_in_one_batch_of_an_epoch(count, size, epoch):
    plan = ViewBatches(count, size, seed=3)
    batches = list(plan.epoch(epoch))
    sizes = [len(batch.items) // 2 for batch in batches]

    assert len(batches) == plan.batches_per_epoch
    assert min(sizes) >= min(size, count)
    assert max(sizes) - min(sizes) <= 1
    assert sorted(np.concatenate([batch.items for batch in batches])) == sorted([*range(count), *range(count)])
    for batch in batches:
        half = len(batch.items) // 2
        assert (batch.items[:half] == batch.items[half:]).all()
        assert batch.labels.tolist() == [*range(half), *range(half)]


@pytest.mark.parametrize(("count", "size"), [(1, 2), (2, 1)])
def test_a_batch_of_views_needs_two_items(count, size):
    with pytest.raises(SettingsError, match="at least 2 items"):
        ViewBatches(count, size, seed=0)


def test_items_without_labels_are_split_by_item_and_group():
    examples = unlabelled(groups=np.repeat(np.arange(48), 3))
    parts = split_items(examples, seed=0, validate_share=0.1)
    again = split_items(examples, seed=0, validate_share=0.1)

    assert {name: len(places) for name, places in parts.positions.items()} == {"train": 132, "validate": 12}
    assert not set(parts.train.groups) & set(parts.validate.groups)
    assert parts.positions["validate"].tolist() == again.positions["validate"].tolist()
    assert parts.describe()["train"] == {"items": 132}
    assert parts.labels() == {"train": [], "validate": []}


@pytest.mark.parametrize(("items", "share"), [(19, 0.1), (3, 0.9), (10, 0.0)])
def test_none_are_watched_where_too_few_would_be_left(items, share):
    parts = split_items(unlabelled().select(np.arange(items)), seed=0, validate_share=share)

    assert len(parts.train) == items
    assert parts.validate is None


def test_labels_that_cannot_measure_are_left_out_and_said():
    examples = pattern_examples(2, each=1)
    without = without_useless_labels(examples, 0, Fractions())

    assert without.labels is None
    assert "single item" in without.notes[-1]
    few = without_useless_labels(pattern_examples(2), 0, Fractions())
    assert few.labels is None
    assert "nothing is measured or calibrated: found 2 identities" in few.notes[-1]
    assert without_useless_labels(pattern_examples(2), 0, Fractions(1.0, 0.0, 0.0, 0.0)).labels is not None
    assert without_useless_labels(pattern_examples(6), 0, Fractions()).labels is not None
    with pytest.raises(TooFewError, match="found 1 item, but learning from views takes at least 2"):
        without_useless_labels(examples.select(np.array([0])), 0, Fractions())


def test_few_labels_do_not_keep_views_from_being_learned_from():
    settings = SMALL.model_copy(update={"epochs": 1, "items_per_batch": 8})
    trained = alikely.train(pattern_examples(2, each=8), settings, reporter=Silent())

    assert trained.report is None
    assert trained.model.calibration is None


def test_two_views_are_of_the_same_items_and_differ():
    items = prepare(unlabelled(), draft_preparation("picture", unlabelled().items, {"size": 16, "colour": "grey"}))[0]
    augmentation = build_augmentation("picture", "light")
    views = two_views(items.select(np.arange(10, 20)), augmentation, seed=1)
    again = two_views(items.select(np.arange(10, 20)), augmentation, seed=1)
    seen = views.take(np.arange(20))

    assert views.examples.labels.tolist() == [*range(10), *range(10)]
    assert views.examples.names[3] == views.examples.names[13] == items.examples.names[13]
    assert torch.equal(seen, again.take(np.arange(20)))
    assert not torch.equal(seen[:10], seen[10:])
    assert 0 <= seen.min() <= seen.max() <= 1


@pytest.mark.parametrize("loss", VIEWS)
def test_learns_without_labels_and_says_that_there_are_no_verdicts(loss, tmp_path):
    listening = Listening()
    settings = SMALL.model_copy(update={"loss": loss})
    model, history, report = alikely.train(unlabelled(), settings, out=tmp_path / "model", reporter=listening)
    again = alikely.load_model(tmp_path / "model")
    card = (tmp_path / "model" / "README.md").read_text()

    assert {WATCHED, NO_CALIBRATION} <= set(listening.notes)
    assert report is None
    assert model.calibration is None
    assert history.epochs[-1].loss < history.epochs[0].loss
    assert history.best == 2  # the EER of views chooses nothing
    assert all(0 <= epoch.eer < 0.5 for epoch in history.epochs)
    assert model.record["training"]["settings"]["augment"] == "strong"
    assert model.record["training"]["settings"]["distance"] == "cosine"
    assert not any(name.startswith("loss") for name in model.tensors())  # the projector is gone
    assert same_weights(model, again)
    assert "| learning | not known | 130 |" in card
    with pytest.raises(CalibrationError, match="no calibration"):
        again.compare(*unlabelled().items[:2])


@pytest.mark.parametrize("kind", ["row", "sequence", "text"])
def test_items_that_are_no_pictures_have_views_too(kind, tmp_path):
    examples = replace(examples_of(kind, 16), labels=None)
    settings = TrainSettings(loss="info_nce_views", epochs=3, items_per_batch=32, precision="fp32")
    model, history, _ = alikely.train(examples, settings, out=tmp_path / "model", reporter=Silent())
    embeddings = model.embed(examples.items)

    assert history.epochs[-1].loss < history.epochs[0].loss
    assert min(epoch.eer for epoch in history.epochs) < 0.49
    assert embeddings.std(axis=0).max() > 0.01
    np.testing.assert_array_equal(alikely.load_model(tmp_path / "model").embed(examples.items), embeddings)


def test_embeddings_made_elsewhere_have_no_views():
    examples = replace(examples_of("embedding"), labels=None)
    with pytest.raises(SettingsError, match=r"embeddings cannot be augmented.*choose a loss that learns from labels"):
        alikely.train(examples, TrainSettings(loss="vicreg"), reporter=Silent())


def test_a_table_of_texts_alone(tmp_path):
    texts = [text for text in examples_of("text").items if text]
    (tmp_path / "texts.csv").write_text("text\n" + "\n".join(dict.fromkeys(texts)) + "\n")
    settings = TrainSettings(loss="vicreg", epochs=1, items_per_batch=8, precision="fp32")
    model = alikely.train(tmp_path / "texts.csv", settings, reporter=Silent()).model

    assert model.preparation.kind == "text"
    assert model.calibration is None


def test_labels_teach_nothing_but_choose_calibrate_and_measure():
    examples = pattern_examples(40)
    listening = Listening()
    settings = SMALL.model_copy(update={"loss": "info_nce_views", "validate_share": 0.0})
    model, _, report = alikely.train(examples, settings, reporter=listening)
    generator = np.random.default_rng(0)
    parts = model.record["data"]["labels"]
    learned = np.isin(examples.labels, parts["train"])
    mixed = examples.labels.copy()
    mixed[learned] = generator.permutation(mixed[learned])
    other = alikely.train(replace(examples, labels=mixed), settings, reporter=Silent()).model

    assert model.calibration is not None
    assert report.eer.value < 0.5
    assert NO_CALIBRATION not in listening.notes
    assert same_weights(model, other)


def test_a_folder_with_the_pictures_directly_in_it(tmp_path):
    for number, item in enumerate(unlabelled(12).items):
        Image.fromarray(item).save(tmp_path / f"{number:03d}.png")
    model = alikely.train(tmp_path, SMALL, reporter=Silent()).model

    assert model.record["data"]["items"] == 72


def test_views_make_a_model_that_labelled_pairs_can_calibrate():
    model = alikely.train(unlabelled(), SMALL, reporter=Silent()).model
    calibrated = alikely.calibrate_model(model, pattern_examples(30, seed=5)).model

    assert calibrated.compare(*pattern_examples().items[:2]).verdict in ("same", "different")


@pytest.mark.parametrize("augment", ["none", {}])
def test_views_that_are_all_the_same_are_refused(augment):
    with pytest.raises(SettingsError, match="both views are the same; set augment = 'strong'"):
        alikely.train(unlabelled(), SMALL.model_copy(update={"augment": augment}), reporter=Silent())


def test_a_loss_that_needs_labels_says_what_does_not():
    with pytest.raises(alikely.AlikelyError, match=r"nothing is known of these items.*loss = 'vicreg'"):
        alikely.train(unlabelled(), FAST, reporter=Silent())


def test_a_collapse_is_told(monkeypatch):
    def without_a_target_that_stands_still(self, left, right):
        projected = self.projector(torch.cat([left, right]))
        crossed = projected.roll(len(left), dims=0)
        return (1 - torch.nn.functional.cosine_similarity(self.predictor(projected), crossed, dim=1)).mean()

    settings = SMALL.model_copy(update={"loss": "simsiam", "epochs": 12, "learning_rate": 0.01})
    well, collapsed = Listening(), Listening()
    alikely.train(unlabelled(), settings, reporter=well)
    monkeypatch.setattr(SimSiam, "forward", without_a_target_that_stands_still)
    alikely.train(unlabelled(), settings, reporter=collapsed)

    assert well.alarms == []
    assert any("the projections have collapsed" in alarm for alarm in collapsed.alarms)


@pytest.mark.slow
@pytest.mark.parametrize("loss", ["vicreg", "barlow_twins"])
def test_digits_without_labels_make_a_better_space_than_pixels_and_than_no_training(loss):
    pixels, digits = load_digits(return_X_y=True)
    items = [(picture.reshape(8, 8) * 255 / 16).astype(np.uint8) for picture in pixels]
    learned, known, asked = np.split(np.arange(len(items)), [900, 1350])

    def judged(embeddings):
        rows = embeddings.astype(np.float32)
        nearest = KNeighborsClassifier(1, metric="cosine").fit(rows[known], digits[known])
        others = np.concatenate([known, asked])
        pairs = all_pairs(rows[others], digits[others], build_distance("cosine", rows.shape[1]))
        return nearest.score(rows[asked], digits[asked]), Verification.from_distances(pairs.same, pairs.different).eer

    def trained(**changes):
        settings = TrainSettings(loss=loss, size=16, items_per_batch=128, **changes)
        model = alikely.train(alikely.examples_from([items[i] for i in learned]), settings, reporter=Silent()).model
        return judged(model.embed(items))

    accuracy, eer = trained()

    for other_accuracy, other_eer in (judged(pixels), trained(epochs=1, learning_rate=1e-9)):
        assert accuracy > other_accuracy
        assert eer < other_eer - 0.05
