"""The Yale B benchmark: people made up of two, identification where the answer is known, and that it runs."""

import numpy as np
import pytest
from PIL import Image

import alikely
from alikely.distances import Cosine
from benchmarks import yaleb, yaleb_choice
from tests.benchmarks.quick import quick_run

LIGHTS = ("A+000E+00", "A+050E+00", "A-110E+15")


@pytest.fixture
def lit(tmp_path):
    """Three people; all of a picture has the number of the person and of its light. The last lacks one light."""
    for person in range(3):
        (tmp_path / "yaleb" / f"yaleB{person:02d}").mkdir(parents=True)
        for number, light in enumerate(LIGHTS[: 2 if person == 2 else 3]):
            grey = np.full((96, 84), 50 * person + 10 * number, np.uint8)
            Image.fromarray(grey).save(tmp_path / "yaleb" / f"yaleB{person:02d}" / f"{light}.png")
    return tmp_path


def test_made_up_people_have_the_upper_part_of_one_and_the_lower_part_of_another_in_one_light(lit):
    examples = yaleb.lit_faces(lit)
    assert len(examples) == 8
    more = yaleb.with_made_up(examples, 20, seed=0)
    assert list(more.labels[:8]) == list(examples.labels)
    for number in range(20):
        places = np.flatnonzero(more.labels == f"made up {number}")
        pictures = [more.items[place].astype(int) for place in places]
        assert all(picture.shape == (96, 84) for picture in pictures)
        ends = {((picture[0, 0] + 5) // 50, (picture[-1, 0] + 5) // 50) for picture in pictures}
        assert len(ends) == 1  # one person above and one below, in all lights
        ((above, below),) = ends
        assert above != below
        assert len(pictures) == (2 if 2 in (above, below) else 3)
        lights = [[(picture[row, 0] + 5) % 50 // 10 for picture in pictures] for row in (0, -1)]
        assert lights[0] == lights[1] == list(range(len(pictures)))
    again, other = yaleb.with_made_up(examples, 20, seed=0), yaleb.with_made_up(examples, 20, seed=1)
    assert all(np.array_equal(a, b) for a, b in zip(more.items[8:], again.items[8:], strict=True))
    pairs = zip(more.items[8:], other.items[8:], strict=False)
    assert any(not np.array_equal(one, another) for one, another in pairs)


def test_fnir_by_hand():
    # Two enrolled, a and b; 100 pictures of strangers at 1, 2, ... 100 from a and far from b.
    strangers = np.stack([np.arange(1, 101), np.full(100, 500)], axis=1).astype(float)
    mates = np.array(
        [
            [0.5, 3.0],  # a, found
            [1.5, 3.0],  # a, found: one stranger in a hundred is as near
            [2.0, 3.0],  # a, not nearer than the second stranger: with it, two would be let in
            [0.4, 0.6],  # b, but taken for a
            [9.0, 1.2],  # b, found
        ]
    )
    asked = np.array(["a", "a", "a", "b", "b"] + ["stranger"] * 100)
    found = yaleb.fnir(np.concatenate([mates, strangers]), asked, np.array(["a", "b"]))
    assert found == pytest.approx(2 / 5)


def test_fnir_with_few_strangers_lets_none_in():
    distances = np.array([[0.5], [1.0], [1.5], [1.0], [2.0]])
    asked = np.array(["a", "a", "a", "x", "y"])
    assert yaleb.fnir(distances, asked, np.array(["a"])) == pytest.approx(2 / 3)


def test_everybody_is_enrolled_in_half_of_the_ways():
    # Each person in a direction of their own, but the first, who points nowhere near the own frontal picture.
    people = np.repeat([f"p{i}" for i in range(10)], 3)
    rows = np.repeat(np.eye(11, dtype=np.float32)[:10], 3, axis=0)
    rows[1:3] = np.eye(11, dtype=np.float32)[10]
    frontal = np.tile([True, False, False], 10)
    # The first is enrolled in half of the ways, and then one of 5 in vain.
    assert yaleb.mean_fnir(rows, people, frontal, Cosine()) == pytest.approx(0.5 * 1 / 5)


def test_light_is_evened_out_in_the_floor(lit):
    rows = yaleb.evened(yaleb.lit_faces(lit))
    assert rows.shape == (8, 96 * 84)
    assert np.isfinite(rows).all()


@pytest.mark.slow
@pytest.mark.data
@pytest.mark.parametrize("benchmark", [yaleb, yaleb_choice])
def test_it_runs(benchmark, real_data, tmp_path, monkeypatch):
    result = quick_run(benchmark, real_data, tmp_path, monkeypatch)
    assert 0 < result["metrics"]["eer"] < 0.5
    assert 0.05 < result["floors"]["Tan-Triggs + LDA"]["eer"] < 0.15


@pytest.mark.data
def test_the_real_data_is_whole(real_data):
    examples = yaleb.lit_faces(real_data)
    assert (len(examples), len(set(examples.labels))) == (2414, 38)
    assert (yaleb.lights_of(examples) == yaleb.FRONTAL).sum() == 38
    assert isinstance(examples, alikely.Examples)
