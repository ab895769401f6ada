"""A folder described by one JSON file, with the hashes of its other files: written, and read only where unchanged."""

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alikely.errors import ModelError

HASH, FILES = "sha256", "files"


@dataclass(frozen=True)
class SignedFormat:
    """What a kind of folder is called and how it is read.

    what: in messages, such as "detector". description: the name of the JSON file. format, version: what it says of
    itself; another version is refused.
    """

    what: str
    description: str
    format: str
    version: int

    def write(
        self,
        folder: Path,
        described: Mapping[str, Any],
        files: Collection[str],
        earlier: Mapping[str, str] | None = None,
    ) -> None:
        """Write the description, with the hashes of these files of the folder and with its own.

        `earlier` are hashes of further files that stay as they were: one that was changed meanwhile is still told.
        """
        whole = {
            "format": self.format,
            "format_version": self.version,
            **described,
            FILES: {**(earlier or {}), **{name: hash_of_file(folder / name) for name in files}},
        }
        text = json.dumps({**whole, HASH: hash_of_json(whole)}, indent=2, allow_nan=False)
        (folder / self.description).write_text(text + "\n", encoding="utf-8")

    def read(self, folder: Path, unread: Collection[str] = ()) -> dict[str, Any]:
        """The description, where it and all files it names are as they were written; else ModelError that says what.

        Files in `unread` may lack or be changed.
        """
        described = self.description_of(folder)
        for name, expected in described[FILES].items():
            if name in unread:
                continue
            if not (folder / name).is_file():
                raise ModelError(f"{folder / name}: is missing; copy the whole folder again")
            if hash_of_file(folder / name) != expected:
                raise ModelError(
                    f"{folder / name}: was changed or cut short after it was saved; copy the whole folder again"
                )
        return described

    def description_of(self, folder: Path) -> dict[str, Any]:
        """The description, whatever became of the files it names; ModelError where it is none or was changed."""
        path = folder / self.description
        if not folder.is_dir():
            raise ModelError(f"{folder}: no such folder; name the folder of a {self.what}")
        if not path.is_file():
            raise ModelError(f"{folder}: holds no {self.description}, so it is no {self.what} folder")
        try:
            described = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise ModelError(f"{path}: cannot be read ({error}); copy the whole folder again") from None
        if not isinstance(described, dict) or described.get("format") != self.format:
            raise ModelError(f"{path}: is not the description of a {self.what} of Alikely")
        if described.get("format_version") != self.version:
            raise ModelError(
                f"{path}: has format version {described.get('format_version')}, this version of Alikely reads "
                f"{self.version}; use the version of Alikely that wrote it, or make the {self.what} again"
            )
        if described.pop(HASH, None) != hash_of_json(described):
            raise ModelError(f"{path}: was changed or cut short after it was saved; copy the whole folder again")
        return described

    def is_there(self, folder: Path) -> bool:
        """Whether the folder looks like one of this kind, whole or not."""
        return (folder / self.description).is_file()


def hash_of_file(path: Path) -> str:
    """SHA-256 of a file's content, as hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def hash_of_json(content: Mapping[str, Any]) -> str:
    """SHA-256 of what JSON can hold, whatever the order of its keys."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
