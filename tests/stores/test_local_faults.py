"""The local store when things go wrong: damaged and lost files, a full disk, several processes, `kill -9`."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest

from alikely.errors import GalleryError, SettingsError, StorageError
from alikely.stores.database import DATABASE
from alikely.stores.index import Index, Sizes
from alikely.stores.local import ABOUT, FRESH, INDEX, create_local, open_local
from alikely.stores.recovering import ASIDE, damage_of, recover
from alikely.types import Templates
from tests.naive_store import NaiveStore, check_same, made_up

SMALL = Sizes(exact_up_to=60, graph_up_to=250, few=15)
HERE = Path(__file__).resolve().parents[2]


def filled(folder, count, sizes=SMALL, metric="euclidean"):
    """A store that was closed, and the plain one that holds the same."""
    naive = NaiveStore(metric)
    with closing(create_local(folder, 8, metric, {}, sizes)) as store:
        given = made_up(range(count), fields=lambda number: {"number": number})
        store.put(given)
        naive.put(given)
        store.search(given.embeddings[:1], 1)
    return naive


QUERIES = made_up(range(1000, 1030)).embeddings


@pytest.mark.parametrize("count", [200, 400])
@pytest.mark.parametrize(
    "harm",
    [
        lambda path: path.unlink(),
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(path.read_bytes()[:-1]),
        lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
        lambda path: path.write_bytes(path.read_bytes() + b"x"),
        lambda path: flip(path, path.stat().st_size // 2),
        lambda path: flip(path, path.stat().st_size - 2),
        lambda path: flip(path, 3),
        lambda path: path.write_bytes(os.urandom(5000)),
        lambda path: path.write_bytes(b'{"format": 1}\n' + bytes(100)),
    ],
)
def test_an_index_file_that_is_damaged_or_gone_is_made_again(tmp_path, count, harm):
    naive = filled(tmp_path / "store", count)
    path = tmp_path / "store" / INDEX
    whole = path.read_bytes()
    harm(path)
    with closing(open_local(tmp_path / "store", SMALL)) as store:
        check_same(store, naive, QUERIES, 5, recall=0.9)
    assert path.stat().st_size == len(whole)


def flip(path, place):
    data = bytearray(path.read_bytes())
    data[place] ^= 0x40
    path.write_bytes(data)


def test_the_copy_of_the_index_is_used_and_brought_up_to_date(tmp_path, monkeypatch):
    naive = filled(tmp_path / "store", 200)
    built = []
    monkeypatch.setattr(Index, "measure_effort", lambda *given: built.append(given))
    with closing(open_local(tmp_path / "store", SMALL)) as store:
        more = made_up(range(190, 203), seed=1)
        store.put(more)
        naive.put(more)
        assert store.remove(identities=["p3"]) == naive.remove(identities=["p3"])
        check_same(store, naive, QUERIES, 5, recall=0.9)
    with closing(open_local(tmp_path / "store", SMALL)) as store:
        check_same(store, naive, QUERIES, 5, recall=0.9)
    assert not built


def test_the_index_of_another_store_is_not_taken(tmp_path):
    filled(tmp_path / "one", 200)
    naive = NaiveStore("euclidean")
    with closing(create_local(tmp_path / "two", 8, "euclidean", {}, SMALL)) as store:
        given = made_up(range(200), seed=9)
        store.put(given)
        naive.put(given)
    shutil.copy(tmp_path / "one" / INDEX, tmp_path / "two" / INDEX)
    with closing(open_local(tmp_path / "two", SMALL)) as store:
        check_same(store, naive, QUERIES, 5, recall=0.9)


@pytest.mark.parametrize("count", [30, 200, 400])
@pytest.mark.parametrize("searched", [True, False])
def test_nothing_is_left_of_what_was_removed(tmp_path, count, searched):
    folder = tmp_path / "store"
    secret = made_up([5]).embeddings * 2
    marks = [b"the secret key", b"the secret name", b"secret field", secret.tobytes()]
    with closing(create_local(folder, 8, "euclidean", {}, SMALL)) as store:
        store.put(made_up(range(count)))
        store.put(Templates(("the secret key",), ("the secret name",), secret, ({"f": "secret field"},)))
        store.search(QUERIES, 3)
    assert all(mark in everything(folder) for mark in marks)
    assert (folder / INDEX).exists() == (count > 60)
    with closing(open_local(folder, SMALL)) as store:
        if searched:
            store.search(QUERIES, 3)
        assert store.remove(identities=["the secret name"]) == 1
        assert not [mark for mark in marks if mark in everything(folder)]
    assert not [mark for mark in marks if mark in everything(folder)]
    assert (folder / INDEX).exists() == (count > 60)
    with closing(open_local(folder, SMALL)) as store:
        assert store.search(secret, 1).distances[0, 0] > 0


def everything(folder):
    return b"".join(file.read_bytes() for file in folder.iterdir())


def test_a_damaged_page_is_found_and_what_can_be_read_is_recovered(tmp_path):
    folder = tmp_path / "store"
    naive = filled(folder, 2000, Sizes())
    assert damage_of(folder) is None
    data = bytearray((folder / DATABASE).read_bytes())
    needle = made_up([1234]).embeddings.tobytes()
    at = data.index(needle)
    page = at // 4096 * 4096
    data[page : page + 4096] = os.urandom(4096)
    (folder / DATABASE).write_bytes(data)
    with (
        closing(open_local(folder)) as store,
        pytest.raises(GalleryError, match=rf"damaged .*alikely gallery recover {folder}`"),
    ):
        store.search(QUERIES, 5)
    assert damage_of(folder)
    done = recover(folder)
    assert 0 < done.lost < 200
    assert done.kept == 2000 - done.lost
    assert "k1234" in done.lost_keys
    assert len(done.lost_keys) == done.lost
    assert damage_of(folder) is None
    naive.remove(done.lost_keys)
    with closing(open_local(folder)) as store:
        check_same(store, naive, QUERIES, 5)
        assert store.put(made_up([1234])) == 1
    assert (folder / ASIDE).exists()
    assert {file.name for file in folder.iterdir()} <= {ABOUT, DATABASE, ASIDE, "writer.json"}


def test_a_changed_bit_is_found(tmp_path):
    folder = tmp_path / "store"
    filled(folder, 100)
    data = (folder / DATABASE).read_bytes()
    flip(folder / DATABASE, data.index(made_up([50]).embeddings.tobytes()) + 5)
    with closing(open_local(folder, SMALL)) as store:
        with pytest.raises(GalleryError, match=r"'k50' in row 51 is not as written"):
            list(store.read())
        assert len(list(store.read(keys=["k1"]))) == 1
    done = recover(folder)
    assert (done.kept, done.lost, done.lost_keys) == (99, 1, ("k50",))


def first_page(path):
    data = path.read_bytes()
    path.write_bytes(bytes(4096) + data[4096:])


@pytest.mark.parametrize(
    ("harm", "fewest"),
    [
        (lambda path: path.write_bytes(bytes(100) + path.read_bytes()[100:]), 2000),
        (first_page, 2000),
        (lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size * 9 // 10]), 1500),
        (lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]), 500),
    ],
)
def test_of_a_file_cut_short_or_without_its_beginning_the_rest_is_recovered(tmp_path, harm, fewest):
    folder = tmp_path / "store"
    with closing(create_local(folder, 8, "euclidean", {})) as store:
        for start in range(0, 2000, 250):  # as enrolment does
            store.put(made_up(range(start, start + 250)))
    harm(folder / DATABASE)
    assert damage_of(str(folder))
    done = recover(str(folder))
    assert fewest <= done.kept == 2000 - done.lost
    assert damage_of(folder) is None
    with closing(open_local(folder)) as store:
        assert store.count() == done.kept
        for piece in store.read():
            expected = made_up([int(key[1:]) for key in piece.keys])
            assert (piece.embeddings == expected.embeddings).all()
    assert {file.name for file in folder.iterdir()} <= {ABOUT, DATABASE, ASIDE, "writer.json"}


@pytest.mark.parametrize("data", [b"", os.urandom(50_000), None])
def test_where_nothing_can_be_read_nothing_is_changed(tmp_path, data):
    folder = tmp_path / "store"
    filled(folder, 10)
    if data is None:
        (folder / DATABASE).unlink()
    else:
        (folder / DATABASE).write_bytes(data)
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    with pytest.raises(GalleryError, match="nothing in it can be read, and nothing was changed"):
        recover(folder)
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before


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
    done = subprocess.run([sys.executable, "-c", program], cwd=HERE, capture_output=True, text=True, timeout=120)
    assert done.stdout.startswith("refused"), done.stderr
    assert done.stdout.endswith("100 1\n")
    with closing(open_local(folder, SMALL)) as store:
        check_same(store, naive, QUERIES, 5, recall=0.9)


def test_a_second_writer_waits_and_is_then_told_who_writes(tmp_path):
    folder = tmp_path / "store"
    filled(folder, 10)
    with closing(open_local(folder, SMALL)) as first, closing(open_local(folder, SMALL, wait=0.3)) as second:
        with first._database.writing():
            start = time.perf_counter()
            with pytest.raises(GalleryError, match=rf"process {os.getpid()} on .*Nothing was written"):
                second.put(made_up([77]))
            assert time.perf_counter() - start >= 0.25
            assert second.count() == 10  # Reading goes on meanwhile.
        assert second.put(made_up([77])) == 1
        assert first.count() == 11
        second_waits = open_local(folder, SMALL, wait=30.0)
        held = first._database.writing()
        held.__enter__()
        ender = threading.Timer(0.3, lambda: held.__exit__(None, None, None))
        ender.start()
        assert second_waits.put(made_up([78])) == 1
        ender.join()
        second_waits.close()


def test_a_reader_sees_what_another_process_wrote(tmp_path):
    folder = tmp_path / "store"
    naive = filled(folder, 100)
    with closing(open_local(folder, SMALL)) as reader, closing(open_local(folder, SMALL)) as writer:
        for step in range(8):
            check_same(reader, naive, QUERIES[:3], 7, recall=0.9)
            given = made_up(range(40 * step, 40 * step + 60), seed=step, fields=lambda number: {"number": number})
            assert writer.put(given) == naive.put(given)
            check_same(reader, naive, QUERIES[:3], 7, "number > 50", recall=0.9)
            assert writer.remove(identities=[f"p{step}"]) == naive.remove(identities=[f"p{step}"])
            time.sleep(2 * FRESH)
            assert set(reader.search(QUERIES[:1], 400).keys[0].tolist()) - {None} == set(naive.kept)


def test_readers_see_whole_states_while_another_writes(tmp_path):
    folder = tmp_path / "store"
    create_local(folder, 8, "euclidean", {}, SMALL).close()
    ended, problems = threading.Event(), []

    def read():
        with closing(open_local(folder, SMALL)) as reader:
            while not ended.is_set():
                # Each write puts 10 of one batch together, and removes 10 together.
                found = reader.search(QUERIES[:1], 400, with_fields=True)
                batches = [fields["batch"] for fields in found.fields[0] if fields]
                whole = all(batches.count(batch) == 10 for batch in set(batches))
                if not whole or len(set(found.keys[0, : len(batches)])) != len(batches):
                    problems.append(batches)

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    with closing(open_local(folder, SMALL)) as writer:
        for batch in range(30):
            writer.put(made_up(range(10 * batch, 10 * batch + 10), fields=lambda number: {"batch": number // 10}))
            if batch % 5 == 4:
                writer.remove([f"k{number}" for number in range(10 * batch - 20, 10 * batch - 10)])
    ended.set()
    for reader in readers:
        reader.join(30)
    assert not problems


def test_a_search_with_a_condition_or_fields_sees_one_state(tmp_path, monkeypatch):
    folder = tmp_path / "store"
    monkeypatch.setattr("alikely.stores.local.FRESH", 3600.0)
    naive = filled(folder, 30)
    with closing(open_local(folder, SMALL)) as reader, closing(open_local(folder, SMALL)) as writer:
        reader.search(QUERIES, 3)
        given = made_up(range(20, 50), seed=1, fields=lambda number: {"number": number})
        assert writer.put(given) == naive.put(given)
        assert writer.remove(["k3"]) == naive.remove(["k3"])
        # It need not look whether others have written; but what it finds and their fields are of the same state.
        check_same(reader, naive, QUERIES, 5, "number > 10")
        check_same(reader, naive, QUERIES, 5)


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
    assert program.wait(10) == 0
    program.stdout.close()
    assert len(kept) > 500
    assert damage_of(folder) is None


def test_many_threads_may_share_a_store(tmp_path):
    naive = filled(tmp_path / "store", 300)
    with closing(open_local(tmp_path / "store", SMALL)) as store:
        answers, problems = [], []

        def ask():
            try:
                for _ in range(10):
                    answers.append(store.search(QUERIES[:2], 3).keys.tolist())
            except Exception as error:  # told below
                problems.append(error)

        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not problems
        assert len({json.dumps(answer) for answer in answers}) == 1
        check_same(store, naive, QUERIES, 3, recall=0.9)


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
