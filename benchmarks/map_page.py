"""The page Map with 100,000 points in a browser, beside an empty page and beside the same points drawn as SVG.

    python -m benchmarks.map_page

Needs chromium and `pip install -e .[dev]`. The embeddings are those of `python -m benchmarks.plane`; the service has
drawn their map before the browser comes. The browser has no graphics card: the processor draws. As metrics:

- `ready_s`: seconds from the address of the page until all points are there and it can be used.
- `tip_ms`: milliseconds from pointing at a point until the page says what it is, by an answer of the service.
- `frame_ms`: milliseconds from one frame of the page to the next while the map is dragged; a screen asks for one in 17.

Beside it: `empty page`, whose frames are the least that there can be on this machine, and `plotly SVG`, the same points
drawn by the same plotly in its usual way (its `scatter`; the page uses `scattergl`), where the tip comes from no
service. Each is opened anew `TURNS` times, in turns; means with their `_sd`, of frames the median of each turn.
"""

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from alikely.data.preparation import fit_preparation
from alikely.distances import build_distance
from alikely.encoders import build_encoder, default_settings
from alikely.model import SiameseModel, ready
from alikely.plane import Drawing
from alikely.server import Folders, Served, ServeSettings, open_served
from alikely.server.in_thread import serving
from alikely.server.looked import Looked
from alikely.server.web.plotly import plotly_script
from alikely.storage import save_model
from alikely.types import Examples
from benchmarks.report import Result, over_seeds, publish, read_options
from benchmarks.search import OF_IDENTITY, made_up

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

POINTS, QUICK_POINTS = 100_000, 2_000
TURNS, QUICK_TURNS = 3, 1
MOVES, QUICK_MOVES = 30, 5
SIZE = 16  # pixels: of the pictures of a model that is not asked for anything
PATIENCE = 240_000  # milliseconds
OURS = "the page Map"
EMPTY = '<body style="margin: 0"><div id="plot" style="width: 900px; height: 600px"></div></body>'

COUNT_FRAMES = """() => {
    window.alikelyFrames = [];
    let last = performance.now();
    const next = (now) => {
        window.alikelyFrames.push(now - last);
        last = now;
        window.alikelyNext = requestAnimationFrame(next);
    };
    window.alikelyNext = requestAnimationFrame(next);
}"""
FRAMES = "(cancelAnimationFrame(window.alikelyNext), window.alikelyFrames.slice(1))"
AS_SVG = """async ([x, y]) => {
    const node = document.getElementById("plot"), hidden = { visible: false }, margin = { l: 0, r: 0, t: 0, b: 0 };
    const layout = { margin, xaxis: hidden, yaxis: hidden, dragmode: "pan", hovermode: "closest" };
    await Plotly.newPlot(node, [{ type: "scatter", mode: "markers", x, y, marker: { size: 3.5 } }], layout);
    node.on("plotly_hover", () => (node.dataset.hovered = "yes"));
}"""
# Where a point of a drawing is in the window: one of those that lie in the middle of it.
MIDDLE_POINT = """() => {
    const node = document.getElementById("plot"), box = node.getBoundingClientRect();
    const { xaxis, yaxis } = node._fullLayout;
    let [best, least] = [null, Infinity];
    for (const { x, y } of node.data) for (let i = 0; i < x.length; i++) {
        const at = [xaxis._offset + xaxis.l2p(x[i]), yaxis._offset + yaxis.l2p(y[i])];
        const far = Math.hypot(at[0] - box.width / 2, at[1] - box.height / 2);
        if (far < least) [best, least] = [at, far];
    }
    return [box.left + best[0], box.top + best[1]];
}"""


def served_points(embeddings: np.ndarray, folder: Path) -> Served:
    """A service that looks at these embeddings; its model, which nobody trained, only says how far they are."""
    generator = np.random.default_rng(0)
    pictures = [generator.integers(0, 256, (SIZE, SIZE), dtype=np.uint8) for _ in range(2)]
    dim = embeddings.shape[1]
    torch.manual_seed(0)
    settings: dict[str, Any] = default_settings("cnn", {"channels": 1, "size": SIZE}) | {"dim": dim}
    model = SiameseModel(
        preparation=fit_preparation(pictures, SIZE),
        encoder=ready(build_encoder("cnn", settings)),
        encoder_name="cnn",
        distance=build_distance("cosine", dim),
        distance_name="cosine",
    )
    save_model(model, folder / "model")
    names = tuple(f"item {number}" for number in range(len(embeddings)))
    labels = np.array([f"person {number // OF_IDENTITY}" for number in range(len(embeddings))])
    served = open_served(Folders(model=folder / "model"), ServeSettings(port=0, state=folder / "state"))
    looked = Looked(Examples(names, names, labels, kind="text"), embeddings, ())
    return replace(served, looked=looked, folders=replace(served.folders, items=Path("points")))


