"""The page Label as people use it: by keys, by mouse, by tapping; undo; two people; what is announced."""

import csv
import io
import re
from dataclasses import replace

import pytest
from playwright.sync_api import expect

from alikely.labelling import labels_in
from tests.server.web.services import serving

pytestmark = pytest.mark.browser


@pytest.fixture
def labelled(parts, tmp_path):
    """A service whose state is new."""
    with serving(parts, parts.folders, tmp_path / "state") as running:
        yield running


def begin(page, name="Anna"):
    page.goto("/label")
    page.get_by_label("Your name").fill(name)
    page.get_by_role("button", name="Begin").click()
    page.get_by_role("heading", name="Pair 1", exact=True).wait_for()


def answers_of(service):
    return [(answer.who, answer.answer) for answer in labels_in(service.served.state.labels).answers]


def wait_for_answers(page, count):
    expect(page.locator("#count")).to_have_text(re.compile(rf"^{count} answered"))


def test_by_keys_alone(labelled, open_page):
    page = open_page(labelled)
    page.goto("/label")
    # The name has the focus once it is there: type and press Enter.
    expect(page.get_by_label("Your name")).to_be_focused()
    page.keyboard.type("Anna")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Pair 1", exact=True).wait_for()
    first = page.locator("#pair img").first.get_attribute("src")
    for number, key in enumerate(("s", "D", "Space", "d"), start=1):
        page.keyboard.press(key)
        page.get_by_role("heading", name=f"Pair {number + 1}", exact=True).wait_for()
    wait_for_answers(page, 4)
    assert answers_of(labelled) == [("Anna", "same"), ("Anna", "different"), ("Anna", "skip"), ("Anna", "different")]
    expect(page.locator("#pair img").first).not_to_have_attribute("src", first)
    page.keyboard.press("u")
    page.get_by_role("heading", name="Pair 4", exact=True).wait_for()
    wait_for_answers(page, 3)
    assert answers_of(labelled)[-1] == ("Anna", "skip")


def test_what_the_model_thinks_is_said_only_after_the_answer(labelled, open_page):
    page = open_page(labelled)
    begin(page)
    assert "probability" not in page.locator("main").inner_text()
    page.get_by_role("button", name="Same").click()
    last = page.get_by_role("region", name="Your last answer")
    expect(last).to_contain_text("The model:")
    expect(last).to_contain_text("The labels of the data say:")


def test_after_a_click_space_still_skips_but_presses_a_button_that_was_reached_by_keyboard(labelled, open_page):
    page = open_page(labelled)
    begin(page)
    page.get_by_role("button", name="Different").click()
    page.keyboard.press("Space")
    wait_for_answers(page, 2)
    page.get_by_role("button", name="Same").focus()
    page.keyboard.press("Space")
    wait_for_answers(page, 3)
    assert [answer for _, answer in answers_of(labelled)] == ["different", "skip", "same"]


def test_keys_can_be_switched_off(labelled, open_page):
    page = open_page(labelled)
    begin(page)
    page.get_by_label("Answer with these keys").uncheck()
    page.keyboard.press("s")
    page.keyboard.press("d")
    expect(page.get_by_role("heading", name="Pair 1", exact=True)).to_be_visible()
    page.reload()
    page.get_by_role("heading", name="Pair 1", exact=True).wait_for()
    expect(page.get_by_label("Answer with these keys")).not_to_be_checked()
    expect(page.locator("#count")).to_have_text("0 answered by Anna")


def test_fast_answers_are_all_kept_in_their_order(labelled, open_page):
    page = open_page(labelled)
    begin(page)
    said = "sdsddsssdsds"
    for number, key in enumerate(said, start=1):
        page.keyboard.press(key)
        page.get_by_role("heading", name=f"Pair {number + 1}", exact=True).wait_for()
    wait_for_answers(page, len(said))
    assert "".join(answer[0] for _, answer in answers_of(labelled)) == said
    assert len(labels_in(labelled.served.state.labels).judged) == len(said)


