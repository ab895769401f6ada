"""Files of a store that are damaged, cut short or gone: made again, or all that can be read is recovered."""

import os
import shutil
from contextlib import closing

import pytest

from alikely.errors import GalleryError
from alikely.stores.database import DATABASE
from alikely.stores.index import Index, Sizes
from alikely.stores.local import ABOUT, INDEX, create_local, open_local
from alikely.stores.recovering import ASIDE, damage_of, recover
from alikely.types import Templates
from tests.naive_store import NaiveStore, check_same, made_up
from tests.stores.filled import QUERIES, SMALL, filled


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
