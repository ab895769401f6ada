"""Pairs, and labels where there are any -> those that cannot all be true."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
from jaxtyping import Int
from scipy.sparse import coo_array
from scipy.sparse.csgraph import breadth_first_order, connected_components

from alikely.data.checks.findings import Finding, finding_of_pairs, listed
from alikely.data.items import counted
from alikely.types import Examples


def contradictions(examples: Examples) -> Iterator[Finding]:
    """Findings contradiction: a pair called same and different; called different though a chain of same pairs joins it
    (not where pairs have scores).

    Where there are labels too: pairs that say the opposite of the labels.
    """
    if examples.pairs is None:
        return
    pairs, name = examples.pairs, examples.names
    ends = np.sort(np.stack([pairs.left, pairs.right], axis=1), axis=1)
    same = {(int(left), int(right)) for left, right in ends[pairs.same]}
    different = {(int(left), int(right)) for left, right in ends[~pairs.same]}
    both = sorted(same & different)
    if both:
        said = listed(f"{name[left]} and {name[right]}" for left, right in both)
        what = f"{counted(len(both), 'pair is', 'pairs are')} said to be the same and to be different: {said}"
        yield finding_of_pairs("contradiction", what, "error", examples, both)
    # Likeness by degrees does not carry over from pair to pair.
    chains = [] if pairs.score is not None else _chains(len(examples), sorted(same), sorted(different - same))
    if chains:
        said = listed(
            f"{name[chain[0]]} and {name[chain[-1]]}, though {' = '.join(name[place] for place in chain)}"
            for chain in chains
        )
        different_pairs = counted(len(chains), "pair is said to be different", "pairs are said to be different")
        what = f"{different_pairs}, but pairs said to be the same join {'it' if len(chains) == 1 else 'them'}: {said}"
        joined = [(chain[0], chain[-1]) for chain in chains]
        # The links of the chain too: one of them may be the wrong one.
        links = [link for chain in chains for link in pairwise(chain)]
        yield finding_of_pairs("contradiction", what, "error", examples, joined, also=links)
    if examples.labels is not None:
        wrong = np.flatnonzero((examples.labels[pairs.left] == examples.labels[pairs.right]) != pairs.same)
        if len(wrong):
            against = [(int(pairs.left[row]), int(pairs.right[row])) for row in wrong]
            said = listed(f"{name[left]} and {name[right]}" for left, right in against)
            what = f"{counted(len(wrong), 'pair says', 'pairs say')} the opposite of the labels: {said}"
            yield finding_of_pairs("contradiction", what, "error", examples, against)


def _chains(count: int, same: Sequence[tuple[int, int]], different: Sequence[tuple[int, int]]) -> list[list[int]]:
    """For each different pair that same pairs join: the items from one end to the other, by the fewest same pairs."""
    if not same or not different:
        return []
    left, right = np.array(same).T
    graph = coo_array((np.ones(len(left), np.int8), (left, right)), shape=(count, count)).tocsr()
    component = connected_components(graph, directed=False)[1]
    torn = [pair for pair in different if component[pair[0]] == component[pair[1]]]
    before: dict[int, Int[np.ndarray, " items"]] = {}
    chains = []
    for start, end in torn:
        if start not in before:
            before = {start: breadth_first_order(graph, start, directed=False)[1]}
        chain = [end]
        while chain[-1] != start:
            chain.append(int(before[start][chain[-1]]))
        chains.append(chain[::-1])
    return chains
