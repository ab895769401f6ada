"""What it saves to keep freed memory for the next step of a training (`alikely.training.memory`): time, page faults."""

import multiprocessing
import resource
import statistics
import time
from concurrent.futures import ProcessPoolExecutor

import torch

from alikely.distances import Cosine
from alikely.encoders.resnet import ResNet
from alikely.losses import InfoNCE, batch_loss
from alikely.training.memory import keep_freed_memory
from alikely.types import Known

BATCH, ITEMS_PER_LABEL, SIDE = 200, 10, 56
FIRST = 2  # steps that load code and take the memory


def kept_memory(repeats: int) -> tuple[dict[str, float], dict[str, float]]:
    """What a step costs when freed memory is given back, and when it is kept; each in a process of its own."""
    found = []
    for keep in (False, True):
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as process:
            found.append(process.submit(step_cost, keep, repeats).result())
    return found[0], found[1]


def step_cost(keep: bool, repeats: int) -> dict[str, float]:
    """The least processor time of a small residual network's step, in one thread, and the median of its page faults."""
    if keep:
        keep_freed_memory()
    torch.set_num_threads(1)  # threads that wait for each other would count too
    torch.manual_seed(0)
    encoder = ResNet(stages=(64, 128)).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimizer = torch.optim.AdamW(encoder.parameters())
    labels = torch.arange(BATCH) // ITEMS_PER_LABEL
    seconds, faults = [], []
    for _ in range(FIRST + repeats):
        start, before = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        pictures = torch.rand(BATCH, 1, SIDE, SIDE).to(memory_format=torch.channels_last)
        with torch.autocast("cpu", torch.bfloat16):
            embeddings = encoder(pictures)
        optimizer.zero_grad()
        torch.autograd.backward(batch_loss(InfoNCE(), Cosine(), embeddings, Known.from_labels(labels)))
        optimizer.step()
        seconds.append(time.process_time() - start)
        faults.append(float(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before))
    return {"step_processor_seconds": min(seconds[FIRST:]), "step_page_faults": statistics.median(faults[FIRST:])}
