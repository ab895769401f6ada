"""Scores and embeddings as somebody else would have made them."""

import csv
from pathlib import Path

import numpy as np

IDENTITIES = 40


def columns(seed: int = 0, kind: str = "similarity", identities: int = IDENTITIES) -> dict[str, list]:
    """Six same pairs of each identity around 0.8, one different pair of each two around 0.2, to four digits."""
    generator = np.random.default_rng(seed)
    left = [*np.repeat(np.arange(identities), 6), *np.triu_indices(identities, 1)[0]]
    right = [*np.repeat(np.arange(identities), 6), *np.triu_indices(identities, 1)[1]]
    same = np.equal(left, right)
    values = np.where(same, generator.normal(0.8, 0.1, len(same)), generator.normal(0.2, 0.15, len(same)))
    values = np.round(values.clip(-1, 1), 4)
    return {
        kind: (values if kind == "similarity" else np.round(1 - values, 4)).tolist(),
        "same": same.tolist(),
        "left_identity": [f"id{i}" for i in left],
        "right_identity": [f"id{i}" for i in right],
    }


def table(path: Path, given: dict[str, list]) -> Path:
    """The columns as CSV."""
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(given)
        writer.writerows(zip(*given.values(), strict=True))
    return path


def written(folder: Path, given: dict[str, list] | None = None, rows: list[str] | None = None) -> Path:
    """scores.csv in a folder, of these columns (without: the usual ones), or of these lines."""
    path = folder / "scores.csv"
    if rows is not None:
        path.write_text("\n".join(rows) + "\n")
        return path
    return table(path, columns() if given is None else given)


def embeddings(identities: int = 40, each: int = 5, seed: int = 0) -> dict[str, np.ndarray]:
    """Rows around a point of each identity, and its name."""
    generator = np.random.default_rng(seed)
    rows = generator.normal(size=(identities, 1, 16)) + 0.5 * generator.normal(size=(identities, each, 16))
    labels = np.repeat([f"id{i}" for i in range(identities)], each)
    return {"embeddings": rows.reshape(-1, 16).astype(np.float32), "labels": labels}
