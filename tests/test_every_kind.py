"""Every encoder, distance and loss, with every kind of item that fits, from examples to a model folder and back.

Found from the tables: what is in a table is tested. A model is trained, saved, and loaded in a fresh process, where it
must give the same answers bit for bit; and a batch must give what its items give one by one, whatever their lengths.
"""

import subprocess
import sys
from itertools import product
from pathlib import Path

import numpy as np
import pytest
import torch

import alikely
from alikely import TrainSettings
from alikely.data.reading import read_batch
from alikely.distances import DISTANCES, build_distance
from alikely.encoders import DEFAULT_ENCODERS, ENCODERS
from alikely.losses import LOSSES, build_loss
from alikely.model import finished
from alikely.storage import save_model
from alikely.training.encoder import make_encoder
from alikely.training.gather import gather
from alikely.training.learner import Learner
from alikely.training.plan import plan_training
from alikely.training.progress import Silent
from tests.encoders.networks import picture_network, text_network
from tests.encoders.test_onnx import of_pictures, of_rows
from tests.kinds import examples_of

# Small enough to be quick. An encoder that is not named here is tested with its own settings.
SMALL = {
    "cnn": {"dim": 8, "width": 8, "depth": 2, "grid": 2},
    "resnet": {"dim": 8, "stem": 4, "stages": [4, 8]},
    "koch": {"dim": 8},
    "gru": {"dim": 8, "front": 8, "width": 8},
    "lstm": {"dim": 8, "front": 8, "width": 8},
    "manhattan_lstm": {"dim": 8, "front": 8},
    "transformer": {"dim": 8, "width": 16, "layers": 1, "heads": 2},
    "bag": {"dim": 8},
    "mlp": {"dim": 8, "width": 16},
    "conv1d": {"dim": 8, "stages": [8], "blocks": 1},
    "given": {"dim": 4},
    "parts": {"parts": 2, "dim": 36, "learns": True},
    "pretrained": {"head": "linear", "dim": 8},
    "onnx": {"head": "linear", "dim": 4},
}
# Networks made elsewhere say themselves how large their pictures are; koch needs large ones.
SIZES = {"koch": 65, "pretrained": None, "onnx": None}
PREPARATIONS = {"bag": {"tokens": "ngrams"}}
ENCODERS_OF_KINDS = [(name, kind) for name, encoder in ENCODERS.items() for kind in encoder.kinds]
# Compared after training: of different lengths, where their kind has lengths.
LEFT, RIGHT = 30, 37

# Run in a fresh process: loads each model, and writes down what it says of the same items.
IN_A_FRESH_PROCESS = """
import sys
from pathlib import Path

import numpy as np
import torch

from alikely.storage import load_model
from tests.test_every_kind import answers

torch.set_num_threads(1)
for folder in sorted(path for path in Path(sys.argv[1]).iterdir() if path.is_dir()):
    np.savez(folder.with_suffix(".npz"), **answers(load_model(folder)))
"""


@pytest.fixture(scope="session")
def made_elsewhere(tmp_path_factory):
    """Settings of the encoders that need a file, by their name and kind of item."""
    folder = tmp_path_factory.mktemp("elsewhere")
    torch.manual_seed(0)
    return {
        ("pretrained", "text"): {"model": str(text_network(folder / "texts"))},
        ("pretrained", "picture"): {"model": str(picture_network(folder / "pictures"))},
        ("onnx", "picture"): {"file": of_pictures(folder / "pictures.onnx")},
        ("onnx", "embedding"): {"file": of_rows(folder / "rows.onnx")},
    }


def settings_of(encoder, kind, elsewhere, distance="euclidean", loss="contrastive"):
    """For one short epoch, and without a test, which takes longer than all the rest."""
    size = {"size": SIZES.get(encoder, 16)} if kind == "picture" else {}
    return TrainSettings(
        encoder=encoder,
        encoder_settings=SMALL.get(encoder, {}) | elsewhere.get((encoder, kind), {}),
        preparation=PREPARATIONS.get(encoder, {}),
        distance=distance,
        loss=loss,
        epochs=1,
        labels_per_batch=7,
        validate_share=0,
        calibrate_share=0.3,
        test_share=0,
        confidence=0,
        precision="fp32",
        **size,
    )


def trained(encoder, kind, elsewhere, distance="euclidean", loss="contrastive"):
    """A model that has learned from a few small items."""
    settings = settings_of(encoder, kind, elsewhere, distance, loss)
    return alikely.train(examples_of(kind), settings, reporter=Silent()).model


