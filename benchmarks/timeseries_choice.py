"""How the settings of the time series benchmark were chosen: half of each set's training cases, judged by the others.

No test case is touched. Each candidate is one change of the settings; the halves are drawn once, label by label.
"""

import time
from typing import Any

import numpy as np

from benchmarks.report import Result, publish, read_options
from benchmarks.timeseries import QUICK, SETTINGS, STEPS, Cases, accuracy, archives, by_euclid, by_warping, learned

NETWORK = SETTINGS["encoder_settings"]
PREPARED = SETTINGS["preparation"]
CHANGES: dict[str, dict[str, Any]] = {
    "as it is": {},
    "strong augmentation": {"augment": "strong"},
    "contrastive": {
        "loss": "contrastive",
        "loss_settings": {"margin": 2.0},
        "encoder_settings": {**NETWORK, "normalise": False},
    },
    "8 cells": {"encoder_settings": {**NETWORK, "cells": 8}},
    "sizes kept": {"preparation": {**PREPARED, "normalise": "dataset"}},
    "twice as wide": {"encoder_settings": {**NETWORK, "stages": [32, 64]}},
    "no statistics": {"encoder_settings": {**NETWORK, "statistics": False}},
    "three times the steps": {"steps": 3 * STEPS},
    "gru": {"encoder": "gru", "encoder_settings": {"width": 64, "front": 32, "dropout": 0.2}},
}


def halves(cases: Cases) -> tuple[Cases, Cases]:
    """Of each label every other case, in a drawn order."""
    order = np.random.default_rng(0).permutation(len(cases.labels))
    order = order[np.argsort(cases.labels[order], kind="stable")]
    return cases.select(np.sort(order[::2])), cases.select(np.sort(order[1::2]))


def main() -> None:
    options = read_options(__doc__ or "", needs_data=True)
    begin = time.perf_counter()
    steps = 5 if options.quick else STEPS
    sets = [halves(known) for _, known, _ in archives(options.data)][: QUICK if options.quick else None]
    rows: dict[str, dict[str, float]] = {}
    for name, changes in CHANGES.items():
        taken = steps if options.quick else changes.get("steps", steps)
        others = {key: value for key, value in changes.items() if key != "steps"}
        found = [accuracy(learned(known, asked, 0, others, taken), known, asked) for known, asked in sets]
        rows[name] = {"accuracy": float(np.mean(found))}
    for name, floor in (("Euclid", by_euclid), ("time warping", by_warping)):
        rows[name] = {"accuracy": float(np.mean([accuracy(floor(*halved), *halved) for halved in sets]))}
    metrics = rows.pop("as it is")
    settings = {**SETTINGS, "steps": steps}
    publish(Result("timeseries_choice", metrics, time.perf_counter() - begin, floors=rows, settings=settings), options)


if __name__ == "__main__":
    main()
