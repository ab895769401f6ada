"""The demo's service -> pictures of its page for the docs: docs/pictures/NAME.png.

    python -m docs.screenshots [--demo FOLDER] [--only NAME]

Needs chromium and `pip install -e .[dev]`. It trains the demo's model first, unless FOLDER has one.
"""

import argparse
import io
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from alikely.demo import run_demo
from alikely.demo_page import Parts, is_made, make_parts
from alikely.server import ServeSettings, open_served
from alikely.server.in_thread import serving

if TYPE_CHECKING:
    from playwright.sync_api import Page

PICTURES = Path(__file__).parent / "pictures"
PHONE = 500  # pixels: what is narrower is one
COLOURS = 200  # of a picture: a page has few, and so its file is small
QUIET = ("--no-sandbox", "--disable-gpu", "--font-render-hinting=none")


@dataclass(frozen=True)
class Shot:
    """One picture: which page, what is done there first, and how large and how light the screen is."""

    name: str
    page: str
    act: "Callable[[Page, Parts], None]"
    width: int = 1240
    height: int = 860
    dark: bool = False


def digit(parts: Parts, label: str, place: int) -> Path:
    """A picture of a digit that was not enrolled."""
    return sorted((parts.digits / label).glob("*.png"))[place]


def compare(page: "Page", parts: Parts) -> None:
    """Two pictures of one digit."""
    for side, path in enumerate((digit(parts, "8", 150), digit(parts, "8", 148))):
        page.locator("input[type=file]").nth(side).set_input_files(path)
        page.locator(".drop").nth(side).locator("img").wait_for()
    page.locator(".verdict-head .verdict").wait_for()
    page.wait_for_timeout(1500)


def search(page: "Page", parts: Parts) -> None:
    """What is most like a digit."""
    page.locator("#item input[type=file]").set_input_files(digit(parts, "6", 150))
    page.locator("#cards img").nth(5).wait_for()
    page.locator("#cards[aria-busy]").wait_for(state="detached")


def gallery(page: "Page", parts: Parts) -> None:  # noqa: ARG001
    """Who is enrolled."""
    page.locator("#identities img").nth(2).wait_for()


def plane(page: "Page", parts: Parts) -> None:  # noqa: ARG001
    """All digits, coloured by what they show."""
    page.locator("#plot .plotly, #plot canvas").first.wait_for(timeout=180_000)
    page.locator("#colour:not([disabled])").wait_for()
    page.locator("#colour").select_option(label="label")
    page.wait_for_timeout(1500)


def threshold(page: "Page", parts: Parts) -> None:  # noqa: ARG001
    """What the threshold does, and the pairs that change sides with it."""
    page.locator("#slider").wait_for()
    page.locator("#to-cheapest").click()
    page.locator("#changes li img").first.wait_for()


def label(page: "Page", parts: Parts) -> None:  # noqa: ARG001
    """Some answers, and the next pair."""
    if page.locator("#name").is_visible() or not page.locator("#pair img").count():
        page.locator("#name").wait_for()
        page.locator("#name").fill("Anna")
        page.locator("#name").press("Enter")
    for number, key in enumerate("dsdd", start=1):
        page.get_by_role("heading", name=f"Pair {number}", exact=True).wait_for()
        page.keyboard.press(key)
    page.locator("#count", has_text="4 answered").wait_for()


def anomalies(page: "Page", parts: Parts) -> None:
    """Three pictures that are judged: one as usual, two of other digits."""
    page.locator("#none .empty, .finding").first.wait_for()
    if not page.locator("#score").is_visible():
        page.locator("#now > summary").click()
    chosen = [digit(parts, "0", 140), digit(parts, "7", 40), digit(parts, "4", 40)]
    page.locator("#items input[type=file]").set_input_files(chosen)
    page.locator("#score button.primary").click()
    page.locator("#scored .notice").wait_for()
    page.locator("#findings img").first.wait_for()


def model(page: "Page", parts: Parts) -> None:  # noqa: ARG001
    """How good the model is."""
    page.locator("main .skeleton").first.wait_for(state="detached")


SHOTS = (
    Shot("compare", "compare", compare, height=1520),
    Shot("search", "search", search),
    Shot("gallery", "gallery", gallery, height=680),
    Shot("map", "map", plane, height=1080),
    Shot("map-dark", "map", plane, height=1080, dark=True),
    Shot("threshold", "threshold", threshold, height=1960),
    Shot("label", "label", label),
    Shot("label-phone", "label", label, width=360, height=740),
    Shot("anomalies", "anomalies", anomalies, height=1320),
    Shot("model", "model", model, height=940),
)


@contextmanager
def window(shot: Shot, url: str) -> "Iterator[Page]":
    """A window of chromium at the page."""
    from playwright.sync_api import sync_playwright

    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        raise SystemExit("there is no chromium: apt-get install chromium")
    with sync_playwright() as driver, driver.chromium.launch(executable_path=path, args=list(QUIET)) as browser:
        page = browser.new_page(
            viewport={"width": shot.width, "height": shot.height},
            color_scheme="dark" if shot.dark else "light",
            reduced_motion="reduce",
            has_touch=shot.width < PHONE,
            is_mobile=shot.width < PHONE,
        )
        page.set_default_timeout(60_000)
        page.goto(f"{url}/{shot.page}")
        yield page


def take(shot: Shot, parts: Parts, out: Path) -> Path:
    """Take one picture, at a service whose state is new."""
    with tempfile.TemporaryDirectory() as state:
        served = open_served(parts.folders, ServeSettings(port=0, state=Path(state), keep_items=True))
        served.pictures.found.wait()
        with serving(served) as url, window(shot, url) as page:
            shot.act(page, parts)
            page.evaluate("document.activeElement?.blur(); window.scrollTo(0, 0)")
            page.mouse.move(2, shot.height - 2)
            page.wait_for_timeout(400)
            content = page.screenshot()
    path = out / f"{shot.name}.png"
    out.mkdir(parents=True, exist_ok=True)
    with Image.open(io.BytesIO(content)) as picture:
        small = picture.convert("RGB").quantize(COLOURS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
        small.save(path, optimize=True)
    return path


def main() -> None:
    """Take all pictures, or one."""
    parser = argparse.ArgumentParser(description="Pictures of the page for the docs.")
    parser.add_argument("--demo", type=Path, help="folder of a demo; without one, it is made in a folder of its own")
    parser.add_argument("--only", choices=[shot.name for shot in SHOTS], help="only this one")
    parser.add_argument("--out", type=Path, default=PICTURES)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as own:
        folder = asked.demo or Path(own) / "alikely-demo"
        if not is_made(folder):
            run_demo(folder)
        parts = make_parts(folder)
        for shot in SHOTS:
            if asked.only in (None, shot.name):
                path = take(shot, parts, asked.out)
                print(f"{path}: {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
