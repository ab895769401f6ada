"""Losses and miners of pytorch-metric-learning by name: each learns a step; the same as without us; what is refused."""

import builtins

import pytest
import torch
from pytorch_metric_learning import losses as peers
from pytorch_metric_learning import miners
from torch import nn

import alikely
from alikely import TrainSettings
from alikely.distances import Cosine
from alikely.errors import SettingsError
from alikely.losses import batch_loss, build_loss
from alikely.losses.borrowed import NOT_OFFERED
from alikely.training.progress import Silent
from alikely.types import Known
from tests.pictures import pattern_examples

LABELS = torch.arange(24) % 6
KNOWN = Known.from_labels(LABELS)
PAIRS = Known.from_pairs(24, torch.arange(20), torch.arange(1, 21), torch.arange(20) % 3 == 0)
OFFERED = sorted(
    name
    for name, kind in vars(peers).items()
    if isinstance(kind, type) and issubclass(kind, peers.BaseMetricLossFunction) and name not in NOT_OFFERED
)
# What has no defaults.
NEEDED = {"HistogramLoss": {"n_bins": 20}, "RankedListLoss": {"margin": 0.4, "Tn": 2.0}}
FROM_PAIRS = [
    *(
        "CircleLoss",
        "ContrastiveLoss",
        "GeneralizedLiftedStructureLoss",
        "IntraPairVarianceLoss",
        "LiftedStructureLoss",
    ),
    *("MarginLoss", "MultiSimilarityLoss", "NTXentLoss", "SignalToNoiseRatioContrastiveLoss", "SupConLoss"),
    *("TripletMarginLoss", "TupletMarginLoss"),
]
# The library's own, on the newest torch and numpy.
pytestmark = [
    pytest.mark.filterwarnings("ignore:Using a non-tuple sequence:UserWarning"),
    pytest.mark.filterwarnings("ignore:__array_wrap__:DeprecationWarning"),
]


def rows(seed=0):
    return torch.randn(24, 8, generator=torch.Generator().manual_seed(seed)).requires_grad_()


def built(name, settings=None, classes=6):
    torch.manual_seed(0)
    return build_loss(f"pml:{name}", settings if settings is not None else NEEDED.get(name, {}), classes, 8)


@pytest.mark.parametrize("name", OFFERED)
def test_each_learns_a_step_from_labels(name):
    loss, embeddings = built(name), rows()
    value = batch_loss(loss, Cosine(), embeddings, KNOWN)
    value.backward()
    assert value.shape == ()
    assert value.isfinite()
    assert embeddings.grad.isfinite().all()
    assert embeddings.grad.abs().sum() > 0
    # Its own weights learn, too.
    assert all(weight.grad is not None for weight in loss.parameters())


@pytest.mark.parametrize("name", OFFERED)
def test_each_can_be_made_before_the_data_are_known(name):
    with torch.device("meta"):
        built(name)


@pytest.mark.parametrize("name", FROM_PAIRS)
def test_these_learn_from_pairs(name):
    embeddings = rows()
    value = batch_loss(built(name, classes=0), Cosine(), embeddings, PAIRS)
    value.backward()
    assert value.isfinite()
    assert embeddings.grad[:21].abs().sum() > 0
    assert (embeddings.grad[21:] == 0).all()  # of the last three nothing is known


@pytest.mark.parametrize("name", ["NPairsLoss", "FastAPLoss", "PNPLoss", "AngularLoss"])
def test_these_say_that_they_do_not(name):
    with pytest.raises(SettingsError, match=f"loss pml:{name} does not learn from pairs alone: "):
        batch_loss(built(name), Cosine(), rows(), PAIRS)


def test_pairs_are_those_that_the_library_would_make_of_labels():
    left, right = torch.triu_indices(24, 24, offset=1)
    known = Known.from_pairs(24, left, right, LABELS[left] == LABELS[right])
    loss, embeddings = built("CircleLoss"), rows()
    by_pairs, by_labels = (batch_loss(loss, Cosine(), embeddings, given) for given in (known, KNOWN))
    torch.testing.assert_close(by_pairs, by_labels)


def test_value_and_gradient_are_those_of_the_library():
    embeddings = rows()
    ours = batch_loss(built("CircleLoss", {"m": 0.3, "gamma": 60}), Cosine(), embeddings, KNOWN)
    theirs = peers.CircleLoss(m=0.3, gamma=60)(embeddings, LABELS)
    assert torch.equal(ours, theirs)
    assert torch.equal(*(torch.autograd.grad(value, embeddings)[0] for value in (ours, theirs)))


@pytest.mark.parametrize(
    ("wanted", "miner"),
    [
        ("pml:MultiSimilarityMiner", miners.MultiSimilarityMiner()),
        ({"name": "pml:MultiSimilarityMiner", "epsilon": 0.5}, miners.MultiSimilarityMiner(epsilon=0.5)),
        ({"name": "pml:TripletMarginMiner", "type_of_triplets": "hard"}, miners.TripletMarginMiner(0.2, "hard")),
    ],
)
def test_a_miner_chooses(wanted, miner):
    embeddings = rows()
    ours = batch_loss(built("TripletMarginLoss", {"miner": wanted}), Cosine(), embeddings, KNOWN)
    assert torch.equal(ours, peers.TripletMarginLoss()(embeddings, LABELS, miner(embeddings, LABELS)))