def test_two_people_get_pairs_in_common_and_the_page_says_how_far_they_agree(labelled, open_page):
    anna, ben = open_page(labelled), open_page(labelled)
    begin(anna, "Anna")
    for _ in range(5):
        anna.keyboard.press("s")
    wait_for_answers(anna, 5)
    expect(anna.locator("#notes")).to_contain_text("No pair was judged by two people yet")
    begin(ben, "Ben")
    for number in range(1, 6):
        ben.keyboard.press("s")
        ben.get_by_role("heading", name=f"Pair {number + 1}", exact=True).wait_for()
    wait_for_answers(ben, 5)
    expect(ben.locator("#notes")).to_contain_text(
        "1 of 9 pairs were judged by two people or more: these agree on 100 %"
    )


def test_the_table_can_be_downloaded(labelled, open_page):
    page = open_page(labelled)
    begin(page)
    expect(page.get_by_role("link", name="Download the table of pairs")).to_have_count(0)
    page.keyboard.press("s")
    wait_for_answers(page, 1)
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the table of pairs").click()
    assert download.value.suggested_filename == "pairs.csv"
    rows = list(csv.DictReader(io.StringIO(download.value.path().read_text())))
    assert [(row["same"], row["who"]) for row in rows] == [("1", "Anna")]


def test_an_answer_that_cannot_be_kept_is_said_and_asked_again(labelled, open_page, complaints):
    page = open_page(labelled)
    begin(page)
    first = page.locator("#pair img").first.get_attribute("src")
    page.route(
        "**/v1/labels",
        lambda route: route.fulfill(status=503) if route.request.method == "POST" else route.continue_(),
    )
    page.keyboard.press("s")
    page.get_by_role("alert").wait_for()
    expect(page.locator("#pair img").first).to_have_attribute("src", first)
    complaints.expect("503")
    page.unroute("**/v1/labels")
    page.keyboard.press("s")
    wait_for_answers(page, 1)
    expect(page.get_by_role("alert")).to_have_count(0)


def test_the_name_is_remembered_and_can_be_changed(labelled, open_page):
    page = open_page(labelled)
    begin(page)
    page.keyboard.press("s")
    wait_for_answers(page, 1)
    page.reload()
    page.get_by_role("heading", name="Pair 1", exact=True).wait_for()
    expect(page.locator("#count")).to_have_text("1 answered by Anna")
    page.get_by_role("button", name="Change name").click()
    page.get_by_label("Your name").fill("Ben")
    page.keyboard.press("Enter")
    expect(page.locator("#count")).to_have_text("0 answered by Ben")
    page.get_by_role("heading", name="Pair 1", exact=True).wait_for()


def test_tapping_on_a_phone(labelled, open_page, check_narrow):
    page = open_page(labelled, 360, 740, has_touch=True, is_mobile=True)
    page.goto("/label")
    page.get_by_label("Your name").fill("Cy")
    page.get_by_role("button", name="Begin").tap()
    page.get_by_role("heading", name="Pair 1", exact=True).wait_for()
    page.locator("#pair img").nth(1).wait_for()
    page.get_by_role("button", name="Same").tap()
    wait_for_answers(page, 1)
    check_narrow(page)
    # A phone has no keys to hint at.
    expect(page.locator("#answers kbd").filter(visible=True)).to_have_count(0)
    expect(page.get_by_label("Answer with these keys")).to_be_hidden()
    # All that answering takes is on the screen at once.
    box = page.locator("#answers").bounding_box()
    assert box["y"] + box["height"] <= 740


def test_accessible_and_announced(labelled, open_page, check_accessible):
    page = open_page(labelled)
    page.goto("/label")
    page.get_by_label("Your name").wait_for()
    check_accessible(page)
    begin(page)
    page.keyboard.press("s")
    page.get_by_role("region", name="Your last answer").wait_for()
    check_accessible(page)
    expect(page.locator("#live")).to_contain_text("Pair 2.")
    expect(page.locator("#pair img").first).to_have_attribute("alt", "Left item of pair 2")


def test_without_items_it_says_what_to_do(parts, tmp_path, open_page, check_accessible):
    with serving(parts, replace(parts.folders, items=None), tmp_path / "state") as running:
        page = open_page(running)
        page.goto("/label")
        assert "alikely serve MODEL --items SOURCE" in page.locator("main").inner_text()
        check_accessible(page)
