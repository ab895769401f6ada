"""Vectors -> an index that finds the nearest to a query: FAISS, by the size of the store, in this process's memory.

    up to `exact_up_to` vectors   all are compared
    up to `graph_up_to`           a graph of near neighbours is walked along (HNSW; Malkov, Yashunin 2016)
    above                         only the nearest of about 2 sqrt(n) lists are looked into (IVF; Jegou and others 2011)

The last two find nearly all: how far they look is measured on the vectors themselves when the index is built. All hold
the vectors as they are, so that every distance is exact. A vector has a position, from 0 on; one that is removed keeps
its position, is never found again, and is overwritten.
"""

from dataclasses import dataclass

import faiss
import numpy as np
from jaxtyping import Bool, Float, Int

from alikely.contracts import Metric
from alikely.distances import SHORTEST

LINKS, LOOKED_AT_TO_BUILD = 16, 60  # of the graph: links of a vector, candidates for them
MOST_LOOKED_AT = 1024  # candidates of a search in the graph
ROUNDING = 1e-6
PER_LIST = 64  # vectors from which the centre of a list is learned
ROUNDS = 8  # of k-means
RECALL, JUDGED, NEIGHBOURS = 0.975, 100, 10  # how much is to be found, judged on so many queries and neighbours of each
DIRECT = 19  # more queries at once FAISS compares by products, which round: an item would be some way from itself
GROWN = 2  # the lists are learned anew when there are so many times the vectors they were learned from
KINDS = ("exact", "graph", "lists")
Found = tuple[Float[np.ndarray, "queries k"], Int[np.ndarray, "queries k"]]


@dataclass(frozen=True)
class Sizes:
    """When which index is taken: so many vectors, at the most. Up to `few` that meet a condition, all are compared."""

    exact_up_to: int = 10_000
    graph_up_to: int = 200_000
    few: int = 20_000

    def kind(self, count: int) -> str:
        """Which index so many vectors get."""
        return "exact" if count <= self.exact_up_to else "graph" if count <= self.graph_up_to else "lists"


class Allowed:
    """The positions that may be found, and what the search makes of them, made when it is first needed."""

    def __init__(self, mask: Bool[np.ndarray, " positions"]) -> None:
        self.positions: Int[np.ndarray, " allowed"] = np.flatnonzero(mask)
        self.share = len(self.positions) / max(1, len(mask))
        self.bits = np.packbits(mask, bitorder="little")
        # FAISS keeps a pointer to the bits, which live as long as this.
        self.selector = faiss.IDSelectorBitmap(self.bits)
        self.flat: faiss.Index | None = None

    def __len__(self) -> int:
        return len(self.positions)


