"""Extended Yale B: faces under lights from all sides; learned from 28 people, judged by 10 others; each seed anew.

`metrics.eer` is that of all pairs of the pictures of the 10 people, all lights. `metrics.fnir_at_fpir_0.01` is
identification: of the 10 people 5 are enrolled with their one picture in frontal light, and the other 5 are strangers,
in all 252 ways to part them; the threshold is the one at which at most 1 % of the strangers' pictures are taken for
somebody enrolled, and the figure is the share of the other pictures of the enrolled that are not found there as
themselves.

28 people are few to learn from. The faces lie upon each other, so that each part of them is projected by a linear
discriminant of its own (the encoder `parts`, in closed form; a residual network is among the candidates of
`yaleb_choice`). And light adds up: a new person in all lights can be made of two, the upper part of one's face and the
lower part of the other's, both in the same light; `MADE_UP` such people are learned from too, made of the 28 alone.
`python -m benchmarks.yaleb_choice` compares settings on people held back from the 28 of seed 0; none was chosen by the
10 people whom seed 0 is judged by, of those judged in the other seeds some are among the 28. Floors on the same
splits: PCA + LDA on pictures in the manner of Tan and Triggs 2010, and the angle between pixels.
"""

import time
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Bool, Float, Shaped

import alikely
from alikely import SiameseModel, TrainSettings
from alikely.contracts import Distance
from alikely.data.light import TanTriggs
from alikely.data.pictures import open_picture
from alikely.distances import Cosine
from alikely.training.progress import Silent
from alikely.types import Examples, Item
from benchmarks.orl import each_seed, figures, labels_of, parted, pca_lda, verified
from benchmarks.report import Result, over_seeds, publish, read_options

JUDGED = 10  # people never seen
ENROLLED = 5  # of them, where they are identified
FRONTAL = "A+000E+00"  # azimuth and elevation of the light
FPIR = 0.01
MADE_UP = 100
COMPONENTS = 200  # of the floor
SETTINGS = {
    "encoder": "parts",
    "encoder_settings": {"parts": 4, "components": 80, "dim": 49 * 60, "shrinkage": 0.1},
    "size": 48,
    "light": "local",
    "validate_share": 0,
    "calibrate_share": 0,
    "test_share": 0,
}


def lit_faces(data: Path) -> Examples:
    """2,414 pictures of 38 people, named by their light."""
    paths = sorted((data / "yaleb").glob("yaleB*/*.png"))
    return alikely.examples_from(paths, labels=[path.parent.name for path in paths])


def lights_of(examples: Examples) -> Shaped[np.ndarray, " items"]:
    """The azimuth and elevation of the light of each picture, as its file is called."""
    return np.array([Path(str(item)).stem for item in examples.items])


def with_made_up(examples: Examples, count: int, seed: int) -> Examples:
    """The examples, and `count` made-up people in all the lights that both of the two they are made of are seen in."""
    draw = np.random.default_rng(seed)
    seen: dict[str, dict[str, Float[np.ndarray, "height width"]]] = {}
    for picture, person, light in zip(greys(examples.items), labels_of(examples), lights_of(examples), strict=True):
        seen.setdefault(str(person), {})[str(light)] = picture
    items: list[Item] = list(examples.items)
    labels = [str(label) for label in labels_of(examples)]
    for number in range(count):
        upper, lower = (seen[name] for name in draw.choice(sorted(seen), 2, replace=False))
        height = len(next(iter(upper.values())))
        # From the nose to the upper lip, over a few rows.
        cut, soft = draw.uniform(0.4, 0.65) * height, draw.uniform(0.03, 0.08) * height
        share = (1 / (1 + np.exp((np.arange(height) - cut) / soft)))[:, None]
        for light in sorted(set(upper) & set(lower)):
            both = share * upper[light] + (1 - share) * lower[light]
            items.append((255 * both).round().astype(np.uint8))
            labels.append(f"made up {number}")
    return alikely.examples_from(items, labels=labels)


def greys(items: Sequence[Item]) -> Float[np.ndarray, "items height width"]:
    """Grey pixels in 0..1."""
    return np.stack([np.asarray(open_picture(item).convert("L"), np.float32) for item in items]) / 255


