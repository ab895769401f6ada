import math
import re
from dataclasses import replace

import numpy as np
import pytest

from alikely.errors import InputError, StorageError, TooFewError
from alikely.evaluation import judge
from alikely.metrics import Agreement, AtThreshold, Estimate, PairDistances, summary
from alikely.model import distances_of_examples
from alikely.report import (
    EpochPoint,
    Learning,
    charts,
    drawing,
    report_html,
    report_of_distances,
    report_of_model,
    report_unmeasured,
    write_report,
)
from alikely.types import Examples, Pairs
from tests.models import made_up_pairs, small_model

PARTS = ("threshold", "trade-off", "probability", "worst", "errors", "map", "learning", "checks", "settings", "words")


def parts_of(page: str) -> list[str]:
    return re.findall('<section id="([^"]+)">', page)


def test_every_part_of_the_report_is_in_the_page_and_in_its_list(whole):
    page = report_html(whole)

    assert parts_of(page) == list(PARTS)
    assert re.findall('<a href="#([^"]+)">', page) == list(PARTS)


def test_names_and_labels_are_escaped_everywhere(whole):
    page = report_html(whole)

    assert "<script>document" not in page
    assert page.count("&lt;script&gt;document") > 20
    assert "\\u003cscript\\u003edocument" in page  # for the map, which the script fills


def test_the_page_lets_nothing_run_or_load_but_its_own(whole):
    page = report_html(whole)
    policy = re.search('Content-Security-Policy" content="([^"]+)"', page)

    assert policy is not None
    assert "default-src &#39;none&#39;" in policy[1] or "default-src 'none'" in policy[1]
    assert "unsafe" not in policy[1]
    assert not re.search(r"(src|href)=\"(?!data:|#)", page)


def test_scores_made_elsewhere_have_a_report_without_pictures():
    pairs = made_up_pairs()
    content = report_of_distances("scores.csv", pairs, summary(pairs), "people", notes=("from another program",))
    page = report_html(content)

    assert parts_of(page) == ["threshold", "trade-off", "words"]
    assert "Measured on 20 people (40 same and 200 different pairs)" in content.summary[1]
    assert "There is no threshold of its own" in content.summary[0]
    assert "from another program" in page


def test_a_model_without_a_test_has_a_report_that_says_so(whole):
    page = report_html(report_unmeasured("faces", small_model(calibrated=False), whole.learning, []))

    assert parts_of(page) == ["learning", "checks", "settings", "words"]
    assert "has not been measured" in page
    assert "Nothing: no contradiction" in page


def test_a_table_of_pairs_has_its_hardest_pairs_too(measured):
    model, given, embeddings, *_ = measured
    left, right = np.array([0, 0, 4, 4, 8, 12]), np.array([1, 4, 5, 8, 9, 20])
    known = Examples(given.items, given.names, pairs=Pairs(left, right, np.array([1, 0, 1, 0, 1, 0], dtype=bool)))
    pairs = distances_of_examples(embeddings, known, model.distance)
    content = report_of_model("pairs", model, known, embeddings, pairs, judge(model, pairs))

    assert content.worst is not None
    assert [pair.distance for pair in content.worst.same] == sorted(pairs.same.tolist(), reverse=True)
    assert [pair.distance for pair in content.worst.different] == sorted(pairs.different.tolist())
    assert content.errors == ()
    assert "few to say how far" in content.summary[1]
    assert "There are too few identities for a band" in report_html(content)


def test_a_picture_that_is_gone_leaves_a_gap(measured, tmp_path):
    model, given, embeddings, pairs, report = measured
    gone = Examples((tmp_path / "gone.png",) * len(given), given.names, given.labels)
    page = report_html(report_of_model("faces", model, gone, embeddings, pairs, report))

    assert "cannot be read" in page


@pytest.mark.parametrize(
    ("same", "different", "error"),
    [([np.nan, 0.1], [0.5], InputError), ([-0.1, 0.2], [0.5], InputError), ([0.1], [], TooFewError)],
)
def test_damaged_or_missing_distances_are_refused(same, different, error):
    good = made_up_pairs()
    sides = np.zeros((len(same), 2), dtype=np.int64), np.tile([0, 1], (len(different), 1))
    pairs = PairDistances(np.array(same), np.array(different), *sides, identities=2)

    with pytest.raises(error):
        report_of_distances("scores", pairs, summary(good))


def test_a_report_that_cannot_be_written_leaves_nothing(whole, tmp_path):
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(StorageError):
        write_report(whole, tmp_path / "file" / "report.html")
    assert write_report(whole, tmp_path / "report.html").read_text(encoding="utf-8") == report_html(whole)


def test_the_same_content_gives_the_same_page(whole):
    assert report_html(whole) == report_html(whole)


