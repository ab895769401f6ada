"""The pictures of the page that the docs show: each is there, is small, and is one that the command takes."""

import re
from pathlib import Path

import pytest
from PIL import Image

from docs.screenshots import PICTURES, SHOTS

ROOT = Path(__file__).parent.parent
MOST_BYTES = 150_000
SIZES = {f"{shot.name}.png": (shot.width, shot.height) for shot in SHOTS}


def shown() -> set[str]:
    """The names of all pictures that README and docs show."""
    pages = [ROOT / "README.md", *ROOT.glob("docs/*.md")]
    return {name for page in pages for name in re.findall(r"pictures/([\w.-]+)\)", page.read_text(encoding="utf-8"))}


def test_the_docs_show_pictures_of_every_part_of_the_page():
    assert {shot.page for shot in SHOTS} <= {name.removesuffix(".png").partition("-")[0] for name in shown()}


@pytest.mark.parametrize("name", sorted({*shown(), *SIZES}))
def test_a_picture_is_there_as_the_command_takes_it(name):
    path = PICTURES / name
    assert path.stat().st_size < MOST_BYTES
    with Image.open(path) as picture:
        assert picture.format == "PNG"
        assert picture.size == SIZES[name], "run: python -m docs.screenshots"
        # Not one colour: something is on it.
        assert len(picture.getcolors(1000)) > 20
