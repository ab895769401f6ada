"""The report: its figures, what it refuses to tell, and its forms for machines and people."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest

from alikely.errors import InputError, SettingsError, TooFewError
from alikely.metrics import Estimate, PairDistances, VerificationReport, percent, summary
from alikely.metrics.estimates import too_few
from alikely.report.words import figures_of


def pairs_of(same, different, identities=20):
    """Same pairs go round the identities, different ones join neighbours."""
    around = np.arange(len(same)) % identities
    apart = np.arange(len(different)) % identities
    return PairDistances(
        np.array(same, dtype=np.float64),
        np.array(different, dtype=np.float64),
        np.stack([around, around], axis=1),
        np.stack([apart, (apart + 1) % identities], axis=1),
        identities,
        items=2 * identities,
    )


@pytest.fixture(scope="module")
def pairs():
    generator = np.random.default_rng(0)
    return pairs_of(generator.gamma(2, 0.2, 300), generator.gamma(6, 0.2, 900))


def test_figures_come_from_all_pairs_and_lie_within_their_intervals(pairs):
    report = summary(pairs)
    eer = report.eer
    assert eer.low < eer.value < eer.high
    assert report.auc.low < report.auc.value < report.auc.high
    assert report.fnmr_at_fmr[0][0] == 0.01
    assert (report.same_pairs, report.different_pairs, report.identities, report.items) == (300, 900, 20, 40)


def test_an_fmr_below_one_pair_is_not_made_up(pairs):
    # 1 / 900 is more than 0.001.
    estimate = summary(pairs).fnmr_at_fmr[1][1]
    assert estimate == Estimate(None, reason="an FMR of 0.1 % takes 1,000 different pairs, there are 900")
    assert summary(pairs, fmrs=(1 / 900,)).fnmr_at_fmr[0][1].value is not None
    assert summary(pairs, fmrs=(0.0,)).fnmr_at_fmr[0][1].reason == "no number of pairs can show an FMR of 0"


def test_without_an_error_the_interval_reaches_as_far_as_the_identities_leave_open():
    report = summary(pairs_of([0.1] * 200, [0.9] * 200), fmrs=(0.01,))
    # Clopper-Pearson for 0 of 20: 1 - 0.025 ** (1 / 20).
    assert (report.eer.value, report.eer.low, report.eer.high) == pytest.approx((0, 0, 0.16843), abs=1e-5)
    assert (report.auc.value, report.auc.low, report.auc.high) == pytest.approx((1, 1 - 0.16843, 1), abs=1e-5)
    assert report.fnmr_at_fmr[0][1].high == pytest.approx(0.16843, abs=1e-5)


def test_too_few_identities_give_figures_without_an_interval():
    report = summary(pairs_of([0.1] * 50, [0.9] * 200, identities=4), fmrs=(0.01,))
    assert report.eer == Estimate(0.0, reason="no interval: 4 identities are too few")
    alone = summary(pairs_of([0.1] * 50, [0.9] * 200, identities=1), fmrs=(0.01,))
    assert alone.eer.reason == "no interval: 1 identity is too few"


def test_a_wider_confidence_makes_a_wider_interval(pairs):
    narrow, wide = (summary(pairs, confidence=c).eer for c in (0.5, 0.99))
    assert wide.low < narrow.low < narrow.high < wide.high


def test_the_same_seed_gives_the_same_report(pairs):
    assert summary(pairs, seed=3) == summary(pairs, seed=3) != summary(pairs, seed=4)


def report_by_hand():
    return VerificationReport(
        eer=Estimate(0.0834, 0.071, 0.0962),
        auc=Estimate(0.97412, 0.96, 0.981),
        fnmr_at_fmr=((0.01, Estimate(0.5, reason="no interval: why")), (0.001, Estimate(None, reason="too few pairs"))),
        min_detection_cost=Estimate(0.7, 0.6, 0.9),
        same_pairs=3,
        different_pairs=4,
        identities=5,
        items=None,
        confidence=0.95,
    )


def test_the_dictionary_has_stable_keys_and_survives_json():
    fields = report_by_hand().to_dict()
    assert fields == {
        "eer": 0.0834,
        "eer_interval": [0.071, 0.0962],
        "auc": 0.97412,
        "auc_interval": [0.96, 0.981],
        "fnmr_at_fmr_0.01": 0.5,
        "fnmr_at_fmr_0.01_interval": None,
        "fnmr_at_fmr_0.01_reason": "no interval: why",
        "fnmr_at_fmr_0.001": None,
        "fnmr_at_fmr_0.001_interval": None,
        "fnmr_at_fmr_0.001_reason": "too few pairs",
        "tar_at_far_0.01": 0.5,
        "tar_at_far_0.01_interval": None,
        "tar_at_far_0.01_reason": "no interval: why",
        "tar_at_far_0.001": None,
        "tar_at_far_0.001_interval": None,
        "tar_at_far_0.001_reason": "too few pairs",
        "min_detection_cost": 0.7,
        "min_detection_cost_interval": [0.6, 0.9],
        "same_pairs": 3,
        "different_pairs": 4,
        "identities": 5,
        "items": None,
        "confidence": 0.95,
        "detection_costs": {"miss": 1.0, "false_alarm": 1.0, "prior": 0.01},
        "at_threshold": None,
    }
    assert json.loads(json.dumps(fields, allow_nan=False)) == fields


def test_a_real_report_is_json(pairs):
    json.dumps(summary(pairs).to_dict(), allow_nan=False)


def test_the_rows_for_printing():
    report = replace(report_by_hand(), same_pairs=30, different_pairs=40)
    assert report.rows() == [
        ("EER", "8.34 %", "7.1 % to 9.62 %"),
        ("AUC", "0.974", "0.960 to 0.981"),
        ("FNMR at FMR 1 %", "50 %", "no interval: why"),
        ("FNMR at FMR 0.1 %", "not known", "too few pairs"),
    ]
    assert report.further_rows() == [
        ("TAR at FAR 1 %", "50 %", "no interval: why"),
        ("TAR at FAR 0.1 %", "not known", "too few pairs"),
        ("minimum detection cost (prior 1 %)", "0.700", "0.600 to 0.900"),
    ]


@pytest.mark.parametrize(
    ("rate", "text"),
    [
        (0.01, "1 %"),
        (0.001, "0.1 %"),
        (0.0, "0 %"),
        (1.0, "100 %"),
        (0.07, "7 %"),
        (0.9999999, "99.99999 %"),
        (0.99955408, "99.96 %"),
    ],
)
def test_percent(rate, text):
    assert percent(rate) == text


def test_bad_input_is_refused(pairs):
    with pytest.raises(InputError):
        summary(pairs_of([0.1, math.nan], [0.2]))
    with pytest.raises(TooFewError, match="no same pair"):
        summary(pairs_of([], [0.2]))
    with pytest.raises(SettingsError, match="FMR"):
        summary(pairs, fmrs=(1.5,))
    for confidence in (0.0, 1.0, 95.0):
        with pytest.raises(SettingsError, match="confidence"):
            summary(pairs, confidence=confidence)


def test_figures_of_too_few_pairs_are_printed_as_not_known_and_kept_for_machines():
    report = summary(pairs_of([0.1] * 19, [0.9] * 2))
    few = "2 different pairs are too few"
    rows = [*report.rows(), *report.further_rows()]
    assert [row[1:] for row in rows] == [("not known", few)] * len(rows)
    assert (report.to_dict()["eer"], report.to_dict()["auc"]) == (0.0, 1.0)
    assert [figure.value for figure in figures_of(report)] == ["not known"] * 4
    assert too_few(1, 10) == "1 same pair is too few"
    assert too_few(3, 9) == "3 same and 9 different pairs are too few"
    assert too_few(10, 10) is None
    assert summary(pairs_of([0.1] * 10, [0.9] * 10)).rows()[0][:2] == ("EER", "0 %")
