"""The page Threshold as a person uses it: dragged, by keyboard, saved under a name; pairs and figures move along."""

from itertools import pairwise
from urllib.parse import parse_qs, urlparse

import pytest
from playwright.sync_api import expect

from alikely.decision import shown
from tests.server.web.services import wait_until

pytestmark = pytest.mark.browser


@pytest.fixture
def threshold_page(page):
    page.goto("/threshold")
    ready(page)
    return page


def ready(page):
    """All that the page asks for at its beginning is there."""
    expect(page.locator("#fmr")).not_to_have_text("")
    expect(page.locator("#points > *")).to_have_count(1)


def value(page):
    return float(page.locator("#number").input_value())


def in_address(page):
    return float(parse_qs(urlparse(page.url).query).get("threshold", ["nan"])[0])


def test_figures_are_those_of_the_calibration(threshold_page, service):
    calibration = service.served.model.calibration
    default = calibration.threshold(fmr=calibration.default_fmr)
    assert value(threshold_page) == pytest.approx(default, abs=1e-5)
    rates = calibration.curve.rates_at(default)
    assert float(threshold_page.locator("#fmr").inner_text().split()[0]) == pytest.approx(100 * rates.fmr, abs=0.01)
    assert float(threshold_page.locator("#fnmr").inner_text().split()[0]) == pytest.approx(100 * rates.fnmr, abs=0.1)
    expect(threshold_page.locator("#fmr-pairs")).to_contain_text(f"of {calibration.different_pairs:,}")
    wrong = round(10_000 * (0.5 * rates.fmr + 0.5 * rates.fnmr))
    expect(threshold_page.locator("#wrong strong")).to_have_text(f"{wrong:,}")
    expect(threshold_page.locator("#changes-words")).to_contain_text("drag it")
    expect(threshold_page.locator(".trade .axis-name")).to_have_text(["false matches →", "↑ missed matches"])
    # The knob of the slider lies beneath the line in the chart.
    far = float(threshold_page.locator("#slider").get_attribute("max"))
    box, line = (threshold_page.locator(name).bounding_box() for name in ("#slider", ".drag-chart .mark"))
    knob = box["x"] + box["width"] * float(threshold_page.locator("#slider").input_value()) / far
    assert knob == pytest.approx(line["x"] + line["width"] / 2, abs=8)


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
    figures = threshold_page.request.get("/v1/thresholds").json()["thresholds"]
    at = min(range(len(figures)), key=lambda place: abs(figures[place] - before))
    # Each key is one threshold at which something changes, however near the next one lies.
    assert value(threshold_page) == pytest.approx(figures[at + 5], abs=1e-5)
    threshold_page.keyboard.press("Home")
    assert value(threshold_page) == pytest.approx(figures[0], abs=1e-5)
    threshold_page.keyboard.press("End")
    threshold_page.keyboard.press("ArrowRight")
    assert value(threshold_page) == pytest.approx(figures[-1], abs=1e-5)
    threshold_page.get_by_label("Threshold", exact=True).last.fill("0.3")
    threshold_page.keyboard.press("Enter")
    assert value(threshold_page) == 0.3
    threshold_page.get_by_role("button", name="Model's own").click()
    assert value(threshold_page) == pytest.approx(before, abs=1e-5)


