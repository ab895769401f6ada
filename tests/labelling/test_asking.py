"""Which pairs somebody is asked next: new ones, every fifth one that others have judged, none twice, shared fairly."""

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from alikely.labelling.answers import Answer
from alikely.labelling.asking import next_pairs

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
POOL = [(f"{number:03}", f"{number:03}x") for number in range(20)]


def said(number, place, who, answer="same", ago=timedelta(hours=1)):
    left, right = POOL[place]
    return Answer(number, left, right, answer, who, (NOW - ago).isoformat(), 1.0, "unsure")


def asked(answers, who, count=1, without=()):
    return next_pairs(POOL, answers, who, count, NOW, without)


def test_the_front_first_and_nothing_twice():
    assert asked([], "Ann", 3) == [0, 1, 2]
    assert asked([said(1, 0, "Ann")], "Ann", 2) == [1, 2]
    assert asked([said(1, 0, "Ann", "skip")], "Ann") == [1]
    assert asked([], "Ann", 2, without=[POOL[0], POOL[2]]) == [1, 3]


def test_what_others_have_answered_is_not_new():
    answers = [said(1, 0, "Ben"), said(2, 1, "Ben", "skip")]
    assert asked(answers, "Ann", 2) == [2, 3]


def test_every_fifth_is_a_second_opinion():
    answers = [said(number + 1, number, "Ben") for number in range(4)]
    # New ones from 4 on; at the fifth turn the one that Ben judged first.
    assert asked(answers, "Ann", 6) == [4, 5, 6, 7, 0, 8]


def test_the_second_opinion_goes_to_the_pair_judged_by_the_fewest_and_never_first_to_a_skipped_one():
    answers = [said(1, 0, "Ben"), said(2, 0, "Cy"), said(3, 1, "Ben", "skip"), said(4, 2, "Ben")]
    own = [said(10 + place, place, "Ann") for place in (10, 11, 12, 13)]
    assert asked([*answers, *own], "Ann") == [2]


def test_who_is_at_work_at_the_same_time_takes_other_pairs():
    soon = timedelta(minutes=1)
    answers = [said(1, 0, "Ann", ago=soon), said(2, 1, "Ben", ago=soon)]
    ann, ben = asked(answers, "Ann", 3), asked(answers, "Ben", 3)
    assert ann == [2, 4, 6]
    assert ben == [3, 5, 7]


def test_when_nothing_is_new_everybody_gets_what_others_judged():
    answers = [said(number + 1, number, "Ben") for number in range(20)]
    assert sorted(asked(answers, "Ann", 20)) == list(range(20))
    assert asked(answers, "Ben", 5) == []


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 19), st.sampled_from(["Ann", "Ben", "Cy"]), st.sampled_from(["same", "different", "skip"])
        ),
        max_size=60,
    ),
    st.integers(1, 20),
)
def test_never_twice_and_never_nothing_while_something_is_left(given_answers, count):
    answers = [said(number, place, who, answer) for number, (place, who, answer) in enumerate(given_answers, start=1)]
    mine = {answer.pair for answer in answers if answer.who == "Ann"}
    found = asked(answers, "Ann", count)
    assert len(found) == len(set(found)) == min(count, len(POOL) - len(mine))
    assert all(POOL[place] not in mine for place in found)
