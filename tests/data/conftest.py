"""Four files with the names of pictures, in a folder of their own: what tables of pictures point to."""

import pytest

from tests.data.source_files import touch


@pytest.fixture
def files(tmp_path):
    touch(tmp_path, "a1.png", "a2.png", "b1.png", "b2.png")
    return tmp_path