def test_what_is_typed_stays_and_is_saved_and_opened_so(threshold_page, service):
    curve = service.served.model.calibration.curve
    place = len(curve.thresholds) // 3
    between = float((curve.thresholds[place] + curve.thresholds[place + 1]) / 2)
    number = threshold_page.locator("#number")
    number.fill(str(between))
    number.press("Enter")
    assert value(threshold_page) == between
    expect(threshold_page.locator("#number-note")).to_be_empty()
    expect(threshold_page.locator("#between")).to_contain_text("In between, the larger")
    rates = curve.rates_at(between)
    found = [threshold_page.locator(name).inner_text().split()[0] for name in ("#fmr", "#fnmr")]
    assert [float(rate) for rate in found] == pytest.approx([100 * rates.fmr, 100 * rates.fnmr], rel=0.01)
    threshold_page.get_by_label("Save this threshold as").fill("between")
    threshold_page.keyboard.press("Enter")
    expect(threshold_page.locator("#points li")).to_have_count(1)
    (point,) = threshold_page.request.get("/v1/operating-points").json()["points"]
    assert point["threshold"] == between
    threshold_page.wait_for_url("**/threshold?threshold=*")
    threshold_page.reload()
    ready(threshold_page)
    assert value(threshold_page) == between
    threshold_page.get_by_role("button", name="Model's own").click()
    threshold_page.get_by_role("button", name="between", exact=True).click()
    assert value(threshold_page) == between
    threshold_page.request.delete("/v1/operating-points/between")
    # A key goes on to the next of the figures.
    threshold_page.locator("#slider").focus()
    threshold_page.keyboard.press("ArrowLeft")
    assert value(threshold_page) == pytest.approx(curve.thresholds[place], abs=1e-5)


@pytest.mark.parametrize("typed", ["-1", "5000"])
def test_what_is_no_threshold_is_said_and_not_saved(threshold_page, service, typed):
    before = threshold_page.get_by_role("slider", name="Threshold").input_value()
    number = threshold_page.locator("#number")
    number.fill(typed)
    threshold_page.keyboard.press("Tab")
    expect(threshold_page.locator("#number-note")).to_contain_text("A threshold is a distance from 0 to")
    expect(number).to_have_attribute("aria-invalid", "true")
    assert threshold_page.get_by_role("slider", name="Threshold").input_value() == before
    threshold_page.get_by_label("Save this threshold as").fill("wrong")
    threshold_page.keyboard.press("Enter")
    expect(number).to_be_focused()
    assert threshold_page.request.get("/v1/operating-points").json()["points"] == []
    # Moved, it is one again.
    threshold_page.get_by_role("button", name="Cheapest").click()
    expect(threshold_page.locator("#number-note")).to_be_empty()
    expect(number).to_have_attribute("aria-invalid", "false")


def test_threshold_and_costs_survive_a_reload(threshold_page):
    threshold_page.get_by_label("Same pairs among all").fill("10")
    threshold_page.get_by_label("A missed match").fill("3")
    threshold_page.get_by_label("Confidence of promises").fill("50")
    expect(threshold_page.locator("#promise")).to_contain_text("with 50 % confidence")
    threshold_page.locator("#slider").focus()
    for _ in range(4):
        threshold_page.keyboard.press("ArrowRight")
    chosen = value(threshold_page)
    wait_until(threshold_page, lambda: in_address(threshold_page) == pytest.approx(chosen, abs=1e-6))
    threshold_page.reload()
    expect(threshold_page.locator("#promise")).to_contain_text("with 50 % confidence")
    assert value(threshold_page) == pytest.approx(chosen, abs=1e-5)
    kept = [threshold_page.locator(f"#{name}").input_value() for name in ("prior", "cost-match", "cost-miss")]
    assert kept == ["10", "1", "3"]
    # As at first, the address says nothing.
    threshold_page.goto("/threshold")
    ready(threshold_page)
    threshold_page.wait_for_timeout(400)
    assert threshold_page.url.endswith("/threshold")


def test_pairs_are_of_labels_that_the_model_has_not_learned_from(threshold_page, service):
    learned = service.served.model.record["data"]["labels"]
    known = sum(len(learned.get(part, ())) for part in ("train", "validate"))
    words = threshold_page.locator("#changes-learned")
    expect(words).to_contain_text(f"Items of {10 - known} of your 10 labels. The other {known} are left out: the model")


def test_costs_move_the_cheapest(threshold_page, service):
    calibration = service.served.model.calibration
    threshold_page.get_by_role("button", name="Cheapest").click()
    assert value(threshold_page) == pytest.approx(calibration.cheapest(0.5), abs=1e-5)
    expect(threshold_page.locator("#cost")).to_contain_text("Nothing is cheaper")
    threshold_page.get_by_label("Same pairs among all").fill("10")
    threshold_page.get_by_label("A false match").fill("3")
    # The figures may come for the one before they come for both.
    cheapest = calibration.cheapest(0.1, 3.0, 1.0)
    assert shown(cheapest) != shown(calibration.cheapest(0.1))
    expect(threshold_page.locator("#cost")).to_contain_text(f"times as much as the threshold {shown(cheapest)}")
    threshold_page.get_by_role("button", name="Cheapest").click()
    assert value(threshold_page) == pytest.approx(cheapest, abs=1e-5)
    threshold_page.get_by_label("A false match").fill("-1")
    expect(threshold_page.locator("#costs-problem")).to_contain_text("A false match")


