"""Batches -> weights: one encoder, one distance and one loss that learn together, a step and an epoch at a time."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from time import perf_counter

import numpy as np
import torch
from accelerate import Accelerator
from jaxtyping import Float
from torch import Tensor, nn

from alikely.config import TrainSettings
from alikely.contracts import Distance
from alikely.data.batches import LabelBatches
from alikely.data.reading import Prepared
from alikely.losses import Earlier, Loss, SimSiam, batch_loss
from alikely.model import BATCH, finished
from alikely.training.alarms import require_finite, spread
from alikely.training.cached import backward_in_pieces
from alikely.training.hard_negatives import find_hard_negatives, with_hard_negatives
from alikely.training.plan import Plan
from alikely.training.schedule import learning_rate_share
from alikely.types import Batch, Known

FUSED_FROM = 5_000_000  # weights
WATCHED = 64  # items of a batch whose distances are watched for a collapse


@dataclass(frozen=True)
class Steps:
    """What an epoch's steps gave: a loss and a spread of distances each; pairs seen, seconds, last learning rate."""

    losses: list[float]
    spreads: list[float]
    pairs: int
    seconds: float
    learning_rate: float


class Learner:
    """Everything that changes in training. An epoch depends on the weights before it and on its number only."""

    def __init__(self, encoder: nn.Module, distance: Distance, loss: Loss, plan: Plan, settings: TrainSettings) -> None:
        self.settings, self.plan, self.distance, self.loss = settings, plan, distance, loss
        # Its own mixed precision can be set once in a process only; two trainings may want different ones.
        self.accelerator = Accelerator()
        self.bf16 = in_bf16(settings.precision)
        parts: dict[str, object] = {"encoder": encoder, "distance": distance, "loss": loss}
        self.modules = {name: part for name, part in parts.items() if isinstance(part, nn.Module)}
        for module in self.modules.values():
            module.to(device=self.accelerator.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        optimizer = torch.optim.AdamW(
            _decayed_and_not(self.modules, settings.weight_decay), lr=settings.learning_rate, fused=_large(self.modules)
        )
        self.encoder, self.optimizer = self.accelerator.prepare(encoder, optimizer)
        self.steps_per_epoch = plan.batches.batches_per_epoch
        self.generator = torch.Generator(self.accelerator.device)
        self.earlier: Earlier | None = None

    def epoch(self, number: int, told: Callable[[int, float, float], None]) -> Steps:
        """Learn from every item once. `told(step, loss, pairs a second)` is called after each step."""
        settings = self.settings
        batches = self._batches(number)
        self.earlier = None  # an epoch begins with nothing but the weights
        torch.manual_seed(settings.seed * 1_000_003 + number)  # dropout
        self.generator.manual_seed(settings.seed * 1_000_003 + number)
        for module in self.modules.values():
            module.train()
        started, pairs, rate = perf_counter(), 0, 0.0
        losses: list[float] = []
        spreads: list[float] = []
        for step, batch in zip(count(1), batches, strict=False):
            gone = (number - 1) * self.steps_per_epoch + step - 1
            share = learning_rate_share(gone, self.steps_per_epoch * settings.epochs, settings.warmup)
            rate = settings.learning_rate * share
            loss, watched = self.step(batch, rate, remember=gone >= self._warm_steps())
            require_finite(loss, number, step)
            losses.append(loss)
            spreads.append(watched)
            pairs += len(batch.pairs) if batch.pairs is not None else len(batch.items) * (len(batch.items) - 1) // 2
            told(step, loss, pairs / (perf_counter() - started))
        return Steps(losses, spreads, pairs, perf_counter() - started, rate)

    def step(self, batch: Batch, learning_rate: float, remember: bool = False) -> tuple[float, float]:
        """One step of the optimizer; the loss before it, and the spread of the distances.

        With `remember`, the batch is kept for the steps after it, if the settings have `remembered`.
        """
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate
        self.optimizer.zero_grad()
        seen = self.plan.seen(batch, self.accelerator.device, self.generator)
        loss, embeddings = self._backward(seen, batch)
        if remember and self.settings.remembered and batch.labels is not None:
            earlier = self.earlier or Earlier.none(self.settings.remembered, embeddings)
            labels, items = (torch.from_numpy(column).to(embeddings.device) for column in (batch.labels, batch.items))
            self.earlier = earlier.with_batch(embeddings, labels, items)
        if self.settings.clip is not None:
            weights = [weight for module in self.modules.values() for weight in module.parameters()]
            self.accelerator.clip_grad_norm_(weights, self.settings.clip)
        self.optimizer.step()
        with torch.no_grad():
            some = embeddings[:WATCHED]
            if isinstance(self.loss, SimSiam):  # of all losses of views, the only one that holds nothing apart
                return float(loss), self.loss.apart(some)
            return float(loss), spread(self.distance.table(some, some))

    def embed(self, items: Prepared) -> Float[np.ndarray, "items dim"]:
        """Embeddings as training sees them (in its precision, without augmentation)."""
        self.encoder.eval()
        rows = []
        with torch.no_grad():
            for start in range(0, len(items), BATCH):
                read = items.take(np.arange(start, min(start + BATCH, len(items))))
                batch = finished(items.preparation, read.to(self.accelerator.device))
                rows.append(self._encoded(batch).cpu())
        return torch.cat(rows).numpy()

    def _batches(self, number: int) -> Iterator[Batch]:
        plan, settings = self.plan, self.settings
        batches = plan.batches.epoch(number)
        if settings.hard_negatives == 0 or not isinstance(plan.batches, LabelBatches):
            return batches
        labels, groups = plan.batches.labels, plan.batches.groups
        embeddings = torch.from_numpy(self.embed(plan.items)).to(self.accelerator.device)
        hard = find_hard_negatives(
            embeddings, labels[: len(plan.items)], self.distance, settings.hard_negatives, settings.hard_negatives_guard
        )
        rng = np.random.default_rng([settings.seed, number, 1])
        return with_hard_negatives(batches, hard, labels, groups, settings.hard_negatives, rng)

    def _backward(self, seen: Tensor, batch: Batch) -> tuple[Float[Tensor, ""], Float[Tensor, "items dim"]]:
        """The gradients of one batch, added to the parameters; its loss and embeddings."""
        known = self._known(batch)
        earlier = self.earlier and self.earlier.without(torch.from_numpy(batch.items).to(seen.device))

        def loss_of(embeddings: Tensor) -> Tensor:
            return batch_loss(self.loss, self.distance, embeddings, known, earlier)

        at_once = self.settings.encode_at_once
        if at_once is not None and at_once < len(seen):
            return backward_in_pieces(self._encoded, seen, at_once, loss_of)
        embeddings = self._encoded(seen)
        loss = loss_of(embeddings)
        self.accelerator.backward(loss)
        return loss.detach(), embeddings.detach()

    def _warm_steps(self) -> float:
        return self.steps_per_epoch * self.settings.epochs * self.settings.warmup

    def _encoded(self, batch: Tensor) -> Float[Tensor, "items dim"]:
        with torch.autocast(batch.device.type, torch.bfloat16, enabled=self.bf16):
            embeddings: Tensor = self.encoder(batch)
        return embeddings.float()

    def _known(self, batch: Batch) -> Known:
        device = self.accelerator.device
        by_label = None if batch.labels is None else Known.from_labels(torch.from_numpy(batch.labels).to(device))
        pairs = batch.pairs
        if pairs is None:
            assert by_label is not None  # a batch has labels or pairs
            return by_label
        left, right, same = (torch.from_numpy(column).to(device) for column in (pairs.left, pairs.right, pairs.same))
        scores = None if pairs.score is None else torch.from_numpy(pairs.score).float().to(device)
        by_pair = Known.from_pairs(len(batch.items), left, right, same, scores)
        return by_pair if by_label is None else by_pair.beside(by_label)


def in_bf16(wanted: str) -> bool:
    """Whether to compute in bf16: where it was asked for, or (auto) where it is fast on this machine."""
    if wanted == "auto":
        if torch.cuda.is_available():
            return bool(torch.cuda.is_bf16_supported())
        return bool(torch.cpu._is_avx512_bf16_supported())
    return wanted == "bf16"


def _large(modules: dict[str, nn.Module]) -> bool | None:
    """True where a step of the optimizer costs as much as a pass of the network: then it goes over the weights once."""
    count = sum(w.numel() for module in modules.values() for w in module.parameters() if w.requires_grad)
    return True if count > FUSED_FROM else None


def _decayed_and_not(modules: dict[str, nn.Module], decay: float) -> list[dict[str, object]]:
    # Norms, biases and single numbers have no reason to be small.
    weights = [weight for module in modules.values() for weight in module.parameters() if weight.requires_grad]
    return [
        {"params": [w for w in weights if w.ndim > 1], "weight_decay": decay},
        {"params": [w for w in weights if w.ndim <= 1], "weight_decay": 0.0},
    ]
