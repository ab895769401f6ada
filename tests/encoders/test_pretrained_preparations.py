"""How the items of a pretrained network are prepared: as its folder says, and the same again from a model folder."""

import json

import numpy as np
import pytest
import torch

from alikely.data.steps import Colour, Resize, Standardise
from alikely.data.texts import texts_from
from alikely.data.texts.given import GivenTextPreparation
from alikely.encoders.pretrained import Pretrained
from alikely.errors import InputError, ModelError, SettingsError
from tests.encoders.networks import DEVIATION, MEAN, picture_network, sentence_network, text_network, write_json


def of_texts(folder, **chosen):
    return Pretrained.preparation("text", {"model": str(folder)}, chosen)


def of_pictures(folder, **chosen):
    return Pretrained.preparation("picture", {"model": str(folder)}, chosen)


def test_texts_are_marked_and_not_padded(tmp_path):
    preparation = of_texts(text_network(tmp_path))
    assert preparation.read_one("a man runs").tolist() == [2, 4, 5, 7, 3]  # [CLS] a man runs [SEP]
    batch = preparation.join([preparation.read_one("a man runs"), preparation.read_one("zebra")])
    assert batch.tolist() == [[2, 4, 5, 7, 3], [2, 1, 3, -1, -1]]
    assert preparation.facts() == {"tokens": 12}
    assert preparation.finish(batch) is batch
    assert preparation.fitted([], []) is preparation


def test_long_texts_keep_their_end_mark(tmp_path):
    text_network(tmp_path)
    numbers = of_texts(tmp_path).read_one("cat " * 50).tolist()
    assert len(numbers) == 16  # model_max_length of the folder, below the 24 places of its network
    assert numbers[-1] == 3
    assert of_texts(tmp_path, longest=4).read_one("cat " * 50).tolist() == [2, 10, 10, 3]


@pytest.mark.parametrize(
    ("family", "config", "expected"),
    [
        ("bert", {}, 24),
        ("roberta", {"pad_token_id": 1}, 24),  # two of its 26 places stand before the first token
        ("t5", {}, 512),  # sets no bound
    ],
)
def test_longest_is_the_smallest_bound_of_the_folder(tmp_path, family, config, expected):
    folder = text_network(tmp_path, family)
    (folder / "tokenizer_config.json").unlink()
    write_json(folder / "config.json", json.loads((folder / "config.json").read_text()) | config)
    assert of_texts(folder).longest == expected


def test_texts_of_sentence_transformers(tmp_path):
    folder = sentence_network(tmp_path)
    prompts = {"prompts": {"query": "the ", "other": "cat "}, "default_prompt_name": "query"}
    write_json(folder / "config_sentence_transformers.json", prompts)
    preparation = of_texts(folder)
    assert preparation.longest == 12
    assert preparation.read_one("DOG runs").tolist() == [2, 9, 6, 7, 3]  # in small letters, behind its prompt
    assert of_texts(folder, prompt="").read_one("dog").tolist() == [2, 6, 3]


def test_settings_and_files_make_it_again(tmp_path):
    preparation = of_texts(sentence_network(tmp_path), prompt="a ")
    again = texts_from(json.loads(json.dumps(preparation.settings())), preparation.files())
    assert isinstance(again, GivenTextPreparation)
    assert again == preparation
    assert again.read_one("The cat eats").equal(preparation.read_one("The cat eats"))


def test_an_older_folder_without_tokenizer_json(tmp_path):
    folder = text_network(tmp_path)
    (folder / "tokenizer.json").unlink()
    (folder / "vocab.txt").write_text("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "dog"]) + "\n")
    write_json(folder / "tokenizer_config.json", {"tokenizer_class": "BertTokenizer", "model_max_length": 16})
    assert of_texts(folder).read_one("A dog").tolist() == [2, 5, 6, 3]


def test_folder_without_a_tokenizer(tmp_path):
    folder = text_network(tmp_path)
    (folder / "tokenizer.json").write_text("{}")
    with pytest.raises(SettingsError, match=r"tokenizer\.json cannot be used .* copy the network's folder again"):
        of_texts(folder)
    (folder / "tokenizer.json").write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match=r"tokenizer\.json: cannot be read"):
        of_texts(folder)


@pytest.mark.parametrize("text", ["", "   ", "\ud800", np.zeros(3)])
def test_texts_that_are_none(tmp_path, text):
    with pytest.raises(InputError):
        of_texts(text_network(tmp_path)).read_one(text)


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        ({"vocabulary": 8000}, "texts of a pretrained network have no setting 'vocabulary'; they have longest, prompt"),
        ({"longest": 3}, "longest must be a whole number from 4 to 65536, got 3"),
        ({"longest": True}, "longest must be a whole number from 4 to 65536, got True"),
        ({"prompt": 3}, "prompt must be a text, got 3"),
    ],
)
def test_settings_of_texts_that_do_not_fit(tmp_path, chosen, message):
    with pytest.raises(SettingsError, match=message):
        of_texts(text_network(tmp_path), **chosen)


@pytest.mark.parametrize(
    ("settings", "files"),
    [
        ({"tokens": "given", "longest": 16, "prompt": ""}, {}),
        ({"tokens": "given", "longest": 16, "prompt": ""}, {"tokenizer.json": b"{}"}),
        ({"tokens": "given", "longest": 16, "later": 1}, {"tokenizer.json": b"{}"}),
        ({"tokens": "given", "longest": 0, "prompt": ""}, {"tokenizer.json": b"\xff"}),
    ],
)
def test_damaged_model_folder(settings, files):
    with pytest.raises(ModelError):
        texts_from(settings, files)


def test_pictures_are_prepared_as_the_network_saw_them(tmp_path):
    folder = picture_network(tmp_path)
    preparation = of_pictures(folder, size=None, colour="auto", shape="resize", light="none")
    assert preparation.item_steps == (Colour("rgb"), Resize(32))  # the crop decides, not what was resized before it
    assert preparation.batch_steps == (Standardise(tuple(MEAN), tuple(DEVIATION)),)
    assert preparation.facts() == {"channels": 3, "size": 32}
    read = preparation.read_one(np.full((10, 20), 255, np.uint8))
    finished = preparation.finish(preparation.join([read]).float() / 255)
    expected = (1 - torch.tensor(MEAN)) / torch.tensor(DEVIATION)
    torch.testing.assert_close(finished[0, :, 5, 7], expected)


@pytest.mark.parametrize(
    ("described", "expected"),
    [
        ({"size": {"shortest_edge": 256}, "crop_size": {"height": 224, "width": 224}}, 224),
        ({"size": {"shortest_edge": 256}, "crop_size": {"height": 224, "width": 224}, "do_center_crop": False}, 256),
        ({"size": {"height": 384, "width": 384}}, 384),
        ({"size": 96}, 96),
        ({}, 224),
    ],
)
def test_size_of_pictures(tmp_path, described, expected):
    folder = picture_network(tmp_path, "resnet")
    write_json(folder / "preprocessor_config.json", described)
    assert of_pictures(folder).size == expected
    assert of_pictures(folder, size=48).size == 48


@pytest.mark.parametrize("chosen", [{"colour": "grey"}, {"light": "local"}, {"shape": "round"}, {"size": 4}, {"x": 1}])
def test_settings_of_pictures_that_do_not_fit(tmp_path, chosen):
    with pytest.raises(SettingsError):
        of_pictures(picture_network(tmp_path, "resnet"), **chosen)
