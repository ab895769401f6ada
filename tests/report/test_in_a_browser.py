"""The report as a person uses it, in a real browser without a network."""

from itertools import pairwise

import numpy as np
import pytest

from alikely.metrics import percent
from alikely.report.distances import STEPS

pytestmark = pytest.mark.browser

NARROW, WIDE = 360, 1280

# The contrast of each piece of text with what lies behind it (WCAG 2.2, 1.4.3), and what it is where it is too small.
TOO_PALE = """() => {
  const light = (colour) => {
    const parts = colour.match(/[\\d.]+/g).slice(0, 3).map((part) => {
      const share = part / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2];
  };
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = getComputedStyle(at).backgroundColor;
      if (!/, 0\\)|transparent/.test(colour)) return colour;
    }
    return "rgb(255, 255, 255)";
  };
  const found = [];
  for (const element of document.querySelectorAll("body *:not(script):not(style)")) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    if (!own || !element.getClientRects().length) continue;
    const style = getComputedStyle(element);
    const ink = element instanceof SVGElement ? style.fill : style.color;
    const [one, other] = [light(ink), light(behind(element))].sort((a, b) => b - a);
    const contrast = (one + 0.05) / (other + 0.05);
    if (contrast < 4.5) found.push(`${element.textContent.trim().slice(0, 40)}: ${contrast.toFixed(2)}`);
  }
  return found;
}"""


def rates_at(measured, threshold):
    """FMR, FNMR and the two counts, straight from the distances."""
    pairs = measured[3]
    false_matches = int((pairs.different <= np.float64(threshold)).sum())
    false_non_matches = int((pairs.same > np.float64(threshold)).sum())
    rates = percent(false_matches / len(pairs.different)), percent(false_non_matches / len(pairs.same))
    return (*rates, f"{false_matches:,}", f"{false_non_matches:,}")


def shown(page):
    return tuple(page.inner_text(place).strip() for place in ("#fmr", "#fnmr", "#false-matches", "#false-non-matches"))


def steps(measured):
    pairs = measured[3]
    return np.linspace(0, float(max(pairs.same.max(), pairs.different.max())), STEPS)


def test_it_begins_at_the_models_own_threshold(opened, measured):
    page = opened()

    assert shown(page) == rates_at(measured, measured[4].at_threshold.threshold)
    assert page.inner_text("#at") == f"{measured[4].at_threshold.threshold:.4g}"


def test_keys_move_the_threshold_and_every_figure_with_it(opened, measured):
    page = opened()
    page.focus("#slider")
    page.keyboard.press("Home")
    assert shown(page) == rates_at(measured, 0.0)
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    assert shown(page) == rates_at(measured, steps(measured)[3])
    page.keyboard.press("End")

    assert shown(page) == rates_at(measured, steps(measured)[-1])
    assert shown(page)[:2] == ("100 %", "0 %")
    assert "FMR 100 %" in page.get_attribute("#slider", "aria-valuetext")


@pytest.mark.parametrize("step", [137, 512, 900])
def test_the_figures_are_those_of_all_pairs_at_any_place_of_the_slider(opened, measured, step):
    page = opened()
    page.fill("#slider", str(step))

    assert shown(page) == rates_at(measured, steps(measured)[step])


def test_dragging_in_the_picture_moves_the_threshold_the_curves_and_the_verdicts(opened, measured):
    page = opened()
    markers = page.locator(".marker")
    before = [markers.nth(place).bounding_box() for place in range(2)]
    page.locator(".histogram").scroll_into_view_if_needed()
    box = page.locator(".histogram").bounding_box()
    page.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 0.5 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + 0.9 * box["width"], box["y"] + 0.5 * box["height"], steps=4)
    page.mouse.up()
    dragged = int(page.input_value("#slider"))
    page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 0.5 * box["height"])

    assert 880 < dragged < 930  # (0.9 * 480 - 66) / (480 - 66 - 12) of the way
    assert shown(page) == rates_at(measured, steps(measured)[dragged])
    assert [markers.nth(place).bounding_box() for place in range(2)] != before
    page.focus("#slider")
    page.keyboard.press("End")
    assert set(page.locator(".verdict").all_inner_texts()) == {"called same: wrong", "called same"}


def test_a_named_threshold_is_reached_by_keyboard_and_exact(opened, measured):
    page = opened()
    button = page.get_by_role("button", name="equal errors")
    for _ in range(60):
        page.keyboard.press("Tab")
        if button.evaluate("element => element === document.activeElement"):
            break
    page.keyboard.press("Enter")
    row = button.locator("xpath=ancestor::tr").inner_text().split("\t")

    assert button.get_attribute("aria-pressed") == "true"
    assert [text.strip() for text in row[2:]] == list(shown(page)[:2])


def test_the_map_shows_the_picture_under_the_mouse_and_by_keys(opened):
    page = opened()
    dot = page.locator(".map circle").nth(5)
    dot.scroll_into_view_if_needed()
    dot.hover(force=True)
    assert page.inner_text("#name").endswith(".png")
    assert "data:image/jpeg" in page.evaluate("getComputedStyle(document.getElementById('thumb')).backgroundImage")
    page.focus(".map")
    first = page.inner_text("#name")
    page.keyboard.press("ArrowRight")

    assert page.inner_text("#name") != first
    assert page.locator(".map circle.here").count() == 1
    assert page.locator(".map circle.kin").count() == 4


def test_what_the_user_named_is_shown_and_never_run(opened):
    page = opened()

    assert page.title() == "faces \N{EN DASH} Alikely report"
    assert "<script>document.title" in page.inner_text("#worst")
    assert page.locator("main script").count() == 0


@pytest.mark.parametrize("width", [NARROW, 700, 760, 1000, WIDE])
def test_no_width_needs_scrolling_sideways(opened, width):
    page = opened(width=width)

    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_stands_out_from_what_lies_behind_it(opened, scheme):
    page = opened(color_scheme=scheme)

    assert page.evaluate(TOO_PALE) == []


def test_pictures_and_fields_have_names_and_headings_are_in_order(opened):
    page = opened()
    unnamed = page.evaluate(
        "[...document.querySelectorAll('img:not([alt]), svg:not([aria-label]), input:not([aria-label])')]"
        ".map((element) => element.outerHTML.slice(0, 80))"
    )
    levels = page.evaluate("[...document.querySelectorAll('h1, h2, h3')].map((head) => Number(head.tagName[1]))")

    assert unnamed == []
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_on_paper_everything_is_open_and_nothing_is_left_to_press(opened):
    page = opened(color_scheme="dark")
    paper = page.pdf(format="A4")
    page.emulate_media(media="print")

    assert paper.startswith(b"%PDF")
    assert page.locator("details:not([open])").count() == 0
    assert not page.locator("#slider").is_visible()
    assert not page.locator("nav").is_visible()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.evaluate(TOO_PALE) == []


def test_the_page_says_what_matters_without_its_script(opened, measured):
    page = opened(java_script_enabled=False)

    assert "At its threshold of" in page.inner_text("header")
    assert page.locator(".histogram .bars").count() == 4
    assert rates_at(measured, measured[4].at_threshold.threshold)[0] in page.inner_text("#threshold table")
