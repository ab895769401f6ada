"""A name such as "pml:CircleLoss", and its settings -> that loss of pytorch-metric-learning, with a miner if wanted."""

import inspect
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from types import ModuleType
from typing import Any, ClassVar, Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn

from alikely.errors import SettingsError
from alikely.types import Known

PREFIX = "pml:"
# The bases of others, and those that learn from neither labels nor pairs.
NOT_OFFERED = ("BaseMetricLossFunction", "GenericPairLoss", "ManifoldLoss", "VICRegLoss")


class Borrowed(nn.Module):
    """A loss of pytorch-metric-learning: Musgrave, Belongie, Lim 2020. What it learns itself is learned and kept.

    It works on embeddings by a distance of its own (mostly the cosine, or the Euclidean distance of vectors of length
    1). It gets the labels of the batch where there are some, else the pairs that are known. A `miner` selects pairs or
    triplets first, and needs labels.
    """

    takes: ClassVar[Literal["known"]] = "known"

    def __init__(self, name: str, loss: nn.Module, miner: nn.Module | None) -> None:
        super().__init__()
        self.name = name
        self.loss = loss
        self.miner = miner

    def forward(self, embeddings: Float[Tensor, "items dim"], known: Known) -> Float[Tensor, ""]:
        """What the loss says. Raises SettingsError where it cannot learn from what is known."""
        chosen = None
        if known.labels is None:
            if self.miner is not None:
                raise SettingsError(f"loss {self.name}: a miner needs labels, and only pairs are known; leave it out")
            chosen = (*known.same.nonzero(as_tuple=True), *known.different.nonzero(as_tuple=True))
        elif self.miner is not None:
            chosen = self.miner(embeddings, known.labels)
        try:
            value: Tensor = self.loss(embeddings, known.labels, chosen)
        except ValueError as error:
            told = "pairs alone" if known.labels is None else "labels" if self.miner is None else "what a miner chose"
            raise SettingsError(f"loss {self.name} does not learn from {told}: {error}") from error
        return value.reshape(())


def is_borrowed(name: str) -> bool:
    """Whether this is the name of a loss of pytorch-metric-learning."""
    return name.startswith(PREFIX)


def build_borrowed(name: str, settings: Mapping[str, object], classes: int, dim: int) -> Borrowed:
    """The loss called `name`, with `settings` as its own arguments; `classes` and `dim` it gets from the data.

    `miner`, `distance`, `reducer` and the regularizers are named as "pml:MultiSimilarityMiner", or, with settings, as
    { name = "pml:MultiSimilarityMiner", epsilon = 0.2 }. Raises SettingsError where the package is not installed, where
    there is no such loss or setting, and where it needs labels and there are none (`classes` 0).
    """
    library = _library()
    losses = {PREFIX + key: kind for key, kind in _losses(library)}
    if name not in losses:
        near = get_close_matches(name, losses, n=3, cutoff=0.5) or sorted(losses)
        raise SettingsError(f"there is no loss {name!r} to be used here; choose one of: {', '.join(near)}")
    wanted = dict(settings)
    miner = wanted.pop("miner", None)
    kind = losses[name]
    if classes < 1 and _arguments(kind).get("num_classes") is inspect.Parameter.empty:
        raise SettingsError(f"loss {name} learns from labels, and only pairs are known; give labels, or another loss")
    facts: dict[str, object] = {"embedding_size": dim, "descriptors_dim": dim}
    if classes > 0:
        facts["num_classes"] = classes
    loss = _made(library, f"loss {name}", kind, wanted, facts)
    return Borrowed(name, loss, None if miner is None else _part(library, f"loss {name}: miner", miner))


def _library() -> ModuleType:
    try:
        import pytorch_metric_learning
        import pytorch_metric_learning.distances
        import pytorch_metric_learning.losses
        import pytorch_metric_learning.miners
        import pytorch_metric_learning.reducers
        import pytorch_metric_learning.regularizers
    except ImportError as error:
        raise SettingsError(
            f"losses whose name begins with {PREFIX} come from pytorch-metric-learning, which is not installed "
            f"({error}); install it: pip install 'alikely[losses]'"
        ) from None
    library: ModuleType = pytorch_metric_learning
    return library


def _losses(library: ModuleType) -> Iterator[tuple[str, type[nn.Module]]]:
    base = library.losses.BaseMetricLossFunction
    for key, kind in vars(library.losses).items():
        if inspect.isclass(kind) and issubclass(kind, nn.Module) and issubclass(kind, base) and key not in NOT_OFFERED:
            yield key, kind


def _part(library: ModuleType, where: str, wanted: object) -> nn.Module:
    """A miner, distance, reducer or regularizer, by its name alone or by a table of its name and settings."""
    settings = dict(wanted) if isinstance(wanted, Mapping) else {"name": wanted}
    name = settings.pop("name", None)
    parts = {
        PREFIX + key: kind
        for module in (library.miners, library.distances, library.reducers, library.regularizers)
        for key, kind in vars(module).items()
        if inspect.isclass(kind) and issubclass(kind, nn.Module) and not key.startswith("Base")
    }
    if name not in parts:
        near = get_close_matches(str(name), parts, n=3, cutoff=0.5) or sorted(parts)
        raise SettingsError(f"{where} must name one of: {', '.join(near)}, got {name!r}")
    return _made(library, f"{where} {name}", parts[name], settings, {})


def _made(
    library: ModuleType, where: str, kind: type[nn.Module], settings: Mapping[str, object], facts: Mapping[str, object]
) -> nn.Module:
    arguments = _arguments(kind)
    allowed = [key for key in arguments if key not in facts and key not in ("collect_stats", "mat_based_loss")]
    for key in settings:
        if key not in allowed:
            raise SettingsError(f"{where} has no setting {key!r}; it has: {', '.join(allowed) or 'none'}")
    given = {
        key: _part(library, f"{where}: {key}", value) if _names_a_part(value) else value
        for key, value in settings.items()
    }
    known = {key: value for key, value in facts.items() if key in arguments}
    try:
        with torch.device("cpu"):  # some of them compute while they are made, which tensors without memory cannot
            return kind(**known, **given)
    # The library checks little itself; what it says where a setting does not fit is passed on.
    except (TypeError, ValueError, AttributeError, AssertionError, RuntimeError) as error:
        raise SettingsError(f"{where} cannot be made with {dict(settings)}: {error}; see its documentation") from None


def _names_a_part(value: object) -> bool:
    return isinstance(value, Mapping) or (isinstance(value, str) and value.startswith(PREFIX))


def _arguments(kind: type[nn.Module]) -> dict[str, Any]:
    """The arguments of a class and of those it is made of, with their defaults: theirs are passed on by name."""
    found: dict[str, Any] = {}
    for above in kind.__mro__:
        if "__init__" in vars(above) and above.__module__.startswith("pytorch_metric_learning"):
            for argument in inspect.signature(vars(above)["__init__"]).parameters.values():
                by_name = argument.kind in (argument.POSITIONAL_OR_KEYWORD, argument.KEYWORD_ONLY)
                if argument.name != "self" and by_name:
                    found.setdefault(argument.name, argument.default)
    return found
