"""Normal items that were picked: remembered, never held back, and the false-alarm rate is kept."""

import re

import numpy as np
import pytest

from alikely import examples_from
from alikely.errors import InputError, SettingsError
from alikely.tasks.anomaly import DetectorSettings, fit_detector
from alikely.tasks.anomaly.picked import rememberable
from tests.commands import command, parsed
from tests.tasks.anomaly.normal import normal_of, write_rows

ON_AVERAGE = DetectorSettings(rate=0.1, confidence=0.0)
DRAWS = 20


def embeddings(values, groups=None):
    return examples_from(list(values), kind="embedding", groups=groups)


def rows(*items):
    return examples_from(list(items), kind="row")


def heavy(draw, count):
    """Normal items, of which every seventh lies far out."""
    items = draw.normal(size=(count, 3))
    items[draw.random(count) < 0.15] *= 4
    return items


def alarms(detector, items) -> float:
    return float(np.mean([answer.anomalous for answer in detector.judge(list(items))]))


def test_the_rate_is_kept_by_what_is_remembered_and_power_lost_by_what_is_mixed_in():
    draw = np.random.default_rng(0)
    found: dict[str, list[tuple[float, float]]] = {"before": [], "remembered": [], "mixed in": []}
    for seed in range(DRAWS):
        settings = DetectorSettings(rate=0.1, confidence=0.0, seed=seed)
        source, stream, fresh = heavy(draw, 200), heavy(draw, 600), heavy(draw, 600)
        odd = 0.5 * draw.normal(size=(200, 3)) + np.array([5, 5, 0])
        first = fit_detector(embeddings(source), settings)
        dismissed = np.array(
            [item for item, one in zip(stream, first.judge(list(stream)), strict=True) if one.anomalous]
        )
        for name, detector in (
            ("before", first),
            ("remembered", fit_detector(embeddings(source), settings, also_normal=embeddings(dismissed))),
            ("mixed in", fit_detector(embeddings(np.concatenate([source, dismissed])), settings)),
        ):
            found[name].append((alarms(detector, fresh), alarms(detector, odd)))
    rates, powers = ({name: float(np.mean(np.array(said)[:, at])) for name, said in found.items()} for at in (0, 1))
    error = float(np.std(np.array(found["remembered"])[:, 0]) / DRAWS**0.5)
    assert abs(rates["remembered"] - 0.1) < 3 * error < 0.04
    # Mixed in, they raise the threshold: fewer alarms than promised, and much less is found.
    assert rates["mixed in"] < 0.05
    assert powers["mixed in"] < 0.5 * powers["remembered"]
    assert powers["remembered"] > 0.8 * powers["before"]


def test_they_are_remembered_and_never_held_back():
    source, picked = normal_of("embedding", count=100), embeddings(np.full((4, 4), 9.0))
    alone, both = fit_detector(source, ON_AVERAGE), fit_detector(source, ON_AVERAGE, also_normal=picked)
    assert both.to_dict()["remembered"] == alone.to_dict()["remembered"] + 4
    assert [one.to_dict()["also_normal"] for one in (alone, both)] == [0, 4]
    assert not any("picked" in name for name, _ in alone.rows())
    assert len(both.normality.deviations) == len(alone.normality.deviations)
    # Four alike are as normal as any, with three nearest ones.
    assert alone.judge([np.full(4, 9.0)])[0].anomalous
    assert both.judge([np.full(4, 9.0)])[0].deviation == pytest.approx(0, abs=1e-6)


def test_what_the_source_has_is_left_out():
    source = normal_of("row", count=100)
    picked = rows(source.items[0], {"amount": 900.0, "hours": 3.0, "town": "Chur"}, source.items[99])
    kept, said = rememberable(picked, source, np.arange(50, 100))
    assert [row["amount"] for row in kept.items] == [900.0]
    assert said == "2 items of those that are also normal left out: among the normal items anyway"
    fitted = fit_detector(source, ON_AVERAGE, also_normal=picked)
    assert fitted.note == said
    assert fitted.to_dict()["remembered"] == fit_detector(source, ON_AVERAGE).to_dict()["remembered"] + 1
    nothing = fit_detector(source, ON_AVERAGE, also_normal=source)
    assert nothing.judge(source.items)[0].deviation == fit_detector(source, ON_AVERAGE).judge(source.items)[0].deviation


def test_groups_that_are_held_back_are_not_remembered():
    values = np.random.default_rng(1).normal(size=(6, 4))
    source = embeddings(values, groups=["a", "a", "b", "b", "c", "c"])
    kept, said = rememberable(embeddings(values[:4] + 5, ["b", "a", "d", "c"]), source, np.array([2, 3]))
    assert list(kept.groups) == ["a", "d", "c"]
    assert said == "1 item of those that are also normal left out: of groups that are held back for the threshold"
    with pytest.raises(SettingsError, match="give them the column group"):
        rememberable(embeddings(values), source, np.array([2, 3]))
    # Without groups in the source, theirs do not matter.
    assert len(rememberable(embeddings(values + 5, ["b"] * 6), embeddings(values), np.arange(3))[0]) == 6


def test_a_new_category_is_known_and_the_scale_of_numbers_stays():
    source = normal_of("row", count=200)
    picked = rows(*({"amount": 20.0 + step, "hours": 3.0, "town": "Chur"} for step in range(3)))
    settings = DetectorSettings(rate=0.05, confidence=0.0)
    alone, both = fit_detector(source, settings), fit_detector(source, settings, also_normal=picked)
    chur, other = ({"amount": 21.0, "hours": 3.0, "town": town} for town in ("Chur", "Sion"))
    assert [one.judge([chur])[0].anomalous for one in (alone, both)] == [True, False]
    assert both.judge([other])[0].anomalous  # another town is not the one that was dismissed
    far = rows({"amount": 1e6, "hours": 3.0, "town": "Bern"})
    stretched = fit_detector(source, settings, also_normal=far)
    odd = {"amount": 20.0, "hours": -9.0, "town": "Bern"}
    assert stretched.judge([odd])[0].deviation == pytest.approx(alone.judge([odd])[0].deviation)


@pytest.mark.parametrize(
    ("picked", "problem", "said"),
    [
        (embeddings(np.ones((2, 4))), SettingsError, "the normal items are rows and the further ones embeddings"),
        (rows({"town": "Bern", "sum": 1.0}), InputError, "the rows lack the columns 'amount', 'hours'"),
        (rows({"amount": "much", "hours": 1, "town": "Bern"}), InputError, "amount"),
    ],
)
def test_what_cannot_be_remembered_is_said(picked, problem, said):
    with pytest.raises(problem, match=said):
        fit_detector(normal_of("row", count=60), ON_AVERAGE, also_normal=picked)


def test_the_command_takes_them(tmp_path):
    normal = write_rows(tmp_path / "normal.csv", list(normal_of("row", count=60).items))
    picked = write_rows(tmp_path / "picked.csv", [{"amount": 900.0, "hours": 3.0, "town": "Chur"}])
    fit = ("anomaly", "fit", normal, "--items", "row", "--rate", "0.1", "--confidence", "0", "--out", tmp_path / "new")
    ran = command(*fit, "--also-normal", picked)
    assert (ran.code, " 31\n" in ran.out) == (0, True)
    said = command("inspect", tmp_path / "new")
    assert re.search(r"remembered +31\n.*of these, picked, such as dismissed findings +1\n", said.out)
    assert parsed(command("inspect", tmp_path / "new", "--json"))["also_normal"] == 1
    again = command(*fit, "--also-normal", normal, "--overwrite")
    assert "60 items of those that are also normal left out: among the normal items anyway" in again.err
