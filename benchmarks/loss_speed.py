"""InfoNCE against pytorch-metric-learning's NTXentLoss: the same value and gradient, how much faster, how much memory.

Forward and backward at batch 512 and 1024, 4 items a label, cosine distance, embeddings of length 128; each measured in
a process of its own, so that one does not live in memory that the other left behind, and on one thread.

`metrics.pieces_*`: InfoNCE of a batch of 1,024 pictures through the encoder in pieces of 32, beside the same at once.
"""

import multiprocessing
import os
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial

import torch
from pytorch_metric_learning.losses import NTXentLoss
from pytorch_metric_learning.utils.loss_and_miner_utils import get_all_pairs_indices
from torch import Tensor

from alikely.distances import Cosine
from alikely.losses import InfoNCE, batch_loss
from alikely.types import Known
from benchmarks.in_pieces import AT_ONCE, in_pieces
from benchmarks.peak import peak_memory_mb
from benchmarks.report import Result, publish, read_options
from benchmarks.timing import Times, time_step

ITEMS_PER_LABEL = 4
DIM = 128
TEMPERATURE = 0.1
PEER = "pytorch-metric-learning NTXentLoss"
# The peer holds about this many numbers for every combination of a positive and a negative pair (measured).
PEER_COPIES = 4.5


@dataclass(frozen=True)
class Measured:
    """One loss at one batch size: the times of a forward and backward, the most memory it took on top, what it said."""

    times: Times
    memory_mb: float
    value: float
    gradient: list[list[float]]


def ours(embeddings: Tensor, labels: Tensor) -> Tensor:
    """The value; the gradient is in `embeddings.grad` afterwards."""
    value = batch_loss(InfoNCE(TEMPERATURE), Cosine(), embeddings, Known.from_labels(labels))
    torch.autograd.backward(value)
    return value.detach()


def peer(embeddings: Tensor, labels: Tensor, parts: int) -> Tensor:
    """The same by the peer; in parts of the anchors where the whole does not fit into memory."""
    loss = NTXentLoss(temperature=TEMPERATURE)
    if parts == 1:
        whole: Tensor = loss(embeddings, labels)
        torch.autograd.backward(whole)
        return whole.detach()
    anchors, positives, against, negatives = get_all_pairs_indices(labels)
    total = torch.zeros(())
    for first in range(parts):
        here, there = anchors % parts == first, against % parts == first
        pairs = (anchors[here], positives[here], against[there], negatives[there])
        part = loss(embeddings, indices_tuple=pairs) * here.sum() / len(anchors)
        torch.autograd.backward(part)
        total += part.detach()
    return total


def measure(who: str, batch: int, parts: int, repeats: int) -> Measured:
    """Run in a fresh process: once for the memory, the value and the gradient, then `repeats` times for the times."""
    torch.set_num_threads(1)
    labels = torch.arange(batch) // ITEMS_PER_LABEL
    embeddings = torch.randn(batch, DIM, generator=torch.Generator().manual_seed(0))
    step: Callable[[Tensor, Tensor], Tensor] = ours if who == "ours" else partial(peer, parts=parts)
    step(embeddings[:16].clone().requires_grad_(), labels[:16])  # so that loading code is not counted

    before = peak_memory_mb(reset=True)
    items = embeddings.clone().requires_grad_()
    value = step(items, labels)
    memory_mb = peak_memory_mb(reset=False) - before
    assert items.grad is not None
    times = time_step(lambda: step(embeddings.clone().requires_grad_(), labels), repeats)
    return Measured(times, memory_mb, value.item(), items.grad.tolist())


def parts_that_fit(batch: int) -> int:
    """Into how many parts the peer's work must be cut so that it takes at most half of the memory that is free."""
    positives, negatives = batch * (ITEMS_PER_LABEL - 1), batch * (batch - ITEMS_PER_LABEL)
    free = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    parts = 1
    while positives * negatives // parts**2 * 4 * PEER_COPIES > free / 2:
        parts *= 2
    return parts


def main() -> None:
    """Measure, print, write."""
    options = read_options(__doc__ or "", needs_data=False)
    start = time.perf_counter()
    metrics: dict[str, float] = {}
    floors: dict[str, float] = {}
    settings: dict[str, object] = {"items a label": ITEMS_PER_LABEL, "dim": DIM, "temperature": TEMPERATURE}
    for batch, suffix in ((64, "_64"),) if options.quick else ((512, ""), (1024, "_1024")):
        parts = parts_that_fit(batch)
        mine = _alone("ours", batch, parts, repeats=30)
        theirs = _alone("peer", batch, parts, repeats=2)
        metrics[f"speedup{suffix}"] = theirs.times.wall / mine.times.wall
        metrics[f"processor_speedup{suffix}"] = theirs.times.processor / mine.times.processor
        metrics[f"milliseconds{suffix}"] = 1000 * mine.times.wall
        metrics[f"memory_mb{suffix}"] = mine.memory_mb
        metrics[f"value{suffix}"] = mine.value
        metrics[f"value_difference{suffix}"] = abs(mine.value - theirs.value)
        metrics[f"gradient_difference{suffix}"] = _largest_difference(mine, theirs)
        floors[f"milliseconds{suffix}"] = 1000 * theirs.times.wall
        floors[f"memory_mb{suffix}"] = theirs.memory_mb
        floors[f"value{suffix}"] = theirs.value
        settings[f"peer's parts at batch {batch}"] = parts
    pictures = 128 if options.quick else 1024
    pieces, whole = in_pieces(pictures, repeats=1 if options.quick else 5)
    settings["pieces"] = f"{pictures} pictures, {AT_ONCE} at once"
    settings["threads"] = 1
    difference = torch.tensor(pieces.gradient) - torch.tensor(whole.gradient)
    metrics |= {
        "pieces_memory_mb": pieces.memory_mb,
        "pieces_milliseconds": 1000 * pieces.times.wall,
        "pieces_gradient_difference": float(difference.norm() / torch.tensor(whole.gradient).norm()),
    }
    at_once = {"pieces_memory_mb": whole.memory_mb, "pieces_milliseconds": 1000 * whole.times.wall}
    settings["torch"] = torch.__version__
    publish(
        Result("loss_speed", metrics, time.perf_counter() - start, {PEER: floors, "at once": at_once}, {}, settings),
        options,
    )


def _alone(who: str, batch: int, parts: int, repeats: int) -> Measured:
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as process:
        return process.submit(measure, who, batch, parts, repeats).result()


def _largest_difference(mine: Measured, theirs: Measured) -> float:
    return (torch.tensor(mine.gradient) - torch.tensor(theirs.gradient)).abs().max().item()


if __name__ == "__main__":
    main()
