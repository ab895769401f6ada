"""What a decision says to people, to machines and to the shell."""

import json
import math

import pytest

from alikely.decision import Decision, shown_apart


@pytest.mark.parametrize(("verdict", "code"), [("same", 0), ("different", 1), ("unsure", 3)])
def test_exit_codes(verdict, code):
    assert Decision(verdict, 0.5, 1.0, 1.0, 0.01).exit_code == code


@pytest.mark.parametrize(
    ("decision", "sentence"),
    [
        (
            Decision("same", 0.97, 0.412, 0.7, 0.01),
            "same (probability of same 0.97; "
            "distance 0.412, threshold 0.700 for a false-match rate of 1 %, an estimate)",
        ),
        (
            Decision("different", 0.0004, 12.3456, 0.05, 0.001, confidence=0.95),
            "different (probability of same under 0.01; "
            "distance 12.346, threshold 0.05 for a false-match rate of at most 0.1 %)",
        ),
        (
            Decision("different", 0.92, 0.0957, 0.0497, 0.01, confidence=0.95),
            "different (probability of same 0.92; distance 0.0957, threshold 0.0497 for a false-match rate of at most "
            "1 %): likelier the same than not, but not near enough to keep that rate",
        ),
        (
            Decision("unsure", 0.55, 0.72, 0.7, 0.01, 0.85, 0.05, 0.9),
            "unsure (probability of same 0.55; distance 0.720, threshold 0.700 for a false-match rate of at most 1 %, "
            "0.850 for a false non-match rate of at most 5 %)",
        ),
        (
            Decision("different", 0.999, 0.0, -math.inf, 0.01),
            "different (probability of same over 0.99; distance 0, no threshold keeps a false-match rate of 1 %)",
        ),
        (
            Decision("different", 0.2, 0.11549, 0.1153, 0.01, confidence=0.95),
            "different (probability of same 0.20; distance 0.1155, threshold 0.1153 for a false-match rate of at most "
            "1 %)",
        ),
        (
            Decision("unsure", 0.5, 0.75004, 0.7, 0.01, 0.75008, 0.05, 0.9),
            "unsure (probability of same 0.50; distance 0.7500, threshold 0.7000 for a false-match rate of at most "
            "1 %, 0.7501 for a false non-match rate of at most 5 %)",
        ),
    ],
)
def test_sentences(decision, sentence):
    assert decision.sentence() == sentence


@pytest.mark.parametrize(
    ("distances", "expected"),
    [
        ((0.25, 0.5), ("0.250", "0.500")),
        ((0.25, 0.25), ("0.250", "0.250")),
        ((0.11549, 0.1153), ("0.1155", "0.1153")),
        ((0.1001, 0.09997), ("0.1001", "0.09997")),  # "0.100" and "0.1" are one number
        ((0.012341, 0.012342), ("0.012341", "0.012342")),
        ((0.3, math.nextafter(0.3, 1)), ("0.29999999999999999", "0.30000000000000004")),
        ((0.7,), ("0.700",)),
    ],
)
def test_distances_that_differ_look_different(distances, expected):
    assert shown_apart(*distances) == expected


def test_the_dictionary_survives_json():
    fields = Decision("unsure", 0.55, 0.72, 0.7, 0.01, 0.85, 0.05).to_dict()
    assert json.loads(json.dumps(fields, allow_nan=False)) == fields
    assert list(fields) == ["verdict", "probability", "distance", "threshold", "fmr", "upper", "fnmr", "confidence"]


def test_a_threshold_that_accepts_nothing_is_null():
    fields = Decision("different", 0.5, 0.0, -math.inf, 0.01).to_dict()
    assert fields["threshold"] is None
    json.dumps(fields, allow_nan=False)
