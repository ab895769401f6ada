"""How far people agree: known answers by hand and from the literature, borders."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alikely.labelling.agreement import agreement_of, cohen_kappa, figure, krippendorff_alpha


@pytest.mark.parametrize(
    ("both_same", "only_first", "only_second", "both_different", "kappa"),
    [
        # 20 + 15 of 50 agree: 0.7. By chance: 0.5 * 0.6 + 0.5 * 0.4 = 0.5. (0.7 - 0.5) / 0.5.
        (20, 5, 10, 15, 0.4),
        (10, 0, 0, 10, 1.0),
        (0, 10, 10, 0, -1.0),
        (25, 25, 25, 25, 0.0),
        # One of them always says same: whatever agrees, chance gives it, too.
        (30, 0, 10, 0, 0.0),
    ],
)
def test_cohen_kappa_known_answers(both_same, only_first, only_second, both_different, kappa):
    answers = Counter(
        {
            (True, True): both_same,
            (True, False): only_first,
            (False, True): only_second,
            (False, False): both_different,
        }
    )
    if both_same and not only_first and not both_different:
        # The first said same in all of what is left: `only_second` counts (False, True).
        answers = Counter({(True, True): both_same, (True, False): only_second})
    assert cohen_kappa(answers) == pytest.approx(kappa)


def test_kappa_is_not_defined_where_both_always_say_the_same():
    assert cohen_kappa(Counter({(True, True): 7})) is None
    assert cohen_kappa(Counter()) is None


def test_krippendorff_alpha_by_hand():
    # Units: (1,1) (0,0) (1,0) (1,1): coincidences off the diagonal 2 * 1 * 1 / 1 = 2; five same, three different of 8.
    # Observed 2 / 8; expected 2 * 5 * 3 / (8 * 7) = 30 / 56.
    judged = [{"a": True, "b": True}, {"a": False, "b": False}, {"a": True, "b": False}, {"a": True, "b": True}]
    assert krippendorff_alpha(judged) == pytest.approx(1 - (2 / 8) / (30 / 56))


def test_krippendorff_alpha_with_three_and_with_missing_answers():
    # (1,1,0): off the diagonal 2 * 2 * 1 / 2 = 2, three answers. (0,0): none, two. (1): not judged twice, left out.
    # Two same, three different of 5. Observed 2 / 5; expected 2 * 2 * 3 / (5 * 4) = 0.6.
    judged = [{"a": True, "b": True, "c": False}, {"a": False, "c": False}, {"b": True}]
    assert krippendorff_alpha(judged) == pytest.approx(1 - (2 / 5) / 0.6)


@given(st.lists(st.dictionaries(st.sampled_from("abcd"), st.booleans(), min_size=2), max_size=30))
def test_alpha_is_at_most_one_and_one_only_where_all_agree(judged):
    alpha = krippendorff_alpha(judged)
    if alpha is not None:
        assert alpha <= 1
        assert (alpha == 1) == all(len(set(answers.values())) == 1 for answers in judged)


def test_all_of_it_with_three_labellers():
    found = agreement_of(
        {
            "p": {"Ann": True, "Ben": True, "Cy": False},
            "q": {"Ann": False, "Ben": False},
            "r": {"Ann": True},
            "s": {},
        }
    )
    assert (found.pairs, found.twice) == (3, 2)
    # One of three couples of answers to p agrees, and the only one to q.
    assert found.agreed == pytest.approx((1 / 3 + 1) / 2)
    assert [(couple.one, couple.other, couple.pairs, couple.agreed) for couple in found.couples] == [
        ("Ann", "Ben", 2, 1.0),
        ("Ann", "Cy", 1, 0.0),
        ("Ben", "Cy", 1, 0.0),
    ]
    assert found.couples[0].kappa == 1.0
    assert "Krippendorff's alpha" in found.sentence()


def test_words_for_nobody_and_for_two():
    assert agreement_of({"p": {"Ann": True}}).sentence().startswith("No pair was judged by two people yet")
    two = agreement_of({"p": {"Ann": True, "Ben": True}, "q": {"Ann": False, "Ben": False}})
    assert two.sentence() == (
        "2 of 2 pairs were judged by two people or more: these agree on 100 % (Cohen's kappa 1.00)."
    )


def test_a_figure_is_never_a_negative_zero():
    assert [figure(value) for value in (-0.001, -0.0, 0.004, -0.25)] == ["0.00", "0.00", "0.00", "-0.25"]
