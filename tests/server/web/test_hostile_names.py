"""Names that try to be HTML, and names that are very long, on every part of the page: they are text, and they fit."""

from dataclasses import replace
from urllib.parse import quote

import pytest
from playwright.sync_api import expect

from alikely.gallery import Gallery
from tests.server.web.services import serving, write_table

pytestmark = pytest.mark.browser

EVIL = "<img src=x onerror=alert(1)>&amp;\"'</title>"
LONG = "W" * 200
LABELLER = "<img src=x onerror=alert(1)>"
FOLDER = "<img src=x onerror=alert(1)>&amp;"
FILE = f"{FOLDER}.png"
PLACES = (
    "/compare?fmr=" + quote(EVIL),
    "/search?where=" + quote(EVIL),
    "/gallery",
    "/gallery?identity=" + quote(EVIL),
    "/gallery?identity=" + quote(LONG),
    "/map?source=" + quote(EVIL),
    "/threshold?threshold=" + quote(EVIL),
    "/label",
    "/anomalies?verdict=" + quote(EVIL),
    "/model",
    "/" + quote(EVIL, safe=""),
)


@pytest.fixture(scope="module")
def hostile(parts, tmp_path_factory):
    """A service with such names of identities, fields' values, labels, files, an operating point and a finding."""
    root = tmp_path_factory.mktemp("hostile")
    pictures = parts.pictures
    (root / FILE).write_bytes(pictures[0].read_bytes())
    labelled = [
        [root / FILE, EVIL],
        [pictures[1], EVIL],
        *[[path, LONG] for path in pictures[2:4]],
        *[[path, "plain"] for path in pictures[4:8]],
    ]
    write_table(root / "looked.csv", [["path", "label"], *labelled])
    write_table(root / "people.csv", [["path", "label", "shop"], *[[path, name, name] for path, name in labelled]])
    with Gallery.create(root / FOLDER, parts.folders.model) as gallery:
        gallery.enrol(root / "people.csv")
    folders = replace(parts.folders, galleries=(root / FOLDER,), items=root / "looked.csv", pictures=(root,))
    with serving(parts, folders, root / "state") as running:
        yield running


@pytest.fixture
def page(open_page, hostile):
    return open_page(hostile)


def nothing_came_alive(page):
    """No element was made of a name: neither on the page nor in the tips of the map."""
    assert page.evaluate("document.querySelectorAll('[onerror], img[src=x]').length") == 0


def test_what_came_alive_is_found(page, complaints):
    page.set_content(f"<p>{EVIL}</p>")
    with pytest.raises(AssertionError):
        nothing_came_alive(page)
    complaints.clear()


@pytest.mark.parametrize("place", PLACES)
def test_names_are_text_and_fit(page, complaints, check_narrow, place):
    page.goto(place)
    page.wait_for_load_state("networkidle")
    nothing_came_alive(page)
    check_narrow(page)
    # What does not exist is answered so; nothing else may be complained of. Nothing comes after the page is closed.
    page.close()
    complaints[:] = [said for said in complaints if not said.startswith(("404", "422", "400"))]


def test_enrolled_names_are_shown_as_they_are(page):
    page.goto("/gallery")
    expect(page.locator("#identities h3").filter(has_text=EVIL)).to_be_visible()
    page.get_by_role("button", name=EVIL, exact=True).click()
    expect(page.locator("#one-title")).to_contain_text(EVIL)
    nothing_came_alive(page)


def test_a_labeller_of_such_a_name(page, check_narrow):
    page.goto("/label")
    page.get_by_label("Your name").fill(LABELLER)
    page.get_by_role("button", name="Begin").click()
    page.get_by_role("heading", name="Pair 1", exact=True).wait_for()
    page.keyboard.press("s")
    expect(page.locator("#count")).to_have_text(f"1 answered by {LABELLER}")
    nothing_came_alive(page)
    check_narrow(page)


def test_a_point_and_a_file_of_such_names(page, hostile, tmp_path, check_narrow):
    page.goto("/threshold")
    page.get_by_label("Save this threshold as").fill(EVIL)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("main").get_by_text(EVIL).first).to_be_visible()
    nothing_came_alive(page)
    check_narrow(page)

    odd = tmp_path / FILE
    odd.write_bytes(hostile.pictures[9].read_bytes())
    page.goto("/anomalies")
    page.locator("#items input[type=file]").set_input_files(odd)
    page.locator("#score button.primary").click()
    page.locator("#scored .notice").wait_for()
    expect(page.locator("main").get_by_text(FILE).first).to_be_visible()
    nothing_came_alive(page)
    check_narrow(page)
