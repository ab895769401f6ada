"""How the signs and settings of `alikely demo` were chosen: by Omniglot's characters, made as small as the digits.

Each row is the EER, with one change, on all pairs of every third background character (people drew them; none taught),
over the seeds 1, 2 ... (`--seeds` says how many) of signs and training. Beside it the floor: the distance between plain
pixels of the same pairs. Then, with nothing changed, the same on the handwritten digits, by which nothing was chosen.
Seed 0 is the demo's own and plays no part.
"""

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from alikely import TrainSettings
from alikely.data.ink import PENS, ink
from alikely.data.samples import digits
from alikely.data.signs import Hand, invented_signs
from alikely.demo import DRAWINGS, SETTINGS, SIGNS, few_shot, plain_pixels
from alikely.metrics import Verification
from alikely.model import SiameseModel
from alikely.training.progress import Silent
from alikely.training.train import train
from alikely.types import Examples
from benchmarks.report import Result, over_seeds, publish, read_options

FEW = 400  # drawings that --quick judges
EVERY = 3  # characters: one in so many is judged
CHANGES: dict[str, dict[str, Any]] = {
    "as it is": {},
    "400 signs": {"signs": 400},
    "shake 0.07": {"shake": 0.07},
    "slant 0.15": {"slant": 0.15},
    "2 epochs": {"epochs": 2},
    "depth 3": {"encoder_settings": {"depth": 3, "width": 64, "dim": 128}},
    "no augmentation": {"augment": "none"},
}
QUICK: dict[str, dict[str, Any]] = {"as it is": {"signs": 60, "drawings": 6, "epochs": 1}}


def characters(data: Path) -> Examples:
    """Drawings of every third of Omniglot's background characters, brought to 8 x 8 pixels as the digits were."""
    folders = sorted((data / "omniglot" / "background").glob("*/*"))[::EVERY]
    paths = [path for folder in folders for path in sorted(folder.glob("*.png"))]
    pictures = [small(np.argwhere(np.asarray(Image.open(path).convert("L")) < 128)) for path in paths]
    labels = np.array(["/".join(path.parts[-3:-1]) for path in paths])
    return Examples(items=tuple(pictures), names=tuple(map(str, paths)), labels=labels)


def small(inked: np.ndarray) -> np.ndarray:
    """Rows and columns of ink -> 8 x 8 pixels, by a pen of middling thickness."""
    (picture,) = ink(inked[None, :, ::-1].astype(np.float32), np.array([PENS[1]]))
    return np.asarray(picture)


def learned(changes: dict[str, Any], seed: int) -> SiameseModel:
    """A model that has learned from signs, with these changes of the signs, of the hand or of the settings."""
    left = dict(changes)
    count, drawings = left.pop("signs", SIGNS), left.pop("drawings", DRAWINGS)
    hand = replace(Hand(), **{name: left.pop(name) for name in ("shake", "bend", "slant") if name in left})
    settings = TrainSettings(**{**SETTINGS.model_dump(), **left, "seed": seed})
    return train(invented_signs(count, drawings, seed, hand), settings, reporter=Silent()).model


def eer(model: SiameseModel, examples: Examples) -> float:
    """The EER of all pairs: 0..1."""
    pairs = model.pair_distances(examples)
    return Verification.from_distances(pairs.same, pairs.different).eer


def main() -> None:
    options = read_options(__doc__ or "", needs_data=True, seeds=2)
    begin = time.perf_counter()
    changes = QUICK if options.quick else CHANGES
    judged, unseen = characters(options.data), digits()
    if options.quick:
        judged = judged.select(np.arange(min(FEW, len(judged))))
    seeds = range(1, options.seeds + 1)
    ours: dict[str, float] = {}
    for name, changed in changes.items():
        models = [learned(changed, seed) for seed in seeds]
        ours |= over_seeds([{name: eer(model, judged)} for model in models])
        if name == next(iter(changes)):
            runs = [
                {"digits": eer(model, unseen), "digits, few-shot": few_shot(model, unseen).ours} for model in models
            ]
            on_digits = over_seeds(runs)
    floor = dict.fromkeys(changes, plain_pixels(judged).eer)
    on_pixels = {"digits": plain_pixels(unseen).eer, "digits, few-shot": few_shot(models[0], unseen).pixels}
    result = Result(
        name="demo_choice",
        metrics=ours | on_digits,
        floors={"plain pixels": floor | on_pixels},
        settings={**SETTINGS.model_dump(exclude_defaults=True), "seeds": options.seeds},
        seconds=time.perf_counter() - begin,
    )
    publish(result, options)


if __name__ == "__main__":
    main()