class Index:
    """Vectors by position, and the FAISS index in which they are. `effort` is how far the search looks."""

    def __init__(self, inner: faiss.Index, metric: Metric, kind: str, learned_from: int, effort: int) -> None:
        self.inner = inner
        self.metric = metric
        self.kind = kind
        self.learned_from = learned_from
        self.effort = effort
        # Of the last search without conditions, as making them takes longer than asking for them.
        self._plain: tuple[int, faiss.SearchParameters] | None = None

    def __len__(self) -> int:
        return int(self.inner.ntotal)

    @property
    def dim(self) -> int:
        """The length of its vectors."""
        return int(self.inner.d)

    def fits(self, count: int, sizes: Sizes) -> bool:
        """Whether so many vectors may stay in this index; a larger kind than needed does no harm."""
        if KINDS.index(self.kind) < KINDS.index(sizes.kind(count)):
            return False
        return self.kind != "lists" or count <= GROWN * self.learned_from

    def add(self, vectors: Float[np.ndarray, "more dim"]) -> None:
        """More vectors, at the next positions."""
        if len(vectors):
            self.inner.add(ready(vectors, self.metric))

    def erase(self, positions: Int[np.ndarray, " gone"]) -> None:
        """Overwrite these vectors, so that nothing is left of them in memory or in a file; they must not be allowed."""
        if not len(positions):
            return
        if self.kind == "lists":
            self.inner.update_vectors(positions, np.zeros((len(positions), self.inner.d), dtype=np.float32))
            return
        store = faiss.downcast_index(self.inner.storage) if self.kind == "graph" else self.inner
        kept = faiss.rev_swig_ptr(store.get_xb(), len(self) * self.inner.d).reshape(len(self), -1)
        if self.kind == "graph":
            # A neighbour's vector in its place, so that the ways through it still lead somewhere near.
            starts = faiss.vector_to_array(self.inner.hnsw.offsets)[positions].astype(np.int64)
            links = faiss.vector_to_array(self.inner.hnsw.neighbors)[starts[:, None] + np.arange(2 * LINKS)]
            for position, near in zip(positions, links, strict=True):
                left = near[(near >= 0) & ~np.isin(near, positions)]
                kept[position] = kept[left[0]] if len(left) else 0
        else:
            kept[positions] = 0

    def search(self, queries: Float[np.ndarray, "queries dim"], k: int, allowed: Allowed | None, few: int) -> Found:
        """Distances and positions of the nearest, those not `allowed` left out; None allows all. `k` are there."""
        queries = ready(queries, self.metric)
        if self.kind == "exact" or (allowed is not None and len(allowed) <= few):
            return self._exact(queries, k, allowed, few)
        values, found = self._near(queries, k, self.effort, allowed)
        distances = _as_distances(values, self.metric)
        if min(found[:, -1].tolist()) < 0:
            short = np.flatnonzero(found[:, -1] < 0)
            # Behind what is not allowed, the search may not have come to k: then all are compared.
            distances[short], found[short] = self._exact(queries[short], k, allowed, few)
        return distances, found

    def vectors(self, positions: Int[np.ndarray, " positions"]) -> Float[np.ndarray, "positions dim"]:
        """The vectors at these positions, as they were made ready."""
        return np.asarray(self.inner.reconstruct_batch(positions), dtype=np.float32)

    def measure_effort(self, seed: int) -> None:
        """Look so far that the nearest are found, judged on some of the vectors; what is nearest is found by all."""
        generator = np.random.default_rng(seed)
        chosen = np.sort(generator.choice(len(self), size=min(JUDGED, len(self)), replace=False))
        queries, k = self.vectors(chosen), min(NEIGHBOURS + 1, len(self))
        # By distances: of several that are equally far, any will do. What is found at once, itself, does not count.
        last = self._exact(queries, k, None, 0)[0][:, -1:] * (1 + ROUNDING) + ROUNDING
        most = self.inner.nlist if self.kind == "lists" else MOST_LOOKED_AT
        self.effort = 1 if self.kind == "lists" else LINKS
        while self.effort < most:
            values, found = self._near(queries, k, self.effort, None)
            right = ((_as_distances(values, self.metric) <= last) & (found >= 0)).sum() - len(chosen)
            if right >= RECALL * (k - 1) * len(chosen):
                return
            self.effort = min(most, self.effort + max(1, self.effort // 4))

    def _near(self, queries: Float[np.ndarray, "queries dim"], k: int, effort: int, allowed: Allowed | None) -> Found:
        # The fewer are allowed, the further one must look to come to as many.
        effort = effort if allowed is None else int(effort / allowed.share)
        effort = min(effort, self.inner.nlist) if self.kind == "lists" else max(effort, k)
        if allowed is None and self._plain is not None and self._plain[0] == effort:
            parameters = self._plain[1]
        else:
            selector = None if allowed is None else allowed.selector
            if self.kind == "lists":
                parameters = faiss.SearchParametersIVF(nprobe=effort, sel=selector)
            else:
                parameters = faiss.SearchParametersHNSW(efSearch=effort, sel=selector)
            if allowed is None:
                self._plain = (effort, parameters)
        return _asked(self.inner, queries, k, parameters)

    def _exact(self, queries: Float[np.ndarray, "queries dim"], k: int, allowed: Allowed | None, few: int) -> Found:
        positions = None
        selector = None if allowed is None else allowed.selector
        flat = faiss.downcast_index(self.inner.storage) if self.kind == "graph" else self.inner
        parameters = None if selector is None else faiss.SearchParameters(sel=selector)
        if self.kind == "lists":
            parameters = faiss.SearchParametersIVF(nprobe=self.inner.nlist, sel=selector)
        if allowed is not None and len(allowed) <= few:
            flat, positions, parameters = self._flat(allowed), allowed.positions, None
        starts = range(0, len(queries), DIRECT if self.metric == "euclidean" else len(queries))
        pieces = [_asked(flat, queries[at : at + starts.step], k, parameters) for at in starts]
        values, found = (np.concatenate(part) for part in zip(*pieces, strict=True))
        return _as_distances(values, self.metric), found if positions is None else positions[found]

    def _flat(self, allowed: Allowed) -> faiss.Index:
        if allowed.flat is None:
            allowed.flat = faiss.IndexFlat(self.inner.d, self.inner.metric_type)
            allowed.flat.add(self.vectors(allowed.positions))
        return allowed.flat


def _asked(inner: faiss.Index, queries: Float[np.ndarray, "queries dim"], k: int, parameters: object) -> Found:
    """What FAISS itself answers.

    Past its Python layer, which another library in the process (pytorch-metric-learning) replaces by one that knows no
    parameters.
    """
    queries = np.ascontiguousarray(queries, dtype=np.float32)
    values, found = np.empty((len(queries), k), np.float32), np.empty((len(queries), k), np.int64)
    inner.search_c(len(queries), faiss.swig_ptr(queries), k, faiss.swig_ptr(values), faiss.swig_ptr(found), parameters)
    return values, found


def build(vectors: Float[np.ndarray, "rows dim"], metric: Metric, sizes: Sizes, seed: int) -> Index:
    """An index of the kind for so many vectors, which have the positions 0, 1, 2 ..."""
    count, dim = vectors.shape
    kind, of_faiss = sizes.kind(count), FAISS_METRICS[metric]
    prepared = ready(vectors, metric)
    inner: faiss.Index
    if kind == "exact":
        inner = faiss.IndexFlat(dim, of_faiss)
    elif kind == "graph":
        inner = faiss.IndexHNSWFlat(dim, LINKS, of_faiss)
        inner.hnsw.efConstruction = LOOKED_AT_TO_BUILD
    else:
        lists = min(max(1, int(2 * count**0.5)), max(1, count // 39))
        inner = faiss.index_factory(dim, f"IVF{lists},Flat", of_faiss)
        inner.cp.niter, inner.cp.seed, inner.cp.max_points_per_centroid = ROUNDS, seed, PER_LIST
        learned = np.random.default_rng(seed).choice(count, size=min(count, PER_LIST * lists), replace=False)
        inner.train(prepared[np.sort(learned)])
        inner.make_direct_map()
    inner.add(prepared)
    index = Index(inner, metric, kind, count, effort=0)
    if kind != "exact":
        index.measure_effort(seed)
    return index


FAISS_METRICS: dict[Metric, int] = {
    "euclidean": faiss.METRIC_L2,
    # Of vectors of length 1; a vector of length 0 then is at a right angle to everything, as it should.
    "cosine": faiss.METRIC_INNER_PRODUCT,
    "manhattan": faiss.METRIC_L1,
}


def ready(vectors: Float[np.ndarray, "rows dim"], metric: Metric) -> Float[np.ndarray, "rows dim"]:
    """What the index holds of them: themselves, or for the cosine their directions."""
    if metric != "cosine":
        return vectors
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.where(lengths > SHORTEST, lengths, 1), dtype=np.float32)


def _as_distances(values: Float[np.ndarray, "queries k"], metric: Metric) -> Float[np.ndarray, "queries k"]:
    if metric == "euclidean":
        return np.asarray(np.sqrt(values, out=values))
    return np.clip(1 - values, 0, 2) if metric == "cosine" else values
