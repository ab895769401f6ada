"""Tiny networks with random weights, written as folders of transformers and of sentence-transformers."""

import json
from pathlib import Path
from typing import Any

import torch

from alikely.encoders.pretrained.folder import quietly

SMALL = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 40}
WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "a", "man", "dog", "runs", "sleeps", "the", "cat", "eats"]
MEAN, DEVIATION = [0.4, 0.5, 0.6], [0.2, 0.3, 0.25]


def write_json(path: Path, content: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content), encoding="utf-8")


def text_network(folder: Path, family: str = "bert") -> Path:
    """A network for texts with its tokenizer, whose tokenizer.json pads and cuts as published ones often do."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import AutoConfig, AutoModel

    settings: dict[str, dict[str, Any]] = {
        "bert": {"max_position_embeddings": 24, **SMALL},
        "roberta": {"max_position_embeddings": 26, "pad_token_id": 0, **SMALL},
        "mpnet": {"max_position_embeddings": 26, **SMALL},
        "distilbert": {"dim": 32, "n_layers": 2, "n_heads": 4, "hidden_dim": 40, "max_position_embeddings": 24},
        "t5": {"d_model": 32, "d_kv": 8, "d_ff": 40, "num_layers": 2, "num_heads": 4},
    }
    network = AutoModel.from_config(AutoConfig.for_model(family, vocab_size=len(WORDS), **settings[family]))
    with quietly():
        network.save_pretrained(folder)
    tokenizer = Tokenizer(models.WordLevel({word: number for number, word in enumerate(WORDS)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    tokenizer.enable_padding(length=20)
    tokenizer.enable_truncation(20)
    tokenizer.save(str(folder / "tokenizer.json"))
    write_json(folder / "tokenizer_config.json", {"model_max_length": 16})
    return folder


def sentence_network(folder: Path, poolings: tuple[str, ...] = ("mean",), dense: str | None = None) -> Path:
    """The same as sentence-transformers writes it, in its older manner; `dense` is the class of an activation."""
    from safetensors.torch import save_file

    text_network(folder)
    modules = ["Transformer", "Pooling", *(["Dense"] if dense else []), "Normalize"]
    paths = ["", "1_Pooling", *(["2_Dense"] if dense else []), "3_Normalize"]
    kinds = [f"sentence_transformers.models.{name}" for name in modules]
    listed = [{"idx": i, "path": path, "type": kind} for i, (path, kind) in enumerate(zip(paths, kinds, strict=True))]
    write_json(folder / "modules.json", listed)
    write_json(folder / "sentence_bert_config.json", {"max_seq_length": 12, "do_lower_case": True})
    keys = {"mean": "pooling_mode_mean_tokens", "cls": "pooling_mode_cls_token", "max": "pooling_mode_max_tokens"}
    chosen = {key: pooling in poolings for pooling, key in keys.items()}
    write_json(folder / "1_Pooling" / "config.json", {"word_embedding_dimension": 32, **chosen})
    if dense:
        taken = 32 * len(poolings)
        described = {"in_features": taken, "out_features": 6, "bias": True, "activation_function": dense}
        write_json(folder / "2_Dense" / "config.json", described)
        torch.manual_seed(1)
        weights = {"linear.weight": torch.randn(6, taken), "linear.bias": torch.randn(6)}
        save_file(weights, folder / "2_Dense" / "model.safetensors")
    return folder


def picture_network(folder: Path, family: str = "vit") -> Path:
    """A network for pictures of 32 x 32 pixels, with what its pictures were prepared like."""
    from transformers import AutoConfig, AutoModel

    maps = {"hidden_sizes": [8, 16], "depths": [1, 1]}
    settings: dict[str, dict[str, Any]] = {
        "vit": {"image_size": 32, "patch_size": 8, **SMALL},
        "dinov2": {"image_size": 32, "patch_size": 8, **SMALL},
        "swin": {"image_size": 32, "embed_dim": 16, "depths": [1, 1], "num_heads": [2, 2], "window_size": 2},
        "convnext": {"num_stages": 2, **maps},
        "resnet": {"embedding_size": 8, **maps},
    }
    with quietly():
        AutoModel.from_config(AutoConfig.for_model(family, **settings[family])).save_pretrained(folder)
    prepared = {"image_mean": MEAN, "image_std": DEVIATION, "size": {"shortest_edge": 36}}
    write_json(folder / "preprocessor_config.json", {**prepared, "crop_size": {"height": 32, "width": 32}})
    return folder
