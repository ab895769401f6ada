"""How the columns and neighbours of the fraud benchmark were chosen: learned from days 15 to 35, judged on 43 to 56.

Each candidate changes what a detector looks at; the days on which the benchmark judges play no part.
"""

import time
from dataclasses import replace

import torch

from benchmarks.fraud import (
    LABELLED,
    OWN,
    QUICK_CUSTOMERS,
    QUICK_REMEMBERED,
    REMEMBERED,
    UNLABELLED,
    Way,
    boosted,
    detector_of,
    suspicion_of,
    task_of,
)
from benchmarks.fraud_features import read_transactions
from benchmarks.report import Result, over_seeds, publish, read_options

LEARNED, JUDGED = (15, 35), (43, 56)
RISKS = ("terminal_risk_7", "terminal_risk_30")
WAYS: dict[str, Way] = {
    "as it is": UNLABELLED,
    "and recent": replace(UNLABELLED, columns=(*OWN, "recent")),
    "recent for spread": replace(UNLABELLED, columns=("amount", "unusual", "recent")),
    "amount and unusual": replace(UNLABELLED, columns=("amount", "unusual")),
    "3 nearest": replace(UNLABELLED, nearest=3),
    "50 nearest": replace(UNLABELLED, nearest=50),
    "quantile scale": replace(UNLABELLED, numbers="quantile"),
    "labelled, as it is": LABELLED,
    "labelled, standard scale": replace(LABELLED, numbers="standard"),
    "labelled, without recent": replace(LABELLED, columns=(*OWN, *RISKS)),
    "labelled, risk of one day too": replace(LABELLED, columns=(*LABELLED.columns, "terminal_risk_1")),
    "labelled, 5 nearest": replace(LABELLED, nearest=5),
}


def main() -> None:
    options = read_options(__doc__ or "", needs_data=True, seeds=1)
    begin = time.perf_counter()
    torch.set_num_threads(1)
    of = read_transactions(options.data)
    if options.quick:
        of = of.of_customers(QUICK_CUSTOMERS)
    remembered = QUICK_REMEMBERED if options.quick else REMEMBERED
    task = task_of(of, LEARNED, JUDGED)
    rows = {
        name: over_seeds(
            [
                task.figures(suspicion_of(detector_of(task, way, seed, remembered), task, way))
                for seed in range(options.seeds)
            ]
        )
        for name, way in WAYS.items()
    }
    rows["boosting, our columns"] = task.figures(boosted(task, LABELLED.columns, 0))
    settings = {"learned": LEARNED, "judged": JUDGED, "remembered": remembered, "seeds": options.seeds}
    metrics = rows.pop("as it is")
    publish(Result("fraud_choice", metrics, time.perf_counter() - begin, floors=rows, settings=settings), options)


if __name__ == "__main__":
    main()
