"""Errors by identity, by hand."""

import numpy as np
import pytest

from alikely.errors import SettingsError
from alikely.metrics import ErrorRates, PairDistances, identity_rows, worst_identities

# Three identities: 0 has two same pairs, 1 has one, 2 none; different pairs 0-1 twice, 0-2, 1-2.
PAIRS = PairDistances(
    np.array([0.1, 0.9, 0.2]),
    np.array([0.3, 0.8, 0.4, 0.7]),
    np.array([[0, 0], [0, 0], [1, 1]]),
    np.array([[0, 1], [0, 1], [2, 0], [1, 2]]),
    3,
)


def test_by_hand():
    rows = identity_rows(ErrorRates.from_pairs(PAIRS, 0.5), ["ann", "bob", "cyd"], [3, 2, 1])
    assert [(row.same_pairs, row.different_pairs) for row in rows] == [(2, 3), (1, 3), (0, 2)]
    assert [(row.false_matches, row.false_non_matches) for row in rows] == [(2, 1), (1, 0), (1, 0)]
    assert [row.fmr for row in rows] == [2 / 3, 1 / 3, 1 / 2]
    assert [row.fnmr for row in rows] == [1 / 2, 0.0, None]
    assert rows[0].told("FMR") == "66.7 % (2 of 3)"
    assert rows[2].told("FNMR") == "no pair"
    assert rows[2].to_dict() == {
        "identity": "cyd",
        "items": 1,
        "same_pairs": 0,
        "different_pairs": 2,
        "false_matches": 1,
        "false_non_matches": 0,
        "fmr": 0.5,
        "fnmr": None,
    }
    worst = worst_identities(rows, most=2)
    assert [row.identity for row in worst.false_matches] == ["ann", "cyd"]
    assert [row.identity for row in worst.false_non_matches] == ["ann"]


def test_errors_need_a_threshold():
    with pytest.raises(SettingsError, match="need a threshold"):
        identity_rows(ErrorRates.from_pairs(PAIRS), ["a", "b", "c"], [1, 1, 1])
