"""The page as a whole: from part to part as one person goes, by keyboard alone, for everybody, with parts that lack."""

from dataclasses import replace

import pytest
from playwright.sync_api import expect

from alikely.server.web.pages import PAGES
from tests.server.web.services import serving, wait_until

pytestmark = pytest.mark.browser

NAMES = [page.name for page in PAGES]
ALL = ["compare", "search", "gallery", "map", "threshold", "label", "anomalies", "model"]

# What has the focus: where it stands among all elements, what it is, and whether one can see that it has it.
FOCUSED = """() => {
    let one = document.activeElement;
    if (!one || one === document.body) return null;
    const all = [...document.querySelectorAll("*")];
    const seen = (element) => {
        const style = getComputedStyle(element), box = element.getBoundingClientRect();
        const drawn = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0;
        return { drawn, wide: box.width, high: box.height };
    };
    // What is shown by its label, or as a whole card, has the focus drawn around that.
    const around = [one, one.closest("label, article"), one.parentElement].filter(Boolean).map(seen);
    return {
        place: all.indexOf(one),
        what: one.outerHTML.slice(0, 140),
        drawn: around.some((box) => box.drawn),
        large: around.some((box) => box.wide > 3 && box.high > 3),
    };
}"""

# What is there once all that a part asks for at its beginning has come.
READY = {
    "compare": "#fmr",
    "search": "#cards .spot.pictured >> nth=11",
    "gallery": "#identities .spot.pictured >> nth=2",
    "map": "#plot[data-ready]",
    "threshold": "main:has(#points > *):has(#changes-words:not(:empty))",
    "label": "#name-form, #pair img",
    "anomalies": "#none .empty, #findings .finding",
    "model": "main:not(:has(.skeleton))",
}


def settled(page, name):
    """Wait until nothing is added to this part any more."""
    expect(page.locator(READY[name]).filter(visible=True).first).to_be_visible()


def test_every_part_has_its_page():
    assert NAMES == ALL


def test_from_part_to_part_and_everywhere_for_everybody(page, check_accessible, check_narrow):
    page.goto("/")
    for part in PAGES:
        page.get_by_role("navigation", name="Parts of the page").get_by_role(
            "link", name=part.title, exact=True
        ).click()
        page.wait_for_url(f"**/{part.name}*")
        settled(page, part.name)
        assert page.title().endswith("· Alikely")
        assert page.locator("h1").count() == 1
        assert page.locator("nav a[aria-current=page]").inner_text() == part.title
        check_accessible(page)
        check_narrow(page)


@pytest.mark.parametrize("name", ALL)
def test_tab_goes_through_a_page_in_its_order_visibly_and_out_again(page, name):
    page.goto(f"/{name}")
    settled(page, name)
    # From the very beginning, also where the page has put the focus elsewhere.
    page.evaluate("document.querySelector('.skip').focus()")
    page.keyboard.press("Tab")
    page.keyboard.press("Shift+Tab")
    focused = [page.evaluate(FOCUSED)]
    for _ in range(250):
        page.keyboard.press("Tab")
        now = page.evaluate(FOCUSED)
        if now is None:
            break
        focused.append(now)
        if now["place"] == focused[0]["place"]:
            break
    else:
        pytest.fail(f"Tab never leaves the page; the last: {focused[-1]}")
    if focused[-1]["place"] == focused[0]["place"]:
        focused.pop()
    assert "Skip to the content" in focused[0]["what"]
    assert len(focused) > len(PAGES)
    places = [one["place"] for one in focused]
    assert places == sorted(places)
    assert [one["what"] for one in focused if not (one["drawn"] and one["large"])] == []


def test_one_person_by_keyboard_alone(page, service):
    page.goto("/")
    settled(page, "compare")

    def go_to(name):
        """Tab until this link has the focus, then Enter."""
        page.evaluate("document.activeElement?.blur()")
        for _ in range(30):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.textContent.trim()") == name:
                break
        page.keyboard.press("Enter")
        page.wait_for_url(f"**/{name.lower()}*")
        settled(page, name.lower())

    # The first press of Tab offers to go past the menu.
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()

    go_to("Label")
    expect(page.get_by_label("Your name")).to_be_focused()
    page.keyboard.type("Keyla")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Pair 1", exact=True).wait_for()
    page.keyboard.press("d")
    page.get_by_role("region", name="Your last answer").wait_for()

    go_to("Threshold")
    page.locator("#slider").focus()
    before = page.locator("#number").input_value()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#number")).not_to_have_value(before)

    go_to("Gallery")
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.name") == "view":
            break
    page.keyboard.press("ArrowRight")
    page.get_by_role("form", name="Who or what is this?").wait_for()


def test_the_theme_is_switched_and_stays(page):
    page.goto("/compare")
    dark = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(dark)
    page.locator("#theme-button").click()
    wait_until(page, lambda: page.evaluate(dark) != light)
    page.goto("/model")
    assert page.evaluate(dark) != light


def test_on_a_phone_the_menu_opens_and_leads_on(service, open_page):
    page = open_page(service, 360, 740, has_touch=True, is_mobile=True)
    page.goto("/compare")
    page.locator("#menu-button").tap()
    page.get_by_role("link", name="Label", exact=True).tap()
    page.wait_for_url("**/label")


@pytest.mark.parametrize(
    ("lacks", "there"),
    [
        ({"galleries": ()}, ["compare", "map", "threshold", "label", "anomalies", "model"]),
        ({"detectors": ()}, ["compare", "search", "gallery", "map", "threshold", "label", "model"]),
        ({"galleries": (), "detectors": (), "items": None, "pictures": ()}, None),
        ({"model": None, "galleries": (), "items": None, "pictures": ()}, ["anomalies"]),
    ],
)
def test_what_is_not_served_is_not_offered_and_nothing_breaks(parts, lacks, there, tmp_path, open_page, complaints):
    with serving(parts, replace(parts.folders, **lacks), tmp_path / "state") as running:
        page = open_page(running)
        page.goto("/")
        offered = page.locator("#menu a").evaluate_all(
            "(links) => links.map((link) => link.getAttribute('href').slice(1))"
        )
        assert offered == (there or ["compare", "map", "threshold", "label", "model"])
        for name in offered:
            page.goto(f"/{name}")
            page.wait_for_load_state("networkidle")
            assert page.locator("main").inner_text().strip()
        for name in sorted(set(ALL) - set(offered)):
            page.goto(f"/{name}")
            complaints.expect("404")
            assert page.locator("h1").count() == 1
