"""Reports of texts, rows, sequences and embeddings: what they hold is shown, on every screen, and never run."""

import re

import numpy as np
import pytest

from alikely.data.rows import draft_rows
from alikely.data.sequences import draft_sequences
from alikely.data.texts import draft_texts
from alikely.report import report_html, write_report
from alikely.report.content import ShownItem, ShownPair
from alikely.report.items import shown_items, shown_pairs
from alikely.report.sides import card, compared, curves, further_cells
from alikely.types import Examples
from tests.report.kinds import report_of

KINDS = ("text", "row", "sequence", "embedding")


@pytest.fixture(scope="module")
def pages():
    return {kind: report_html(report_of(kind)) for kind in KINDS}


@pytest.mark.parametrize("kind", KINDS)
def test_the_page_speaks_of_its_own_kind(pages, kind):
    page = pages[kind]

    assert f"damaged {kind}s show themselves" in page
    assert not re.search(
        r"\bpictures?\b", re.sub(r"<style>.*?</style>|<script>.*?</script>|class=\"picture\"", "", page, flags=re.S)
    )
    assert "cannot be read" not in page


@pytest.mark.parametrize("kind", KINDS)
def test_what_items_and_labels_hold_is_escaped(pages, kind):
    page = pages[kind]

    for written in ("<script>alert", "<b>blue", "<i>0"):
        assert written not in page
    assert "&lt;i&gt;0" in page


def test_texts_stand_in_the_page_long_ones_by_their_beginning(pages):
    page = pages["text"]

    assert '<blockquote dir="auto">&lt;script&gt;alert(1)&lt;/script&gt; &amp; more' in page
    assert "one line\nand another" in page
    assert "on and on ..." in page
    assert "on and on " * 45 not in page
    assert ">row 3</span>" in page  # beside the text, its name need not say it again


def shown(kind, items, draft):
    given = Examples(tuple(items), tuple(f"item {place}" for place in range(len(items))), kind=kind)
    return shown_pairs(given, [(0, 1)], [0.5], draft(items, {}))[0]


def test_cells_that_differ_stand_first_and_columns_that_are_not_read_are_not_there():
    rows = [
        {f"c{place}": 1.0 for place in range(9)} | {"x": x, "y": y} for x, y in ((1 / 3, "a"), (2.0, "a"), (3.0, "b"))
    ]
    rows = [row | {"empty": None} for row in rows]
    pair = shown("row", rows, draft_rows)

    assert compared(pair)[0] == ("x", "0.333333", "2.0", True)
    assert ("y", "a", "a", False) not in compared(pair)
    assert [differ for *_, differ in compared(pair)] == [True] + [False] * 7
    assert further_cells(pair) == 3
    assert "empty" not in pair.left.cells


def test_a_missing_cell_differs_from_a_filled_one():
    pair = shown("row", [{"x": 1.5}, {"x": None}, {"x": 2.5}], draft_rows)

    assert compared(pair) == [("x", "1.5", "", True)]


def test_two_curves_lie_over_the_same_time_on_the_same_scale():
    pair = shown("sequence", [np.array([0.0, 10.0, 0.0]), np.array([5.0, 5.0])], draft_sequences)
    left, right = curves(pair)

    # 112 wide, 6 at the edge: three steps across 100, two of them across the first half; 5 is the middle of 0 and 10.
    assert 'points="6,106 56,6 106,106"' in left
    assert 'points="6,56 56,56"' in right
    assert 'aria-label="item 0: 1 channel(s) over 3 steps"' in left


def test_a_sequence_that_never_changes_lies_in_the_middle():
    pair = shown("sequence", [np.ones(3), np.ones(3)], draft_sequences)

    assert 'points="6,56 56,56 106,56"' in curves(pair)[0]


def test_of_long_sequences_with_many_channels_a_part_is_drawn():
    draw = np.random.default_rng(0)
    pair = shown(
        "sequence", [draw.normal(size=(5000, 9)) for _ in range(2)], lambda i, _: draft_sequences(i, {"longest": 5000})
    )

    assert pair.left.steps == 5000
    assert curves(pair)[0].count("<polyline") == 4
    assert "the first 4 of 9 channels" in curves(pair)[0]
    assert len(curves(pair)[0]) < 10_000
    assert max(len(line.split()) for line in card(pair.left)["curves"]) == 40


def test_what_can_no_longer_be_read_leaves_a_gap(tmp_path):
    path = tmp_path / "curve.npy"
    np.save(path, np.arange(5.0))
    items = [path, np.arange(4.0)]
    preparation = draft_sequences(items, {})
    path.unlink()
    given = Examples(tuple(items), ("gone", "there"), kind="sequence")
    pair = shown_pairs(given, [(0, 1)], [None], preparation)[0]

    assert curves(pair)[0] == ""
    assert 'points="' in curves(pair)[1]


def test_cards_of_the_map():
    texts = ["a" * 500]
    item = shown_items(Examples(("a" * 500,), ("t",), kind="text"), [0], draft_texts(texts, {}))[0]

    assert len(card(item)["text"]) == 244
    assert card(ShownItem("n", cells={str(number): "1" for number in range(20)}))["cells"][7] == ["7", "1"]
    assert len(card(ShownItem("n", cells={str(number): "1" for number in range(20)}))["cells"]) == 8
    assert card(ShownItem("embedding 1")) == {}
    assert compared(ShownPair(ShownItem("a"), ShownItem("b"))) == []


@pytest.mark.browser
@pytest.mark.parametrize("kind", KINDS)
def test_in_a_browser_on_a_phone_and_a_screen(chromium, tmp_path, kind):
    path = write_report(report_of(kind), tmp_path / "report.html")
    complaints = []
    for width, scheme in ((360, "dark"), (1280, "light")):
        context = chromium.new_context(viewport={"width": width, "height": 900}, offline=True, color_scheme=scheme)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(path.as_uri())
        page.focus(".map")
        page.keyboard.press("ArrowRight")
        seen = page.inner_text("#card")
        curves_drawn = page.locator("#thumb svg polyline").count()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        context.close()
        assert "who <i>0</i>" in seen
        assert {"text": "<script>alert(1)</script> & more 0", "row": "amount"}.get(kind, "") in seen
        assert curves_drawn == (3 if kind == "sequence" else 0)
    assert complaints == []
