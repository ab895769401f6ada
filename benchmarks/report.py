"""What a benchmark measured -> one table on the screen, and a JSON file where the user asks for one.

A benchmark is: `options = read_options(...)`, measure, `publish(Result(...), options)`.
"""

import argparse
import json
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from alikely.errors import StorageError

SPREAD = "_sd"
MOST_COLUMNS = 6


@dataclass(frozen=True)
class Options:
    """What every benchmark can be told. `data` and `keep` mean something where the benchmark said that it has them."""

    data: Path
    seeds: int
    quick: bool
    json: Path | None
    keep: Path | None = None


@dataclass(frozen=True)
class Result:
    """What one run of a benchmark found.

    `metrics` are ours. `floors` are floors and peers measured in the same run, `published` are figures quoted from
    papers: each {who: {name of the metric: value}}, with the names of the metrics as in `metrics`, so that they stand
    beside ours. `settings` say what was run. `seconds` is the time of the whole benchmark.
    """

    name: str
    metrics: Mapping[str, float]
    seconds: float
    floors: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    published: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)


def read_options(
    description: str,
    needs_data: bool,
    seeds: int = 1,
    arguments: Sequence[str] | None = None,
    keeps: bool = False,
) -> Options:
    """The command line of a benchmark. `seeds` is how many it runs with where the user does not say.

    One that `keeps` runs in parts, such as folds, and can keep the result of each.
    """
    parser = argparse.ArgumentParser(description=description)
    of_data = "folder with the unpacked data" + ("" if needs_data else " (not needed here)")
    parser.add_argument("--data", type=Path, required=needs_data, default=Path(), metavar="DIR", help=of_data)
    parser.add_argument("--seeds", type=_count, default=seeds, metavar="N", help=f"how many seeds (default {seeds})")
    parser.add_argument("--quick", action="store_true", help="a small run that shows it works; its numbers mean little")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the result here")
    parser.set_defaults(keep=None)
    if keeps:
        of_keep = "keep the result of each part here; a part that is there with the same settings is not run again"
        parser.add_argument("--keep", type=Path, metavar="DIR", help=of_keep)
    read = parser.parse_args(arguments)
    return Options(data=read.data, seeds=read.seeds, quick=read.quick, json=read.json, keep=read.keep)


def over_seeds(runs: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """The mean of each metric over runs and, with two runs or more, its standard deviation as `NAME_sd`."""
    merged: dict[str, float] = {}
    for name in runs[0]:
        values = [run[name] for run in runs]
        merged[name] = statistics.fmean(values)
        if len(values) > 1:
            merged[name + SPREAD] = statistics.stdev(values)
    return merged


def publish(result: Result, options: Options) -> None:
    """Print the table and, with `--json FILE`, write the result there. Raises StorageError if that cannot be done."""
    Console().print(comparison(result))
    if options.json is not None:
        try:
            options.json.write_text(json.dumps(asdict(result), indent=2) + "\n", encoding="utf-8")
        except OSError as error:
            raise StorageError(f"cannot write {options.json}: {error.strerror}; give --json another path") from error


def comparison(result: Result) -> Table:
    """One row a metric: ours, then what was measured beside it, then what is quoted from papers.

    Where that would be more columns than a terminal can show, one row for each of these and one column a metric.
    """
    table = Table(title=f"{result.name} ({result.seconds:.0f} s)", caption=_one_line(result.settings))
    columns = [("ours", result.metrics)]
    columns += [(f"{who}\n(this run)", values) for who, values in result.floors.items()]
    columns += [(f"{who}\n(quoted)", values) for who, values in result.published.items()]
    found = dict.fromkeys(name for _, values in columns for name in values)
    names = [name for name in found if not name.endswith(SPREAD)]
    wide = len(columns) <= MOST_COLUMNS
    table.add_column("metric" if wide else "", overflow="fold")
    for heading in [heading for heading, _ in columns] if wide else names:
        table.add_column(heading, justify="right")
    if wide:
        for name in names:
            table.add_row(name, *(_cell(values, name) for _, values in columns))
    else:
        for heading, values in columns:
            table.add_row(heading.replace("\n", " "), *(_cell(values, name) for name in names))
    return table


def _cell(values: Mapping[str, float], name: str) -> str:
    if name not in values:
        return ""
    spread = values.get(name + SPREAD)
    return f"{values[name]:.4g}" + ("" if spread is None else f" ± {spread:.2g}")


def _one_line(settings: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in settings.items())


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"must be 1 or more, got {number}")
    return number
