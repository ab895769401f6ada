"""The folder in which a service keeps what outlives it, and where in it each thing lies."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class State:
    """Paths in the service's folder; nothing is made before it is needed."""

    folder: Path

    @property
    def keys(self) -> Path:
        """API keys, hashed (keys.py)."""
        return self.folder / "keys.json"

    @property
    def audit(self) -> Path:
        """Who enrolled, removed and asked what (audit.py)."""
        return self.folder / "audit.jsonl"

    @property
    def points(self) -> Path:
        """Operating points by name (points.py)."""
        return self.folder / "operating-points.json"

    @property
    def labels(self) -> Path:
        """The folder of answers to the page's pairs (alikely.labelling)."""
        return self.folder / "labels"

    @property
    def anomalies(self) -> Path:
        """What detectors found, and what people said of it."""
        return self.folder / "anomalies.jsonl"

    @property
    def pictures(self) -> Path:
        """Small copies of pictures, where they are kept at all (pictures.py)."""
        return self.folder / "pictures"

    @property
    def found_pictures(self) -> Path:
        """Which files of the folders of `--pictures` hold what, by hashes (found_pictures.py)."""
        return self.folder / "found-pictures.json"
