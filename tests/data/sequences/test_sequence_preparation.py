"""Sequences as the encoder gets them: known answers by hand, what padding may not change, settings that do not fit."""

import json
import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from alikely.contracts import Preparation
from alikely.data.sequences import SequencePreparation, draft_sequences, sequences_from
from alikely.data.sequences.preparation import FLOOR
from alikely.data.sequences.shaping import evened, shortened
from alikely.errors import InputError, ModelError, SettingsError

NAN = math.nan


def fitted(items, **settings):
    preparation = draft_sequences(items, settings)
    return preparation.fitted(items, [preparation.read_one(item) for item in items])


def finished(preparation, *items):
    return preparation.finish(preparation.join([preparation.read_one(item) for item in items]))


def test_it_meets_the_contract():
    assert isinstance(draft_sequences([np.arange(3)], {}), Preparation)


def test_shorter_ones_are_padded_at_their_end_with_nan():
    preparation = draft_sequences([np.arange(3)], {})
    batch = preparation.join([preparation.read_one(np.array([1, 2, 3])), preparation.read_one(np.array([4, 5]))])
    assert batch.dtype == torch.float32
    np.testing.assert_array_equal(batch[:, :, 0], [[1, 2, 3], [4, 5, NAN]])
    assert preparation.join([]).shape == (0, 1, 1)


def test_all_training_steps_together_get_mean_0_and_deviation_1():
    # Steps 0, 2, 4 and 2, 2: mean 2, squares 4 + 0 + 4 + 0 + 0 over 5.
    preparation = fitted([np.array([0, 2, 4]), np.array([2, 2])], keep_duration=False)
    unit = math.sqrt(8 / 5)
    assert preparation.mean == pytest.approx((2.0,))
    assert preparation.deviation == pytest.approx((unit,))
    batch = finished(preparation, np.array([0, 2, 4]), np.array([6, 2]))
    np.testing.assert_allclose(batch[:, :, 0], [[-2 / unit, 0, 2 / unit], [4 / unit, 0, NAN]], rtol=1e-6)


def test_each_by_itself_leaves_the_shape_alone():
    small = np.array([[1.0, 5], [2, 5], [3, 5]])
    preparation = fitted([small, small * 7 + 3], normalise="each")
    assert preparation.facts() == {"channels": 2}
    left, right = finished(preparation, small, small * 100 - 30)
    torch.testing.assert_close(left, right)
    # Deviation of 1, 2, 3: sqrt(2 / 3). A channel that does not move stays 0.
    assert left[:, 0].tolist() == pytest.approx([-math.sqrt(1.5), 0, math.sqrt(1.5)], abs=1e-6)
    assert left[:, 1].tolist() == [0, 0, 0]


@pytest.mark.parametrize("settings", [{}, {"normalise": "each", "keep_duration": True}, {"centre": True}])
def test_what_rounding_leaves_is_no_deviation(settings):
    draw = np.random.default_rng(0)
    items = []
    for length in range(40, 80):
        wave = draw.normal(size=length)
        items.append(
            np.column_stack([((wave - wave.mean()) / wave.std()).round(3), 100 + 1e-5 * draw.normal(size=length)])
        )
    preparation = fitted(items, **settings)
    # The sizes of series that were normalised before differ by rounding alone; so does a constant channel.
    assert preparation.deviation[-2] == 1
    assert preparation.deviation[1] == 1
    assert preparation.deviation[0] == pytest.approx(1, abs=1e-3)
    assert preparation.deviation[-3] > 0.1  # lengths do differ
    # Nor is it one in an item that comes later.
    batch = finished(preparation, items[0])[0]
    assert batch[:, [1, -2]].abs().max() < 1e-3


def test_a_channel_that_hardly_differs_from_0_is_flat():
    preparation = fitted([np.array([0.0, 1e-45], dtype=np.float32)])

    assert preparation.deviation[0] == 1
    assert finished(preparation, np.array([0.0, 1e-45], dtype=np.float32)).isfinite().all()


def test_duration_and_sizes_are_told_at_every_step():
    items = [np.array([0.0, 4.0]), np.array([0.0, 1.0, 2.0, 3.0])]
    preparation = fitted(items, normalise="none")
    assert preparation.facts() == {"channels": 3}
    short, long = finished(preparation, *items)
    # Steps 0, 4, 0, 1, 2, 3: mean 10 / 6, variance 30 / 6 - (10 / 6) ** 2.
    usual = math.sqrt(30 / 6 - (10 / 6) ** 2)
    expected = [math.log(2), math.log(FLOOR + 2 / usual)]
    assert short[0, 1:].tolist() == pytest.approx(expected)
    assert short[1, 1:].tolist() == pytest.approx(expected)
    assert short[2:].isnan().all()
    assert long[3, 1:].tolist() == pytest.approx([math.log(4), math.log(FLOOR + math.sqrt(1.25) / usual)])


