"""The page Threshold as a person uses it: dragged, by keyboard, saved under a name; pairs and figures move along."""

from itertools import pairwise

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


@pytest.fixture
def threshold_page(page):
    page.goto("/threshold")
    expect(page.locator("#fmr")).not_to_have_text("")
    return page


def value(page):
    return float(page.locator("#number").input_value())


def test_figures_are_those_of_the_calibration(threshold_page, service):
    calibration = service.served.model.calibration
    default = calibration.threshold(fmr=calibration.default_fmr)
    assert value(threshold_page) == pytest.approx(default, abs=1e-5)
    rates = calibration.curve.rates_at(default)
    shown = threshold_page.locator("#fmr").inner_text()
    assert float(shown.split()[0]) == pytest.approx(100 * rates.fmr, abs=0.01)
    assert float(threshold_page.locator("#fnmr").inner_text().split()[0]) == pytest.approx(100 * rates.fnmr, abs=0.1)
    expect(threshold_page.locator("#fmr-pairs")).to_contain_text(f"of {calibration.different_pairs:,}")
    wrong = round(10_000 * (0.5 * rates.fmr + 0.5 * rates.fnmr))
    expect(threshold_page.locator("#wrong strong")).to_have_text(f"{wrong:,}")
    expect(threshold_page.locator("#changes-words")).to_contain_text("drag it")


def test_dragged_everything_moves_along(threshold_page):
    before = value(threshold_page)
    rates = threshold_page.locator("#fmr").inner_text()
    chart = threshold_page.locator(".drag-chart")
    chart.scroll_into_view_if_needed()
    box = chart.bounding_box()
    dot = threshold_page.locator(".trade-dot").get_attribute("cx")
    threshold_page.mouse.move(box["x"] + box["width"] * 0.2, box["y"] + 120)
    threshold_page.mouse.down()
    threshold_page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + 120, steps=8)
    threshold_page.mouse.up()
    after = value(threshold_page)
    assert after > before
    assert threshold_page.locator("#fmr").inner_text() != rates
    assert threshold_page.locator(".trade-dot").get_attribute("cx") != dot
    expect(threshold_page.locator("#changes-words")).to_contain_text("change sides")
    wrong = threshold_page.locator("#different-pairs > li:not([hidden], .more-pairs)")
    expect(wrong).to_have_count(6)
    expect(wrong.first.locator("img")).to_have_count(2)
    expect(wrong.first).to_contain_text("wrong now")
    expect(threshold_page.locator("#same-pairs > li").first).to_contain_text("right now")
    threshold_page.locator("#different-pairs").get_by_role("button", name="Show more").click()
    expect(wrong).to_have_count(24)
    # The nearest to the threshold first.
    distances = [
        float(text) for text in threshold_page.locator("#different-pairs .pair-words .number").all_inner_texts()
    ]
    gaps = [abs(after - distance) for distance in distances]
    assert all(one <= other + 0.002 for one, other in pairwise(gaps))


def test_by_keyboard_and_by_number(threshold_page):
    slider = threshold_page.get_by_role("slider", name="Threshold")
    before = value(threshold_page)
    slider.focus()
    for _ in range(5):
        threshold_page.keyboard.press("ArrowRight")
    assert value(threshold_page) > before
    assert "false matches" in slider.get_attribute("aria-valuetext")
    threshold_page.keyboard.press("Home")
    first = value(threshold_page)
    assert first < before
    threshold_page.get_by_label("Threshold", exact=True).last.fill("0.3")
    threshold_page.keyboard.press("Enter")
    assert value(threshold_page) == pytest.approx(0.3, abs=0.02)
    threshold_page.get_by_role("button", name="Model's own").click()
    assert value(threshold_page) == pytest.approx(before, abs=1e-5)


def test_costs_move_the_cheapest(threshold_page, service):
    calibration = service.served.model.calibration
    threshold_page.get_by_role("button", name="Cheapest").click()
    assert value(threshold_page) == pytest.approx(calibration.cheapest(0.5), abs=1e-5)
    expect(threshold_page.locator("#cost")).to_contain_text("Nothing is cheaper")
    threshold_page.get_by_label("Same pairs among all").fill("10")
    threshold_page.get_by_label("A false match").fill("3")
    expect(threshold_page.locator("#cost")).to_contain_text("times as much as")
    threshold_page.get_by_role("button", name="Cheapest").click()
    assert value(threshold_page) == pytest.approx(calibration.cheapest(0.1, 3.0, 1.0), abs=1e-5)
    threshold_page.get_by_label("A false match").fill("-1")
    expect(threshold_page.locator("#costs-problem")).to_contain_text("A false match")


def test_a_promise_is_asked_for(threshold_page):
    threshold_page.get_by_label("Confidence of promises").fill("50")
    expect(threshold_page.locator("#fmr-bound")).to_contain_text("≤")
    expect(threshold_page.locator("#promise")).to_contain_text("with 50 % confidence")
    threshold_page.get_by_label("Confidence of promises").fill("0")
    expect(threshold_page.locator("#fmr-bound")).not_to_contain_text("%")


def test_saved_used_and_removed(threshold_page, service, complaints):
    slider = threshold_page.get_by_role("slider", name="Threshold")
    slider.focus()
    for _ in range(10):
        threshold_page.keyboard.press("ArrowRight")
    threshold_page.get_by_label("Save this threshold as").fill("loose")
    threshold_page.keyboard.press("Enter")
    points = threshold_page.locator("#points li")
    expect(points).to_have_count(1)
    expect(points.first).to_contain_text("as found")
    # A comparison that names its rate decides by it.
    said = threshold_page.request.get("/v1/operating-points").json()["points"][0]
    decided = service.served.model.calibration.decide(0.1, fmr=said["fmr"], confidence=said["confidence"])
    assert decided.threshold == said["threshold"]
    # It can be compared with, and gone back to.
    threshold_page.get_by_role("button", name="Model's own").click()
    threshold_page.get_by_label("compared with").select_option(str(said["threshold"]))
    expect(threshold_page.locator("#changes-words")).to_contain_text("change")
    threshold_page.locator("#points").get_by_role("button", name="loose", exact=True).click()
    assert value(threshold_page) == pytest.approx(said["threshold"], abs=1e-5)
    threshold_page.get_by_label("Save this threshold as").fill("loose")
    threshold_page.keyboard.press("Enter")
    expect(threshold_page.locator("#points-problem")).to_contain_text("already")
    complaints.expect("409")
    threshold_page.get_by_role("button", name="Remove loose").click()
    threshold_page.get_by_role("button", name="Really remove loose?").click()
    expect(threshold_page.locator("#points")).to_contain_text("There is none yet")


def test_for_everybody(threshold_page, check_accessible, check_narrow):
    threshold_page.get_by_role("button", name="Cheapest").click()
    expect(threshold_page.locator("#different-pairs > li").first).to_be_visible()
    check_accessible(threshold_page)
    check_narrow(threshold_page)