def test_its_distance_and_reducer_are_named_likewise():
    settings = {
        "distance": {"name": "pml:LpDistance", "normalize_embeddings": False, "p": 1},
        "reducer": "pml:MeanReducer",
    }
    loss = built("TripletMarginLoss", settings)
    assert type(loss.loss.distance).__name__ == "LpDistance"
    assert (loss.loss.distance.p, loss.loss.distance.normalize_embeddings) == (1, False)
    assert type(loss.loss.reducer).__name__ == "MeanReducer"


def test_classes_and_length_come_from_the_data():
    assert built("ProxyAnchorLoss").loss.proxies.shape == (6, 8)
    assert built("SubCenterArcFaceLoss", {"sub_centers": 2}).loss.W.shape == (8, 12)
    assert built("MarginLoss", {"learn_beta": True}).loss.beta.shape == (6,)


def test_it_can_be_one_of_several():
    loss, embeddings = (
        build_loss("pml:CircleLoss+info_nce", {"pml:CircleLoss": {"gamma": 10, "weight": 0.5}}, 6, 8),
        rows(),
    )
    parts = [batch_loss(part, Cosine(), embeddings, KNOWN) for _, part in loss.parts]
    torch.testing.assert_close(batch_loss(loss, Cosine(), embeddings, KNOWN), 0.5 * parts[0] + parts[1])


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("CircelLoss", {}, r"no loss 'pml:CircelLoss' to be used here; choose one of: pml:CircleLoss"),
        ("CrossBatchMemory", {}, r"no loss 'pml:CrossBatchMemory' to be used here"),
        ("VICRegLoss", {}, r"no loss 'pml:VICRegLoss' to be used here"),
        ("", {}, r"no loss 'pml:' to be used here"),
        ("CircleLoss", {"gama": 3}, r"loss pml:CircleLoss has no setting 'gama'; it has: m, gamma, "),
        ("ArcFaceLoss", {"num_classes": 3}, r"loss pml:ArcFaceLoss has no setting 'num_classes'; it has: margin, "),
        ("RankedListLoss", {}, r"loss pml:RankedListLoss cannot be made with \{\}: .*margin.*; see its documentation"),
        (
            "CircleLoss",
            {"miner": "pml:CircleMiner"},
            r"loss pml:CircleLoss: miner must name one of: pml:.* got 'pml:Circ",
        ),
        ("CircleLoss", {"miner": 3}, r"loss pml:CircleLoss: miner must name one of: .*, got 3"),
        ("CircleLoss", {"miner": {"epsilon": 3}}, r"loss pml:CircleLoss: miner must name one of: .*, got None"),
        (
            "CircleLoss",
            {"miner": {"name": "pml:MultiSimilarityMiner", "eps": 3}},
            r"loss pml:CircleLoss: miner pml:MultiSimilarityMiner has no setting 'eps'; it has: epsilon",
        ),
        ("CircleLoss", {"distance": "pml:Euclid"}, r"loss pml:CircleLoss: distance must name one of"),
        ("CircleLoss", {"distance": "pml:LpDistance"}, r"cannot be made with .*distance"),  # it takes cosines only
    ],
)
def test_what_is_refused(name, settings, message):
    with pytest.raises(SettingsError, match=message):
        built(name, settings)


def test_proxies_and_miners_need_labels():
    with pytest.raises(SettingsError, match="loss pml:ArcFaceLoss learns from labels"):
        built("ArcFaceLoss", classes=0)
    mined = built("TripletMarginLoss", {"miner": "pml:BatchHardMiner"}, classes=0)
    with pytest.raises(SettingsError, match="loss pml:TripletMarginLoss: a miner needs labels"):
        batch_loss(mined, Cosine(), rows(), PAIRS)


def test_without_the_library_it_says_what_to_install(monkeypatch):
    def without(name, *arguments, **keywords):
        if name.startswith("pytorch_metric_learning"):
            raise ImportError("no such module")
        return imported(name, *arguments, **keywords)

    imported = builtins.__import__
    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(SettingsError, match=r"not installed .*pip install 'alikely\[losses\]'"):
        built("CircleLoss")


def test_training_with_its_own_weights_goes_on_bit_for_bit(tmp_path):
    class Impatient(Silent):
        def epoch(self, epoch, epochs):
            raise KeyboardInterrupt

    settings = TrainSettings(
        size=16,
        epochs=2,
        encoder_settings={"width": 8, "depth": 2, "dim": 8},
        loss="pml:SoftTripleLoss",
        loss_settings={"centers_per_class": 2},
        labels_per_batch=8,
        precision="fp32",
        test_share=0,
    )
    examples = pattern_examples()
    alikely.train(examples, settings, out=tmp_path / "model", reporter=Impatient())
    resumed = alikely.train(examples, settings, out=tmp_path / "model", resume=True, reporter=Silent())
    straight = alikely.train(examples, settings, reporter=Silent())
    left, right = resumed.model.tensors(), straight.model.tensors()
    assert all(torch.equal(left[name], right[name]) for name in left)
    assert straight.model.distance_name == "cosine"
    assert straight.history.epochs[1].loss < straight.history.epochs[0].loss


def test_it_is_a_module_whose_state_can_be_put_back():
    first, second = built("ProxyAnchorLoss"), build_loss("pml:ProxyAnchorLoss", {}, 6, 8)
    assert isinstance(first, nn.Module)
    second.load_state_dict(first.state_dict())
    assert batch_loss(first, Cosine(), rows(), KNOWN) == batch_loss(second, Cosine(), rows(), KNOWN)
