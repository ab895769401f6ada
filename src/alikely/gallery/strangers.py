"""How near each enrolled identity comes to all others in; what that says of strangers in front of the gallery, out.

An enrolled identity that is shown to the gallery without itself is a stranger to it. So the share of identities whose
nearest other lies within a threshold estimates the share of strangers that would be taken for somebody: the
false-positive-identification rate (FPIR) of this very gallery. Two things keep that from being a plain count:

- *Errors come in pairs.* Where two identities lie near each other, both count as an error, and an identity that is near
  to many makes many at once. So errors that share an identity are not independent. The variance of their number is
  the sum over all pairs of errors that share one (the dyadic cluster-robust variance: Fafchamps and Gubert 2007), and
  the *effective* number of identities is the one whose independent errors would vary as much.
- *A stranger meets one identity more*: all of them, not all but its own. The FPIR grows with each identity at most as
  it did with the ones before, so by at most the factor N / (N - 1).

The bound at a confidence is Clopper and Pearson's at the effective number, times that factor.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float, Int

from alikely.calibration.evidence import FEWEST_ERRORS, Evidence
from alikely.calibration.record import percent_up
from alikely.errors import CalibrationError
from alikely.metrics import percent

ROUNDING = 1e-6  # of the largest distance: identities no further apart are the same item, but for rounding


@dataclass(frozen=True, eq=False)
class Strangers:
    """Enrolled identities, each shown to all others: row i is one of them.

    `distances` are those of the nearest other, ascending; `themselves` and `nearest` number the identity and that
    other. `identities` is how many the gallery has, those that were not shown too.
    """

    distances: Float[np.ndarray, " shown"]
    themselves: Int[np.ndarray, " shown"]
    nearest: Int[np.ndarray, " shown"]
    identities: int

    def bounds(self, confidence: float) -> tuple[Float[np.ndarray, " shown"], Float[np.ndarray, " shown"]]:
        """Thresholds, ascending, and the FPIR that each keeps in a share `confidence` of all cases.

        0 gives the rates as they were found. Threshold k lies right below the distance k + 1 (from 0): so k errors.
        """
        count = len(self.distances)
        thresholds: Float[np.ndarray, " shown"] = np.nextafter(self.distances, -np.inf)
        errors = np.searchsorted(self.distances, thresholds, side="right")
        rates = errors / count
        evidence = Evidence(rates, rates, _effective(errors, self._variances, count))
        more = self.identities / (self.identities - 1)
        return thresholds, np.minimum(evidence.bound(confidence) * more, 1.0)

    def threshold(self, fpir: float, confidence: float) -> float | None:
        """The largest threshold that keeps this FPIR at this confidence; None where none can be shown to."""
        thresholds, bounds = self.bounds(confidence)
        kept = np.flatnonzero(bounds <= fpir)
        return None if len(kept) == 0 or not self.resolves(fpir, confidence) else float(thresholds[kept[-1]])

    def resolves(self, fpir: float, confidence: float) -> bool:
        """Whether so many identities can show such a rate at all: without confidence, one error must not exceed it."""
        return confidence > 0 or fpir * len(self.distances) >= 1

    def bearable(self, confidence: float) -> float:
        """The smallest FPIR that these identities can show."""
        return float(self.bounds(confidence)[1].min()) if confidence > 0 else 1 / len(self.distances)

    @property
    def copies(self) -> int:
        """How many lie on another: the same item is enrolled under both, and no distance tells them apart."""
        return int(np.searchsorted(self.distances, ROUNDING * self.distances[-1], side="right"))

    def only_copies_within(self, threshold: float) -> bool:
        """Whether the threshold is so small that nothing but a copy can be identified."""
        return threshold <= ROUNDING * float(self.distances[-1])

    def bearable_beyond_copies(self, confidence: float) -> float:
        """The smallest FPIR of a threshold that is not 0; 1 where there is none."""
        bounds = self.bounds(confidence)[1][self.copies :]
        return float(bounds.min(initial=1.0))

    @cached_property
    def _variances(self) -> Float[np.ndarray, " shown"]:
        """Of the number of errors, where the first k of them are errors: for each k from 0, one number more than rows.

        Each pair of errors counts that shares an identity, and each error with itself.
        """
        incident = np.zeros(self.identities, np.int64)
        seen: set[tuple[int, int]] = set()
        variances, total = np.zeros(len(self.distances) + 1), 0
        for k, (one, other) in enumerate(zip(self.themselves, self.nearest, strict=True)):
            mutual = (int(other), int(one)) in seen
            # With the errors before it, in both orders, and with itself; the mutual one shares two identities.
            total += 2 * int(incident[one] + incident[other] - mutual) + 1
            incident[one] += 1
            incident[other] += 1
            seen.add((int(one), int(other)))
            variances[k + 1] = total
        return variances


def copies_error(strangers: Strangers, names: Sequence[str], fpir: float, confidence: float) -> CalibrationError:
    """The error where only a threshold at which nobody is identified keeps a rate, as so many enrolled are copies.

    `names` are all identities in the order of their numbers.
    """
    one, other = names[strangers.themselves[0]], names[strangers.nearest[0]]
    beyond = strangers.bearable_beyond_copies(confidence)
    way = f", or ask for {percent_up(beyond)} or more (--fpir, fpir=)" if beyond < 1 else ""
    return CalibrationError(
        f"a false-positive-identification rate of {percent(fpir)} cannot be kept: {strangers.copies:,} of "
        f"{len(strangers.distances):,} enrolled identities that were compared are the same as another one, as {one!r} "
        f"and {other!r}, so no distance tells them apart; the same item is enrolled under both: remove one of them "
        f"(`alikely gallery remove`){way}",
        beyond if beyond < 1 else None,
    )


def _effective(
    errors: Int[np.ndarray, " thresholds"], variances: Float[np.ndarray, " counts"], count: int
) -> Float[np.ndarray, " thresholds"]:
    """The number of independent identities that would tell as much, at each threshold: never more than there are.

    With few errors, how they spread over identities is chance: the spread of the first so many stands for theirs.
    """
    design = np.ones(count + 1)
    counts = np.arange(1, count + 1)
    design[1:] = np.maximum(variances[1:] / counts, 1.0)
    enough = min(FEWEST_ERRORS, count)
    design[:enough] = np.maximum(design[:enough], design[enough])
    effective: Float[np.ndarray, " thresholds"] = count / np.maximum.accumulate(design)[errors]
    return effective
