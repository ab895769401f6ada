"""Every test run checks the shapes that the annotations promise, and knows where the real data and a browser are."""

import os
import shutil
from pathlib import Path

import pytest
from jaxtyping import install_import_hook

# Before anything of alikely is imported, so that every annotation with a shape is checked.
install_import_hook("alikely", "beartype.beartype")

# So that it opens pages and does nothing else: no sandbox, since tests may run as root.
QUIET = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update")


def pytest_addoption(parser):
    parser.addoption(
        "--slow-page",
        action="store_true",
        help="the browser as on a slow line and processor: shows which browser tests look before the page is ready",
    )


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder with the unpacked data sets; without `ALIKELY_DATA` the test is skipped."""
    folder = os.environ.get("ALIKELY_DATA")
    if not folder:
        pytest.skip("ALIKELY_DATA is not set: it names the folder with the unpacked data sets")
    return Path(folder)


@pytest.fixture(scope="module")
def chromium():
    """Chromium without a window. Skips where there is none; on CI there must be one.

    One for each file: while its driver runs, no other test may have an event loop of its own.
    """
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        if os.environ.get("CI") == "true":
            pytest.fail("CI=true, but there is no chromium: apt-get install chromium")
        pytest.skip("no chromium is installed: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=list(QUIET))
        yield browser
        browser.close()
