import numpy as np
import pytest

from alikely.distances import Euclidean
from alikely.errors import SettingsError, TooFewError
from alikely.gallery.joining import Joining, joining_from, learn_joining
from tests.gallery.galleries import calibrated, embeddings, gallery_of, passing_model, people

DISTANCES = np.array([[3.0, 1.0, 2.0], [5.0, 5.0, 2.0]])


@pytest.mark.parametrize(
    ("joining", "expected"),
    [
        (Joining("nearest"), [1.0, 2.0]),
        (Joining("mean"), [2.0, 4.0]),
        (Joining("learned", 0.0), [2.0, 4.0]),
        # Weights 4/7, 2/7, 1/7: e^-r ln 2 is 1, 1/2, 1/4.
        (Joining("learned", float(np.log(2))), [(4 + 4 + 3) / 7, (8 + 10 + 5) / 7]),
        (Joining("learned", 50.0), [1.0, 2.0]),
    ],
)
def test_known_answers(joining, expected):
    assert joining.joined(DISTANCES) == pytest.approx(expected)
    assert joining.joined(DISTANCES[:, :1]).tolist() == [3.0, 5.0]  # one template: its own distance
    assert joining_from(joining.to_dict()) == joining


def test_rules_that_are_none_are_refused():
    for wrong in (("median", None), ("nearest", 1.0), ("learned", None), ("learned", -1.0)):
        with pytest.raises(SettingsError):
            Joining(*wrong)


@pytest.mark.parametrize("joining", [Joining("nearest"), Joining("mean"), Joining("learned", 1.0)])
def test_the_nearest_identity_is_found_under_every_rule(joining):
    gallery = gallery_of(calibrated(passing_model(4)), joining)
    rows, labels = people(30, 5, 4, noise=1.0)
    gallery.enrol(embeddings(rows, labels))

    for query in people(10, 1, 4, seed=3)[0]:
        distances = np.linalg.norm(rows.astype(np.float64) - query, axis=1).reshape(30, 5)
        joined = [float(joining.joined(line[None])[0]) for line in distances]
        found = gallery.identify(query, fpir=0.5, confidence=0.0, k=3)
        expected = sorted(zip(joined, [str(label) for label in range(30)], strict=True))[:3]
        assert [one.identity for one in found.candidates] == [name for _, name in expected]
        assert [one.distance for one in found.candidates] == pytest.approx([place for place, _ in expected], rel=1e-5)


def test_where_each_template_is_the_identity_with_chance_the_mean_is_learned():
    rows, labels = people(40, 8, 3, noise=1.0)

    joining, eers = learn_joining(rows, labels, Euclidean(), templates=4)

    assert joining.sharpness is not None
    assert joining.sharpness < 2
    assert eers[joining.sharpness] == min(eers.values())
    assert eers[joining.sharpness] < eers[8.0]


def test_where_an_identity_has_several_looks_the_nearest_is_learned():
    draw = np.random.default_rng(0)
    looks = draw.normal(size=(30, 4, 8)) * 3  # each identity has four looks, each far from the others
    rows = (np.repeat(looks, 6, axis=1) + 0.1 * draw.normal(size=(30, 24, 8))).reshape(-1, 8).astype(np.float32)

    joining, eers = learn_joining(rows, np.repeat(np.arange(30), 24), Euclidean(), templates=12)

    assert joining.sharpness is not None
    assert joining.sharpness >= 1
    assert eers[joining.sharpness] < eers[0.0] / 4


def test_too_little_to_learn_from_is_refused():
    rows, labels = people(3, 3)

    with pytest.raises(SettingsError, match="2 or more"):
        learn_joining(rows, labels, Euclidean(), templates=1)
    with pytest.raises(TooFewError, match="4 items each, and 0 of 3"):
        learn_joining(rows, labels, Euclidean(), templates=3)