def test_derivatives_are_differences_and_0_at_the_first_step():
    items = [np.array([[1.0, 10], [4, 10], [2, 40]]), np.array([[1.0, 2], [3, 4]])]
    preparation = fitted(items, derivatives=True, keep_duration=False, normalise="none")
    assert preparation.facts() == {"channels": 4}
    batch = finished(preparation, *items)
    assert batch[0].tolist() == [[1, 10, 0, 0], [4, 10, 3, 0], [2, 40, -2, 30]]
    np.testing.assert_array_equal(batch[1], [[1, 2, 0, 0], [3, 4, 2, 2], [NAN] * 4])


def test_centring_takes_the_mean_of_the_channels_that_are_named():
    item = np.array([[1.0, 10], [4, 20], [7, 60]])
    plain = {"normalise": "none", "keep_duration": False}
    both = finished(fitted([item], centre=True, **plain), item)
    assert both[0].tolist() == [[-3, -20], [0, -10], [3, 30]]
    one = finished(fitted([item], channels=["x", "y"], centre=["x"], **plain), item)
    assert one[0].tolist() == [[-3, 10], [0, 20], [3, 60]]


@given(st.data())
def test_padding_changes_no_sequence(data):
    channels = data.draw(st.integers(1, 3))
    shapes = st.tuples(st.integers(2, 6), st.just(channels))
    numbers = st.floats(-100, 100, width=32)
    items = data.draw(st.lists(hnp.arrays(np.float32, shapes, elements=numbers), min_size=1, max_size=4))
    settings = {
        "normalise": data.draw(st.sampled_from(["dataset", "each", "none"])),
        "centre": data.draw(st.booleans()),
        "derivatives": data.draw(st.booleans()),
        "keep_duration": data.draw(st.booleans()),
    }
    preparation = fitted(items, **settings)
    together = finished(preparation, *items)
    assert together.shape[2] == preparation.facts()["channels"]
    for item, row in zip(items, together, strict=True):
        torch.testing.assert_close(row[: len(item)], finished(preparation, item)[0], atol=1e-4, rtol=1e-4)
        assert row[: len(item)].isfinite().all()
        assert row[len(item) :].isnan().all()


def test_settings_make_it_again(tmp_path):
    items = [np.array([[0.0, 1], [1, 5], [2, 2]]), np.array([[3.0, 1], [1, 9]])]
    made = fitted(items, channels=["x", "Y"], centre=["y"], derivatives=True, longest=50, step=0.5)
    assert made.channels == ("x", "y")
    again = sequences_from(json.loads(json.dumps(made.settings())), made.files())
    assert again == made
    assert torch.equal(finished(again, *items).nan_to_num(7), finished(made, *items).nan_to_num(7))


def test_channels_come_from_the_first_file_and_are_required_of_all(tmp_path):
    first, other, lacking = tmp_path / "a.csv", tmp_path / "b.csv", tmp_path / "c.csv"
    first.write_text("x,y,t\n1,2,0\n3,4,1\n")
    other.write_text("y,z,x\n2,9,1\n4,9,3\n")
    lacking.write_text("x\n1\n2\n")
    preparation = draft_sequences([tmp_path / "missing.csv", first, other], {})
    assert preparation.channels == ("x", "y")
    assert torch.equal(preparation.read_one(first), preparation.read_one(other))
    with pytest.raises(InputError, match=r"c\.csv: has no channel 'y'"):
        preparation.read_one(lacking)
    with pytest.raises(InputError, match=r"the array: has 3 channels; wanted are 2 \(x, y\)"):
        preparation.read_one(np.zeros((4, 3)))


def test_another_number_of_channels_than_in_training():
    with pytest.raises(InputError, match="the array: has 1 channel; wanted are 2; an array is"):
        draft_sequences([np.zeros((4, 2))], {}).read_one(np.zeros(4))


