"""A user's own class by name: it is built and checked, and each part of the contract that is not met is said."""

import pytest
import torch

from alikely.encoders.own import own_encoder, require_module, require_rows
from alikely.errors import SettingsError
from alikely.own_code import is_own

CODE = """
import torch
from torch import nn

class Mine(nn.Module):
    def __init__(self, given, dim: int = 3, scale: float = 1.0):
        super().__init__()
        self.dim = dim
        self.scale = scale
        self.linear = nn.Linear(given, dim)

    def forward(self, batch):
        return self.scale * self.linear(batch)

class NoDim(nn.Module):
    def forward(self, batch):
        return batch

class WordDim(NoDim):
    dim = "3"

class Plain:
    dim = 3

class Fails(nn.Module):
    def __init__(self):
        raise RuntimeError("no weights here")

class Wrong(nn.Module):
    dim = 3
    def forward(self, batch):
        return batch

class Whole(nn.Module):
    dim = 2
    def forward(self, batch):
        return batch.long()

class Centred(nn.Module):
    dim = 2
    def forward(self, batch):
        return batch - batch.mean(dim=0)

class Normed(nn.Module):
    dim = 2
    def __init__(self):
        super().__init__()
        self.norm = nn.BatchNorm1d(2)
    def forward(self, batch):
        return self.norm(batch)

class Breaks(nn.Module):
    dim = 2
    def forward(self, batch):
        raise ValueError("three axes, please")

number = 3
"""


@pytest.fixture
def named(tmp_path, monkeypatch):
    """A module of this name in the current folder, under a name that no other test has imported."""
    name = f"networks_{tmp_path.name}"
    (tmp_path / f"{name}.py").write_text(CODE)
    monkeypatch.chdir(tmp_path)
    return lambda attribute: f"{name}:{attribute}"


def rows():
    return torch.randn(5, 2, generator=torch.Generator().manual_seed(0))


def test_is_own():
    assert is_own("networks:Mine")
    assert not is_own("cnn")


def test_built_with_its_settings_and_what_is_known_of_the_items(named):
    encoder = own_encoder(named("Mine"), {"given": 2, "channels": 1}, {"dim": 4, "scale": 2.0})
    assert (encoder.dim, encoder.scale, encoder.linear.in_features) == (4, 2.0, 2)
    require_rows(encoder, "Mine", rows())
    assert encoder.training  # as it was
    assert own_encoder(named("Mine"), {"given": 2}, {"given": 7}).linear.in_features == 7  # what the user says


def test_batch_norm_is_no_fault_and_is_not_changed(named):
    encoder = own_encoder(named("Normed"), {}, {})
    require_rows(encoder, "Normed", rows())
    assert encoder.norm.running_mean.eq(0).all()


@pytest.mark.parametrize(
    ("attribute", "settings", "message"),
    [
        ("Plain", {}, r"Plain is no torch.nn.Module: write class Plain\(torch.nn.Module\)"),
        ("number", {}, "number is no torch.nn.Module"),
        ("Absent", {}, "has no Absent"),
        ("NoDim", {}, "NoDim has no `dim`, the numbers in an embedding: set self.dim in __init__"),
        ("WordDim", {}, "WordDim has dim = '3', but it must be a whole number"),
        ("Fails", {}, "Fails cannot be made: RuntimeError: no weights here"),
        ("Mine", {"given": 2, "width": 3}, "Mine has no setting 'width'; its __init__ has given, dim, scale"),
        ("Mine", {}, "Mine needs given: give it in encoder_settings; known of the items is tokens"),
        ("Mine", {"given": "a"}, "Mine cannot be made: "),
    ],
)
def test_classes_that_cannot_be_encoders(named, attribute, settings, message):
    with pytest.raises(SettingsError, match=message):
        own_encoder(named(attribute), {"tokens": 9}, settings)


@pytest.mark.parametrize(
    ("attribute", "message"),
    [
        ("Wrong", r"Wrong gives \(4, 2\) for a batch of shape \(4, 2\); it has dim = 3, so it must give \(4, 3\)"),
        ("Whole", "Whole gives torch.int64, but embeddings are floats"),
        ("Centred", "Centred gives an item another row alone than in a batch, in eval mode"),
        ("Breaks", r"Breaks cannot take a batch of shape \(4, 2\) of torch.float32: ValueError: three axes, please"),
    ],
)
def test_rows_that_do_not_meet_the_contract(named, attribute, message):
    encoder = own_encoder(named(attribute), {}, {})
    with pytest.raises(SettingsError, match=message):
        require_rows(encoder, attribute, rows())


@pytest.mark.parametrize(
    ("name", "message"),
    [
        (":Mine", "names no class; write module:Class"),
        ("networks:", "names no class; write module:Class"),
        ("networks:a b", "names no class; write module:Class"),
        ("no_such_networks:Mine", "no_such_networks:Mine: it cannot be found, neither in .* nor among"),
    ],
)
def test_names_that_name_nothing(name, message):
    with pytest.raises(SettingsError, match=message):
        own_encoder(name, {}, {})


def test_module_that_cannot_be_imported(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "broken_networks.py").write_text("import absent_package_of_mine\n")
    with pytest.raises(SettingsError, match="'absent_package_of_mine' cannot be found, neither in"):
        own_encoder("broken_networks:Mine", {}, {})
    (tmp_path / "wrong_networks.py").write_text("1 / 0\n")
    with pytest.raises(SettingsError, match="importing wrong_networks fails: ZeroDivisionError"):
        own_encoder("wrong_networks:Mine", {}, {})


def test_given_from_python():
    with pytest.raises(SettingsError, match="Mine is no torch"):
        require_module(object(), "networks:Mine")


class ReadsPadding(torch.nn.Module):
    """The mean over all steps; over those of the item where it is `careful`."""

    dim = 2

    def __init__(self, careful):
        super().__init__()
        self.careful = careful

    def forward(self, batch):
        there = batch >= 0 if not batch.is_floating_point() else ~batch.isnan().all(dim=2)
        values = batch.float().clamp(min=0) if batch.ndim == 2 else batch.nan_to_num().sum(dim=2)
        count = there.sum(dim=1) if self.careful else torch.full((len(batch),), batch.shape[1])
        mean = (values * there).sum(dim=1) / count
        return torch.stack([mean, mean], dim=1)


@pytest.mark.parametrize(
    "batch",
    [
        torch.tensor([[3, 1, 4], [1, 5, 9]]),  # of one length: only further padding shows it
        torch.tensor([[3, 1, 4], [1, -1, -1]]),
        torch.tensor([[[3.0], [1.0]], [[2.0], [torch.nan]]]),
    ],
)
def test_an_encoder_that_reads_the_padding_is_refused(batch):
    require_rows(ReadsPadding(careful=True), "here:Careful", batch)
    with pytest.raises(SettingsError, match=r"not on padding \(-1 behind a text"):
        require_rows(ReadsPadding(careful=False), "here:Careless", batch)
