"""What stands around every page: light and dark, the menu on a phone."""

import pytest
from playwright.sync_api import expect

from tests.server.web.services import wait_until

pytestmark = pytest.mark.browser


def test_dark_mode_is_kept_and_follows_the_system(open_page, service):
    page = open_page(service, color_scheme="dark")
    page.goto("/compare")

    def paper():
        return page.evaluate("getComputedStyle(document.body).backgroundColor")

    dark = paper()
    page.get_by_role("button", name="Switch to light").click()
    wait_until(page, lambda: paper() != dark)
    light = paper()
    page.reload()
    assert paper() == light
    page.get_by_role("button", name="Switch to dark").click()
    wait_until(page, lambda: paper() == dark)


def test_on_a_phone_the_menu_opens_and_closes(open_page, service, check_accessible):
    page = open_page(service, width=360, height=740)
    page.goto("/compare")
    button = page.locator("#menu-button")
    link = page.get_by_role("link", name="Model", exact=True)
    expect(button).to_have_attribute("aria-expanded", "false")
    expect(link).to_be_hidden()
    button.click()
    expect(link).to_be_visible()
    check_accessible(page)
    page.keyboard.press("Escape")
    expect(button).to_have_attribute("aria-expanded", "false")
    expect(button).to_be_focused()
    button.click()
    link.click()
    page.wait_for_url("**/model")
