"""Every test run checks the shapes that the annotations promise, and knows where the real data lies."""

import os
from pathlib import Path

import pytest
from jaxtyping import install_import_hook

# Before anything of alikely is imported, so that every annotation with a shape is checked.
install_import_hook("alikely", "beartype.beartype")


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder with the unpacked data sets; without `ALIKELY_DATA` the test is skipped."""
    folder = os.environ.get("ALIKELY_DATA")
    if not folder:
        pytest.skip("ALIKELY_DATA is not set: it names the folder with the unpacked data sets")
    return Path(folder)