@contextmanager
def chromium() -> "Iterator[Browser]":
    """A browser without a graphics card. Raises SystemExit where there is none."""
    from playwright.sync_api import sync_playwright

    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        raise SystemExit("there is no chromium: apt-get install chromium")
    with (
        sync_playwright() as driver,
        driver.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"]) as browser,
    ):
        yield browser


def frames_while_dragged(page: "Page", moves: int) -> list[float]:
    """Milliseconds of each frame while what is called `plot` is dragged, a little with each move of the pointer."""
    box = page.locator("#plot").bounding_box()
    assert box is not None  # it is shown
    page.evaluate(COUNT_FRAMES)
    left, top = box["x"] + 300, box["y"] + 200
    page.mouse.move(left, top)
    page.mouse.down()
    for step in range(moves):
        page.mouse.move(left + 4 * step, top + 2 * step)
    page.mouse.up()
    frames: list[float] = page.evaluate(FRAMES)
    return frames


def point_at(page: "Page", tip: str) -> float:
    """Milliseconds from pointing at a point until there is what this selector means."""
    x, y = page.evaluate(MIDDLE_POINT)
    page.mouse.move(x + 60, y + 60)
    start = time.perf_counter()
    page.mouse.move(x, y)
    page.locator(tip).wait_for()
    return 1000 * (time.perf_counter() - start)


def of_page(page: "Page", url: str, moves: int) -> dict[str, float]:
    """What the page Map takes."""
    start = time.perf_counter()
    page.goto(f"{url}/map")
    page.locator("#plot[data-ready]").wait_for()
    shown = time.perf_counter() - start
    tip = point_at(page, "#tip:not([hidden])")
    return {"ready_s": shown, "tip_ms": tip, "frame_ms": float(np.median(frames_while_dragged(page, moves)))}


def of_empty(page: "Page", moves: int) -> dict[str, float]:
    """What a page takes that shows nothing."""
    page.set_content(EMPTY)
    return {"frame_ms": float(np.median(frames_while_dragged(page, moves)))}


def of_svg(page: "Page", drawing: Drawing, moves: int) -> dict[str, float]:
    """What the same points take as SVG."""
    start = time.perf_counter()
    page.set_content(EMPTY)
    page.add_script_tag(content=plotly_script().plain.decode())
    page.evaluate(AS_SVG, [drawing.places[:, axis].tolist() for axis in (0, 1)])
    shown = time.perf_counter() - start
    tip = point_at(page, "#plot[data-hovered]")
    return {"ready_s": shown, "tip_ms": tip, "frame_ms": float(np.median(frames_while_dragged(page, moves)))}


def main() -> None:
    """Measure, print, write."""
    options = read_options(__doc__ or "", needs_data=False)
    begun = time.perf_counter()
    points = QUICK_POINTS if options.quick else POINTS
    turns, moves = (QUICK_TURNS, QUICK_MOVES) if options.quick else (TURNS, MOVES)
    embeddings, _ = made_up(points, 1, seed=0)
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        served = served_points(embeddings, Path(folder))
        with serving(served) as url:
            asked = browser.new_context(base_url=url).request.post("/v1/map/items", data={})
            assert asked.ok, asked.text()
            served.maps.wait()
            sides: dict[str, Callable[[Page], dict[str, float]]] = {
                "empty page": lambda page: of_empty(page, moves),
                OURS: lambda page: of_page(page, url, moves),
                "plotly SVG": lambda page: of_svg(page, served.maps.drawing("items"), moves),
            }
            found: dict[str, list[dict[str, float]]] = {side: [] for side in sides}
            for _ in range(turns):
                for side, measure in sides.items():
                    page = browser.new_page(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
                    page.set_default_timeout(PATIENCE)
                    found[side].append(measure(page))
                    page.close()
    floors = {side: over_seeds(runs) for side, runs in found.items()}
    metrics = floors.pop(OURS)
    settings = {"points": points, "turns": turns}
    publish(Result("map_page", metrics, time.perf_counter() - begun, floors, settings=settings), options)


if __name__ == "__main__":
    main()
