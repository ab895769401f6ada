import re

import numpy as np
import pytest

from alikely.errors import CalibrationError, SettingsError
from alikely.gallery.joining import Joining
from alikely.gallery.open_set import strangers_of
from tests.gallery.galleries import calibrated, embeddings, gallery_of, passing_model, people


def enrolled(count: int, each: int = 1, confidence: float | None = None, joining: Joining | None = None):
    model = passing_model(8)
    gallery = gallery_of(model if confidence is None else calibrated(model, confidence), joining)
    rows, labels = people(count, each)
    gallery.enrol(embeddings(rows, labels))
    return gallery, rows, labels


def test_each_identity_is_shown_to_all_others_by_its_first_template():
    gallery, rows, labels = enrolled(25, each=2)
    found = strangers_of(gallery.inside)
    assert found is not None

    distances = np.linalg.norm(rows[::2, None].astype(np.float64) - rows, axis=2)
    distances[labels[::2, None] == labels] = np.inf
    assert found.distances == pytest.approx(np.sort(distances.min(axis=1)), rel=1e-5)
    names = list(gallery.identities())
    nearest = {int(names[one]): int(names[other]) for one, other in zip(found.themselves, found.nearest, strict=True)}
    assert nearest == {one: int(labels[row.argmin()]) for one, row in enumerate(distances)}


def test_templates_are_joined_as_the_gallery_joins_them():
    gallery, rows, _ = enrolled(20, each=3, joining=Joining("mean"))
    found = strangers_of(gallery.inside)
    assert found is not None

    distances = np.linalg.norm(rows[::3, None].astype(np.float64) - rows, axis=2).reshape(20, 20, 3).mean(axis=2)
    np.fill_diagonal(distances, np.inf)
    assert found.distances == pytest.approx(np.sort(distances.min(axis=1)), rel=1e-5)


def test_the_gallery_shows_the_rate_where_it_can():
    gallery, _, _ = enrolled(100)

    found = gallery.threshold(0.1)

    assert (found.basis, found.confidence, found.identities) == ("gallery", 0.95, 100)
    assert found.distance == strangers_of(gallery.inside).threshold(0.1, 0.95)
    assert gallery.threshold(0.1, 0.0).distance > found.distance


def test_else_the_calibration_does_at_the_rate_divided_by_the_templates():
    gallery, _, _ = enrolled(5, each=2, confidence=0.0)
    calibration = gallery.inside.model.calibration
    assert calibration is not None

    found = gallery.threshold(0.05)

    assert (found.basis, found.confidence) == ("calibration", 0.0)
    assert found.distance == calibration.threshold(fmr=0.05 / 10)


def test_what_neither_can_show_is_refused_with_what_it_takes():
    gallery, _, _ = enrolled(60, confidence=0.95)

    with pytest.raises(CalibrationError) as refused:
        gallery.threshold(0.001)
    said = str(refused.value)
    assert "a false-positive-identification rate of 0.1 % cannot be kept with 95 % confidence" in said
    assert "60 enrolled identities" in said
    assert "enrol until" not in said  # 5,989, and no more than 3,000 are shown
    assert "--confidence 0" in said
    smallest = float(said.split("ask for ")[1].split(" %")[0]) / 100
    assert gallery.threshold(smallest).fpir == smallest
    with pytest.raises(CalibrationError):
        gallery.threshold(smallest * 0.9)


def test_what_it_takes_is_never_less_than_there_is():
    gallery = gallery_of(passing_model(16))
    around = np.concatenate([np.eye(16), -np.eye(16), np.zeros((1, 16))]) * np.linspace(4, 5, 33)[:, None]
    gallery.enrol(embeddings(around, range(33)))

    # 17 identities would do, were not all of these nearest to the same one.
    with pytest.raises(CalibrationError) as refused:
        gallery.threshold(0.3)
    needed = str(refused.value).split("until there are about ")[1].split(" ")[0]
    assert int(needed) > 33


def test_identities_that_the_model_learned_from_show_nothing():
    gallery, _, _ = enrolled(30)
    gallery.inside.model.record["data"] = {"labels": {"train": [str(label) for label in range(15)]}}

    assert strangers_of(gallery.inside) is None
    with pytest.raises(CalibrationError, match="the model has no calibration"):
        gallery.threshold(0.1)


def refused(gallery, fpir, confidence):
    with pytest.raises(CalibrationError) as found:
        gallery.threshold(fpir, confidence)
    return str(found.value)


def percents(said, after):
    return float(said.split(after)[1].split(" %")[0]) / 100


def test_of_some_that_were_learned_from_the_others_are_counted():
    gallery, _, _ = enrolled(30)
    gallery.inside.model.record["data"] = {"labels": {"train": [str(label) for label in range(18)], "validate": ["18"]}}

    said = refused(gallery, 0.3, 0.95)
    assert "30 enrolled identities, 11 of which the model has not learned from, are too few" in said
    assert "enrol until there are about 20 that the model has not learned from" in said
    assert "--confidence 0" not in said  # too few for that as well
    assert "ask for" not in said