def test_times_are_evened_out_by_interpolation(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("x,t\n0,0\n10,1\n30,3\n")
    assert draft_sequences([path], {"step": 0.5}).read_one(path)[:, 0].tolist() == [0, 5, 10, 15, 20, 25, 30]
    # Without times, they count steps; the last step that still fits is the last.
    assert draft_sequences([np.arange(5)], {"step": 1.5}).read_one(np.arange(5))[:, 0].tolist() == [0, 1.5, 3]


def test_evening_by_hand():
    values = np.array([[0.0], [1.0], [3.0], [4.0]])
    # Two steps at one time count as their mean.
    assert evened(values, np.array([0.0, 1, 1, 2]), 1.0)[:, 0].tolist() == [0, 2, 4]
    # 0.3 / 0.1 is a little less than 3 for a computer.
    assert len(evened(values, np.array([0.0, 0.1, 0.2, 0.3]), 0.1)) == 4


def test_longer_ones_are_brought_to_the_longest():
    values = np.arange(9.0)[:, None]
    assert shortened(values, 9) is values
    assert shortened(values, 5)[:, 0].tolist() == [0, 2, 4, 6, 8]
    assert draft_sequences([values], {"longest": 3}).read_one(values)[:, 0].tolist() == [0, 4, 8]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x,t\n1,0\n2,5\n3,4\n", "a.csv: time goes backwards from 5 at step 2 to 4; sort the steps by time"),
        ("x,t\n1,0\n2,\n3,4\n", "a.csv: has no time at step 2"),
        ("x,t\n1,7\n2,7\n", "a.csv: its times go from 7 to 7, which step = 1 makes 1 steps"),
        ("x,t\n1,0\n2,1e15\n", r"a.csv: its times go from 0 to 1e\+15"),
    ],
)
def test_times_that_cannot_be(text, message, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=message):
        draft_sequences([path], {"step": 1}).read_one(path)
    # Steps as they are need no times.
    assert len(draft_sequences([path], {}).read_one(path)) >= 2


def test_numbers_too_large_for_32_bits():
    with pytest.raises(InputError, match=r"the array: holds numbers beyond 1e\+18"):
        draft_sequences([np.arange(3)], {}).read_one(np.array([1.0, -1e19]))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"speed": 1}, "has no setting 'speed'; it has channels, step, longest, centre, normalise"),
        ({"channels": []}, "channels must be a list of names, none twice, got"),
        ({"channels": ["x", "X"]}, "channels must be a list of names, none twice"),
        ({"channels": "x"}, "channels must be a list of names"),
        ({"channels": ["x"]}, r"channels names 1 \(x\), but the array has 2, without names"),
        ({"step": 0}, "step must be a time above 0"),
        ({"step": True}, "step must be a time above 0"),
        ({"longest": 1}, "longest must be a whole number from 2 to 1000000, got 1"),
        ({"longest": 5.0}, "longest must be a whole number"),
        ({"normalise": "all"}, "normalise must be one of dataset, each, none, got 'all'"),
        ({"derivatives": 1}, "derivatives must be true or false, got 1"),
        ({"keep_duration": "yes"}, "keep_duration must be true or false"),
        ({"centre": "x"}, "centre must be true, false, or a list of channels, got 'x'"),
        ({"centre": ["z"], "channels": ["x", "y"]}, "centre names 'z', which is no channel; the channels are x, y"),
        ({"centre": ["z"]}, "the channels are none: name them"),
    ],
)
def test_settings_that_do_not_fit(settings, message):
    with pytest.raises(SettingsError, match=message):
        draft_sequences([np.zeros((4, 2))], settings)


def test_nothing_to_draft_or_to_measure_from():
    with pytest.raises(InputError, match="there are no sequences"):
        draft_sequences([], {})
    with pytest.raises(InputError, match="the array: has a single step"):
        draft_sequences([np.zeros(1)], {})
    with pytest.raises(InputError, match="cannot be measured without sequences"):
        draft_sequences([np.arange(3)], {}).fitted([], [])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"speed": 1}, "unknown setting 'speed' of sequences"),
        ({"count": 0}, "count = 0 does not fit"),
        ({"count": 3}, r"count = 3 does not fit the channels \('x', 'y'\)"),
        ({"mean": [1.0]}, "mean must be 5 numbers"),
        ({"mean": ["1"] * 5}, "mean must be a list of numbers"),
        ({"normalise": "all"}, "normalise must be one of"),
        ({"centre": ["z"]}, "centre names 'z'"),
        ({"longest": None}, "longest must be a whole number"),
    ],
)
def test_damaged_settings_of_a_model(changes, message):
    items = [np.array([[0.0, 1], [1, 5]])]
    settings = fitted(items, channels=["x", "y"]).settings()
    with pytest.raises(ModelError, match=message):
        sequences_from(settings | changes, {})


def test_a_missing_setting_of_a_model_is_named():
    settings = draft_sequences([np.arange(3)], {}).settings()
    del settings["longest"]
    with pytest.raises(ModelError, match="missing setting 'longest' of sequences"):
        sequences_from(settings, {})


def test_a_preparation_is_a_value():
    assert draft_sequences([np.arange(3)], {}) == SequencePreparation(count=1)
