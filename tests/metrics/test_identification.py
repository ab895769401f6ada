import numpy as np
import pytest

from alikely.distances import Euclidean
from alikely.errors import SettingsError, TooFewError
from alikely.metrics.identification import Searches, identification
from tests.gallery.galleries import people


def searches(own, first, nearest) -> Searches:
    return Searches(
        own=np.array(own, dtype=np.float64),
        first=np.array(first),
        mated=np.arange(len(own)),
        nearest=np.array(nearest, dtype=np.float64),
        strangers=len(own) + np.arange(len(nearest)),
    )


@pytest.mark.parametrize(
    ("fpir", "expected"),
    [
        (0.0, 0.75),  # only below 2: 1 of 4 (the one at 2 would let in the stranger at 2)
        (0.19, 0.75),
        (0.2, 0.5),  # one of 5 strangers may come in: below 3
        (0.4, 0.25),  # two: below 5; the one at 4 is found, the one that is not first never
        (1.0, 0.25),
    ],
)
def test_fnir_at_an_fpir_worked_out_by_hand(fpir, expected):
    found = searches([1, 2, 4, 1], [True, True, True, False], [9, 2, 3, 5, 5])

    assert found.fnir_at(fpir, np.ones(4), np.ones(5)) == expected
    assert found.rank_1(np.ones(4)) == 0.75


def test_strangers_at_one_distance_come_in_together_or_not_at_all():
    found = searches([3.5], [True], [3, 3, 9, 9])

    assert found.fnir_at(0.25, np.ones(1), np.ones(4)) == 1.0
    assert found.fnir_at(0.5, np.ones(1), np.ones(4)) == 0.0


def test_weights_count_searches_several_times():
    found = searches([1, 4], [True, True], [2, 5])

    assert found.fnir_at(0.5, np.array([3.0, 1.0]), np.ones(2)) == 0.0
    assert found.fnir_at(0.5, np.array([3.0, 1.0]), np.array([3.0, 1.0])) == 0.25
    assert np.isnan(found.fnir_at(0.5, np.zeros(2), np.ones(2)))
    assert np.isnan(found.rank_1(np.zeros(2)))


def test_identities_far_apart_are_all_found_and_no_stranger():
    rows = np.repeat(np.arange(40.0)[:, None] * 10, 6, axis=0).astype(np.float32)
    labels = np.repeat(np.arange(40), 6)
    rows += np.random.default_rng(0).uniform(0, 1, rows.shape).astype(np.float32)

    report = identification(rows, labels, Euclidean())

    assert report.rank_1.value == 1.0
    assert report.rank_1.low is not None
    assert report.rank_1.low < 1  # 40 identities cannot show that none is missed
    assert {fpir: estimate.value for fpir, estimate in report.fnir_at_fpir.items()} == {0.01: 0.0, 0.1: 0.0}
    assert (report.enrolled, report.strangers, report.mated, report.non_mated) == (20, 20, 100, 120)
    assert report.to_dict()["fnir_at_fpir_0.01"] == 0.0
    assert report.to_dict()["identification"]["templates"] == 1
    assert [name for name, _, _ in report.rows()] == ["FNIR at FPIR 1 %", "FNIR at FPIR 10 %", "rank-1"]
    assert report.title() == ("Identification: 20 identities enrolled with 1 item each, 20 strangers; mean of 10 draws")


def test_an_encoder_that_maps_all_to_one_point_is_not_praised():
    report = identification(np.zeros((60, 2), np.float32), np.repeat(np.arange(10), 6), Euclidean())

    assert report.rank_1.value == 0.0
    assert report.fnir_at_fpir[0.1].value == 1.0


def test_more_templates_find_more():
    rows, labels = people(60, 6, 8, noise=0.5)

    one, three = (identification(rows, labels, Euclidean(), templates).fnir_at_fpir[0.1] for templates in (1, 3))

    assert one.value is not None
    assert three.value is not None
    assert three.value < one.value - 0.05
    assert one.low is not None
    assert one.low < one.value < one.high


def test_an_fpir_that_so_few_strangers_cannot_show_is_not_known():
    rows, labels = people(10, 3)

    report = identification(rows, labels, Euclidean())

    assert report.fnir_at_fpir[0.01].value is None
    assert report.fnir_at_fpir[0.01].reason == "an FPIR of 1 % takes 100 searches of strangers, there are 15"
    assert report.fnir_at_fpir[0.1].value is not None


def test_identities_with_too_few_items_are_strangers():
    rows, labels = people(10, 3)
    keep = np.ones(30, bool)
    keep[[0, 1, 3, 4, 6, 7]] = False  # of three people one item each is left

    report = identification(rows[keep], labels[keep], Euclidean(), templates=2)

    assert (report.enrolled, report.strangers) == (5, 5)


def test_too_little_to_identify_is_refused():
    rows, labels = people(3, 2)

    with pytest.raises(TooFewError, match="3 items each, and 1 more as a stranger; 0 of 3"):
        identification(rows, labels, Euclidean(), templates=2)
    with pytest.raises(SettingsError, match="1 template and 1 gallery"):
        identification(rows, labels, Euclidean(), templates=0)
