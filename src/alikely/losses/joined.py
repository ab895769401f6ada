"""Several losses -> one to learn from: their weighted sum."""

from collections.abc import Mapping
from typing import TypeAlias

from torch import nn

from alikely.contracts import KnownLoss, PairLoss, ProxyLoss, ScoreLoss, TableLoss, ViewLoss
from alikely.losses.bounds import check_number

Single: TypeAlias = PairLoss | TableLoss | ScoreLoss | ProxyLoss | KnownLoss | ViewLoss


class Joined(nn.Module):
    """The sum of weight * loss over several losses, each of which takes of the batch what it takes by itself.

    `losses` and `weights` (above 0) by name. What losses learn themselves, such as proxies, is learned and kept as
    `learned.<name>`. Raises SettingsError for a weight out of bounds.
    """

    def __init__(self, losses: Mapping[str, Single], weights: Mapping[str, float]) -> None:
        super().__init__()
        for name in losses:
            check_number(f"{name}: weight", weights[name], above=0.0)
        self.parts = tuple((float(weights[name]), loss) for name, loss in losses.items())
        self.learned = nn.ModuleDict({name: loss for name, loss in losses.items() if isinstance(loss, nn.Module)})
