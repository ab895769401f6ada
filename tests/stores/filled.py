"""A folder -> a store in it with so many templates, and the plain one that holds the same."""

from contextlib import closing

from alikely.stores.index import Sizes
from alikely.stores.local import create_local
from tests.naive_store import NaiveStore, made_up

SMALL = Sizes(exact_up_to=60, graph_up_to=250, few=15)


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
