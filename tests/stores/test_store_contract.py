"""Every store against the plainest one, through random histories: put, replaced, removed, searched, opened again."""

import subprocess
import sys

import numpy as np
import pytest

from alikely.contracts import Store
from alikely.errors import GalleryError, InputError, SettingsError
from alikely.stores import create_store, open_store
from alikely.stores.checking import check_metric
from alikely.stores.index import Allowed, Sizes, build
from alikely.stores.local import create_local, open_local
from alikely.types import Templates
from tests.naive_store import NaiveStore, check_same, made_up

METRICS = ["euclidean", "cosine", "manhattan"]
SMALL = Sizes(exact_up_to=60, graph_up_to=150, few=15)
WORDS = ["A", "it's", 'b "x" \\ ü', "\U0001f600", ""]


class Place:
    """Where a kind of store is made and opened again."""

    def __init__(self, kind, folder):
        self.kind = kind
        self.where = folder / ("store.db" if kind == "milvus" else "store")

    def create(self, dim=8, metric="euclidean", about=None):
        if self.kind == "small":
            return create_local(self.where, dim, metric, about or {}, SMALL)
        return create_store(self.where, dim, metric, about or {})

    def open(self):
        return open_local(self.where, SMALL) if self.kind == "small" else open_store(self.where)


@pytest.fixture(params=["local", "small", "milvus"])
def place(request, tmp_path):
    if request.param == "milvus":
        pytest.importorskip("milvus_lite")
    return Place(request.param, tmp_path)


def fields(number):
    some = {"price": number / 2, "size": number % 7, "shop": WORDS[number % 5], "sold": number % 3 == 0, 'a "b" ü': "x"}
    return {name: value for place, (name, value) in enumerate(some.items()) if (number >> place) % 4}


CONDITIONS = [
    None,
    "shop = 'A'",
    "shop != 'it''s' and price < 40",
    "shop < 'b' or size in (1, 3, '5')",
    "not (price >= 20 and sold = true)",
    "price is missing",
    '"a ""b"" ü" is not missing and shop = \'\U0001f600\'',
    "size not in (0, 1, 2) and sold != false",
    "shop = 'b \"x\" \\ ü'",
    "nothing = 1",
    "price = 3 or price > 1e1",
]


@pytest.mark.parametrize("metric", METRICS)
def test_random_histories_end_like_those_of_the_plainest_store(place, metric):
    if place.kind == "milvus" and metric == "manhattan":
        with pytest.raises(SettingsError, match="manhattan"):
            place.create(metric=metric)
        return
    generator = np.random.default_rng(METRICS.index(metric))
    store, naive = place.create(metric=metric, about={"model": "a1", "n": [1]}), NaiveStore(metric)
    recall = 0.9 if place.kind == "small" else 1.0
    for step in range(30 if place.kind == "small" else 20):
        numbers = generator.choice(400, size=generator.integers(1, 40), replace=False)
        match generator.integers(5):
            case 0 | 1 | 2:
                given = made_up(numbers, seed=step, fields=fields)
                assert store.put(given) == naive.put(given)
            case 3:
                keys, identities = [f"k{number}" for number in numbers], [f"p{numbers[0] % 20}"]
                keys = keys[: step % 9]
                assert store.remove(keys, identities) == naive.remove(keys, identities)
            case 4:
                store.close()
                store = place.open()
                assert (store.dim, store.metric, dict(store.about)) == (8, metric, {"model": "a1", "n": [1]})
        where = CONDITIONS[generator.integers(len(CONDITIONS))]
        queries = made_up(generator.integers(400, size=generator.choice([1, 3, 30])), seed=step).embeddings
        check_same(store, naive, queries, int(generator.integers(1, 12)), where, recall)
        check_records(store, naive, where, generator)
    store.close()
    assert isinstance(store, Store)


def check_records(store, naive, where, generator):
    assert store.count() == len(naive.kept)
    assert store.count(where) == len(naive.meeting(where))
    identities = {}
    for identity, _, _ in naive.meeting(where).values():
        identities[identity] = identities.get(identity, 0) + 1
    assert list(store.identities(where).items()) == sorted(identities.items())
    some = [f"k{number}" for number in generator.integers(400, size=20)]
    assert store.has(some) == set(some) & set(naive.kept)
    starts = tuple(key[:3] for key in some[:5])
    assert store.beginning(starts) == {key: kept[0] for key, kept in naive.kept.items() if key.startswith(starts)}
    for chosen in [{}, {"keys": some}, {"identities": ["p1", "p2"]}, {"keys": some, "identities": ["p1", "p2", "p3"]}]:
        pieces = list(store.read(where=where, **chosen))
        assert all(len(piece) for piece in pieces)
        expected = naive.meeting(where, **chosen)
        assert [key for piece in pieces for key in piece.keys] == list(expected)
        for piece in pieces:
            for row, key in enumerate(piece.keys):
                identity, embedding, kept = expected[key]
                assert (piece.identities[row], dict(piece.fields[row])) == (identity, kept)
                assert np.array_equal(piece.embeddings[row], embedding)
                assert [type(value) for value in piece.fields[row].values()] == [
                    type(kept[n]) for n in piece.fields[row]
                ]


