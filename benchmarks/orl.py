"""ORL faces: learned from 30 people, judged by all pairs of the pictures of 10 others; each seed splits them anew.

`metrics.eer` embeds each picture once; `metrics.eer_views` takes the mean of the embeddings of it and its mirror image.
One model a seed, learned from that seed's 300 pictures alone. The settings were chosen on the 30 people that seed 0
learns from (`python -m benchmarks.orl_choice`), so only the 10 people behind `metrics.eer_seed_0` played no part in it;
of those judged in the other seeds, most did. Floors on the same splits: PCA + LDA (Belhumeur et al. 1997; its number of
components chosen anew for each seed, on people held back from those it learns from), and the angle between pixels.
"""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Float, Shaped
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

import alikely
from alikely import SiameseModel, TrainSettings
from alikely.contracts import Distance
from alikely.data.pictures import open_picture
from alikely.data.reading import read_batch
from alikely.distances import Cosine
from alikely.metrics import Verification, all_pairs
from alikely.model import as_floats
from alikely.training.progress import Silent
from alikely.types import Examples, Item
from benchmarks.report import Result, over_seeds, publish, read_options

JUDGED = 10  # people never seen
SETTINGS = {
    "encoder": "resnet",
    "encoder_settings": {"stem": 16, "stages": [32, 64, 128], "dim": 128, "dropout": 0.3},
    "loss": "info_nce",
    "loss_settings": {"temperature": 0.1},
    "size": 48,
    "augment": {"rotate": 12, "scale": 0.15, "shear": 0.1, "shift": 0.08, "elastic": 0.02, "flip": 0.5, "erase": 0.3},
    "labels_per_batch": 30,
    "items_per_label": 5,
    "weight_decay": 0.05,
    "epochs": 60,
    "validate_share": 0,
    "calibrate_share": 0,
    "test_share": 0,
}
# For the floor: pictures at half their width and height, and numbers of components to choose from.
FLOOR_SIZE = (46, 56)
COMPONENTS = (20, 40, 60, 80, 120)
INNER_JUDGED = 8  # of the people learned from, to choose the number of components by
INNER_SPLITS = 4


def faces(data: Path) -> Examples:
    """400 pictures of 40 people."""
    paths = sorted((data / "orl").glob("s*/*.png"))
    return alikely.examples_from(paths, labels=[path.parent.name for path in paths])


def parted(examples: Examples, judged: int, seed: int) -> tuple[Examples, Examples]:
    """The people to learn from, and `judged` others, drawn by the seed."""
    labels = labels_of(examples)
    drawn = np.random.default_rng(seed).permutation(np.unique(labels))[:judged]
    inside = np.isin(labels, drawn)
    return examples.select(np.flatnonzero(~inside)), examples.select(np.flatnonzero(inside))


def learn(examples: Examples, seed: int, changes: dict[str, object] | None = None) -> SiameseModel:
    """A model that has learned from all these people."""
    settings = TrainSettings(**{**SETTINGS, "seed": seed, **(changes or {})})  # type: ignore[arg-type]
    return alikely.train(examples, settings, reporter=Silent()).model


def errors_of(model: SiameseModel, examples: Examples) -> dict[str, float]:
    """`figures` over all pairs; `eer_views` with the mean of the embeddings of each picture and its mirror image."""
    pictures = as_floats(read_batch(model.preparation, examples.items))
    once = model.embed_read(pictures)
    both = (once + model.embed_read(pictures.flip(-1))) / 2
    views = verified(both, examples, model.distance)
    return {**figures(verified(once, examples, model.distance)), "eer_views": views.eer}


def verified(rows: Float[np.ndarray, "items dim"], examples: Examples, distance: Distance) -> Verification:
    """How well the rows, one for each picture, tell apart the people, over all pairs."""
    pairs = all_pairs(rows, labels_of(examples), distance)
    return Verification.from_distances(pairs.same, pairs.different)


def figures(found: Verification) -> dict[str, float]:
    return {"eer": found.eer, "auc": found.auc, "fnmr_at_fmr_0.01": found.fnmr_at_fmr(0.01).fnmr}


def pca_lda(
    known: Float[np.ndarray, "known pixels"],
    labels: Shaped[np.ndarray, " known"],
    asked: Float[np.ndarray, "asked pixels"],
    components: int,
) -> Float[np.ndarray, "asked dim"]:
    """`asked` as PCA and then LDA of the known pictures show them; to be compared by their cosine."""
    pca = PCA(components, svd_solver="full").fit(known)
    lda = LinearDiscriminantAnalysis().fit(pca.transform(known), labels)
    rows: Float[np.ndarray, "asked dim"] = lda.transform(pca.transform(asked))
    return rows.astype(np.float32)


def by_pca_lda(learned: Examples, judged: Examples, counts: Sequence[int]) -> list[Verification]:
    """How well PCA + LDA does with each of these numbers of components."""
    known, labels, asked = pixels(learned.items), labels_of(learned), pixels(judged.items)
    return [verified(pca_lda(known, labels, asked, count), judged, Cosine()) for count in counts]


def best_components(learned: Examples) -> int:
    """The number of components that does best on people held back from those learned from."""
    splits = [parted(learned, INNER_JUDGED, split) for split in range(INNER_SPLITS)]
    errors = [[found.eer for found in by_pca_lda(*split, COMPONENTS)] for split in splits]
    return COMPONENTS[int(np.mean(errors, axis=0).argmin())]


def pixels(items: Sequence[Item]) -> Float[np.ndarray, "items pixels"]:
    """Grey pixels in 0..1 at half size, one picture a row."""
    rows = [np.asarray(open_picture(item).convert("L").resize(FLOOR_SIZE), np.float32).ravel() for item in items]
    return np.stack(rows) / 255


def labels_of(examples: Examples) -> Shaped[np.ndarray, " items"]:
    assert examples.labels is not None  # `faces` gives them
    return examples.labels


def each_seed(runs: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """The EER of each seed, so that ours can be held against a floor split by split."""
    return {f"eer_seed_{seed}": run["eer"] for seed, run in enumerate(runs)}


def main() -> None:
    options = read_options(__doc__ or "", needs_data=True, seeds=5)
    begin = time.perf_counter()
    changes: dict[str, object] = {"epochs": 2} if options.quick else {}
    examples = faces(options.data)
    ours, classic, plain, components = [], [], [], []
    for seed in range(options.seeds):
        learned, judged = parted(examples, JUDGED, seed)
        start = time.perf_counter()
        model = learn(learned, seed, changes)
        seconds = time.perf_counter() - start
        ours.append({**errors_of(model, judged), "training_seconds": seconds})
        components.append(best_components(learned))
        classic.append(figures(by_pca_lda(learned, judged, components[-1:])[0]))
        plain.append(figures(verified(pixels(judged.items), judged, Cosine())))
    result = Result(
        name="orl",
        metrics={**over_seeds(ours), **each_seed(ours)},
        floors={
            "PCA + LDA": {**over_seeds(classic), **each_seed(classic)},
            "plain pixels": {**over_seeds(plain), **each_seed(plain)},
        },
        settings={**SETTINGS, **changes, "seeds": options.seeds, "components": components},
        seconds=time.perf_counter() - begin,
    )
    publish(result, options)


if __name__ == "__main__":
    main()
