"""Items that are sequences -> tensors for the encoder: channels chosen, evened out in time, standardised."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, ClassVar, Literal, TypeAlias

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from alikely.data.items import counted, name_of
from alikely.data.sequences.opening import Opened, open_sequence
from alikely.data.sequences.shaping import evened, shortened
from alikely.errors import InputError, ModelError, SettingsError
from alikely.types import Item, Kind

Normalise: TypeAlias = Literal["dataset", "each", "none"]
NORMALISE = ("dataset", "each", "none")
MOST_CHANNELS = 1024
MOST_STEPS = 1_000_000
# The square of a difference must still be a number of 32 bits.
LARGEST = 1e18
# Sizes are told as the logarithm of this share of the usual deviation plus the sequence's own: a flat channel has one.
FLOOR = 0.01
# A deviation below this share of the numbers that went in is what 32 bits round, and no deviation.
ROUNDING = 1e-6
# Below it 32 bits have no number of full precision, and what is divided by one is none.
SMALLEST = float(torch.finfo(torch.float32).tiny)
# Lengths and sizes that differ by less than a thousandth are the same: numbers in files are rounded, too.
SAME_SIZE = 1e-3


@dataclass(frozen=True)
class SequencePreparation:
    """How sequences become tensors (steps channels); the batch is padded with NaN at the end of the shorter ones.

    count: number of channels. channels: their names, where the files name them; these are required by name.
    step: time between two steps: by linear interpolation at even times, from the column of times (without one, time
        counts steps). None: the steps as they are, whatever their times.
    longest: sequences of more steps are brought to this number, evenly (linear interpolation); they lose their length.
    centre: names of channels, or true for all: in each sequence, their mean is taken away: where it lies is forgotten.
    normalise: "dataset": each channel gets mean 0 and deviation 1 over all training sequences together, so that their
        sizes still differ. "each": in each sequence by itself, so that only the shape is left. "none": as they are.
    derivatives: the difference from the step before, of each channel, as further channels (0 at the first step).
    keep_duration: further channels, the same at all steps: the logarithm of the number of steps, and of the deviation
        of each channel over the sequence. The encoder then knows length and sizes, whatever `normalise` forgets.
    sizes, mean, deviation: what `fitted` measured: the deviation of each channel as it is, and mean and deviation of
        each channel of `finish`; empty before.
    """

    kind: ClassVar[Kind] = "sequence"
    rereads: ClassVar[bool] = False

    count: int
    channels: tuple[str, ...] | None = None
    step: float | None = None
    longest: int = 2000
    centre: bool | tuple[str, ...] = False
    normalise: Normalise = "dataset"
    derivatives: bool = False
    keep_duration: bool = True
    sizes: tuple[float, ...] = ()
    mean: tuple[float, ...] = ()
    deviation: tuple[float, ...] = ()

    def read_one(self, item: Item) -> Float[Tensor, "steps channels"]:
        """One sequence opened, checked and evened out in time. Raises InputError naming it."""
        opened = open_sequence(item, self.channels)
        found = opened.values.shape[1]
        if found != self.count:
            raise InputError(
                f"{name_of(item)}: has {counted(found, 'channel', 'channels')}; wanted are {self._wanted()}; "
                "an array is (steps channels)"
            )
        try:
            values = opened.values if self.step is None else evened(opened.values, opened.times, self.step)
        except InputError as problem:
            raise InputError(f"{name_of(item)}: {problem}") from None
        values = shortened(values, self.longest)
        if np.abs(values).max() > LARGEST:
            raise InputError(f"{name_of(item)}: holds numbers beyond {LARGEST:g}, too large to measure; divide them")
        return torch.from_numpy(values.astype(np.float32))

    def join(self, read: Sequence[Tensor]) -> Float[Tensor, "items steps channels"]:
        """One batch, padded with NaN at the end to the longest."""
        if not read:
            return torch.empty(0, 1, self.count)
        return pad_sequence(list(read), batch_first=True, padding_value=torch.nan)

    def fitted(self, items: Sequence[Item], read: Sequence[Tensor]) -> "SequencePreparation":  # noqa: ARG002
        """The same with what `finish` needs of the training sequences `read`. Raises InputError for none."""
        if not read:
            raise InputError("mean and deviation cannot be measured without sequences; give the training sequences")
        largest = torch.stack([one.abs().amax(dim=0) for one in read]).amax(dim=0).double()
        plain = replace(self, sizes=_spread(read, ROUNDING * largest)[1], mean=(), deviation=())
        # One by one, so that one long sequence does not pad all others.
        mean, deviation = _spread([plain.finish(one[None])[0] for one in read], plain._flat_below(largest))
        return replace(plain, mean=mean, deviation=deviation)

    def finish(self, batch: Float[Tensor, "items steps channels"]) -> Float[Tensor, "items steps finished"]:
        """Centred, normalised, and with the further channels; padding stays NaN."""
        held = ~batch[:, :, :1].isnan()
        mean, deviation = _own(batch, held)
        told = self._told(batch, held, deviation) if self.keep_duration else None
        if self.normalise == "each":
            # A flat channel becomes 0, not what rounding left of it; padding stays padding.
            flat = held & (deviation <= ROUNDING * (ROUNDING + mean.abs()))
            batch = ((batch - mean) / deviation).masked_fill(flat, 0.0)
        elif self.centre:
            batch = batch - mean * batch.new_tensor(self._centred())
        parts = [batch]
        if self.derivatives:
            parts.append(torch.cat([torch.zeros_like(batch[:, :1]), batch.diff(dim=1)], dim=1))
        if told is not None:
            parts.append(told)
        batch = torch.cat(parts, dim=2)
        if self.mean and self.normalise != "none":
            batch = (batch - batch.new_tensor(self.mean)) / batch.new_tensor(self.deviation)
        return batch

    def facts(self) -> dict[str, Any]:
        """The number of channels that `finish` gives."""
        told = 1 + self.count if self.keep_duration else 0
        return {"channels": self.count * (2 if self.derivatives else 1) + told}

    def settings(self) -> dict[str, Any]:
        """All fields, as JSON can hold them; `sequences_from` makes the preparation again."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}

    def files(self) -> dict[str, bytes]:
        """None: everything is in the settings."""
        return {}

    def _told(self, batch: Tensor, held: Bool[Tensor, "items steps 1"], deviation: Tensor) -> Tensor:
        usual = batch.new_tensor(self.sizes) if self.sizes else torch.ones_like(deviation)
        lengths = held.sum(dim=1, keepdim=True).to(batch.dtype).log()
        told = torch.cat([lengths, (FLOOR + deviation / usual).log()], dim=2)
        return told.expand(-1, batch.shape[1], -1).where(held, torch.nan)

    def _flat_below(self, largest: Float[Tensor, " channels"]) -> Float[Tensor, " finished"]:
        """The deviation up to which each channel of `finish` is flat, by the largest numbers that went in."""
        # By themselves they have a deviation of 1, unless they are 0.
        values = ROUNDING * (torch.ones_like(largest) if self.normalise == "each" else largest)
        told = values.new_full((1 + self.count if self.keep_duration else 0,), SAME_SIZE)
        return torch.cat([values, values, told] if self.derivatives else [values, told])

    def _centred(self) -> list[float]:
        """1 for each channel that is centred, 0 for the others."""
        if isinstance(self.centre, bool):
            return [float(self.centre)] * self.count
        return [float(name in self.centre) for name in self.channels or ()]

    def _wanted(self) -> str:
        return f"{self.count}" if self.channels is None else f"{self.count} ({', '.join(self.channels)})"


