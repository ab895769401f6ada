"""All uses, small: a model, a gallery, detectors, a recommender, answers in folders; and a service of them."""

import csv
import io
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image
from starlette.testclient import TestClient

import alikely
from alikely.gallery import Gallery
from alikely.server import Folders, Served, ServeSettings, create_app, open_served
from alikely.storage import save_model
from alikely.tasks.anomaly import DetectorSettings, fit_detector, save_detector
from alikely.tasks.recommend import fit_recommender, save_recommender
from alikely.tasks.sentences import learn_answers
from tests.models import small_model
from tests.pictures import pattern_folder
from tests.tasks.anomaly.normal import anomaly_of, normal_of
from tests.tasks.recommend import shop
from tests.tasks.sentences.wordings import trained, wordings

HOST = "http://127.0.0.1:8000"
FIRM = "ann / élodie %2F"  # an identity that no path could hold


@dataclass(frozen=True)
class Uses:
    """Folders with all that is served, and files to ask with."""

    root: Path

    @property
    def folders(self) -> Folders:
        return Folders(
            model=self.root / "model",
            galleries=(self.root / "people",),
            detectors=(self.root / "rows", self.root / "patches"),
            recommenders=(self.root / "shop",),
            answers=(self.root / "faq",),
        )

    def pictures(self, identity: int = 0) -> list[Path]:
        """Files of one identity; id00 to id03 are enrolled with their first two, id04 and id05 are not."""
        return sorted((self.root / "pictures" / f"id{identity:02d}").glob("*.png"))


def make_uses(root: Path) -> Uses:
    """All folders in `root`, a folder of pytest: made once in a run, beside it, and copied."""
    made = root.parent / "uses-made"
    if not made.exists():
        _make(Uses(made))
    shutil.copytree(made, root, dirs_exist_ok=True)
    return Uses(root)


def _make(uses: Uses) -> None:
    root = uses.root
    save_model(small_model(), root / "model")
    pattern_folder(root / "pictures", identities=6, each=4)
    with Gallery.create(root / "people", root / "model") as gallery:
        for number in range(4):
            some = alikely.examples_from(uses.pictures(number)[:2])
            gallery.enrol(some, f"id{number:02d}", {"shop": "AB"[number % 2], "price": number})
    rows = fit_detector(normal_of("row"), DetectorSettings(rate=0.1, confidence=0.0))
    save_detector(rows, root / "rows")
    patches = DetectorSettings(rate=0.1, confidence=0.0, preparation={"size": 32})
    save_detector(fit_detector(normal_of("picture", count=60), patches), root / "patches")
    save_recommender(fit_recommender(shop.items(), shop.likes(), shop.SMALL), root / "shop")
    learn(root)
    write_items(root)


def learn(root: Path) -> None:
    """A model of texts, and questions with their answers."""
    alikely.save_model(trained(), root / "texts")
    pairs = [(verb, noun) for verb in ("cancel", "change", "return", "insure") for noun in ("order", "ticket", "photo")]
    questions = [
        {"question": text, "answer": f"{verb} the {noun}"} for verb, noun in pairs for text in wordings(verb, noun)[:2]
    ]
    learn_answers(questions, root / "texts", root / "faq")


def write_items(root: Path) -> None:
    """Files to score: new-row.csv, odd.png, calm.png."""
    row = anomaly_of("row")
    with (root / "new-row.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, row)
        writer.writeheader()
        writer.writerow(row)
    Image.fromarray(np.asarray(anomaly_of("picture"))).save(root / "odd.png")
    Image.fromarray(np.asarray(normal_of("picture", seed=9, count=1).items[0])).save(root / "calm.png")


@contextmanager
def asked(folders: Folders, state: Path, **settings) -> Iterator[tuple[TestClient, Served]]:
    """A client of the routes, in this process."""
    served = open_served(folders, ServeSettings(state=state, **settings))
    with TestClient(create_app(served), base_url=HOST, client=("127.0.0.1", 5000)) as client:
        yield client, served


def png(pixels: np.ndarray) -> bytes:
    """A picture file."""
    content = io.BytesIO()
    Image.fromarray(pixels).save(content, "PNG")
    return content.getvalue()
