"""A large batch through the encoder in pieces (`alikely.training.cached`), against at once: memory, time, gradients."""

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

import torch

from alikely.distances import Cosine
from alikely.encoders.cnn import Cnn
from alikely.losses import InfoNCE, batch_loss
from alikely.training.cached import backward_in_pieces
from alikely.types import Known
from benchmarks.peak import peak_memory_mb
from benchmarks.timing import Times, time_step

SIDE = 64
AT_ONCE = 32


@dataclass(frozen=True)
class Step:
    """What one forward and backward of a batch took, and the gradient of the first layer after it."""

    times: Times
    memory_mb: float
    gradient: list[float]


def in_pieces(batch: int, repeats: int) -> tuple[Step, Step]:
    """The step in pieces of 32 pictures, and at once; each in a process of its own."""
    found = []
    for at_once in (AT_ONCE, batch):
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as process:
            found.append(process.submit(step_cost, batch, at_once, repeats).result())
    return found[0], found[1]


def step_cost(batch: int, at_once: int, repeats: int) -> Step:
    """One thread; two pictures of 64 x 64 a label, and a network that does not look at the batch as a whole."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    encoder = Cnn(norm="group", width=32)
    pictures, known = torch.rand(batch, 1, SIDE, SIDE), Known.from_labels(torch.arange(batch) // 2)

    def step() -> None:
        encoder.zero_grad()
        if at_once < batch:
            backward_in_pieces(encoder, pictures, at_once, lambda rows: batch_loss(InfoNCE(), Cosine(), rows, known))
        else:
            torch.autograd.backward(batch_loss(InfoNCE(), Cosine(), encoder(pictures), known))

    before = peak_memory_mb(reset=True)
    step()
    memory_mb = peak_memory_mb(reset=False) - before
    first = next(encoder.parameters()).grad
    assert first is not None
    gradient = first.flatten().tolist()
    return Step(time_step(step, repeats), memory_mb, gradient)
