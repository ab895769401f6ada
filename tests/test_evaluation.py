import itertools
import json
import math
from dataclasses import replace

import numpy as np
import pytest

import alikely
from alikely.errors import BadItemsError, SettingsError, TooFewError
from alikely.evaluation import evaluate
from alikely.metrics import AtThreshold
from tests.models import small_model
from tests.pictures import pattern_examples, pattern_folder

MODEL = small_model()


def brute_force(examples):
    """Distances of all same and of all different pairs, by two loops."""
    embeddings = MODEL.embed(examples.items)
    same, different = [], []
    for left, right in itertools.combinations(range(len(examples)), 2):
        distance = float(np.linalg.norm(embeddings[left] - embeddings[right]))
        (same if examples.labels[left] == examples.labels[right] else different).append(distance)
    return np.array(same), np.array(different)


def test_the_figures_are_those_of_two_loops():
    examples = pattern_examples(identities=9, each=4)
    same, different = brute_force(examples)

    found = evaluate(MODEL, examples)

    report = found.report
    assert (report.same_pairs, report.different_pairs) == (len(same), len(different)) == (54, 576)
    assert (report.identities, report.items) == (9, 36)
    wins = (same[:, None] < different[None, :]).mean() + 0.5 * (same[:, None] == different[None, :]).mean()
    assert report.auc.value == pytest.approx(wins, abs=1e-4)
    allowed = sorted(different)[int(0.01 * len(different))]  # the first that would be one false match too many
    assert dict(report.fnmr_at_fmr)[0.01].value == pytest.approx((same >= allowed).mean(), abs=1e-9)
    at = report.at_threshold
    assert at.threshold == MODEL.calibration.threshold(fmr=0.01)
    assert at.fmr == pytest.approx((different <= at.threshold).mean(), abs=1e-9)
    assert at.fnmr == pytest.approx((same > at.threshold).mean(), abs=1e-9)


def test_in_json_stand_the_figures_of_the_report_and_of_the_threshold():
    found = evaluate(MODEL, pattern_examples(identities=9, each=4))
    told, at = found.to_dict(), found.report.at_threshold

    assert {key: told[key] for key in found.report.to_dict()} == found.report.to_dict()
    assert told["at_threshold"] == {
        "threshold": at.threshold,
        "wanted_fmr": 0.01,
        "fmr": at.fmr,
        "fnmr": at.fnmr,
        "fmr_interval": list(at.fmr_interval),
        "fnmr_interval": list(at.fnmr_interval),
    }
    assert at.fmr_interval[0] <= at.fmr <= at.fmr_interval[1]
    names = [name for name, _, _ in found.rows()]
    assert names[4:6] == ["FMR of the model's verdicts", "FNMR of the model's verdicts"]
    assert names[6:] == [
        "TAR at FAR 1 %",
        "TAR at FAR 0.1 %",
        "minimum detection cost (prior 1 %)",
        "Recall@1",
        "Recall@5",
        "Recall@10",
        "R-precision",
        "MAP@R",
    ]


def test_a_threshold_that_accepts_nothing_is_null_in_json():
    report = evaluate(MODEL, pattern_examples(identities=5, each=3)).report
    report = replace(report, at_threshold=AtThreshold(-math.inf, 0.01, 0.0, 1.0))

    assert json.loads(json.dumps(report.to_dict(), allow_nan=False))["at_threshold"] == {
        "threshold": None,
        "wanted_fmr": 0.01,
        "fmr": 0.0,
        "fnmr": 1.0,
        "fmr_interval": None,
        "fnmr_interval": None,
    }


def test_a_model_without_calibration_is_measured_without_its_threshold():
    found = evaluate(small_model(calibrated=False), pattern_examples(identities=5, each=3))

    assert found.to_dict()["at_threshold"] is None
    assert not any("verdicts" in name for name, _, _ in found.rows())


def test_identities_with_one_picture_each_give_no_same_pair():
    with pytest.raises(TooFewError, match="no same pair"):
        evaluate(MODEL, pattern_examples(identities=5, each=1))


def test_bad_items_are_all_listed_or_all_skipped(tmp_path):
    source = pattern_folder(tmp_path / "pictures", identities=3, each=3)
    bad = sorted(source.glob("*/*.png"))[::4]
    for path in bad:
        path.write_bytes(b"")

    with pytest.raises(BadItemsError) as caught:
        evaluate(MODEL, source)
    found = evaluate(MODEL, source, skip_bad=True)

    assert [name for name, _ in caught.value.problems] == [str(path) for path in bad]
    assert [entry["item"] for entry in found.to_dict()["skipped"]] == [str(path) for path in bad]
    assert found.report.items == 6


