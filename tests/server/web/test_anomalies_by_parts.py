"""The page Anomalies with rows and sequences: what is at fault is plain to see, on a phone, too."""

import numpy as np
import pytest
from playwright.sync_api import expect

from alikely.client import Client
from alikely.server import Folders
from tests.server.finding_detectors import NORMAL, ROW, make_detectors
from tests.server.web.services import Parts, serving

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def rows_and_sequences(tmp_path_factory):
    """A service in which a row and a sequence were found."""
    root = tmp_path_factory.mktemp("parts")
    folders: Folders = make_detectors(root, "row", "sequence")
    curve = np.sin(np.linspace(0, 6, 40))
    curve[15:20] += 4
    with serving(Parts(folders, ()), folders, root / "state") as running:
        with Client(running.url) as client:
            odd = {**NORMAL, "hours": -9.0, "a_column_with_a_very_long_name_that_is_not_looked_at": "x" * 60}
            assert client.score([odd, NORMAL], detector="rows").anomalies == 1
            assert client.score([curve], detector="sequences").anomalies == 1
        yield running


def test_the_columns_at_fault_stand_out_with_what_is_normal(
    open_page, rows_and_sequences, check_accessible, check_narrow
):
    page = open_page(rows_and_sequences)
    page.goto("/anomalies?detector=rows")
    parts = page.locator("#findings .at-fault > li")
    expect(parts.first.locator("strong")).to_have_text("hours")
    expect(parts.first.locator(".found")).to_have_text("-9.0")
    expect(parts.first).to_contain_text("nearest normal: ")
    # The others are there, but not in the way.
    others = page.locator("#findings details", has_text="The other 3 columns")
    expect(others.locator("td").first).to_be_hidden()
    others.locator("summary").click()
    expect(others.locator("tbody th")).to_have_text(
        ["amount", "town", "a_column_with_a_very_long_name_that_is_not_looked_at"]
    )
    check_accessible(page)
    check_narrow(page)


def test_the_strongest_reason_has_the_strongest_colour(open_page, rows_and_sequences):
    with Client(rows_and_sequences.url) as client:
        client.score([ROW], detector="rows")
    page = open_page(rows_and_sequences)
    page.goto("/anomalies?detector=rows")
    card = page.locator("#findings .finding").first
    expect(card.locator(".at-fault > li").first).to_be_visible()
    heats = card.locator(".at-fault > li").evaluate_all(
        "all => all.map((one) => parseFloat(one.style.getPropertyValue('--heat')))"
    )
    assert heats == sorted(heats, reverse=True)
    assert 6 < heats[0] <= 30


def test_the_steps_at_fault_are_marked_in_the_curve(open_page, rows_and_sequences, check_accessible, check_narrow):
    page = open_page(rows_and_sequences)
    page.goto("/anomalies?detector=sequences")
    curve = page.get_by_role("img", name="The sequence as a curve")
    expect(curve).to_be_visible()
    expect(curve.locator("polyline")).to_have_count(1)
    mark = curve.locator("rect").first
    begin, width = (float(mark.get_attribute(name)) for name in ("x", "width"))
    assert begin <= 100 * 17 / 39 <= begin + width  # in the middle of what was added
    expect(page.locator("#findings figcaption")).to_contain_text("40 steps")
    check_accessible(page)
    check_narrow(page)


def test_what_was_not_kept_cannot_be_judged(open_page, rows_and_sequences):
    page = open_page(rows_and_sequences)

    def bare(route):
        said = route.fetch().json()
        said["findings"] = [one | {"item": None, "pictured": False, "reasons": []} for one in said["findings"]]
        route.fulfill(json=said)

    page.route("**/v1/findings?*", bare)
    page.goto("/anomalies?detector=sequences")
    card = page.locator("#findings .finding").first
    expect(card).to_contain_text("The item was not kept: start the service with --keep-items")
    expect(card.get_by_role("button", name="Accept")).to_be_disabled()
    expect(card.get_by_role("button", name="Dismiss")).to_be_disabled()
