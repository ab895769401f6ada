"""A small set of identities for tests: each a pattern of its own, its pictures noisy and moved copies of it."""

from pathlib import Path

import numpy as np
from PIL import Image

import alikely
from alikely.types import Examples


def pattern_examples(identities: int = 24, each: int = 6, size: int = 16, seed: int = 0) -> Examples:
    """Grey pictures in memory with labels id00, id01 ..."""
    generator = np.random.default_rng(seed)
    items, labels = [], []
    for number in range(identities):
        coarse = generator.integers(0, 2, (4, 4)) * 160 + 40
        pattern = np.kron(coarse, np.ones((size // 4, size // 4)))
        for _ in range(each):
            moved = np.roll(pattern, tuple(generator.integers(-1, 2, 2)), axis=(0, 1))
            items.append((moved + generator.normal(0, 20, moved.shape)).clip(0, 255).astype(np.uint8))
            labels.append(f"id{number:02d}")
    return alikely.examples_from(items, labels=labels)


def pattern_folder(folder: Path, identities: int = 24, each: int = 6, size: int = 16, seed: int = 0) -> Path:
    """The same as a folder of identity folders with PNG files."""
    examples = pattern_examples(identities, each, size, seed)
    assert examples.labels is not None
    for number, (item, label) in enumerate(zip(examples.items, examples.labels, strict=True)):
        (folder / str(label)).mkdir(parents=True, exist_ok=True)
        Image.fromarray(item).save(folder / str(label) / f"{number:03d}.png")
    return folder