def draft_sequences(items: Sequence[Item], settings: Mapping[str, Any]) -> SequencePreparation:
    """The preparation for these items, before anything is measured. Channels are those of the first that can be read.

    `settings`: channels, step, longest, centre, normalise, derivatives, keep_duration (by itself true, except where
    normalise = "each": what is asked for then is the shape alone).
    Raises SettingsError for any other, and for values out of bounds; InputError where no item can be read.
    """
    values: dict[str, Any] = dict(settings)
    for name in values:
        if name not in _SETTINGS:
            raise SettingsError(f"preparation of sequences has no setting {name!r}; it has {', '.join(_SETTINGS)}")
    for name in ("channels", "centre"):
        if isinstance(values.get(name), list):
            values[name] = tuple(one.strip().lower() if isinstance(one, str) else one for one in values[name])
    values.setdefault("keep_duration", values.get("normalise") != "each")
    _check(values)
    values["step"] = None if values.get("step") is None else float(values["step"])
    opened = _first(items, values.get("channels"))
    chosen = values.pop("channels", None) or opened.channels
    made = SequencePreparation(count=opened.values.shape[1], channels=chosen, **values)
    _check_centre(made)
    return made


def sequences_from(settings: Mapping[str, Any], files: Mapping[str, bytes]) -> SequencePreparation:  # noqa: ARG001
    """The preparation that these settings (of `SequencePreparation.settings`) describe; ModelError where none fits."""
    values: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in settings.items()
    }
    wanted = {field.name for field in fields(SequencePreparation)}
    if set(values) != wanted:
        odd = min(set(values) ^ wanted)
        raise ModelError(f"preparation: {'unknown' if odd in values else 'missing'} setting {odd!r} of sequences")
    try:
        _check({name: values[name] for name in _SETTINGS})
        for name in ("sizes", "mean", "deviation"):
            if not isinstance(values[name], tuple) or not all(isinstance(number, float) for number in values[name]):
                raise SettingsError(f"{name} must be a list of numbers, got {values[name]!r}")
        made = SequencePreparation(**values)
        if not isinstance(made.count, int) or made.count < 1 or len(made.channels or range(made.count)) != made.count:
            raise SettingsError(f"count = {made.count!r} does not fit the channels {made.channels!r}")
        _check_centre(made)
        columns = made.facts()["channels"]
        for name, length in (("sizes", made.count), ("mean", columns), ("deviation", columns)):
            if len(getattr(made, name)) not in (0, length):
                raise SettingsError(f"{name} must be {length} numbers, got {len(getattr(made, name))}")
    except (SettingsError, TypeError) as error:
        raise ModelError(f"preparation: {error}") from error
    return made


