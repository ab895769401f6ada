"""The page Gallery as a person uses it: look, enrol by files, ask who somebody is, remove; and what goes wrong."""

import pytest
from playwright.sync_api import expect

from tests.server.web.services import wait_until

pytestmark = pytest.mark.browser


@pytest.fixture
def people(service):
    """The gallery; what a test enrols under the name guest is gone after it."""
    gallery = service.served.galleries["people"]
    yield gallery
    if "guest" in gallery.identities():
        service.served.pictures.remove("people", "guest")


def expect_names(page, *names: str) -> None:
    """These are shown as enrolled, in this order, soon."""
    expect(page.locator("#identities h3")).to_have_text(names)


def enrol(page, files, identity="guest"):
    page.goto("/gallery?view=enrol")
    page.set_input_files("#enrol-items input[type=file]", files)
    page.get_by_label("Who or what they show").fill(identity)
    page.locator("#enrol button.primary").click()
    page.locator("#enrolled .notice").wait_for()


def ask_who(page, picture):
    page.goto("/gallery?view=who")
    page.set_input_files("#who-item input[type=file]", picture)
    page.locator("#who-item img").wait_for()


def test_who_is_enrolled_is_shown_with_pictures(page, people, check_accessible, check_narrow):
    page.goto("/gallery")
    page.locator("#identities img").nth(2).wait_for()
    expect_names(page, "0", "1", "8")
    expect(page.locator("#counts")).to_have_text("3 identities, 36 templates enrolled in people.")
    check_accessible(page)
    check_narrow(page)
    page.get_by_label("Find an identity").fill("8")
    expect_names(page, "8")
    page.get_by_label("Find an identity").fill("zoe")
    page.get_by_role("heading", name="Nobody is called so").wait_for()


def test_an_identity_shows_its_templates(page, people, check_accessible, check_narrow):
    page.goto("/gallery")
    page.get_by_role("button", name="8", exact=True).click()
    page.locator("#templates img").nth(11).wait_for()
    page.wait_for_url("**?identity=8")
    first = people.described(identity="8")[0]
    card = page.locator("#templates article").first
    assert first["key"].startswith(card.locator("h3").inner_text())
    assert card.locator("dd").all_inner_texts() == [str(value) for value in first["fields"].values()]
    check_accessible(page)
    check_narrow(page)
    # Its address shows it again, and back leads back.
    page.goto(page.url)
    page.locator("#templates article").nth(11).wait_for()
    page.get_by_role("button", name="All that are enrolled").click()
    page.locator("#identities article").first.wait_for()
    page.go_back()
    page.locator("#templates article").first.wait_for()
    card.get_by_role("link", name="Search like it").click()
    page.wait_for_url(f"**/search?*like={first['key']}*")
    page.locator(".meaning").first.wait_for()


def test_files_are_enrolled_with_fields_and_each_says_what_became_of_it(
    page, service, people, tmp_path, check_accessible
):
    broken = tmp_path / "notes.png"
    broken.write_bytes(b"these are notes")
    page.goto("/gallery?view=enrol")
    page.set_input_files("#enrol-items input[type=file]", [*service.pictures[6:8], broken])
    page.get_by_label("Who or what they show").fill("guest")
    page.get_by_role("button", name="Add a field").click()
    page.get_by_label("Name of the field").fill("shop")
    page.get_by_label("Value of the field").fill("Genf")
    page.locator("#enrol button.primary").click()
    expect(page.locator("#enrolled")).to_contain_text("2 pictures enrolled as guest, 1 could not be enrolled")
    states = page.locator(".file-list li").evaluate_all("all => all.map((one) => one.dataset.state)")
    assert states == ["done", "done", "bad"]
    assert "is not a picture" in page.locator(".file-list li").nth(2).inner_text()
    assert [one["fields"] for one in people.described(identity="guest")] == [{"shop": "Genf"}] * 2
    check_accessible(page)
    page.get_by_role("button", name="Look at guest").click()
    # Shown by the small copies that this service keeps.
    page.locator("#templates img").nth(1).wait_for()
    # Once more: they are there already.
    enrol(page, list(service.pictures[6:8]))
    expect(page.locator("#enrolled")).to_contain_text("2 there already")


