"""Every test run checks the shapes that the annotations promise, and knows where the real data and a browser are."""

import os
import random
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import settings
from jaxtyping import install_import_hook

# Before anything of alikely is imported, so that every annotation with a shape is checked.
install_import_hook("alikely", "beartype.beartype")

# So that it opens pages and does nothing else: no sandbox, since tests may run as root.
QUIET = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update")

CHANCE = 271_828  # of what tests draw without a seed of their own
# A slow machine is no failure. On CI hypothesis draws the same in each run.
settings.register_profile("patient", settings.default, deadline=None)
settings.load_profile("patient")


def pytest_addoption(parser):
    parser.addoption(
        "--slow-page",
        action="store_true",
        help="the browser as on a slow line and processor: shows which browser tests look before the page is ready",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup():
    """What a test and its fixtures draw does not depend on which tests ran before them."""
    random.seed(CHANCE)
    np.random.seed(CHANCE)
    torch.manual_seed(CHANCE)


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