_SETTINGS = ("channels", "step", "longest", "centre", "normalise", "derivatives", "keep_duration")


def _check(values: Mapping[str, Any]) -> None:
    """Each value that is there is of its kind and within its bounds."""
    channels = values.get("channels")
    if channels is not None:
        names = isinstance(channels, tuple) and all(isinstance(name, str) for name in channels)
        if not names or not channels or len(set(channels)) < len(channels):
            raise SettingsError(f"channels must be a list of names, none twice, got {channels!r}")
    step = values.get("step")
    if step is not None and (isinstance(step, bool) or not isinstance(step, int | float) or not 0 < step < np.inf):
        raise SettingsError(f"step must be a time above 0, in the units of the column of times, got {step!r}")
    longest = values.get("longest", 2)
    if isinstance(longest, bool) or not isinstance(longest, int) or not 2 <= longest <= MOST_STEPS:
        raise SettingsError(f"longest must be a whole number from 2 to {MOST_STEPS}, got {longest!r}")
    if values.get("normalise", "none") not in NORMALISE:
        raise SettingsError(f"normalise must be one of {', '.join(NORMALISE)}, got {values['normalise']!r}")
    centre = values.get("centre", False)
    if not isinstance(centre, bool) and not (isinstance(centre, tuple) and all(isinstance(n, str) for n in centre)):
        raise SettingsError(f"centre must be true, false, or a list of channels, got {centre!r}")
    for name in ("derivatives", "keep_duration"):
        if not isinstance(values.get(name, True), bool):
            raise SettingsError(f"{name} must be true or false, got {values[name]!r}")


def _check_centre(made: SequencePreparation) -> None:
    unknown = (
        [] if isinstance(made.centre, bool) else [name for name in made.centre if name not in (made.channels or ())]
    )
    if unknown:
        named = ", ".join(made.channels) if made.channels else "none: name them, channels = [...]"
        raise SettingsError(f"centre names {unknown[0]!r}, which is no channel; the channels are {named}")


def _first(items: Sequence[Item], channels: tuple[str, ...] | None) -> Opened:
    problem = InputError("there are no sequences; give at least one")
    for item in items:
        try:
            opened = open_sequence(item, channels)
        except InputError as error:
            problem = error
            continue
        if channels is not None and opened.values.shape[1] != len(channels):
            raise SettingsError(
                f"channels names {len(channels)} ({', '.join(channels)}), but {name_of(item)} has "
                f"{opened.values.shape[1]}, without names; name each of them, in their order"
            )
        return opened
    raise problem


def _own(
    batch: Float[Tensor, "items steps channels"], held: Bool[Tensor, "items steps 1"]
) -> tuple[Float[Tensor, "items 1 channels"], Float[Tensor, "items 1 channels"]]:
    """Mean and deviation of each channel over the steps that each sequence holds."""
    steps = held.sum(dim=1, keepdim=True)
    mean = batch.where(held, 0.0).sum(dim=1, keepdim=True) / steps
    variance = (batch - mean).square().where(held, 0.0).sum(dim=1, keepdim=True) / steps
    return mean, variance.sqrt()


def _spread(
    sequences: Sequence[Tensor], flat_below: Float[Tensor, " channels"]
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and deviation of each channel over all steps of all sequences; the deviation of a flat one is given as 1."""
    steps = sum(len(one) for one in sequences)
    mean = torch.stack([one.double().sum(dim=0) for one in sequences]).sum(dim=0) / steps
    squares = torch.stack([(one.double() - mean).square().sum(dim=0) for one in sequences]).sum(dim=0)
    deviation = (squares / steps).sqrt()
    return tuple(mean.tolist()), tuple(deviation.where(deviation > flat_below.clamp(min=SMALLEST), 1.0).tolist())
