import errno
import os
from pathlib import Path

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


@pytest.fixture
def steps(monkeypatch):
    """What reaches the disk, by its number there, and when something takes its place (0), in this order."""
    steps: list[int] = []
    sync, replace, exchanged = os.fsync, Path.replace, folders._exchanged

    def noted_sync(handle):
        steps.append(os.fstat(handle).st_ino)
        sync(handle)

    monkeypatch.setattr(os, "fsync", noted_sync)
    monkeypatch.setattr(Path, "replace", lambda path, target: steps.append(0) or replace(path, target))
    monkeypatch.setattr(folders, "_exchanged", lambda one, other: steps.append(0) or exchanged(one, other))
    return steps


def test_a_file_is_on_the_disk_before_it_takes_its_place_and_then_its_name_is(tmp_path, steps):
    write_text(tmp_path / "file", "new")

    assert steps == [(tmp_path / "file").stat().st_ino, 0, tmp_path.stat().st_ino]


def test_all_of_a_folder_is_on_the_disk_before_it_takes_its_place_and_then_its_name_is(tmp_path, steps):
    (tmp_path / "labels").mkdir()
    with whole_folder(tmp_path / "labels") as partial:
        (partial / "pictures" / "normal").mkdir(parents=True)
        for place in ("table", "pictures/normal/1"):
            (partial / place).write_text("new")

    inside = [tmp_path / "labels", *(tmp_path / "labels").rglob("*")]
    before, after = steps[: steps.index(0)], steps[steps.index(0) + 1 :]
    assert len(inside) == 5
    assert sorted(before) == sorted(path.stat().st_ino for path in inside)
    assert after == [tmp_path.stat().st_ino]
