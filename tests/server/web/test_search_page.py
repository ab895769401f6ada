"""The page Search as a person uses it: a picture in, its nearest out, filters, more like this, why, what goes wrong."""

from urllib.parse import parse_qs, urlparse

import pytest
from playwright.sync_api import expect

from tests.server.web.written import serving_written

pytestmark = pytest.mark.browser


def searched(page, picture):
    begun(page)
    page.set_input_files("#item input[type=file]", picture)
    page.locator(".meaning").first.wait_for()


def begun(page, address="/search"):
    """The page, once it shows what one may begin with: what is asked before is asked twice."""
    page.goto(address)
    settled(page, "Or begin with something that is enrolled")


def settled(page, heading: str):
    page.get_by_role("heading", name=heading).wait_for()
    expect(page.locator("#cards[aria-busy]")).to_have_count(0)


def test_a_picture_finds_its_nearest(page, service, check_accessible, check_narrow):
    # Before anything is asked there is something to begin with.
    begun(page)
    identities = page.locator("#cards h3")
    expect(identities).to_have_count(12)
    page.set_input_files("#item input[type=file]", service.pictures[0])
    settled(page, "The 12 nearest")
    found = service.served.galleries["people"].search(service.pictures[0].read_bytes(), 12)
    expect(identities).to_have_text([hit.identity for hit in found])

    first = page.locator("#cards article").first
    decision = service.served.model.calibration.decide(found[0].distance)
    assert decision.verdict == "same"
    expect(first).to_contain_text("Within the threshold")
    expect(first).to_contain_text(f"distance {found[0].distance:.3g}")
    # The probability of one pair misleads among many.
    expect(page.locator("#cards")).to_contain_text("Beyond the threshold")
    expect(page.locator("#cards")).not_to_contain_text("likely")
    expect(first.locator("dd")).to_have_text([str(value) for value in found[0].fields.values()])
    first.locator("img").wait_for()
    assert first.locator("img").evaluate("one => one.naturalWidth") == 8
    same = sum(service.served.model.calibration.decide(hit.distance).verdict == "same" for hit in found)
    assert page.locator("#found-note").inner_text().startswith(f"{same} of 12")
    check_accessible(page)
    check_narrow(page)


def test_filters_stand_in_the_address_and_are_read_from_it(page, service):
    searched(page, service.pictures[0])
    page.locator(".pills label", has_text="Bern").click()
    page.get_by_label("price to").fill("9")
    page.get_by_label("price to").press("Tab")
    page.wait_for_url("**where=*price*")
    where = parse_qs(urlparse(page.url).query)["where"][0]
    assert where == "price <= 9 and shop in ('Bern')"
    expected = [
        hit.identity for hit in service.served.galleries["people"].search(service.pictures[0].read_bytes(), 12, where)
    ]
    assert len(expected) < 12
    settled(page, f"The {len(expected)} nearest")
    expect(page.locator("#cards h3")).to_have_text(expected)
    # A shared address shows the same choice, without the picture, which is nobody else's.
    begun(page, page.url)
    expect(page.locator(".pills label", has_text="Bern").locator("input")).to_be_checked()
    expect(page.get_by_label("price to")).to_have_value("9")
    expect(page.locator("#cards h3")).to_have_count(len(expected))
    expect(page.locator("#condition-more[open]")).to_have_count(0)
    # A condition that no chooser could make is shown as it is.
    page.goto("/search?where=not+shop+%3D+%27Bern%27&k=30")
    expect(page.locator("#cards article")).to_have_count(24)
    expect(page.get_by_label("Only what meets this")).to_have_value("not shop = 'Bern'")
    expect(page.get_by_label("How many")).to_have_value("30")


def test_more_like_this_needs_no_picture(page, service):
    begun(page)
    card = page.locator("#cards article").nth(3)
    key, identity = card.get_attribute("data-key"), card.locator("h3").inner_text()
    card.get_by_role("button", name="More like this").click()
    settled(page, "The 12 nearest")
    expected = [hit.key for hit in service.served.galleries["people"].like(key, 12)]
    assert page.locator("#cards article").evaluate_all("all => all.map((one) => one.dataset.key)") == expected
    expect(page.locator("#like strong")).to_have_text(identity)
    # The address alone is enough for somebody else; and back leads back.
    page.goto(page.url)
    settled(page, "The 12 nearest")
    expect(page.locator("#cards article").first).to_have_attribute("data-key", expected[0])
    page.get_by_role("button", name="Search with another item").click()
    settled(page, "Or begin with something that is enrolled")
    assert "like=" not in page.url
    page.go_back()
    settled(page, "The 12 nearest")


