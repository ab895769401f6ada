"""A small model of some handwritten digits, in a folder, with the digits that it was made from."""

import shutil
from dataclasses import dataclass
from pathlib import Path

import alikely
from alikely import TrainSettings
from alikely.data.samples import write_digits
from alikely.training.progress import Silent

EACH = 12  # of each digit
SETTINGS = TrainSettings(
    encoder="cnn",
    encoder_settings={"width": 8, "depth": 2, "dim": 8, "grid": 2},
    size=16,
    epochs=1,
    validate_share=0,
    calibrate_share=0.3,
    test_share=0.3,
    confidence=0,
    fmr=0.1,
)


@dataclass(frozen=True)
class Made:
    digits: Path
    model: Path

    def copy(self, to: Path) -> "Made":
        """Another model folder, to change; the digits are the same."""
        shutil.copytree(self.model, to)
        return Made(self.digits, to)


def make(folder: Path) -> Made:
    digits = folder / "digits"
    write_digits(digits)
    for label in digits.iterdir():
        for file in sorted(label.iterdir())[EACH:]:
            file.unlink()
    alikely.train(digits, SETTINGS, out=folder / "model", reporter=Silent())
    return Made(digits, folder / "model")
