"""The local store when things go wrong: damaged and lost files, a full disk, several processes, `kill -9`."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from alikely.errors import GalleryError, SettingsError, StorageError
from alikely.stores.database import DATABASE
from alikely.stores.local import ABOUT, FRESH, create_local, open_local
from alikely.stores.recovering import damage_of
from tests.naive_store import check_same, made_up
from tests.stores.filled import QUERIES, SMALL, filled

HERE = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (lambda folder: (folder / DATABASE).write_bytes(os.urandom(50_000)), "damaged"),
        (lambda folder: (folder / DATABASE).unlink(), "the file is not there"),
        (lambda folder: (folder / DATABASE).write_bytes(b""), "damaged"),
        (lambda folder: (folder / ABOUT).unlink(), "no store"),
        (lambda folder: (folder / ABOUT).write_text("{"), "cannot be read"),
        (lambda folder: (folder / ABOUT).write_text("[1]"), "cannot be read"),
        (lambda folder: (folder / ABOUT).write_text(json.dumps({"format": 9})), "cannot be read|the format 9"),
    ],
)
def test_a_store_that_cannot_be_opened_says_why(tmp_path, harm, said):
    folder = tmp_path / "store"
    filled(folder, 10)
    harm(folder)
    with pytest.raises(GalleryError, match=said):
        open_local(folder)


def test_a_full_disk_keeps_nothing_half(tmp_path):
    folder = tmp_path / "store"
    naive = filled(folder, 100)
    with closing(open_local(folder, SMALL)) as store:
        pages = store._database.connection.execute("PRAGMA page_count").fetchone()[0]
        store._database.connection.execute(f"PRAGMA max_page_count = {pages + 3}")
        with pytest.raises(StorageError, match="nothing half-written is left"):
            store.put(made_up(range(50, 2000), seed=1))
        check_same(store, naive, QUERIES, 5, recall=0.9)
        store._database.connection.execute("PRAGMA max_page_count = 100000")
        given = made_up(range(50, 2000), seed=1)
        assert store.put(given) == naive.put(given) == 1900
        check_same(store, naive, QUERIES, 5, recall=0.9)
    assert damage_of(folder) is None


def test_a_file_that_may_not_grow_keeps_nothing_half(tmp_path):
    folder = tmp_path / "store"
    naive = filled(folder, 100)
    program = f"""
import resource
from pathlib import Path
from alikely.errors import StorageError
from alikely.stores import open_store
from alikely.types import Templates
from tests.naive_store import made_up
store = open_store(Path({str(folder)!r}))
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
try:
    store.put(made_up(range(100, 5000)))
except StorageError as error:
    print("refused", error)
print(store.count(), len(store.search(made_up([3]).embeddings, 2).keys))
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=HERE, capture_output=True, text=True)
    assert done.stdout.startswith("refused"), done.stderr
    assert done.stdout.endswith("100 1\n")
    with closing(open_local(folder, SMALL)) as store:
        check_same(store, naive, QUERIES, 5, recall=0.9)


def test_about_must_be_json(tmp_path):
    with pytest.raises(SettingsError, match="JSON"):
        create_local(tmp_path / "store", 8, "cosine", {"x": object()})
    assert not (tmp_path / "store").exists()


def test_where_nothing_can_be_made(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(StorageError, match="name another folder"):
        create_local(tmp_path / "file" / "store", 8, "cosine", {})


@pytest.mark.slow
def test_fifty_kills_lose_nothing_that_was_acknowledged(tmp_path):
    folder = tmp_path / "store"
    create_local(folder, 8, "euclidean", {}).close()
    kept, chance, first = set(), random.Random(0), 0
    program = subprocess.Popen(
        [sys.executable, "-m", "tests.stores.enrols_until_killed"],
        cwd=HERE,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    for _ in range(50):
        program.stdin.write(f"{folder} {first}\n")
        program.stdin.flush()
        _, process = program.stdout.readline().split()
        assert program.stdout.readline() == "open\n"
        time.sleep(chance.uniform(0, 0.4))
        os.kill(int(process), signal.SIGKILL)
        said = list(iter(program.stdout.readline, "dead\n"))
        said = "".join(said)[:-1].split("\n")
        maybe_gone = set()
        for line in said[:-1]:  # the last is empty, or was cut short
            word, *numbers = line.split()
            if word == "kept":
                kept |= set(numbers)
                maybe_gone = {numbers[-20]}
            else:
                kept -= set(numbers)
                maybe_gone = set()
        with closing(open_local(folder)) as store:
            there = [key for piece in store.read() for key in piece.keys]
            assert len(there) == len(set(there)) == store.count()
            missing = {f"k{number}" for number in kept} - set(there)
            assert missing <= {f"k{number}" for number in maybe_gone}
            # At most the one write that was under way is there beyond what was acknowledged.
            assert len(set(there) - {f"k{number}" for number in kept}) <= 25
            nearest = store.search(QUERIES[:3], 5)
            assert set(nearest.keys.ravel().tolist()) - {None} <= set(there)
        kept = {key[1:] for key in there}
        first = max(map(int, kept), default=0) + 1
    program.stdin.close()
    assert program.wait(60) == 0
    program.stdout.close()
    assert len(kept) > 500
    assert damage_of(folder) is None


def test_sqlite_is_as_safe_as_was_promised(tmp_path):
    filled(tmp_path / "store", 10)
    with closing(open_local(tmp_path / "store")) as store:
        asked = {
            name: store._database.connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "synchronous", "secure_delete")
        }
    assert asked == {"journal_mode": "wal", "synchronous": 2, "secure_delete": 1}


def moved_away(folder, name):
    (folder / name).rename(folder.parent / name)


def replaced(folder, name):
    shutil.copy(folder / name, folder.parent / name)
    (folder.parent / name).replace(folder / name)


@pytest.mark.parametrize("harm", [moved_away, replaced])
@pytest.mark.parametrize("name", [DATABASE, f"{DATABASE}-wal"])
def test_nothing_is_acknowledged_into_a_file_that_was_taken_away(tmp_path, harm, name):
    folder = tmp_path / "store"
    filled(folder, 10)
    store = open_local(folder, SMALL)
    store.put(made_up([20]))
    store.search(QUERIES, 3)
    harm(folder, name)
    with pytest.raises(GalleryError, match="open the store again"):
        store.put(made_up([21]))
    with pytest.raises(GalleryError, match="open the store again"):
        store.remove(["k20"])
    time.sleep(2 * FRESH)
    with pytest.raises(GalleryError, match="open the store again"):
        store.search(QUERIES, 3)


def test_a_file_that_is_taken_away_while_something_is_written_is_noticed_too(tmp_path):
    folder = tmp_path / "store"
    filled(folder, 10)
    store = open_local(folder, SMALL)
    with pytest.raises(GalleryError, match="open the store again"), store._database.writing():
        moved_away(folder, f"{DATABASE}-wal")


def test_a_folder_made_anew_while_it_is_open_is_noticed(tmp_path):
    folder = tmp_path / "store"
    filled(folder, 10)
    store = open_local(folder, SMALL)
    shutil.rmtree(folder)
    filled(folder, 10)
    with pytest.raises(GalleryError, match="open the store again"):
        store.put(made_up([21]))
    with pytest.raises(GalleryError, match="open the store again"):
        store.search(QUERIES, 3)