def test_identities_that_the_model_was_made_from_are_named():
    labels = {"train": ["id00", "id01"], "calibrate": ["id02"], "test": ["id03"]}
    model = replace(small_model(), record={"data": {"labels": labels}})

    found = evaluate(model, pattern_examples(5))

    assert found.known == ("id00", "id01", "id02")
    assert "3 of 5 identities (id00, id01, id02)" in str(found.warning())
    assert evaluate(small_model(), pattern_examples(5)).warning() is None


def marked(identities=9, each=4):
    """Examples with a light for each item, half and half, and a camera that is always the same."""
    examples = pattern_examples(identities, each)
    light = np.where(np.arange(len(examples)) % 2 == 0, "dark", "bright")
    return replace(examples, columns={"light": light, "camera": np.full(len(examples), "one")}, groups=light)


def test_errors_by_a_column_by_group_and_by_label():
    examples = marked()
    same, different = brute_force(examples)

    found = evaluate(MODEL, examples, by=["light", "group", "label"])

    threshold = found.report.at_threshold.threshold
    assert [row.value for row in found.groups["light"]] == ["bright", "dark", None]
    assert found.groups["light"] == found.groups["group"]
    assert sum(row.different_pairs for row in found.groups["light"]) == len(different)
    false_matches = sum(row.fmr.value * row.different_pairs for row in found.groups["light"])
    assert false_matches == pytest.approx((different <= threshold).sum())
    assert [row.identity for row in found.identities] == sorted(set(examples.labels))
    assert sum(row.false_non_matches for row in found.identities) == (same > threshold).sum()
    assert sum(row.false_matches for row in found.identities) == 2 * (different <= threshold).sum()
    told = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert sorted(told["by"]) == ["group", "label", "light"]
    assert told["by"]["light"][2]["value"] is None
    assert told["queries"] == 36


def test_a_column_that_cannot_be_compared_by_is_told():
    with pytest.raises(SettingsError, match="no column 'weather' to compare by; it has: camera, group, label, light"):
        evaluate(MODEL, marked(), by=["weather"])
    with pytest.raises(TooFewError, match="by camera: groups need two values or more, got the one value 'one'"):
        evaluate(MODEL, marked(), by=["camera"])
    with pytest.raises(SettingsError, match="no calibration"):
        evaluate(small_model(calibrated=False), marked(), by=["label"])


def test_a_table_of_pairs_is_compared_by_columns_of_items_and_of_pairs():
    items = pattern_examples(8, 3)
    left, right = np.triu_indices(len(items), 1)
    rows = [(int(i), int(j), bool(items.labels[i] == items.labels[j])) for i, j in zip(left, right, strict=True)]
    examples = alikely.examples_from(list(items.items), pairs=rows)
    day = np.where(np.arange(len(rows)) % 2 == 0, "monday", "sunday")
    light = np.where(np.arange(len(items)) % 2 == 0, "dark", "bright")
    examples = replace(examples, columns={"light": light}, pairs=replace(examples.pairs, columns={"day": day}))

    found = evaluate(MODEL, examples, by=["day", "light"])

    assert [row.value for row in found.groups["day"]] == ["monday", "sunday"]
    assert [row.value for row in found.groups["light"]] == ["bright", "dark", None]
    assert found.retrieval is None
    assert "recall_at_1" not in found.to_dict()
    with pytest.raises(SettingsError, match="no column 'label' to compare by; it has: day, light"):
        evaluate(MODEL, examples, by=["label"])


def test_what_pairs_join_is_not_called_identities(tmp_path):
    items = pattern_examples(6, 3)
    # Three pictures are joined by two same pairs, two by one, and four stand alone.
    rows = [(0, 1, True), (1, 2, True), (3, 4, True), (0, 6, False), (3, 9, False), (12, 15, False)]
    model, pairs = small_model(), alikely.examples_from(list(items.items), pairs=rows)
    found = evaluate(model, pairs, report_file=tmp_path / "report.html")
    assert found.title() == "3 same and 3 different pairs of 6 groups of items that same pairs join"
    assert "6 groups of items that same pairs join" in (tmp_path / "report.html").read_text()
    assert evaluate(model, items).title() == "18 same and 135 different pairs of 6 identities"
