"""Settings of the LFW benchmark beside others, on the official development set ("View 1"), which is there for choosing.

Its 1,000 test pairs are judged by a model that learned from nobody in them. Each candidate is one change of the
settings, at about the same time of training: what makes an epoch cheaper gets more of them.
"""

import time
from pathlib import Path

from benchmarks.lfw import SETTINGS, development_pairs, learned_and_judged, people_and_pictures, pool_of
from benchmarks.report import Result, publish, read_options

NET = {"stem": 32, "dim": 256, "dropout": 0.3}
CHANGES: dict[str, dict[str, object]] = {
    "as it is": {},
    "3 wide stages": {"encoder_settings": {**NET, "stages": [64, 128, 256]}, "epochs": 12},
    "48 pixels": {"encoder_settings": {**NET, "stages": [32, 64, 128, 256], "grid": 3}, "size": 48, "epochs": 30},
    "InfoNCE alone": {"loss": "info_nce", "loss_settings": {"temperature": 0.1}},
    "CosFace alone": {"loss": "cosface", "loss_settings": {"scale": 24, "margin": 0.2}},
    "every item": {"draw": "every_item"},
}
SHOWN = ("accuracy", "eer", "seconds", "core_seconds")


def candidate(data: Path, changes: dict[str, object]) -> dict[str, float]:
    """How well the settings with these changes do on the development set."""
    examples = people_and_pictures(data)
    found = learned_and_judged(examples, development_pairs(data, examples), 0, changes)
    return {name: found[name] for name in SHOWN}


def main() -> None:
    options = read_options(__doc__ or "", needs_data=True)
    begin = time.perf_counter()
    shorter: dict[str, object] = {"epochs": 1} if options.quick else {}
    with pool_of(len(CHANGES)) as pool:
        running = {
            name: pool.submit(candidate, options.data, {**changes, **shorter}) for name, changes in CHANGES.items()
        }
        rows = {name: job.result() for name, job in running.items()}
    metrics = rows.pop("as it is")
    settings = {**SETTINGS, **shorter}
    publish(Result("lfw_choice", metrics, time.perf_counter() - begin, floors=rows, settings=settings), options)


if __name__ == "__main__":
    main()