def test_a_promise_is_asked_for(threshold_page):
    threshold_page.get_by_label("Confidence of promises").fill("50")
    expect(threshold_page.locator("#fmr-bound")).to_contain_text("≤")
    expect(threshold_page.locator("#promise")).to_contain_text("with 50 % confidence")
    threshold_page.get_by_label("Confidence of promises").fill("0")
    expect(threshold_page.locator("#fmr-bound")).not_to_contain_text("%")


def test_one_of_several_with_one_promise_is_kept_as_it_is(threshold_page):
    threshold_page.get_by_label("Confidence of promises").fill("50")
    expect(threshold_page.locator("#promise")).to_contain_text("with 50 % confidence")
    said = threshold_page.request.get("/v1/thresholds?confidence=0.5").json()
    promises = said["fmr_bound"]
    place = next(place for place in range(len(promises) - 1) if promises[place] == promises[place + 1])
    loosest = max(other for other, promise in enumerate(promises) if promise == promises[place])
    threshold_page.locator("#number").fill(str(said["thresholds"][place]))
    threshold_page.locator("#number").press("Enter")
    expect(threshold_page.locator("#saved-as")).to_contain_text("the promise on false matches is the same")
    threshold_page.get_by_label("Save this threshold as").fill("one of several")
    threshold_page.keyboard.press("Enter")
    expect(threshold_page.locator("#points li")).to_have_count(1)
    (point,) = threshold_page.request.get("/v1/operating-points").json()["points"]
    threshold_page.request.delete("/v1/operating-points/one of several")
    assert (point["threshold"], point["fmr"], point["problem"]) == (said["thresholds"][place], promises[place], None)
    threshold_page.locator("#saved-as").get_by_role("button", name="Go to").click()
    assert value(threshold_page) == pytest.approx(said["thresholds"][loosest], abs=1e-5)
    expect(threshold_page.locator("#saved-as")).to_contain_text("Kept as it is")


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
    said = threshold_page.request.get("/v1/operating-points").json()["points"][0]
    assert value(threshold_page) == pytest.approx(said["threshold"], abs=1e-5)
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
    threshold_page.get_by_role("button", name="Rename loose").click()
    new_name = threshold_page.get_by_label("New name of loose")
    expect(new_name).to_be_focused()
    threshold_page.keyboard.press("Escape")
    expect(points.first).to_contain_text("loose")
    threshold_page.get_by_role("button", name="Rename loose").click()
    new_name.fill("the back door")
    threshold_page.keyboard.press("Enter")
    expect(points.first).to_contain_text("the back door")
    threshold_page.get_by_role("button", name="Remove the back door").click()
    threshold_page.get_by_role("button", name="Really remove the back door?").click()
    expect(threshold_page.locator("#points")).to_contain_text("There is none yet")


def test_for_everybody(threshold_page, check_accessible, check_narrow):
    threshold_page.get_by_role("button", name="Cheapest").click()
    expect(threshold_page.locator("#different-pairs > li").first).to_be_visible()
    check_accessible(threshold_page)
    check_narrow(threshold_page)
    # Beside long counts no column is cut off.
    threshold_page.set_viewport_size({"width": 360, "height": 740})
    for name, text in (
        ("fmr-bound", "≤\u00a01.99\u00a0%"),
        ("fnmr-bound", "≤\u00a045.3\u00a0%"),
        ("fmr-pairs", "1,234 of 281,125"),
    ):
        threshold_page.locator(f"#{name}").evaluate("(one, text) => (one.textContent = text)", text)
    assert threshold_page.locator(".table-wrap").first.evaluate("one => one.scrollWidth - one.clientWidth") <= 0
