import errno
import os

import pytest

from alikely import folders
from alikely.errors import StorageError
from alikely.folders import whole_file, whole_folder, write_text


def full_disk(*arguments):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_folder_appears_whole_and_replaces_the_old_one(tmp_path):
    for text in ("old", "new"):
        with whole_folder(tmp_path / "model") as partial:
            (partial / "file").write_text(text)

    assert (tmp_path / "model" / "file").read_text() == "new"
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_when_writing_fails_the_old_folder_stays_and_nothing_else_is_left(tmp_path):
    with whole_folder(tmp_path / "model") as partial:
        (partial / "file").write_text("old")

    with pytest.raises(StorageError, match="No space left"), whole_folder(tmp_path / "model") as partial:
        (partial / "file").write_text("half")
        full_disk()

    assert (tmp_path / "model" / "file").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_when_the_last_rename_fails_the_old_folder_comes_back(tmp_path, monkeypatch):
    with whole_folder(tmp_path / "model") as partial:
        (partial / "file").write_text("old")
    monkeypatch.setattr(folders, "_exchanged", lambda *_: False)  # as where the system has no call for it
    rename = type(tmp_path).rename

    def refuse(path, target):
        if path.name.endswith(".partial"):
            full_disk()
        return rename(path, target)

    monkeypatch.setattr(type(tmp_path), "rename", refuse)
    with pytest.raises(StorageError), whole_folder(tmp_path / "model") as partial:
        (partial / "file").write_text("new")

    assert (tmp_path / "model" / "file").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_an_error_of_another_kind_passes_and_leaves_nothing(tmp_path):
    with pytest.raises(KeyError), whole_folder(tmp_path / "model") as partial:
        (partial / "file").write_text("half")
        raise KeyError

    assert list(tmp_path.iterdir()) == []


def test_a_file_is_replaced_whole_or_stays(tmp_path):
    write_text(tmp_path / "file", "old")

    with pytest.raises(StorageError), whole_file(tmp_path / "file") as partial:
        partial.write_text("half")
        full_disk()

    assert (tmp_path / "file").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")

    with pytest.raises(StorageError, match="model"), whole_folder(tmp_path / "file" / "model"):
        pass