def test_a_vector_without_direction_is_at_a_right_angle_to_all(place):
    store = place.create(dim=2, metric="cosine")
    vectors = np.array([[1, 0], [0, 0], [-1, 0], [3, 3]], dtype=np.float32)
    store.put(Templates(("one", "zero", "other", "half"), ("a", "b", "c", "d"), vectors, ({},) * 4))
    nearest = store.search(np.array([[2, 0], [0, 0]], dtype=np.float32), 4)
    assert nearest.keys[0].tolist() == ["one", "half", "zero", "other"]
    np.testing.assert_allclose(nearest.distances, [[0, 1 - 0.5**0.5, 1, 2], [1, 1, 1, 1]], atol=1e-6)
    store.close()


def test_far_from_zero_distances_are_as_exact_as_near_it(place):
    store, naive = place.create(dim=16), NaiveStore("euclidean")
    given = made_up(range(120), dim=16)
    far = Templates(given.keys, given.identities, given.embeddings + np.float32(1000), given.fields)
    store.put(far)
    naive.put(far)
    check_same(store, naive, far.embeddings, 3, recall=0.9)
    nearest = store.search(far.embeddings, 1)
    assert nearest.keys[:, 0].tolist() == list(far.keys)
    assert nearest.distances.max() == 0
    store.close()


@pytest.mark.parametrize("count", [100, 200])
def test_where_an_index_does_not_come_to_k_all_are_compared(count, monkeypatch):
    vectors = made_up(range(count)).embeddings
    index = build(vectors, "euclidean", SMALL, seed=0)
    near = index._near

    def misses(*given):
        values, found = near(*given)
        found[::2, 1:] = -1
        return values, found

    monkeypatch.setattr(index, "_near", misses)
    for mask in (None, np.arange(count) % 2 == 0):
        allowed = None if mask is None else Allowed(mask)
        distances, found = index.search(vectors[:40], 4, allowed, few=10)
        table = np.linalg.norm(vectors[:40, None] - vectors, axis=2)
        table[:, [] if mask is None else ~mask] = np.inf
        np.testing.assert_allclose(distances[::2], np.sort(table, axis=1)[::2, :4], rtol=1e-5)
        assert (found >= 0).all()


def test_an_empty_store_answers(place):
    store = place.create()
    assert store.put(made_up([])) == 0
    nearest = store.search(made_up([1, 2]).embeddings, 3, "price > 1", with_fields=True)
    assert nearest.keys.tolist() == [[None] * 3] * 2
    assert nearest.fields == (({},) * 3,) * 2
    assert store.search(made_up([]).embeddings, 2).keys.shape == (0, 2)
    assert (store.count(), store.identities(), list(store.read()), store.has(["k"])) == (0, {}, [], set())
    assert (store.remove(["k"], ["p"]), store.remove()) == (0, 0)
    store.close()


def test_all_that_were_nearest_may_be_removed(place):
    store, naive = place.create(), NaiveStore("euclidean")
    crowd = made_up(range(200))
    near = Templates(
        tuple(f"near{number}" for number in range(100)),
        ("gone",) * 100,
        crowd.embeddings[:100] / 1e3,
        ({"n": 1},) * 100,
    )
    for given in (crowd, near):
        store.put(given)
        naive.put(given)
    queries = np.zeros((25, 8), dtype=np.float32)
    check_same(store, naive, queries, 10, recall=0.9)
    assert store.remove(identities=["gone"]) == naive.remove(identities=["gone"]) == 100
    for count in (1, 25):
        check_same(store, naive, queries[:count], 10, recall=0.9)
        check_same(store, naive, queries[:count], 10, "n = 1")
    store.close()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (made_up([1, 2], dim=7), "length 8, got a template of length 7"),
        (Templates(("a", "a"), ("x", "y"), np.ones((2, 8), np.float32), ({}, {})), "stands twice"),
        (Templates(("a",), ("x", "y"), np.ones((1, 8), np.float32), ({},)), "each"),
        (Templates(("a",), ("",), np.ones((1, 8), np.float32), ({},)), "identity '' cannot be kept: it is empty"),
        (Templates(("a\0",), ("x",), np.ones((1, 8), np.float32), ({},)), "NUL"),
        (Templates(("a",), ("x",), np.full((1, 8), np.nan, np.float32), ({},)), "template 0: .* not finite"),
        (Templates(("a",), ("x",), np.ones((1, 8), np.float32), ({"n": float("inf")},)), "field 'n': .*finite"),
        (Templates(("a",), ("x",), np.ones((1, 8), np.float32), ({"n": 2**70},)), "write it as a text"),
    ],
)
def test_what_cannot_be_kept_is_refused_whole(place, given, said):
    store = place.create()
    store.put(made_up([5]))
    with pytest.raises(InputError, match=said):
        store.put(given)
    assert store.count() == 1
    store.close()