def answers(model):
    """What a model says of some items, in numbers."""
    items = examples_of(model.preparation.kind).items[LEFT : RIGHT + 1]
    decision = model.compare(items[0], items[-1])
    return {
        "embeddings": model.embed(items),
        "decision": np.array([decision.distance, decision.probability, decision.threshold]),
    }


def require_equal_in_a_fresh_process(models, folder):
    """Save all models, load them all in one new process, and compare what they say there with what they say here."""
    for number, model in enumerate(models.values()):
        save_model(model, folder / f"{number:04d}")
    torch.set_num_threads(1)
    subprocess.run(
        [sys.executable, "-c", IN_A_FRESH_PROCESS, str(folder)], check=True, cwd=Path(__file__).parent.parent
    )
    for number, (case, model) in enumerate(models.items()):
        with np.load(folder / f"{number:04d}.npz") as file:
            there = dict(file)
        for name, here in answers(model).items():
            assert not np.isnan(here).any(), (case, name)
            assert np.array_equal(there[name], here), (case, name)


def require_one_by_one(model, case):
    """A batch of items of different lengths gives what each gives alone, whatever the padding."""
    items = examples_of(model.preparation.kind).items[LEFT : RIGHT + 1]
    with torch.inference_mode():
        together = model.encoder(finished(model.preparation, read_batch(model.preparation, items)))
        for place, item in enumerate(items):
            alone = model.encoder(finished(model.preparation, read_batch(model.preparation, [item])))
            np.testing.assert_allclose(alone[0], together[place], atol=1e-5, err_msg=str(case))


def fits(kind, loss):
    """Whether a loss can learn from items of this kind: nobody knows how to see an embedding in two ways."""
    return kind != "embedding" or LOSSES[loss].takes != "views"


def by_turns(place):
    """Some of the distances, others for each place, so that all have their turn."""
    names = list(DISTANCES)
    return [names[place % len(names)], names[(place + len(names) // 2) % len(names)]]


def require_whole(cases, elsewhere, folder):
    """Train, compare batches with single items, save, load in a fresh process."""
    models = {case: trained(case[0], case[1], elsewhere, distance=case[2]) for case in cases}
    for case, model in models.items():
        require_one_by_one(model, case)
    require_equal_in_a_fresh_process(models, folder)


def test_every_encoder_with_every_kind_of_item_and_distances_by_turns(made_elsewhere, tmp_path):
    cases = [(*fitting, name) for place, fitting in enumerate(ENCODERS_OF_KINDS) for name in by_turns(place)]

    assert {case[0] for case in cases} == set(ENCODERS)
    assert {case[2] for case in cases} == set(DISTANCES)
    require_whole(cases, made_elsewhere, tmp_path)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_every_encoder_with_every_distance(made_elsewhere, tmp_path):
    done = [(*fitting, name) for place, fitting in enumerate(ENCODERS_OF_KINDS) for name in by_turns(place)]
    cases = [(*fitting, name) for fitting, name in product(ENCODERS_OF_KINDS, DISTANCES)]

    require_whole([case for case in cases if case not in done], made_elsewhere, tmp_path)


def test_every_loss_with_items_of_every_kind_by_turns(made_elsewhere, tmp_path):
    kinds = list(DEFAULT_ENCODERS)
    cases = [(kinds[place % len(kinds)], loss) for place, loss in enumerate(LOSSES)]
    cases = [(kind if fits(kind, loss) else "picture", loss) for kind, loss in cases]
    models = {case: trained(DEFAULT_ENCODERS[case[0]], case[0], made_elsewhere, loss=case[1]) for case in cases}

    assert {kind for kind, _ in cases} == set(kinds)
    require_equal_in_a_fresh_process(models, tmp_path)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize(("encoder", "kind"), ENCODERS_OF_KINDS)
def test_every_encoder_distance_and_loss_learn_together(encoder, kind, made_elsewhere):
    settings = settings_of(encoder, kind, made_elsewhere).resolved(kind)
    items = gather(examples_of(kind, identities=6, each=3), "made up", settings, False, Silent()).part("train")
    for distance, loss in product(DISTANCES, LOSSES):
        if not fits(kind, loss):
            continue
        chosen = settings_of(encoder, kind, made_elsewhere, distance, loss).resolved(kind)
        torch.manual_seed(0)
        network = make_encoder(None, items, chosen)
        plan = plan_training(items, chosen)
        learned = build_loss(loss, {}, plan.classes, network.dim)
        learner = Learner(network, build_distance(distance, network.dim), learned, plan, chosen)
        steps = learner.epoch(1, lambda *_: None)
        assert len(steps.losses) == plan.batches.batches_per_epoch > 0
        assert np.isfinite(steps.losses).all(), (distance, loss)
        assert np.isfinite(learner.embed(items)).all(), (distance, loss)
