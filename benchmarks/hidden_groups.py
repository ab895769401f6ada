"""Where the promise of a threshold ends: made-up people, a few of whom are alike among themselves or like everybody.

As `benchmarks.promise`, with people made up in 32 numbers, three pictures each: `even`, all drawn alike; `minority`,
one in twenty from a narrow group whose members look alike; `wolves`, one in fifty in the middle of all, like many.
100 of 2,000 people are drawn to calibrate on, 200 times; `kept_RATE` is the share of the draws in which the FMR on all
others stayed within the rate asked at 95 % confidence. One column for each population; each rule's figures are those of
`ours`, and with `quantile.` before them those of the plain quantile.

`few N`: N of 400 people, drawn alike in 8 numbers, with twelve pictures each, as somebody has who begins with few. Two
that look alike make 144 errors at once then. `refused_RATE` is the share of the draws that promise nothing.
"""

import time

import numpy as np
from jaxtyping import Float, Int

from benchmarks.promise import RULES, figures, others_of, reached
from benchmarks.report import Result, publish, read_options

PEOPLE, DRAWN, PICTURES, DIM = 2000, 100, 3, 32
DRAWS = 200
SPREAD = 0.5  # of a person's pictures around the person, where people lie about 1 apart in each number
KINDS = ("even", "minority", "wolves")
FEW, FEW_PEOPLE, FEW_DIM, FEW_PICTURES = (5, 9, 15, 25, 40), 400, 8, 12


def population(
    kind: str, people: int, generator: np.random.Generator, dim: int = DIM, pictures: int = PICTURES
) -> tuple[Float[np.ndarray, "items dim"], Int[np.ndarray, " items"]]:
    """Embeddings and whose they are."""
    centres = generator.normal(0, 1, (people, dim))
    special = np.arange(people) < people // {"even": people, "minority": 20, "wolves": 50}[kind]
    if kind == "minority":
        centres[special] = 2 * generator.normal(0, 1, dim) + 0.7 * centres[special]
    if kind == "wolves":
        # All others lie to one side a little, and these in the middle of that side.
        side = generator.normal(0, 1, dim)
        centres[~special] += 0.5 * side
        centres[special] = side + 0.3 * centres[special]
    labels = np.repeat(np.arange(people), pictures)
    rows = centres[labels] + SPREAD * generator.normal(0, 1, (len(labels), dim))
    return rows.astype(np.float32), labels


def promised(kind: str, people: int, drawn: int, draws: int) -> tuple[dict[str, float], dict[str, float]]:
    """What ours and the plain quantile kept in this population."""
    generator = np.random.default_rng(0)
    return kept(*population(kind, people, generator), drawn, draws, generator)


def promised_by_few(people: int, drawn: int, draws: int) -> tuple[dict[str, float], dict[str, float]]:
    """The same for few with many pictures each."""
    generator = np.random.default_rng(drawn)
    return kept(*population("even", people, generator, FEW_DIM, FEW_PICTURES), drawn, draws, generator)


def kept(
    rows: Float[np.ndarray, "items dim"],
    labels: Int[np.ndarray, " items"],
    drawn: int,
    draws: int,
    generator: np.random.Generator,
) -> tuple[dict[str, float], dict[str, float]]:
    """What ours and the plain quantile kept, of so many draws of people."""
    others, rules = others_of(rows, labels), {name: RULES[name] for name in ("ours", "plain quantile")}
    runs = [reached(rows, labels, others, drawn, generator, rules) for _ in range(draws)]
    ours, quantile = (figures(np.array([run[rule] for run in runs])) for rule in rules)
    return ours, quantile


def main() -> None:
    options = read_options(__doc__ or "", needs_data=False)
    begin = time.perf_counter()
    people, draws = (300, 5) if options.quick else (PEOPLE, DRAWS)
    columns = {}
    for kind in KINDS:
        ours, quantile = promised(kind, people, DRAWN, draws)
        columns[kind] = ours | {f"quantile.{name}": value for name, value in quantile.items()}
    for few in FEW:
        ours, quantile = promised_by_few(60 if options.quick else FEW_PEOPLE, few, draws)
        columns[f"few {few}"] = ours | {f"quantile.{name}": value for name, value in quantile.items()}
    result = Result(
        name="hidden groups",
        metrics=columns.pop("even"),
        floors=columns,
        settings={"people": people, "drawn": DRAWN, "draws": draws, "confidence": 0.95},
        seconds=time.perf_counter() - begin,
    )
    publish(result, options)


if __name__ == "__main__":
    main()
