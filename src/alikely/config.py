"""A whole run on one page: the settings of `train` with bounds and defaults, from Python, a TOML file or options."""

import tomllib
from collections.abc import Callable
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from alikely.encoders import DEFAULT_ENCODERS, brings_preparation, preferred_preparation
from alikely.errors import InputError, SettingsError
from alikely.losses import is_borrowed, learns_from_views
from alikely.types import Kind

LEARN_ANGLES = (
    *("info_nce", "multiple_negatives", "supervised_contrastive", "multi_similarity"),
    *("proxy_anchor", "arcface", "cosface", "cosine_regression", "cosent", "angle", "pearson"),
)
OF_PICTURES = ("size", "colour", "shape", "light", "detect")  # settings of the preparation that have names of their own
Fraction = Annotated[float, Field(ge=0, le=1)]


class TrainSettings(BaseModel):
    """Everything that decides how a model is trained. The defaults suit a few thousand small pictures.

    The same names stand in a TOML file (`alikely train --config run.toml`), one `name = value` a line.
    Raises SettingsError, which lists every value that does not fit.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    items: Literal["auto", "picture", "text", "row", "sequence", "embedding"] = "auto"
    """what the items are; auto: as the source shows"""
    encoder: str | None = None
    """cnn, resnet or koch; by itself what fits the items: cnn"""
    encoder_settings: dict[str, Any] = {}
    """settings of the encoder beyond its defaults, for example { dim = 64 }"""
    distance: str | None = None
    """euclidean, squared_euclidean, manhattan, exp_manhattan, cosine or learned; by itself what fits the loss"""
    loss: str | None = None
    """contrastive, triplet, info_nce, pml:CircleLoss ..., or a sum such as info_nce+cosface; by itself contrastive
    (koch: logistic; pairs with scores: cosent); without labels simsiam, barlow_twins, vicreg or info_nce_views"""
    loss_settings: dict[str, Any] = {}
    """settings of the loss, for example { margin = 0.5 }; of a sum { cosface = { margin = 0.2, weight = 0.5 } }"""

    preparation: dict[str, Any] = {}
    """settings of the preparation of texts, rows and sequences; of pictures frame and lower, which belong to detect"""
    size: int | None = Field(default=None, ge=8, le=1024)
    """height and width in pixels at which pictures are compared; by itself 64 (for koch 105)"""
    colour: Literal["auto", "grey", "rgb"] = "auto"
    """auto: grey where all pictures are grey"""
    shape: Literal["resize", "pad", "content"] = "resize"
    """resize stretches to a square, pad keeps the aspect, content crops to the ink first"""
    light: Literal["none", "local", "tan_triggs"] = "none"
    """local evens out the light of each picture over 9x9 pixels; tan_triggs does it by bands of frequency"""
    detect: str = "none"
    """face crops to the largest face (needs alikely[faces]); module:function crops to what your own function finds"""
    augment: str | dict[str, float] | None = None
    """none, light, strong, or strengths by name; by itself light (strong for views, none for pretrained and onnx)"""
    new_classes: Literal["none", "turned", "mirrored", "both"] = "none"
    """turned, mirrored or both: every identity also teaches as new ones so seen, in each epoch (characters, symbols)"""

    epochs: int = Field(default=30, ge=1)
    """how often every item is seen"""
    labels_per_batch: int = Field(default=16, ge=2)
    """identities in a batch"""
    items_per_label: int = Field(default=4, ge=1)
    """items of each identity in a batch"""
    draw: Literal["every_item", "root", "equal"] = "every_item"
    """every_item: an epoch sees all; root: identities drawn by the root of their number of items; equal: all alike"""
    groups_per_batch: int | None = Field(default=None, ge=1)
    """take a batch's identities from so many groups: different items of one group are the hard ones"""
    pairs_per_batch: int = Field(default=128, ge=1)
    """pairs in a batch, where a table of pairs is learned from"""
    items_per_batch: int = Field(default=256, ge=2)
    """items in a batch, where two views of each are learned from"""
    encode_at_once: int | None = Field(default=None, ge=1)
    """so many items of a batch are encoded at once: large batches in little memory, with the gradients of the whole"""
    remembered: int = Field(default=0, ge=0)
    """items are also compared with so many of earlier batches (cross-batch memory), once the learning rate is warm"""
    hard_negatives: int = Field(default=0, ge=0, le=64)
    """before each epoch all items are searched for those mistaken for each other; so many join each label of a batch"""
    hard_negatives_guard: float = Field(default=0.0, ge=0)
    """leave out hard negatives nearer than the nearest positive by more than this: they may well be the same"""
    learning_rate: float = Field(default=2e-3, gt=0, le=10)
    """the highest learning rate of AdamW; it warms up to it and falls along a cosine"""
    weight_decay: float = Field(default=1e-4, ge=0, le=10)
    """weight decay of AdamW"""
    warmup: Fraction = 0.05
    """share of the steps during which the learning rate rises"""
    clip: float | None = Field(default=1.0, gt=0)
    """largest norm of the gradient"""
    patience: int | None = Field(default=None, ge=1)
    """stop after so many epochs in which the EER of held-back identities has not fallen"""
    precision: Literal["auto", "bf16", "fp32"] = "auto"
    """auto: bf16 where the processor has it"""
    memory_gb: float = Field(default=4.0, gt=0)
    """items that fit in so much memory are read once; others anew for each batch"""

    validate_share: Fraction = 0.1
    """share of the identities that decide when to stop (none below 20 identities)"""
    calibrate_share: Fraction = 0.15
    """share of the identities that fit the threshold and the probability"""
    test_share: Fraction = 0.15
    """share of the identities that measure the result"""
    fmr: float | None = Field(default=None, gt=0, lt=1)
    """false-match rate of the default threshold; by itself 0.01, or more where the data cannot bear that"""
    confidence: float = Field(default=0.95, ge=0, lt=1)
    """confidence that identities never seen keep the rate of a threshold; 0 takes the rates as they are found"""
    seed: int = Field(default=0, ge=0, lt=2**31)
    """equal seeds give equal models on the same machine"""
    trackers: tuple[str, ...] = ()
    """where metrics go beside the CSV file: tensorboard, mlflow, wandb; what is files goes to alikely-logs/"""

    @model_validator(mode="wrap")
    @classmethod
    def _in_our_words(cls, values: Any, checked: Callable[[Any], "TrainSettings"]) -> "TrainSettings":
        try:
            made = checked(values)
        except ValidationError as error:
            raise SettingsError(_problems(error)) from None
        held_back = made.validate_share + made.calibrate_share + made.test_share
        if held_back >= 1:
            raise SettingsError(
                f"validate_share, calibrate_share and test_share are {held_back:g} together, so that nothing is left "
                "to learn from; make them less than 1"
            )
        return made

    def resolved(self, kind: Kind, scored: bool = False) -> "TrainSettings":
        """The same with encoder, distance, loss and size filled in: what fits items of this kind, and each other.

        `scored` says that pairs have scores, and are learned from by these.

        Raises SettingsError for settings of pictures where the items are none.
        """
        if self.items not in ("auto", kind):
            raise SettingsError(f"items = {self.items!r}, but the examples are {kind}s; leave it out")
        if kind != "picture":
            self._require_no_pictures(kind)
        encoder = self.encoder or DEFAULT_ENCODERS[kind]
        koch = encoder == "koch"
        usual = "logistic" if koch or self.distance == "learned" else "cosent" if scored else "contrastive"
        loss = self.loss or usual
        parts = loss.split("+")
        angles = any(part in LEARN_ANGLES or is_borrowed(part) for part in parts) or learns_from_views(loss)
        by_loss = "learned" if "logistic" in parts else "cosine" if angles else "euclidean"
        values = {"items": kind, "encoder": encoder, "loss": loss, "distance": self.distance or by_loss}
        augment = self.of_augmentation()
        size = self.size
        if kind == "picture" and not brings_preparation(encoder):
            size = size or (105 if koch else 64)
        return self.model_copy(update={**values, "size": size, "augment": augment})

    def of_augmentation(self) -> str | dict[str, float]:
        """What the augmentation is built of: the views of one item must differ more than other items need to.

        Items of a network made elsewhere stay as they are, so that what is frozen is computed once.
        """
        if self.augment is not None:
            return self.augment
        if learns_from_views(self.loss or ""):
            return "strong"
        return "none" if brings_preparation(self.encoder or "") else "light"

    def of_preparation(self) -> dict[str, Any]:
        """The settings of the preparation, once resolved; what they leave out is as the encoder prefers it."""
        if self.items != "picture":
            return {**preferred_preparation(str(self.encoder)), **self.preparation}
        return {name: getattr(self, name) for name in OF_PICTURES} | self.preparation

    def _require_no_pictures(self, kind: str) -> None:
        for name in (*OF_PICTURES, "new_classes"):
            if getattr(self, name) != TrainSettings.model_fields[name].default:
                raise SettingsError(f"{name} is a setting of pictures, and the items are {kind}s; leave it out")


def read_toml(path: Path) -> dict[str, Any]:
    """The values in a TOML file; InputError where it is missing or is no TOML."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); name a TOML file with settings") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: is no TOML file ({error}); write one `name = value` a line") from None


def _problems(error: ValidationError) -> str:
    """A line for each setting that does not fit."""
    lines: dict[str, str] = {}
    for entry in error.errors():
        name, wanted = str(entry["loc"][0]), entry["msg"].removeprefix("Input should be ")
        if entry["type"] == "extra_forbidden":
            near = get_close_matches(name, TrainSettings.model_fields, n=1)
            known = f"did you mean {near[0]}?" if near else f"there are: {', '.join(TrainSettings.model_fields)}"
            lines[name] = f"{name}: no such setting; {known}"
        elif name in lines:  # a setting may be of several kinds
            lines[name] += f", or {wanted}"
        else:
            lines[name] = f"{name} = {entry['input']!r}: must be {wanted}"
    return "\n".join(lines.values())
