"""Folders and names from which no network can be read, and why; nothing in one is run."""

import json

import pytest

from alikely.encoders.pretrained import Pretrained
from alikely.errors import InputError, SettingsError
from tests.encoders.networks import sentence_network, text_network, write_json
from tests.encoders.opened import of_texts


def test_no_network_is_needed_for_a_folder_and_a_name_says_how_to_do_without(tmp_path, monkeypatch):
    import socket

    text_network(tmp_path / "net")

    def refuse(*_args, **_named):
        raise OSError("no network here")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.chdir(tmp_path)
    of_texts("net")
    with pytest.raises(
        InputError, match=r"someone/model: .*cannot be downloaded(.|\n)*snapshot_download(.|\n)*copy the folder"
    ):
        Pretrained(model="someone/model", tokens=12)


@pytest.mark.parametrize("model", ["./absent", "/absent/net", "a/b/c", "~/absent-network"])
def test_absent_folder_is_not_looked_for_on_the_hub(model):
    with pytest.raises(InputError, match=r"no such folder; name the folder that holds the network's config\.json"):
        Pretrained(model=model, tokens=12)


def test_no_model_named():
    with pytest.raises(SettingsError, match="which network\\? Name a local folder or a model of the Hugging Face hub"):
        Pretrained(tokens=12)


def test_folders_that_hold_no_network(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=r"holds no config\.json, so it is no network of transformers"):
        Pretrained(model=str(tmp_path / "empty"), tokens=12)
    folder = text_network(tmp_path / "pickled")
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(InputError, match=r"holds no \.safetensors with the weights \(others are not read"):
        Pretrained(model=str(folder), tokens=12)
    folder = text_network(tmp_path / "garbled")
    (folder / "config.json").write_text("{")
    with pytest.raises(InputError, match="cannot be read as JSON"):
        Pretrained(model=str(folder), tokens=12)
    write_json(folder / "config.json", {"vocab_size": 12})
    with pytest.raises(InputError, match="names no model_type"):
        Pretrained(model=str(folder), tokens=12)
    write_json(folder / "config.json", {"model_type": "no-such-network"})
    with pytest.raises(InputError, match=r"transformers cannot read its config\.json"):
        Pretrained(model=str(folder), tokens=12)


def test_weights_that_do_not_fit_the_config(tmp_path):
    folder = text_network(tmp_path)
    config = json.loads((folder / "config.json").read_text())
    write_json(folder / "config.json", {**config, "num_hidden_layers": 3})
    with pytest.raises(InputError, match=r"do not fit its config\.json: \d+ are missing, such as encoder.layer.2"):
        Pretrained(model=str(folder), tokens=12)
    (folder / "model.safetensors").write_bytes((folder / "model.safetensors").read_bytes()[:500])
    write_json(folder / "config.json", config)
    with pytest.raises(InputError, match="transformers cannot load this network"):
        Pretrained(model=str(folder), tokens=12)


def test_parts_of_sentence_transformers_that_are_not_known(tmp_path):
    folder = sentence_network(tmp_path, dense="x.Softsign")
    with pytest.raises(InputError, match="the activation 'softsign' is none of identity, tanh"):
        Pretrained(model=str(folder), tokens=12)
    write_json(folder / "2_Dense" / "config.json", {"activation_function": "x.Tanh"})
    with pytest.raises(InputError, match="in_features and out_features are missing"):
        Pretrained(model=str(folder), tokens=12)
    write_json(folder / "1_Pooling" / "config.json", {"pooling_mode": "weightedmean"})
    with pytest.raises(InputError, match=r"pooling must be one of .* got 'weightedmean'"):
        Pretrained(model=str(folder), tokens=12)
    write_json(folder / "modules.json", [{"path": "", "type": "sentence_transformers.models.CNN"}])
    with pytest.raises(InputError, match="the part 'CNN' is not known here"):
        Pretrained(model=str(folder), tokens=12)


def test_nothing_in_a_folder_is_run(tmp_path):
    folder = text_network(tmp_path)
    config = json.loads((folder / "config.json").read_text())
    write_json(
        folder / "config.json",
        {**config, "model_type": "mine", "auto_map": {"AutoConfig": "mine.C", "AutoModel": "mine.M"}},
    )
    (folder / "mine.py").write_text("raise SystemExit('this was run')")
    with pytest.raises(InputError):
        Pretrained(model=str(folder), tokens=12)
