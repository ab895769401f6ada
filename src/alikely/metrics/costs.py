"""Error rates over the thresholds in; the smallest detection cost and the threshold that has it, out."""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from alikely.errors import SettingsError
from alikely.metrics.verification import OperatingPoint, Roc


@dataclass(frozen=True)
class DetectionCosts:
    """What errors cost, and how often pairs are the same where the decisions are made.

        cost = miss * prior * FNMR + false_alarm * (1 - prior) * FMR

    NIST, speaker recognition evaluation plans (the detection cost function of 1996 and after). `normalised` divides by
    the cost of the better of two lazy ways, to accept nothing or to accept everything: at 1, a system is worth nothing;
    0 is perfect. Raises SettingsError for costs that are not above 0 or a prior that is not between 0 and 1.
    """

    miss: float = 1.0
    false_alarm: float = 1.0
    prior: float = 0.01

    def __post_init__(self) -> None:
        if not (0 < self.miss < math.inf and 0 < self.false_alarm < math.inf):
            raise SettingsError(f"costs must be above 0, got {self.miss} for a miss, {self.false_alarm} for an alarm")
        if not 0 < self.prior < 1:
            raise SettingsError(
                f"the prior of same must lie between 0 and 1, both excluded, got {self.prior}; 1 % is 0.01"
            )

    def at(self, fmr: Float[np.ndarray, " points"], fnmr: Float[np.ndarray, " points"]) -> Float[np.ndarray, " points"]:
        """The mean cost of a decision at each of the points."""
        return self.miss * self.prior * fnmr + self.false_alarm * (1 - self.prior) * fmr

    def normalised(self, cost: float) -> float:
        """A cost over that of the better lazy way."""
        return cost / min(self.miss * self.prior, self.false_alarm * (1 - self.prior))


@dataclass(frozen=True)
class LeastCost:
    """The smallest cost that any threshold gives, as it is and normalised (see `DetectionCosts`), and that point."""

    cost: float
    normalised: float
    point: OperatingPoint


def least_cost(roc: Roc, costs: DetectionCosts | None = None) -> LeastCost:
    """The minimum detection cost over all thresholds; of several equally good ones, the smallest."""
    costs = costs or DetectionCosts()
    found = costs.at(roc.fmr, roc.fnmr)
    best = int(np.argmin(found))
    point = OperatingPoint(float(roc.thresholds[best]), float(roc.fmr[best]), float(roc.fnmr[best]))
    return LeastCost(float(found[best]), costs.normalised(float(found[best])), point)