def test_every_way_out_that_is_named_works():
    """With a calibration and few identities; without one and with many: what is advised is then done."""
    few, _, _ = enrolled(12, each=4, confidence=0.95)
    for fpir in (0.002, 0.01, 0.05):
        said = refused(few, fpir, 0.95)
        assert "12 enrolled identities, which the model has not learned from" in said
        if "ask for" in said:
            assert few.threshold(percents(said, "ask for "), 0.95).basis == "calibration"
        if "promises nothing (--confidence 0)" in said:
            assert few.threshold(fpir, 0.0).basis == "calibration"
        else:
            assert few.threshold(percents(said, "take an estimate of "), 0.0).fpir > fpir
    assert "take an estimate of " in refused(few, 0.0001, 0.95)
    assert "promises nothing (--confidence 0)" in refused(few, 0.03, 0.95)

    gallery, _, _ = enrolled(25)
    said = refused(gallery, 0.05, 0.95)
    assert "the model has no calibration" in said
    assert gallery.threshold(percents(said, "ask for "), 0.95).basis == "gallery"
    assert gallery.threshold(0.05, 0.0).basis == "gallery"
    rows, labels = people(int(said.split("until there are about ")[1].split(" ")[0]), 1)
    gallery.enrol(embeddings(rows[25:], labels[25:]))
    assert gallery.threshold(0.05, 0.95).basis == "gallery"


def test_rates_and_confidences_that_are_none_are_refused():
    gallery, _, _ = enrolled(30)

    with pytest.raises(SettingsError):
        gallery.threshold(1.5)
    with pytest.raises(SettingsError):
        gallery.threshold(0.1, 1.0)


def test_the_threshold_follows_what_is_enrolled(monkeypatch):
    gallery, rows, _ = enrolled(30)
    before = gallery.threshold(0.3)
    looked = []
    real = strangers_of
    monkeypatch.setattr("alikely.gallery.open_set.strangers_of", lambda held: looked.append(1) or real(held))

    gallery.threshold(0.2, 0.0)
    assert looked == []  # nothing has changed
    gallery.enrol([rows[0] + 0.001], identity="a double")
    after = gallery.threshold(0.3)

    assert looked == [1]
    assert after.identities == before.identities + 1
    assert after.distance != before.distance


def test_the_refusal_carries_the_smallest_rate_that_is_answered():
    gallery, _, _ = enrolled(100)

    with pytest.raises(CalibrationError) as refused:
        gallery.threshold(0.001)

    smallest = refused.value.smallest
    assert smallest is not None
    assert gallery.threshold(smallest).fpir == smallest
    with pytest.raises(CalibrationError):
        gallery.threshold(smallest * 0.99)
    estimate = refused.value.estimate
    assert estimate is not None
    assert 0.001 < estimate < smallest
    assert gallery.threshold(estimate, 0.0).confidence == 0
    with pytest.raises(CalibrationError) as unknown:
        gallery.threshold(estimate * 0.99, 0.0)
    assert unknown.value.estimate is None
    # Where there is an estimate of the very rate, it is that one.
    with pytest.raises(CalibrationError) as unpromised:
        gallery.threshold((estimate + smallest) / 2)
    assert unpromised.value.estimate == (estimate + smallest) / 2


def test_nothing_is_offered_where_no_rate_can_be_kept():
    with pytest.raises(CalibrationError) as refused:
        enrolled(3)[0].threshold(0.5)

    assert refused.value.smallest is None


@pytest.mark.parametrize("noise", [0.0, 1e-8])
def test_where_many_are_copies_it_says_so_and_names_two(noise):
    model = passing_model(8)
    gallery = gallery_of(model)
    rows, _ = people(100, 1)
    rows[50:80] = rows[20:50] + np.float32(noise)
    gallery.enrol(embeddings(rows, [f"s{number:03}" for number in range(100)]))

    with pytest.raises(
        CalibrationError, match=r"60 of 100 enrolled .* as 's\d\d\d' and 's\d\d\d', .*remove one"
    ) as told:
        gallery.threshold(0.5)
    assert re.search(r"\de-\d", str(told.value)) is None
    one, other = (int(name[1:]) for name in re.findall(r"'(s\d+)'", str(told.value)))
    assert abs(one - other) == 30
    rate = float(re.findall(r"ask for ([\d.]+) %", str(told.value))[0]) / 100
    assert 0.6 < rate < 0.9
    assert gallery.threshold(rate).distance > 0.01
    assert "(--fpir" in str(told.value)


def test_where_all_are_copies_no_rate_is_offered():
    gallery = gallery_of(passing_model(8))
    gallery.enrol(embeddings(np.ones((30, 8)), range(30)))

    with pytest.raises(CalibrationError, match="30 of 30") as told:
        gallery.threshold(0.9999, 0.0)
    assert "ask for" not in str(told.value)