def learn(examples: Examples, seed: int, changes: dict[str, object] | None = None) -> SiameseModel:
    """A model that has learned from these people and those made up of them."""
    chosen: dict[str, object] = {"made_up": MADE_UP, **SETTINGS, "seed": seed, **(changes or {})}
    count = int(str(chosen.pop("made_up")))
    settings = TrainSettings(**chosen)  # type: ignore[arg-type]
    return alikely.train(with_made_up(examples, count, seed), settings, reporter=Silent()).model


def judged_by(rows: Float[np.ndarray, "items dim"], examples: Examples, distance: Distance) -> dict[str, float]:
    """Verification over all pairs, and identification from one frontal picture."""
    missed = mean_fnir(rows, labels_of(examples), lights_of(examples) == FRONTAL, distance)
    return {**figures(verified(rows, examples, distance)), "fnir_at_fpir_0.01": missed}


def mean_fnir(
    rows: Float[np.ndarray, "items dim"],
    people: Shaped[np.ndarray, " items"],
    frontal: Bool[np.ndarray, " items"],
    distance: Distance,
) -> float:
    """FNIR at an FPIR of 1 %, over all ways to enrol ENROLLED of the people by their frontal picture."""
    names = people[frontal]
    distances = distance.table(torch.from_numpy(rows[~frontal]), torch.from_numpy(rows[frontal])).numpy()
    asked = people[~frontal]
    found = []
    for chosen in combinations(range(len(names)), ENROLLED):
        places = list(chosen)
        found.append(fnir(distances[:, places], asked, names[places]))
    return float(np.mean(found))


def fnir(
    distances: Float[np.ndarray, "asked enrolled"],
    asked: Shaped[np.ndarray, " asked"],
    enrolled: Shaped[np.ndarray, " enrolled"],
) -> float:
    """The share of the enrolled's pictures that are not found as themselves, at an FPIR of at most 1 %.

    A picture is taken for the nearest one enrolled, where that is nearer than the threshold: the largest at which the
    share of strangers taken for somebody is at most FPIR.
    """
    nearest, who = distances.min(axis=1), enrolled[distances.argmin(axis=1)]
    mate = np.isin(asked, enrolled)
    strangers = np.sort(nearest[~mate])
    threshold = strangers[int(FPIR * len(strangers))]  # so many strangers are nearer than this one, or fewer
    hit = (who[mate] == asked[mate]) & (nearest[mate] < threshold)
    return float(1 - hit.mean())


def evened(examples: Examples) -> Float[np.ndarray, "items pixels"]:
    """Pictures in full size as `TanTriggs` makes them, one a row."""
    pictures = torch.from_numpy(greys(examples.items))[:, None]
    return TanTriggs()(pictures).flatten(1).numpy()


def main() -> None:
    options = read_options(__doc__ or "", needs_data=True, seeds=5)
    begin = time.perf_counter()
    changes: dict[str, object] = {"epochs": 1, "made_up": 0} if options.quick else {}
    examples = lit_faces(options.data)
    ours, classic, plain = [], [], []
    for seed in range(options.seeds):
        learned, judged = parted(examples, JUDGED, seed)
        start, start_core = time.perf_counter(), time.process_time()
        model = learn(learned, seed, changes)
        times = {
            "training_seconds": time.perf_counter() - start,
            "training_core_seconds": time.process_time() - start_core,
        }
        ours.append({**judged_by(model.embed(judged.items), judged, model.distance), **times})
        rows = pca_lda(evened(learned), labels_of(learned), evened(judged), COMPONENTS)
        classic.append(judged_by(rows, judged, Cosine()))
        plain.append(judged_by(greys(judged.items).reshape(len(judged), -1), judged, Cosine()))
        print(f"seed {seed}: EER {ours[-1]['eer']:.4f}, LDA {classic[-1]['eer']:.4f}", flush=True)
    result = Result(
        name="yaleb",
        metrics={**over_seeds(ours), **each_seed(ours)},
        floors={
            "Tan-Triggs + LDA": {**over_seeds(classic), **each_seed(classic)},
            "plain pixels": {**over_seeds(plain), **each_seed(plain)},
        },
        settings={**SETTINGS, "made_up": MADE_UP, **changes, "seeds": options.seeds},
        seconds=time.perf_counter() - begin,
    )
    publish(result, options)


if __name__ == "__main__":
    main()
