"""Card transactions in; what can be said of each at its own moment, out: nothing looks ahead, labels come late.

Every number of a transaction is made of that transaction and of earlier ones of its customer or terminal. Of labels
only those count that have arrived: after DELAY days. So each could have been computed when the card was used.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float, Int

DAY = 86_400.0  # seconds
DELAY = 7  # days until it is known whether a transaction was fraud
FIRST_WEEKDAY = 6  # a Sunday; a week begins with day 0
WINDOWS = (1, 7, 30)  # days
FIRST_DAYS = 7  # that say what amounts are usual for a customer without a past; they are in no part
PAST = 60  # earlier transactions of a customer that the usual amount is taken from
ROWS = 100_000  # transactions whose past is looked at together

# What a customer without a past is taken for counts as so many transactions; and a usual amount has a deviation of half
# of itself until the past says otherwise, and at least so much in currency.
PRIOR, PRIOR_SPREAD, LEAST_SPREAD = 2.0, 0.5, 10.0
UNUSUAL = 2.5  # deviations from which on an amount counts as unusual for its customer


@dataclass(frozen=True)
class Transactions:
    """Transactions in the order of their time (seconds from the first midnight)."""

    time: Float[np.ndarray, " transactions"]
    customer: Int[np.ndarray, " transactions"]
    terminal: Int[np.ndarray, " transactions"]
    amount: Float[np.ndarray, " transactions"]
    fraud: Bool[np.ndarray, " transactions"]

    def __len__(self) -> int:
        return len(self.time)

    @property
    def day(self) -> Int[np.ndarray, " transactions"]:
        """The day of each, from 1."""
        return (self.time // DAY).astype(np.int64) + 1

    def of_customers(self, count: int) -> "Transactions":
        """Those of the first `count` customers alone."""
        some = self.customer < count
        return Transactions(
            self.time[some], self.customer[some], self.terminal[some], self.amount[some], self.fraud[some]
        )


def read_transactions(data: Path) -> Transactions:
    """The transactions of `fraud/transactions.csv`."""
    cells = np.loadtxt(data / "fraud" / "transactions.csv", delimiter=",", skiprows=1, usecols=range(5))
    cells = cells[np.argsort(cells[:, 0], kind="stable")]
    return Transactions(
        cells[:, 0], cells[:, 1].astype(np.int64), cells[:, 2].astype(np.int64), cells[:, 3], cells[:, 4] == 1
    )


def sum_before(
    time: Float[np.ndarray, " rows"],
    entity: Int[np.ndarray, " rows"],
    values: Float[np.ndarray, " rows"],
    days: float,
    delay: float = 0.0,
) -> Float[np.ndarray, " rows"]:
    """Of each row: the sum of `values` over earlier rows of its entity: those `days` + `delay` to `delay` days ago.

    A row of the very moment `delay` days ago does not count, so the row itself never does.
    """
    order = np.lexsort((time, entity))
    # One number line for all entities, each further on than any time goes.
    far = 4 * (time.max() + (days + delay) * DAY + 1)
    line = entity[order] * far + time[order]
    sums = np.append(0.0, values[order].cumsum())
    begin = np.searchsorted(line, line - (days + delay) * DAY, side="left")
    end = np.searchsorted(line, line - delay * DAY, side="left")
    found = np.empty(len(line))
    found[order] = sums[end] - sums[begin]
    return found


def of_past(
    time: Float[np.ndarray, " rows"], entity: Int[np.ndarray, " rows"], values: Float[np.ndarray, " rows"]
) -> tuple[Float[np.ndarray, " rows"], Float[np.ndarray, " rows"], Float[np.ndarray, " rows"]]:
    """Of each row: how many of the PAST last earlier rows its entity has, the median of their values, their deviation.

    Median and deviation are 0 where there are none.
    """
    order = np.lexsort((time, entity))
    found = np.zeros((3, len(order)))
    for rows, past in _pasts(entity[order], values[order]):
        count = (~np.isnan(past)).sum(axis=1)
        rising = np.sort(past, axis=1)  # NaN stands at the end
        some = np.maximum(count, 1)
        at = np.arange(len(count))
        median = (rising[at, (some - 1) // 2] + rising[at, some // 2]) / 2
        whole = np.nan_to_num(past)
        mean = whole.sum(axis=1) / some
        variance = (whole**2).sum(axis=1) / some - mean**2
        found[:, order[rows]] = count, np.nan_to_num(median), np.sqrt(np.maximum(variance, 0))
    return found[0], found[1], found[2]


def _pasts(
    entity: Int[np.ndarray, " rows"], values: Float[np.ndarray, " rows"]
) -> Iterator[tuple[slice, Float[np.ndarray, "some past"]]]:
    """Rows of entities that stand together -> for some of them at a time, the values before each; NaN where none."""
    places = np.arange(len(entity))
    begins = np.flatnonzero(np.append(True, entity[1:] != entity[:-1]))
    first = np.repeat(begins, np.diff(np.append(begins, len(entity))))
    for start in range(0, len(entity), ROWS):
        rows = slice(start, min(start + ROWS, len(entity)))
        before = places[rows, None] - np.arange(1, PAST + 1)
        held = before >= first[rows, None]
        yield rows, np.where(held, values[np.maximum(before, 0)], np.nan)


def plain_features(of: Transactions) -> dict[str, Float[np.ndarray, " transactions"]]:
    """What is usually computed: amount and time, and by windows counts and mean amounts of customer and terminal."""
    hour = of.time % DAY / 3600
    columns = {"amount": of.amount, "night": (hour <= 6) * 1.0, "weekend": (of.day - 1 + FIRST_WEEKDAY) % 7 // 5 * 1.0}
    ones = np.ones(len(of))
    for days in WINDOWS:
        count = sum_before(of.time, of.customer, ones, days) + 1
        columns[f"customer_count_{days}"] = count
        columns[f"customer_amount_{days}"] = (sum_before(of.time, of.customer, of.amount, days) + of.amount) / count
        columns[f"terminal_count_{days}"] = sum_before(of.time, of.terminal, ones, days, DELAY)
    return columns


def deviations(of: Transactions) -> dict[str, Float[np.ndarray, " transactions"]]:
    """How far each transaction is from what its customer usually does, without any label.

    unusual: deviations of the amount from the median of the customer's last PAST amounts, by the spread that goes with
        such a median; spread: the same by the spread that those amounts had. recent: how many amounts of the customer
        in the ten days before were unusual. amount: as it is.
    """
    count, median, deviation = of_past(of.time, of.customer, of.amount)
    share = count / (count + PRIOR)
    usual = share * median + (1 - share) * float(np.median(of.amount[of.day <= FIRST_DAYS]))
    assumed = PRIOR_SPREAD * usual
    spread = np.sqrt((count * deviation**2 + 5 * assumed**2) / (count + 5))
    unusual = (of.amount - usual) / (assumed + LEAST_SPREAD)
    recent = sum_before(of.time, of.customer, (unusual > UNUSUAL) * 1.0, 10)
    return {
        "amount": of.amount,
        "unusual": unusual,
        "spread": (of.amount - usual) / (spread + LEAST_SPREAD),
        "recent": np.minimum(recent, 4),
    }


def risks(of: Transactions) -> dict[str, Float[np.ndarray, " transactions"]]:
    """The share of frauds among a terminal's transactions in windows that end DELAY days before."""
    columns = {}
    for days in WINDOWS:
        known = sum_before(of.time, of.terminal, np.ones(len(of)), days, DELAY)
        frauds = sum_before(of.time, of.terminal, of.fraud * 1.0, days, DELAY)
        columns[f"terminal_risk_{days}"] = frauds / np.maximum(known, 1)
    return columns
