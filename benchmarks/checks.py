"""The data checks over real sets: wrong alarms, copies found, shortcuts, seconds.

    python -m benchmarks.checks --data DIR

For each set in DIR, as metrics:

- `SET.near`: pairs of different identities that are taken for copies of each other. In sets without such copies these
  are wrong alarms; LFW has one (and two that are copies byte for byte), which its own errata know.
- `SET.copies`: of pictures drawn, saved again as JPEG of quality 40, at half the size, at .7 of the size, a tenth
  brighter, or a fifth darker, and put under another label: the share that is found.
- `SET.highest_auc`: the highest AUC of any statistic of the files. `SET.shortcuts`: how many are called a shortcut.
- `SET.of_5`, `SET.of_10`: the share of draws of 5 and 10 identities (or groups) in which any is called a shortcut.
- `SET.core_seconds`: all checks of the set, in seconds of one core.
"""

import io
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Int
from PIL import Image

from alikely.data.checks import check_examples
from alikely.data.checks.duplicates import duplicates
from alikely.data.checks.measures import Measures, measure
from alikely.data.checks.questions import question_of_pairs, questions_of_identities
from alikely.data.checks.shortcuts import shortcuts
from alikely.data.pictures import open_picture
from alikely.data.sources import examples_from, read_source
from alikely.types import Examples
from benchmarks.report import Options, Result, publish, read_options

COPIED = 100
DRAWS = 20


def saved_again(picture: Image.Image) -> Image.Image:
    """As JPEG of quality 40."""
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=40)
    return Image.open(io.BytesIO(file.getvalue()))


def resized(picture: Image.Image, share: float) -> Image.Image:
    """Both sides times `share`."""
    width, height = (max(1, round(side * share)) for side in picture.size)
    return picture.resize((width, height), Image.Resampling.BILINEAR)


CHANGES: dict[str, Callable[[Image.Image], Image.Image]] = {
    "jpeg": saved_again,
    "half": lambda picture: resized(picture, 0.5),
    "smaller": lambda picture: resized(picture, 0.7),
    "brighter": lambda picture: picture.point(lambda grey: min(255, grey * 1.1)),
    "darker": lambda picture: picture.point(lambda grey: grey * 0.8),
}


def by_folder(folder: Path, group: int, label: int) -> Examples:
    """All pictures below a folder; the parts of the path with these numbers are group and label together."""
    paths = sorted(folder.rglob("*.png"))
    below = [path.relative_to(folder).parts for path in paths]
    return examples_from(paths, ["/".join(parts[: label + 1]) for parts in below], [parts[group] for parts in below])


# How each set is read.
SETS: dict[str, Callable[[Path], Examples]] = {
    "orl": lambda data: read_source(data / "orl"),
    "lfw": lambda data: read_source(data / "lfw" / "images"),
    "omniglot": lambda data: by_folder(data / "omniglot" / "background", group=0, label=1),
    "cedar": lambda data: read_source(data / "cedar"),
    "cedar_raw": lambda data: read_source(data / "cedar_raw"),
}


def near_pairs(examples: Examples, measures: Measures) -> int:
    """How many pairs of different labels are taken for copies."""
    return sum(finding.count for finding in duplicates(examples, measures) if finding.check == "near_duplicate")


def copies_found(examples: Examples, rng: np.random.Generator) -> float:
    """The share of changed copies under another label that is found."""
    drawn = rng.choice(len(examples), min(COPIED, len(examples)), replace=False)
    originals = [open_picture(examples.items[place]) for place in drawn]
    found = 0
    for change in CHANGES.values():
        items = [*originals, *(change(picture) for picture in originals)]
        both = examples_from(items, np.arange(len(items)))
        named = {pair for finding in duplicates(both, measure(both)) for pair in finding.pairs}
        count = len(originals)
        found += sum((both.names[i], both.names[count + i]) in named for i in range(count))
    return found / len(originals) / len(CHANGES)


def highest_auc(examples: Examples, measures: Measures) -> float:
    """The highest AUC of any number or text of the files, in any question."""
    asked = [question_of_pairs(examples, np.random.default_rng(0)), *questions_of_identities(examples)]
    return max(
        question.answer(values)
        for question in asked
        if question is not None
        for values in measures.statistics.values()
        if not (values.dtype.kind == "f" and np.isnan(values).any())
    )


def flagged(examples: Examples, measures: Measures, identities: int, draws: int, rng: np.random.Generator) -> float:
    """The share of draws of so many identities, or groups of imitations, in which something is called a shortcut."""
    assert examples.labels is not None
    units = examples.labels if examples.groups is None else examples.groups
    useful = [unit for unit, count in zip(*np.unique(units, return_counts=True), strict=True) if count > 1]
    kept: Sequence[Int[np.ndarray, " kept"]] = [
        np.flatnonzero(np.isin(units, rng.choice(useful, identities, replace=False))) for _ in range(draws)
    ]
    return float(np.mean([any(shortcuts(examples.select(keep), measures.select(keep))) for keep in kept]))


def of_set(examples: Examples, draws: int) -> dict[str, float]:
    """The metrics of one set."""
    rng = np.random.default_rng(0)
    start = time.process_time()
    findings = check_examples(examples)
    seconds = time.process_time() - start
    measures = measure(examples)
    return {
        "near": near_pairs(examples, measures),
        "copies": copies_found(examples, rng),
        "highest_auc": highest_auc(examples, measures),
        "shortcuts": sum(finding.check == "shortcut" for finding in findings),
        "of_5": flagged(examples, measures, 5, draws, rng),
        "of_10": flagged(examples, measures, 10, draws, rng),
        "core_seconds": seconds,
    }


def run(options: Options) -> Result:
    """All sets that are there."""
    start = time.perf_counter()
    metrics: dict[str, float] = {}
    draws = 2 if options.quick else DRAWS
    for name, read in SETS.items():
        if (options.data / name).is_dir():
            metrics |= {f"{name}.{key}": value for key, value in of_set(read(options.data), draws).items()}
    return Result("Data checks", metrics, time.perf_counter() - start, settings={"copied": COPIED, "draws": draws})


if __name__ == "__main__":
    chosen = read_options("The data checks over real sets", needs_data=True)
    publish(run(chosen), chosen)