def test_what_lacks_is_said_before_anything_is_sent(page, service, people):
    page.goto("/gallery?view=enrol")
    page.locator("#enrol button.primary").click()
    expect(page.locator("#enrol-problem")).to_contain_text("Write who or what it shows")
    expect(page.locator("#identity")).to_be_focused()
    page.get_by_label("Who or what they show").fill("guest")
    page.locator("#enrol button.primary").click()
    expect(page.locator("#enrol-problem")).to_contain_text("at least one picture")
    page.set_input_files("#enrol-items input[type=file]", service.pictures[6])
    page.get_by_role("button", name="Add a field").click()
    page.get_by_label("Name of the field").fill("shop")
    page.locator("#enrol button.primary").click()
    expect(page.locator("#enrol-problem")).to_contain_text("a name and a value")
    assert "guest" not in people.identities()


def test_who_is_this_is_answered_in_words(page, service, people, check_accessible, check_narrow):
    ask_who(page, service.pictures[0])
    page.locator("summary", has_text="Error rate").click()
    page.get_by_label("Strangers taken for somebody").fill("30")
    page.get_by_label("An estimate will do").check()
    page.get_by_role("button", name="Ask", exact=True).click()
    page.locator(".answer").wait_for()
    expected = people.identify(service.pictures[0].read_bytes(), fpir=0.3, confidence=0.0)
    heading = page.locator(".answer h2").inner_text()
    assert heading == ("None that is enrolled" if expected.identity is None else f"This is {expected.identity}")
    assert "about 30 % of the time" in page.locator("#who-answer").inner_text().replace("\N{NO-BREAK SPACE}", " ")
    rows = page.locator("#who-answer tbody tr")
    expect(rows.locator("th")).to_have_text([one.identity for one in expected.candidates])
    rows.first.locator("img").wait_for()
    check_accessible(page)
    check_narrow(page)


def test_a_rate_that_cannot_be_kept_shows_what_can_be(page, service, people, complaints, check_accessible):
    ask_who(page, service.pictures[0])
    page.locator("summary", has_text="Error rate").click()
    page.get_by_label("Strangers taken for somebody").fill("0.001")
    page.get_by_role("button", name="Ask", exact=True).click()
    answer = page.locator("#who-answer")
    answer.get_by_role("heading", name="0.001 % cannot be estimated here").wait_for()
    check_accessible(page)
    # The smallest rate is asked for as it is offered, and answered.
    answer.get_by_role("button", name="Ask with 1 %").click()
    answer.locator(".answer").wait_for()
    assert page.get_by_label("Strangers taken for somebody").input_value() == "1"
    complaints.expect("409")


def test_what_comes_late_is_not_put_beneath_a_newer_answer(page, service, people, complaints):
    ask_who(page, service.pictures[0])
    page.locator("summary", has_text="Error rate").click()
    page.get_by_label("Strangers taken for somebody").fill("0.001")
    asked = []
    # After the refusal comes what asks for the nearest: it is held.
    page.route("**/identify", lambda route: (asked.append(route), len(asked) == 2 or route.continue_()))
    page.get_by_role("button", name="Ask", exact=True).click()
    wait_until(page, lambda: len(asked) == 2)
    answer = page.locator("#who-answer")
    answer.get_by_role("button", name="Ask with 1 %").click()
    answer.locator(".answer").wait_for()
    with page.expect_response("**/identify"):
        asked[1].continue_()
    page.evaluate("fetch('/healthz').then((answer) => answer.text())")
    expect(answer.locator("table")).to_have_count(1)
    complaints.expect("409")


def test_an_empty_gallery_says_to_enrol_first(page, service, people, complaints):
    """Whoever emptied it meanwhile."""
    ask_who(page, service.pictures[0])
    empty = {"status": 404, "code": "gallery", "detail": "the gallery is empty (`alikely gallery enrol`)"}
    page.route("**/identify", lambda route: route.fulfill(status=404, json=empty))
    page.route("**/identities?most=1", lambda route: route.fulfill(json={"identities": [], "total": 0}))
    page.get_by_role("button", name="Ask", exact=True).click()
    page.locator("#who-answer").get_by_role("heading", name="Nothing is enrolled yet").wait_for()
    page.locator("#who-answer").get_by_role("button", name="Enrol").click()
    assert page.get_by_label("Who or what they show").is_visible()
    complaints.expect("404")


