"""All that is told of a new calibration: to print, as JSON that other programs can read, and as a report."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alikely.calibration import Calibration, ProbabilityQuality
from alikely.folders import write_text
from alikely.metrics import percent
from alikely.model import SiameseModel
from alikely.recalibration.elsewhere import Similarities
from alikely.recalibration.points import Cheapest, PromisedRate, UnsureBand


@dataclass(frozen=True)
class Calibrated:
    """A new calibration and what it is worth.

    `calibration` decides (`threshold`, `probability`, `decide`). `model` is the model with it, where a model was
    calibrated. `rates` are thresholds for the usual false-match rates; `band` and `cheapest` are there where they were
    asked for; `quality` says how good the probabilities are on identities that they were not fitted on (None: there are
    too few to tell). `similarities` are there where similarities were given. `notes` are what to know before relying on
    it, `skipped` the items that could not be read. Without `identities_known`, every pair counts as one of its own
    (of a model: the items that same pairs join).
    """

    calibration: Calibration
    rates: tuple[PromisedRate, ...]
    quality: ProbabilityQuality | None
    band: UnsureBand | None = None
    cheapest: Cheapest | None = None
    model: SiameseModel | None = None
    similarities: Similarities | None = None
    notes: tuple[str, ...] = ()
    skipped: tuple[tuple[str, str], ...] = ()
    identities_known: bool = True

    def to_dict(self) -> dict[str, Any]:
        """For JSON: all of `Calibration.to_dict`, which `load_calibration` reads, and at a glance:

        operating_points      one object for each false-match rate, the largest first: {fmr, confidence, threshold,
                              similarity (where similarities were given), fmr_found, fnmr_found, fmr_bound, fnmr_bound},
                              or {fmr, confidence, reason} where no threshold keeps it
        unsure_band           {fnmr, confidence, empty, threshold, ...} of the upper threshold, or null
        cheapest              {prior, false_match_cost, false_non_match_cost, threshold, ...}, or null
        probability_quality   what `ProbabilityQuality.to_dict` says, or null
        largest_similarity    where similarities were given: distance = largest_similarity - similarity; else null
        notes                 a list of sentences
        """
        return {
            **self.calibration.to_dict(),
            "operating_points": [point.to_dict() for point in self.rates],
            "unsure_band": None if self.band is None else self.band.to_dict(),
            "cheapest": None if self.cheapest is None else self.cheapest.to_dict(),
            "probability_quality": None if self.quality is None else self.quality.to_dict(),
            "largest_similarity": None if self.similarities is None else self.similarities.largest,
            "notes": list(self.notes),
        }

    def save(self, path: Path | str) -> Path:
        """Write the JSON, whole or not at all. Raises StorageError where it cannot be written."""
        path = Path(path)
        write_text(path, json.dumps(self.to_dict(), indent=2, allow_nan=False) + "\n")
        return path

    def header(self) -> tuple[str, ...]:
        """The names of the columns of `rows`."""
        same = "distance <=" if self.similarities is None else "similarity >="
        promised = "FMR promised" if self.calibration.confidence else "FMR"
        return promised, f"same if {same}", "FMR found", "FNMR found", "FNMR at most"

    def rows(self) -> Sequence[tuple[str, ...]]:
        """For printing: a row for each false-match rate."""
        return [point.row(point.fmr == self.calibration.default_fmr) for point in self.rates]

    def title(self) -> str:
        """What it rests on, and what it promises."""
        of = self.calibration
        groups = f"{of.identities:,} groups of items that same pairs join"
        unknown = "unknown identities" if self.model is None else groups
        whose = f"{of.identities:,} identities" if self.identities_known else unknown
        rests = f"{of.same_pairs:,} same and {of.different_pairs:,} different pairs of {whose}"
        if of.confidence == 0:
            return f"{rests}; rates as they were found, which promise nothing for others"
        apart = "pairs share an identity" if self.model is None else "groups show one identity"
        condition = "" if self.identities_known else f", if no two {apart}"
        return f"{rests}; promised for identities never seen with {percent(of.confidence)} confidence{condition}"

    def sentences(self) -> list[str]:
        """The unsure band and the cheapest threshold, where they were asked for."""
        said = [] if self.band is None else [self.band.sentence()]
        return said if self.cheapest is None else [*said, self.cheapest.sentence(self.calibration.confidence)]
