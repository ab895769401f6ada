"""What stands around every page: light and dark, the menu on a phone."""

import pytest

pytestmark = pytest.mark.browser


def test_dark_mode_is_kept_and_follows_the_system(open_page, service):
    page = open_page(service, color_scheme="dark")
    page.goto("/compare")

    def paper():
        return page.evaluate("getComputedStyle(document.body).backgroundColor")

    dark = paper()
    page.get_by_role("button", name="Switch to light").click()
    light = paper()
    assert light != dark
    page.reload()
    assert paper() == light
    page.get_by_role("button", name="Switch to dark").click()
    assert paper() == dark


def test_on_a_phone_the_menu_opens_and_closes(open_page, service, check_accessible):
    page = open_page(service, width=360, height=740)
    page.goto("/compare")
    button = page.locator("#menu-button")
    assert button.get_attribute("aria-expanded") == "false"
    assert not page.get_by_role("link", name="Model").is_visible()
    button.click()
    assert page.get_by_role("link", name="Model", exact=True).is_visible()
    check_accessible(page)
    page.keyboard.press("Escape")
    assert button.get_attribute("aria-expanded") == "false"
    assert page.evaluate("document.activeElement.id") == "menu-button"
    button.click()
    page.get_by_role("link", name="Model", exact=True).click()
    page.wait_for_url("**/model")