def test_a_long_name_stretches_nothing(page, service, people, check_narrow):
    """Neither a card nor the table of who it may be."""
    long = "Donaudampfschifffahrt" * 12
    people.enrol([service.pictures[6].read_bytes()], long)
    try:
        page.goto("/gallery")
        page.locator("#identities article").nth(3).wait_for()
        heights = page.locator("#identities article").evaluate_all("all => all.map((one) => one.offsetHeight)")
        assert max(heights) < min(heights) + 120
        check_narrow(page)
        ask_who(page, service.pictures[6])
        page.locator("summary", has_text="Error rate").click()
        page.get_by_label("Strangers taken for somebody").fill("40")
        page.get_by_label("An estimate will do").check()
        page.get_by_role("button", name="Ask", exact=True).click()
        page.locator("#who-answer tbody tr").first.wait_for()
        table = page.locator("#who-answer .table-wrap")
        assert table.evaluate("one => one.scrollWidth <= one.clientWidth")
    finally:
        service.served.pictures.remove("people", long)


def test_whether_it_is_who_it_claims_to_be(page, service, people, complaints):
    ask_who(page, service.pictures[0])
    page.get_by_text("Is it …?").click()
    page.get_by_role("button", name="Ask", exact=True).click()
    expect(page.locator("#who-answer")).to_contain_text("Write who or what it claims to be")
    page.get_by_label("Who or what it claims to be").fill("8")
    page.locator("summary", has_text="Error rate").click()
    page.get_by_label("An estimate will do").check()
    page.get_by_label("False matches, at most").fill("20")
    page.get_by_role("button", name="Ask", exact=True).click()
    page.locator(".answer").wait_for()
    decision = people.verify(service.pictures[0].read_bytes(), "8", fmr=0.2, confidence=0.0)
    expected = "Yes, this is 8" if decision.verdict == "same" else "No, this is not 8"
    expect(page.locator(".answer h2")).to_have_text(expected)
    page.get_by_label("Who or what it claims to be").fill("nobody at all")
    page.get_by_role("button", name="Ask", exact=True).click()
    page.get_by_role("heading", name="Nothing is enrolled as nobody at all").wait_for()
    complaints.expect("404")


def test_removing_asks_first_and_says_that_nothing_is_left(page, service, people, check_accessible):
    enrol(page, list(service.pictures[6:8]))
    kept = service.served.state.pictures / "gallery-people"
    before = len(list(kept.iterdir()))
    assert before >= 2
    page.goto("/gallery?identity=guest")
    page.locator("#templates article").nth(1).wait_for()
    page.locator("#templates article").first.get_by_role("button", name="Remove").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("cannot be undone")
    check_accessible(page)
    dialog.get_by_role("button", name="Keep it").click()
    expect(dialog).to_be_hidden()
    assert people.identities()["guest"] == 2
    page.locator("#templates article").first.get_by_role("button", name="Remove").click()
    page.get_by_role("button", name="Remove", exact=True).last.click()
    expect(page.locator("#templates article")).to_have_count(1)
    assert people.identities()["guest"] == 1
    page.get_by_role("button", name="Remove this identity").click()
    page.locator("#remove-yes").click()
    expect(page.locator("#removed")).to_contain_text("1 template of guest removed. Nothing of it is left")
    expect(page.locator("#removed")).to_be_focused()
    assert "guest" not in people.identities()
    assert len(list(kept.iterdir())) == before - 2
    expect_names(page, "0", "1", "8")


def test_what_was_removed_meanwhile_is_told(page, service, people, complaints):
    enrol(page, service.pictures[6])
    page.goto("/gallery?identity=guest")
    page.locator("#templates article").first.wait_for()
    service.served.pictures.remove("people", "guest")
    page.get_by_role("button", name="Remove this identity").click()
    page.locator("#remove-yes").click()
    expect(page.locator("#removed")).to_contain_text("removed meanwhile")
    expect_names(page, "0", "1", "8")
    complaints.expect("404")
    page.goto("/gallery?identity=guest")
    page.get_by_text("Nobody is enrolled under this name").wait_for()
    expect(page.get_by_role("button", name="Remove this identity")).to_be_hidden()


def test_by_keyboard_alone(page, people):
    page.goto("/gallery")
    page.locator("#identities article").nth(2).wait_for()
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent") == "1":
            break
    page.keyboard.press("Enter")
    page.locator("#templates article").first.wait_for()
    page.wait_for_url("**identity=1")
    expect(page.locator("#one-title")).to_be_focused()
