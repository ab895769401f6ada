"""How the settings of the ADBench benchmark were chosen: each candidate on the tables `adbench.CHOSEN_ON`.

The anomalies of these tables are looked at, those of the seven others are not. Each candidate is one change of the
settings; `auroc` is the mean over the tables.
"""

import time
from typing import Any

import torch

from benchmarks.adbench import CHOSEN_ON, QUICK, SETTINGS, floors_of, parted, read_tables, scores_of, summed_up
from benchmarks.report import Result, over_seeds, publish, read_options

ENCODER = SETTINGS["encoder_settings"]
CHANGES: dict[str, dict[str, Any]] = {
    "as it is": {},
    "the nearest": {"nearest": 1},
    "the 5 nearest": {"nearest": 5},
    "as long on few rows as on many": {"often": 10_000},
    "twice as long": {"often": 20, "most_rows": 10_000},
    "half as long": {"epochs": 1},
    "learning rate 5e-4": {"learning_rate": 5e-4},
    "up to .3 of the cells replaced": {"replaced": 0.3},
    "quantile scale": {"preparation": {"numbers": "quantile"}},
    "layer norm": {"encoder_settings": ENCODER | {"norm": "layer"}},
    "length 1": {"encoder_settings": ENCODER | {"normalise": True}},
    "without the columns beside": {"encoder_settings": ENCODER | {"skip": False}},
    # Two views of each normal row, as learning without labels has them.
    "InfoNCE of views (SCARF)": {
        "loss": "info_nce_views",
        "distance": "cosine",
        "augment": "strong",
        "encoder_settings": ENCODER | {"normalise": True},
    },
    "VICReg": {"loss": "vicreg", "augment": {"corrupt": 0.3}},
}


def main() -> None:
    options = read_options(__doc__ or "", needs_data=True, seeds=1)
    begin = time.perf_counter()
    torch.set_num_threads(1)
    shorter = QUICK if options.quick else {}
    tables = {name: table for name, table in read_tables(options.data).items() if name in CHOSEN_ON}
    rows: dict[str, dict[str, float]] = {}
    for name, changes in CHANGES.items():
        runs = []
        for seed in range(options.seeds):
            found = {of: scores_of(parted(table, seed), seed, changes | shorter) for of, table in tables.items()}
            runs.append(summed_up(found, ("auroc", "training_seconds")))
        rows[name] = over_seeds(runs)
    floors = [
        {of: floors_of(parted(table, seed), seed) for of, table in tables.items()} for seed in range(options.seeds)
    ]
    for who in ("1 nearest", "5 nearest"):
        each = [{of: {"auroc": row[who]} for of, row in run.items()} for run in floors]
        rows[who] = over_seeds([summed_up(run, ("auroc",)) for run in each])
    metrics = rows.pop("as it is")
    settings = {**SETTINGS, **shorter, "seeds": options.seeds}
    publish(Result("adbench_choice", metrics, time.perf_counter() - begin, floors=rows, settings=settings), options)


if __name__ == "__main__":
    main()