def test_what_cannot_be_asked(place):
    store = place.create()
    store.put(made_up([5]))
    with pytest.raises(InputError, match="length 8, got a query of length 3"):
        store.search(np.ones((1, 3), np.float32), 1)
    with pytest.raises(InputError, match=r"query 1: .* not finite"):
        store.search(np.array([[1.0] * 8, [np.inf] * 8], np.float32), 1)
    for k in (0, 100_000):
        with pytest.raises(SettingsError, match="k, how many"):
            store.search(np.ones((1, 8), np.float32), k)
    for ask in (store.count, store.identities, lambda where: store.search(np.ones((1, 8), np.float32), 1, where)):
        with pytest.raises(SettingsError, match="cannot be understood"):
            ask("price <> 3")
    with pytest.raises(SettingsError, match="cannot be understood"):
        list(store.read(where="DROP TABLE templates"))
    store.close()


def test_where_something_or_nothing_is(place):
    with pytest.raises(GalleryError, match="no store"):
        place.open()
    place.create().close()
    with pytest.raises(GalleryError, match="already"):
        place.create()
    place.open().close()


@pytest.mark.parametrize(("dim", "metric", "said"), [(0, "cosine", "1 or more"), (3, "angle", "euclidean, cosine")])
def test_what_no_store_can_be(dim, metric, said):
    with pytest.raises(SettingsError, match=said):
        check_metric(dim, metric)


def test_a_library_that_replaces_the_search_of_faiss_changes_nothing():
    """pytorch-metric-learning loads faiss.contrib.torch_utils, after which `Index.search` takes no parameters."""
    code = """
import tempfile
from pathlib import Path
import numpy as np
import faiss.contrib.torch_utils
from alikely.stores.index import Sizes
from alikely.stores.local import create_local
from alikely.types import Templates

vectors = np.random.default_rng(0).standard_normal((300, 8)).astype(np.float32)
keys = tuple(map(str, range(300)))
for number, sizes in enumerate((Sizes(), Sizes(100, 1000, 20), Sizes(50, 100, 20))):
    store = create_local(Path(tempfile.mkdtemp()) / "store", 8, "euclidean", {}, sizes)
    store.put(Templates(keys, keys, vectors, ({"odd": False}, {"odd": True}) * 150))
    assert store.search(vectors, 1).keys[:, 0].tolist() == list(keys)
    assert store.search(vectors[1:2], 1, "odd = true").keys[0, 0] == "1"
    store.close()
"""
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr


def test_the_stamp_tells_each_change_by_whomever(place):
    store = place.create()
    seen = [store.stamp()]

    def changed(told):
        """What another one says: once more the same, and as none of those before."""
        stamp = told.stamp()
        assert told.stamp() == stamp
        fresh = stamp not in seen
        seen.append(stamp)
        return fresh

    store.put(made_up([1, 2, 3], seed=0))
    assert changed(store)
    # As many as before: one went, another came.
    store.remove(keys=[made_up([2], seed=0).keys[0]])
    store.put(made_up([4], seed=0))
    assert changed(store)
    # The same key, told anew.
    store.put(made_up([4], seed=1))
    assert changed(store)
    store.remove(identities=list(store.identities()))
    assert changed(store)
    store.put(made_up([5], seed=0))
    assert changed(store)
    before = store.stamp()
    assert store.remove(keys=["nobody"]) == 0
    list(store.read())
    store.search(made_up([1], seed=0).embeddings, 1)
    assert store.stamp() == before
    if place.kind != "milvus":  # its file is one process's alone
        with_others = place.open()
        with_others.put(made_up([6], seed=0))
        with_others.close()
        assert changed(store)
    store.close()
