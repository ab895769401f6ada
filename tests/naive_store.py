"""The plainest store there is, to compare the others with: a dictionary, and all distances."""

import numpy as np
import torch

from alikely.distances import DISTANCES
from alikely.stores.filters import parse_filter
from alikely.types import Templates


class NaiveStore:
    """Keeps what it is given; answers by looking at all of it."""

    def __init__(self, metric):
        self.metric = metric
        self.kept = {}  # key -> identity, embedding, fields; in the order of enrolment

    def put(self, templates):
        new = 0
        for key, identity, embedding, fields in zip(
            templates.keys, templates.identities, templates.embeddings, templates.fields, strict=True
        ):
            new += self.kept.pop(key, None) is None
            self.kept[key] = (identity, embedding, dict(fields))
        return new

    def remove(self, keys=(), identities=()):
        gone = [key for key, (identity, _, _) in self.kept.items() if key in keys or identity in identities]
        for key in gone:
            del self.kept[key]
        return len(gone)

    def meeting(self, where=None, keys=None, identities=None):
        condition = None if where is None else parse_filter(where)
        return {
            key: kept
            for key, kept in self.kept.items()
            if (condition is None or condition.matches(kept[2]))
            and (keys is None or key in keys)
            and (identities is None or kept[0] in identities)
        }

    def distances(self, query, where=None):
        """From one query to each template that meets the condition, by key."""
        meeting = self.meeting(where)
        if not meeting:
            return {}
        vectors = torch.from_numpy(np.stack([embedding for _, embedding, _ in meeting.values()])).double()
        table = DISTANCES[self.metric]().table(torch.from_numpy(query[None]).double(), vectors)
        return dict(zip(meeting, table[0].tolist(), strict=True))


def made_up(numbers, dim=8, seed=0, fields=None):
    """Templates `k5` of `p5 % 20` ... for these numbers, the same for the same number."""
    embeddings = [np.random.default_rng([seed, number]).standard_normal(dim) for number in numbers]
    return Templates(
        keys=tuple(f"k{number}" for number in numbers),
        identities=tuple(f"p{number % 20}" for number in numbers),
        embeddings=np.array(embeddings, dtype=np.float32).reshape(-1, dim),
        fields=tuple({} if fields is None else fields(int(number)) for number in numbers),
    )


def check_same(store, naive, queries, k, where=None, recall=1.0):
    """Each row holds k in order, each with its own distance, identity and fields: the nearest, up to `recall` of them.

    Ties may stand in any order.
    """
    nearest = store.search(queries, k, where, with_fields=True)
    assert nearest.keys.shape == nearest.identities.shape == nearest.distances.shape == (len(queries), k)
    right = wanted = 0
    for row, query in enumerate(queries):
        truth = naive.distances(query, where)
        expected = np.sort(list(truth.values()))[:k]
        there = len(expected)
        keys = nearest.keys[row, :there].tolist()
        found = nearest.distances[row, :there]
        assert len(set(keys)) == there
        np.testing.assert_allclose(found, [truth[key] for key in keys], rtol=1e-4, atol=2e-4)
        assert (np.diff(found) >= 0).all()
        right += sum(found <= expected[-1] * (1 + 1e-4) + 2e-4) if there else 0
        wanted += there
        assert nearest.identities[row, :there].tolist() == [naive.kept[key][0] for key in keys]
        assert [dict(fields) for fields in nearest.fields[row][:there]] == [naive.kept[key][2] for key in keys]
        assert nearest.keys[row, there:].tolist() == nearest.identities[row, there:].tolist() == [None] * (k - there)
        assert np.isinf(nearest.distances[row, there:]).all()
        assert list(nearest.fields[row][there:]) == [{}] * (k - there)
    assert right >= recall * wanted
