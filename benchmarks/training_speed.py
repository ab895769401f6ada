"""Pairs a second: each item of a batch encoded once, against calling the two branches on the two sides of each pair.

Same network, same pairs, same loss, same processor, forward and backward, in one run; with the largest difference of
the gradients beside it. 16 labels x 4 items make 2,016 pairs: 64 encodings, or 4,032. The network normalises by groups
of channels, not over the batch, so that an item's embedding does not depend on what is encoded with it and the two ways
are the same mathematics. The two branches run whole and in parts, and their fastest way counts. All on one thread.

`metrics.kept_memory_speedup`: processor time of a training step when freed memory goes back to the system, over that
when it is kept (`alikely.training.memory`): a residual network at batch 200, one thread, each way in a process of its
own, the least of some steps.
"""

import time
from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn

from alikely.distances import Euclidean
from alikely.encoders.cnn import Cnn
from alikely.losses import Contrastive, batch_loss
from alikely.types import Known
from benchmarks.kept_memory import kept_memory
from benchmarks.report import Result, publish, read_options
from benchmarks.timing import Times, time_step

LABELS, ITEMS_PER_LABEL = 16, 4
SIDE = 28
# Of the two-branch batch. There are 20 different pairs for each same one; each part holds whole such groups of 21,
# so that the mean over the parts is the loss of the whole.
PARTS = (1, 4, 16)


def encode_once(encoder: nn.Module, loss: Contrastive, pictures: Tensor, labels: Tensor) -> float:
    """One forward over the unique items; all pairs among their embeddings."""
    value = batch_loss(loss, Euclidean(), encoder(pictures), Known.from_labels(labels))
    torch.autograd.backward(value)
    return value.item()


def call_two_branches(encoder: nn.Module, loss: Contrastive, pictures: Tensor, labels: Tensor, parts: int) -> float:
    """The network on the left items of all pairs, and again on the right items."""
    total = 0.0
    left, right, same = pairs_of(labels)
    for part in torch.arange(len(same)).chunk(parts):
        distances = Euclidean().between(encoder(pictures[left[part]]), encoder(pictures[right[part]]))
        value = loss(distances, same[part]) / parts
        torch.autograd.backward(value)
        total += value.item()
    return total


def pairs_of(labels: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Left, right, same of all pairs; each same pair is followed by its share of the different ones."""
    left, right = torch.triu_indices(len(labels), len(labels), offset=1)
    same = labels[left] == labels[right]
    same_pairs = same.nonzero()
    different_pairs = (~same).nonzero().view(len(same_pairs), -1)
    order = torch.cat([same_pairs, different_pairs], dim=1).flatten()
    return left[order], right[order], same[order]


def measure(step: Callable[[], float], encoder: nn.Module, repeats: int) -> tuple[Times, float, Tensor]:
    """The times of a step, its value, and the gradient of all weights in a row."""
    times = time_step(step, repeats)
    encoder.zero_grad()
    value = step()
    gradient = torch.cat([weight.grad.flatten() for weight in encoder.parameters() if weight.grad is not None])
    return times, value, gradient


def main() -> None:
    """Measure, print, write."""
    options = read_options(__doc__ or "", needs_data=False)
    start = time.perf_counter()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    encoder = Cnn(channels=1, dim=64, width=32, depth=4, norm="group")
    loss = Contrastive(margin=1.0)
    labels = torch.arange(LABELS * ITEMS_PER_LABEL) // ITEMS_PER_LABEL
    pictures = torch.rand(len(labels), 1, SIDE, SIDE)
    pairs = len(labels) * (len(labels) - 1) // 2

    once = measure(partial(encode_once, encoder, loss, pictures, labels), encoder, repeats=5 if options.quick else 40)
    tried = {
        parts: measure(
            partial(call_two_branches, encoder, loss, pictures, labels, parts),
            encoder,
            repeats=1 if options.quick else 2,
        )
        for parts in (PARTS[-1:] if options.quick else PARTS)
    }
    fastest = min(tried, key=lambda parts: tried[parts][0].wall)
    ours, theirs = once[0], tried[fastest][0]
    differences = [(once[2] - gradient).abs().max() / gradient.abs().max() for _, _, gradient in tried.values()]
    given_back, kept = kept_memory(repeats=2 if options.quick else 10)
    metrics = {
        "speedup": theirs.wall / ours.wall,
        "processor_speedup": theirs.processor / ours.processor,
        "pairs_per_second": pairs / ours.wall,
        "gradient_difference": max(differences).item(),
        "value": once[1],
        "kept_memory_speedup": given_back["step_processor_seconds"] / kept["step_processor_seconds"],
        **kept,
    }
    floors = {"two branches": {"pairs_per_second": pairs / theirs.wall, "value": tried[fastest][1]}}
    floors["memory given back"] = given_back
    settings = {
        "pairs": pairs,
        "two branches": f"fastest in {fastest} of {list(tried)} parts",
        "encoder": encoder.settings(),
        "side": SIDE,
        "threads": 1,
        "torch": torch.__version__,
    }
    publish(Result("training_speed", metrics, time.perf_counter() - start, floors, {}, settings), options)


if __name__ == "__main__":
    main()