def test_why_is_explained_beside_what_was_found(page, service, check_accessible):
    searched(page, service.pictures[0])
    page.get_by_role("button", name="Why?").first.click()
    dialog = page.get_by_role("dialog")
    dialog.locator("img").nth(1).wait_for()
    assert "alike" in dialog.inner_text().lower() or "no region" in dialog.inner_text().lower()
    check_accessible(page)
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()


def test_by_keyboard_alone(page, service):
    begun(page)
    page.keyboard.press("Tab")
    for _ in range(60):
        if page.evaluate("document.activeElement.textContent") == "More like this":
            break
        page.keyboard.press("Tab")
    key = page.evaluate("document.activeElement.closest('article').dataset.key")
    page.keyboard.press("Enter")
    settled(page, "The 12 nearest")
    assert key in page.url
    expect(page.locator("#found-title")).to_be_focused()


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ("price <", "cannot be understood"),
        ("colour = 'red'", "no template has a field 'colour'"),
        ("price = 'cheap'", "number"),
    ],
)
def test_a_condition_that_is_none_is_told_in_words(page, complaints, condition, words):
    begun(page)
    page.locator("#condition-more summary").click()
    page.get_by_label("Only what meets this").fill(condition)
    page.get_by_label("Only what meets this").press("Tab")
    page.locator("#where-problem .notice").wait_for()
    assert words in page.locator("#where-problem").inner_text().lower()
    expect(page.get_by_label("Only what meets this")).to_have_attribute("aria-invalid", "true")
    complaints.expect("422")
    # Mended, the problem is gone.
    page.get_by_label("Only what meets this").fill("price > 5 and not shop = 'Bern'")
    page.get_by_label("Only what meets this").press("Tab")
    page.locator("#where-problem .notice").wait_for(state="detached")
    page.locator("#cards article").first.wait_for()


def test_a_file_that_is_no_picture_and_a_condition_that_nothing_meets(page, service, complaints, tmp_path):
    damaged = tmp_path / "cut.png"
    damaged.write_bytes(service.pictures[0].read_bytes()[:60])
    begun(page)
    page.set_input_files("#item input[type=file]", damaged)
    expect(page.locator("#problem .notice")).to_contain_text("damaged")
    complaints.expect("422")
    page.set_input_files("#item input[type=file]", service.pictures[2])
    page.locator(".meaning").first.wait_for()
    expect(page.locator("#problem .notice")).to_have_count(0)
    page.get_by_label("price from").fill("1000")
    page.get_by_label("price from").press("Tab")
    settled(page, "Nothing meets the condition")
    expect(page.locator("#none")).to_contain_text("Take some of it away")


def test_the_count_says_that_its_threshold_is_for_one_pair(page, service):
    searched(page, service.pictures[0])
    said = page.locator("#found-meaning")
    expect(said).to_contain_text("made for one pair")
    expect(said).to_contain_text("how many are enrolled")
    said.get_by_role("link", name="Who or what is this?").click()
    page.wait_for_url("**/gallery?view=who")


def test_a_gallery_that_is_not_there_is_said(page):
    for address in ("/search?gallery=nosuch", "/gallery?gallery=nosuch"):
        page.goto(address)
        notice = page.locator("#no-gallery")
        expect(notice).to_have_text("There is no gallery called “nosuch”. This is people.")
        page.goto(address.replace("nosuch", "people"))
        page.locator(".hit").first.wait_for()
        expect(notice).to_have_count(0)


def test_an_empty_gallery_offers_to_enrol(open_page, tmp_path, complaints):
    with serving_written("text", tmp_path, enrolled=False) as running:
        page = open_page(running)
        page.goto("/search")
        empty = page.locator("#none").get_by_role("heading", name="The gallery is empty")
        empty.wait_for()
        expect(page.get_by_label("How many")).to_be_hidden()
        with page.expect_response("**/search"):
            page.get_by_label("Search with a text").fill("an old house")
        expect(page.locator("#found-title")).to_have_text("Nothing found")
        expect(empty).to_be_visible()
        expect(page.locator("#problem .notice")).to_have_count(0)
        complaints.expect("404")
        page.get_by_role("link", name="Enrol").click()
        page.locator("#enrol").wait_for()
