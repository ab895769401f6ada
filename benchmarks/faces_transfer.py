"""People of the ORL faces told apart by an encoder that learned on other people, in other pictures: those of LFW.

The encoder learns once, from all 5,749 people of LFW. ORL is cropped as LFW was: to the face that OpenCV finds
(`detect = face`), of which a part is kept. A picture's embedding is the mean over itself and its mirror image, each
at several sizes of the crop. `orl_eer_all` is the EER of all pairs of the 40 people of ORL by these embeddings, of
which nothing was learned from ORL; `orl_eer_plain` the same for 10 people, on the five splits of `benchmarks.orl`.
`orl_eer` is that of the same 10 people after the variance within the other 30 has been divided out
(WCCN, Hatch et al. 2006), which learns from these 30 alone.

Nothing was chosen by who is who in ORL. The crop is the one at which the mean of its pictures looks most like the mean
of LFW's (`python -m benchmarks.faces_transfer_choice`, on the 30 people that seed 0 learns from). Floors on the same
splits are those of `benchmarks.orl`: PCA + LDA, learned from the 30, and the angle between pixels.
"""

import json
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

import alikely
from alikely import SiameseModel, TrainSettings
from alikely.data.detecting import CropToFound
from alikely.data.preparation import PicturePreparation
from alikely.data.reading import read_batch
from alikely.data.steps import Colour, Resize
from alikely.distances import Cosine
from alikely.model import as_floats
from alikely.training.progress import Silent
from alikely.types import Examples
from benchmarks import lfw, orl
from benchmarks.lfw_floors import within_people
from benchmarks.report import Result, over_seeds, publish, read_options

# More of a turn, a size and a light than `benchmarks.lfw` gives: ORL was taken elsewhere, by another camera.
SETTINGS: dict[str, Any] = {
    **lfw.SETTINGS,
    "augment": {
        "flip": 0.5,
        "rotate": 12,
        "scale": 0.15,
        "shear": 0.1,
        "shift": 0.07,
        "light_ramp": 0.3,
        "contrast": 0.3,
        "gamma": 0.2,
        "erase": 0.3,
    },
    "epochs": 18,
}
# Of the box in which OpenCV finds the face: the share that is kept, and how far down it lies.
FRAME, LOWER = 0.74, 0.08
SIZES = (0.9, 1.0, 1.1)  # of the crop, relative to FRAME
KEPT = "lfw_model"


def learned_on_lfw(data: Path, settings: dict[str, Any], keep: Path | None) -> tuple[SiameseModel, dict[str, float]]:
    """A model that has learned from all of LFW, and how long that took; one kept with these settings is taken."""
    if keep is not None and (keep / f"{KEPT}.json").is_file():
        kept = json.loads((keep / f"{KEPT}.json").read_text(encoding="utf-8"))
        if kept["settings"] == settings:
            return alikely.load_model(keep / KEPT), kept["times"]
    start, start_core = time.perf_counter(), time.process_time()
    model = alikely.train(lfw.people_and_pictures(data), TrainSettings(**settings), reporter=Silent()).model
    times = {
        "training_seconds": time.perf_counter() - start,
        "training_core_seconds": time.process_time() - start_core,
    }
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        alikely.save_model(model, keep / KEPT)
        kept = {"settings": settings, "times": times}
        (keep / f"{KEPT}.json").write_text(json.dumps(kept) + "\n", encoding="utf-8")
    return model, times


def embed(
    model: SiameseModel, examples: Examples, frame: float = FRAME, sizes: Sequence[float] = SIZES
) -> Float[np.ndarray, "items dim"]:
    """For each picture the mean of the embeddings of it and its mirror image, at each of these sizes of the crop."""
    found = []
    for size in sizes:
        pictures = as_floats(read_batch(cropped_as_lfw(model, frame * size), examples.items))
        found += [model.embed_read(pictures), model.embed_read(pictures.flip(-1))]
    mean: Float[np.ndarray, "items dim"] = np.mean(found, axis=0)
    return mean


def cropped_as_lfw(model: SiameseModel, frame: float) -> PicturePreparation:
    """How the model's pictures are prepared, cropped to the face first."""
    preparation = model.preparation
    assert isinstance(preparation, PicturePreparation)  # of LFW's pictures
    return replace(preparation, item_steps=(Colour(), CropToFound("face", frame, LOWER), Resize(preparation.size)))


def adapted(
    known: Float[np.ndarray, "known dim"], examples: Examples, asked: Float[np.ndarray, "asked dim"]
) -> Float[np.ndarray, "asked dim"]:
    """`asked` with what differs within the people of `examples`, whose rows are `known`, divided out."""
    middle = known.mean(axis=0)
    rows: Float[np.ndarray, "asked dim"] = (asked - middle) @ within_people(known, orl.labels_of(examples))
    return rows.astype(np.float32)


def judged_by(rows: Float[np.ndarray, "items dim"], examples: Examples, learned: Examples) -> dict[str, float]:
    """EERs of the people who are not in `learned`, of rows as they are and adapted to those in `learned`."""
    apart = np.isin(orl.labels_of(examples), np.unique(orl.labels_of(learned)))
    judged = examples.select(np.flatnonzero(~apart))
    known, asked = rows[apart], rows[~apart]
    tuned = orl.verified(adapted(known, examples.select(np.flatnonzero(apart)), asked), judged, Cosine())
    return {
        "orl_eer": tuned.eer,
        "orl_eer_plain": orl.verified(asked, judged, Cosine()).eer,
        "orl_fnmr_at_fmr_0.01": tuned.fnmr_at_fmr(0.01).fnmr,
    }


def floors_of(learned: Examples, judged: Examples) -> dict[str, dict[str, float]]:
    """The floors on this split."""
    classic = orl.by_pca_lda(learned, judged, [orl.best_components(learned)])[0]
    plain = orl.verified(orl.pixels(judged.items), judged, Cosine())
    return {"PCA + LDA": {"orl_eer": classic.eer}, "plain pixels": {"orl_eer": plain.eer}}


def main() -> None:
    options = read_options(__doc__ or "", needs_data=True, seeds=5, keeps=True)
    begin = time.perf_counter()
    settings = {**SETTINGS, "seed": 0, **({"epochs": 1} if options.quick else {})}
    model, times = learned_on_lfw(options.data, settings, options.keep)
    faces = orl.faces(options.data)
    rows = embed(model, faces)
    splits = [orl.parted(faces, orl.JUDGED, seed) for seed in range(options.seeds)]
    ours = [judged_by(rows, faces, learned) for learned, _ in splits]
    floors = [floors_of(*split) for split in splits]
    each = {f"orl_eer_seed_{seed}": run["orl_eer"] for seed, run in enumerate(ours)}
    beside = {name: over_seeds([floor[name] for floor in floors]) for name in floors[0]}
    beside["plain pixels"]["orl_eer_all"] = orl.verified(orl.pixels(faces.items), faces, Cosine()).eer
    result = Result(
        name="faces_transfer",
        metrics={**over_seeds(ours), "orl_eer_all": orl.verified(rows, faces, Cosine()).eer, **times, **each},
        floors=beside,
        settings={**settings, "frame": FRAME, "lower": LOWER, "sizes": SIZES, "seeds": options.seeds},
        seconds=time.perf_counter() - begin,
    )
    publish(result, options)


if __name__ == "__main__":
    main()
