"""Normal items in; a model that learned nothing but their scales out: what is compared where no network was trained.

Rows, sequences, texts and embeddings become vectors whose straight-line distance says how unlike two of them are.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from alikely.contracts import Preparation
from alikely.data.preparations import draft_preparation
from alikely.data.reading import Prepared
from alikely.distances import Euclidean
from alikely.encoders import build_encoder, default_settings
from alikely.errors import SettingsError
from alikely.model import SiameseModel, ready
from alikely.types import Item, Kind

PLAIN = "plain"  # what the encoder is called
POINTS = 64  # of a sequence
# Settings of preparations that fit the comparison of items as they are: a patch of 8 pixels is then as small as a
# scratch.
USUAL: dict[Kind, dict[str, Any]] = {"text": {"tokens": "ngrams"}, "picture": {"size": 128}}


class PlainRows(nn.Module):
    """Rows -> their numbers on their scale and, for each category, a place of its own.

    Two rows that differ in a category only are 1 apart, as are two whose number differs by one deviation.
    """

    def __init__(self, numbers: int, categories: Sequence[int]) -> None:
        super().__init__()
        self.numbers = numbers
        self.categories = tuple(categories)
        self.dim = numbers + sum(self.categories)

    def forward(self, batch: Float[Tensor, "items finished"]) -> Float[Tensor, "items dim"]:
        """One vector a row, same order."""
        codes = batch[:, self.numbers :].long()
        places = [
            functional.one_hot(codes[:, place], size).to(batch.dtype) * 0.5**0.5
            for place, size in enumerate(self.categories)
        ]
        return torch.cat([batch[:, : self.numbers], *places], dim=1)


class PlainSequences(nn.Module):
    """Sequences -> each channel at POINTS even times from the first step to the last, by linear interpolation.

    The distance of two is the root of their mean squared difference over time, all channels added up.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.channels = channels
        self.dim = channels * POINTS

    def forward(self, batch: Float[Tensor, "items steps channels"]) -> Float[Tensor, "items dim"]:
        """One vector a sequence, same order; padding (NaN) is not looked at."""
        last = (~batch[:, :, 0].isnan()).sum(dim=1) - 1
        wanted = torch.linspace(0, 1, POINTS, device=batch.device) * last[:, None]
        before = wanted.floor().long()
        after = torch.minimum(before + 1, last[:, None])
        share = (wanted - before).to(batch.dtype)[:, :, None]
        one, other = (_at(batch, places) for places in (before, after))
        rows: Tensor = torch.lerp(one, other, share).flatten(start_dim=1) / POINTS**0.5
        return rows


def plain_model(normal: Prepared) -> SiameseModel:
    """A model for items like these normal ones, with nothing learned but scales and how rare words are.

    Where its preparation `rereads`, items are read anew for it. Raises SettingsError for pictures.
    """
    draft = normal.preparation
    preparation = draft.fitted(normal.examples.items, [] if draft.rereads else normal.each(np.arange(len(normal))))
    return model_of(preparation)


def model_of(preparation: Preparation) -> SiameseModel:
    """The model of items prepared like this: the preparation says all of it. Raises SettingsError for pictures."""
    return SiameseModel(
        preparation=preparation,
        encoder=ready(_encoder(preparation)),
        encoder_name=PLAIN,
        distance=Euclidean(),
        distance_name="euclidean",
    )


def is_plain(model: SiameseModel) -> bool:
    """Whether a model is one of these."""
    return model.encoder_name == PLAIN


def plain_preparation(kind: Kind, items: Sequence[Item], settings: Mapping[str, Any]) -> Preparation:
    """How items are prepared where nothing else is said; `settings` change it."""
    return draft_preparation(kind, items, {**USUAL.get(kind, {}), **settings})


def _encoder(preparation: Preparation) -> nn.Module:
    """It has no weights, or weights that the preparation tells."""
    facts = preparation.facts()
    if preparation.kind == "row":
        return PlainRows(facts["numbers"], facts["categories"])
    if preparation.kind == "sequence":
        return PlainSequences(facts["channels"])
    if preparation.kind == "text":
        return build_encoder("bag", default_settings("bag", facts))
    if preparation.kind == "embedding":
        return build_encoder("given", {**facts, "head": "none", "normalise": False})
    raise SettingsError(f"{preparation.kind}s are not compared as a whole without a trained model; give one")


def _at(batch: Float[Tensor, "items steps channels"], places: Tensor) -> Float[Tensor, "items points channels"]:
    return batch.gather(1, places[:, :, None].expand(-1, -1, batch.shape[2]))