def test_embeddings_that_fell_on_one_point_have_a_report(measured):
    model, given, embeddings, *_ = measured
    collapsed = np.zeros_like(embeddings)
    pairs = distances_of_examples(collapsed, given, model.distance)
    content = report_of_model("collapsed", model, given, collapsed, pairs, judge(model, pairs))

    assert parts_of(report_html(content)) == [part for part in PARTS if part not in ("learning", "checks")]
    assert content.map is not None
    assert np.isfinite(content.map.points).all()


def test_a_threshold_that_accepts_nothing_is_told(measured):
    pairs = made_up_pairs()
    own = AtThreshold(-math.inf, 0.001, 0.0, 1.0)
    content = report_of_distances("scores", pairs, replace(summary(pairs), at_threshold=own))

    assert "every pair is called different" in content.summary[0]
    assert content.distances.marks[0].name == "equal errors"
    assert "Infinity" not in report_html(content)


def test_more_false_matches_than_were_asked_for_are_told_first():
    pairs = made_up_pairs()
    own = AtThreshold(0.6, 0.01, 0.18, 0.2, (0.1, 0.3), (0.1, 0.3))
    kept = replace(own, fmr_interval=(0.005, 0.3))
    notes = [report_of_distances("s", pairs, replace(summary(pairs), at_threshold=at)).notes for at in (own, kept)]

    assert "not like those that it was calibrated on" in notes[0][0]
    assert notes[1] == ()


def test_three_items_have_a_report_without_a_map(measured):
    model, given, embeddings, *_ = measured
    few = given.select(np.array([0, 1, 4]))
    pairs = distances_of_examples(embeddings[[0, 1, 4]], few, model.distance)
    content = report_of_model("few", model, few, embeddings[[0, 1, 4]], pairs, judge(model, pairs))

    assert content.map is None
    assert "rest on 2 identities only" in content.notes[0]
    assert len(content.worst.same) == 1
    assert report_html(content)


@pytest.mark.parametrize(("eers", "plots"), [((None, None), 1), ((0.3,), 2), ((0.0, 0.0), 2)])
def test_any_course_of_a_training_is_drawn(eers, plots):
    points = tuple(EpochPoint(number, 0.0, eer) for number, eer in enumerate(eers, start=1))
    learning = Learning(points, best=1, ended="interrupted")
    page = report_html(report_unmeasured("faces", small_model(), learning, []))

    assert page.count("<svg ") == plots


def test_spearman_stands_first_where_pairs_have_scores(measured):
    model, given, embeddings, pairs, report = measured
    agreed = Agreement(Estimate(0.746, 0.562, 0.885), Estimate(None, reason="all scores are equal"), 20)
    points = (EpochPoint(1, 0.9, 0.4, 0.5), EpochPoint(2, 0.5, 0.45, 0.6))
    learning = Learning(points, 2, "all epochs", (), "held-back pairs", "Spearman")
    scored = replace(report, agreement=agreed)
    content = report_of_model("scored", model, given, embeddings, pairs, scored, learning=learning)
    page = report_html(content).partition('<section id="learning">')[2].partition("</section>")[0]
    words = " ".join(re.sub("<[^>]+>", "", page).split())

    assert [(figure.name, figure.value, figure.remark) for figure in content.figures[:2]] == [
        ("Spearman", "0.746", "95 % interval 0.562 to 0.885"),
        ("Pearson", "not known", "all scores are equal"),
    ]
    assert content.figures[2].name == "FMR"
    assert page.count("<svg ") == 3
    assert "weights of epoch 2, the dot: its Spearman was the highest." in words
    assert words.index("Spearman of held-back pairs, after each epoch") < words.index("EER of held-back pairs")


@pytest.mark.parametrize("value", [1 / 3, 0.0123, 0.5])
@pytest.mark.parametrize("name", ["eer", "spearman", "loss"])
def test_the_labels_of_a_flat_course_leave_the_name_of_the_axis_its_room(name, value):
    points = tuple(EpochPoint(number, value, value, value) for number in (1, 2, 3))
    drawn = str(charts.learning(Learning(points, 3, "all epochs"), name))
    labels = re.findall('class="tick end"[^>]*>([^<]*)<', drawn)

    # As wide as the letters are at 12.5 px; labels end 7 px before the axis, its name begins at 5 and is 17 wide.
    wide = {".": 4.0, " ": 4.0, "%": 11.9}
    assert len(labels) >= 2
    assert max(sum(wide.get(sign, 8.0) for sign in label) for label in labels) < drawing.LEFT - 7 - 22


def test_a_course_below_0_is_drawn_inside_its_axes():
    points = (EpochPoint(1, 0.5, None, -0.4), EpochPoint(2, 0.5, None, -0.1))
    drawn = str(charts.learning(Learning(points, 2, "all epochs", chosen_by="Spearman"), "spearman"))
    (line,) = re.findall('<polyline class="line main" points="([^"]+)"', drawn)
    heights = [float(point.split(",")[1]) for point in line.split()]

    assert drawing.TOP < heights[1] < heights[0] < drawing.HEIGHT - drawing.BOTTOM
