"""The page Map as a person uses it: by pointer, by keyboard, on a phone; and with 100,000 points."""

import csv
import time

import numpy as np
import pytest
from playwright.sync_api import expect

from alikely.server.looked import Looked
from alikely.types import Examples
from benchmarks.map_page import frames_while_dragged
from tests.pace import slower
from tests.server.web.services import serving, wait_until

pytestmark = pytest.mark.browser

MANY = 100_000


@pytest.fixture
def map_page(page, service):
    return opened(page)


def opened(page, source=None):
    page.goto("/map" if source is None else f"/map?source={source}")
    page.wait_for_selector("#plot[data-ready]")
    return page


def pixel(page, number):
    """Where an item is in the window."""
    return page.evaluate(
        """(number) => {
            const node = document.getElementById("plot"), {xaxis, yaxis} = node._fullLayout;
            const all = node.data.flatMap((trace) => [...trace.x].map((x, i) => [x, trace.y[i]]));
            const [x, y] = all[number], box = node.getBoundingClientRect();
            return [box.left + xaxis._offset + xaxis.l2p(x), box.top + yaxis._offset + yaxis.l2p(y)];
        }""",
        number,
    )


def middle(page):
    return page.evaluate(
        "['xaxis', 'yaxis'].map((name) => document.getElementById('plot')._fullLayout[name].range)"
        ".map(([low, high]) => [(low + high) / 2, high - low])"
    )


def point_at(page, number):
    page.locator("#plot").scroll_into_view_if_needed()
    x, y = pixel(page, number)
    page.mouse.move(x + 40, y + 40)
    page.mouse.move(x, y, steps=5)
    return x, y


def test_a_picture_where_one_points_and_more_where_one_clicks(map_page):
    x, y = point_at(map_page, 3)
    tip = map_page.locator("#tip")
    expect(tip).to_be_visible()
    expect(tip.locator("img")).to_have_js_property("naturalWidth", 8)
    label = tip.locator("strong").inner_text()
    expect(map_page.locator("#ring")).to_be_visible()
    map_page.mouse.click(x, y)
    item = map_page.locator("#item")
    expect(item.get_by_text(f"{label}/")).to_be_visible()
    expect(item.get_by_text("writer", exact=True)).to_be_visible()
    map_page.mouse.move(5, 5)
    expect(tip).to_be_hidden()


def test_lasso_and_box_make_a_group_that_is_exported(map_page, tmp_path):
    x, y = point_at(map_page, 3)
    map_page.get_by_text("Lasso", exact=True).click()
    map_page.mouse.move(x - 60, y - 60)
    map_page.mouse.down()
    for across, down in ((70, -60), (70, 70), (-60, 70), (-60, -60)):
        map_page.mouse.move(x + across, y + down, steps=5)
    map_page.mouse.up()
    group = map_page.locator("#group")
    expect(group.locator(".group-count")).to_contain_text("of 300")
    count = int(group.locator(".group-count").inner_text().split()[0])
    assert 0 < count < 300
    expect(group.locator("#group-items button")).to_have_count(min(count, 60))
    counted = group.locator(".values tbody tr td.number:nth-child(2)").all_inner_texts()
    assert sum(map(int, counted)) == count
    with map_page.expect_download() as started:
        group.get_by_role("button", name="Export as CSV").click()
    started.value.save_as(tmp_path / "group.csv")
    rows = list(csv.DictReader((tmp_path / "group.csv").read_text(encoding="utf-8").splitlines()))
    assert len(rows) == count
    assert list(rows[0]) == ["name", "x", "y", "label", "writer"]
    # A picture of the group is found again on the map.
    group.locator("#group-items button").first.click()
    expect(map_page.locator("#item .item-name")).to_have_text(rows[0]["name"])
    group.get_by_role("button", name="Clear").click()
    expect(group).to_be_hidden()
    map_page.get_by_role("button", name="Show all").click()
    map_page.get_by_text("Box", exact=True).click()
    map_page.locator("#plot").scroll_into_view_if_needed()
    box = map_page.locator("#plot").bounding_box()
    map_page.mouse.move(box["x"] + 3, box["y"] + 3)
    map_page.mouse.down()
    map_page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, steps=5)
    map_page.mouse.move(box["x"] + box["width"] - 3, box["y"] + box["height"] - 3, steps=5)
    map_page.mouse.up()
    expect(group.locator(".group-count")).to_have_text("300 items of 300")


def test_coloured_by_another_field(map_page):
    legend = map_page.locator("#legend")
    expect(legend.locator("button")).to_have_count(10)
    map_page.get_by_label("Coloured by").select_option("writer")
    expect(legend.locator("button")).to_have_count(4)
    expect(map_page.locator("#table tbody tr")).to_have_count(4)
    legend.get_by_role("button", name="writer 2").click()
    expect(map_page.locator("#group-title")).to_have_text("writer: writer 2")
    expect(map_page.locator(".group-count")).to_have_text("70 items of 300")
    expect(map_page.locator("#group")).to_be_focused()
    map_page.get_by_label("Coloured by").select_option("")
    expect(legend).to_be_empty()


def test_a_gallery_by_numbers(page):
    opened(page, "gallery:people")
    expect(page.get_by_label("Of", exact=True)).to_have_value("gallery:people")
    page.get_by_label("Coloured by").select_option("price")
    expect(page.locator("#legend .gradient")).to_be_visible()
    expect(page.locator("#legend")).to_contain_text("16")
    expect(page.locator("#table-words")).to_contain_text("price is a number")
    page.get_by_label("Of", exact=True).select_option("items")
    expect(page.locator("#legend button")).to_have_count(10)


def test_a_value_out_of_sight_comes_into_sight(map_page):
    wide = middle(map_page)[0][1]
    for _ in range(8):
        map_page.get_by_role("button", name="Zoom in").click()
    # Far off, where no point is.
    map_page.locator("#plot").focus()
    for _ in range(60):
        map_page.keyboard.press("ArrowRight")
    wait_until(map_page, lambda: middle(map_page)[0][0] > 0.5 and middle(map_page)[0][1] < wide / 2)
    map_page.locator("#legend").get_by_role("button", name="7").click()
    wait_until(map_page, lambda: middle(map_page)[0][1] == pytest.approx(wide))


def test_found_by_name(map_page):
    map_page.get_by_label("Find an item").fill("no such thing")
    map_page.get_by_role("button", name="Find").click()
    expect(map_page.locator("#found")).to_contain_text("No name or label contains")
    map_page.get_by_label("Find an item").fill("7/")
    map_page.keyboard.press("Enter")
    expect(map_page.locator("#found button")).to_have_count(30)
    before = middle(map_page)
    map_page.locator("#found button").nth(4).click()
    expect(map_page.locator("#item .item-name")).to_contain_text("7/")
    wait_until(map_page, lambda: middle(map_page)[0][1] < before[0][1])
    expect(map_page.locator("#ring")).to_be_visible()


def test_by_keyboard_alone(map_page):
    plot = map_page.locator("#plot")
    for _ in range(60):
        map_page.keyboard.press("Tab")
        if plot.evaluate("(node) => node === document.activeElement"):
            break
    expect(plot).to_be_focused()
    expect(map_page.locator("#cross")).to_be_visible()
    (x, wide), (y, _) = middle(map_page)
    map_page.keyboard.press("ArrowRight")
    map_page.keyboard.press("ArrowUp")
    wait_until(map_page, lambda: middle(map_page)[0][0] > x and middle(map_page)[1][0] > y)
    map_page.keyboard.press("+")
    wait_until(map_page, lambda: middle(map_page)[0][1] < wide)
    map_page.keyboard.press("0")
    map_page.keyboard.press("Enter")
    expect(map_page.locator("#item .item-name")).to_be_visible()
    expect(map_page.locator("#live")).not_to_have_text("")
    # Out of it again, and to a value by the table.
    map_page.locator("#table button").nth(3).focus()
    map_page.keyboard.press("Enter")
    expect(map_page.locator("#group-title")).to_have_text("label: 3")
    expect(map_page.locator("#group")).to_be_focused()


def test_zoom_buttons(map_page):
    wide = middle(map_page)[0][1]
    map_page.get_by_role("button", name="Zoom in").click()
    wait_until(map_page, lambda: middle(map_page)[0][1] == pytest.approx(0.7 * wide))
    map_page.get_by_role("button", name="Zoom out").click()
    map_page.get_by_role("button", name="Show all").click()
    wait_until(map_page, lambda: middle(map_page)[0][1] == pytest.approx(wide))


def test_colours_follow_the_theme(map_page):
    def background():
        return map_page.evaluate("document.getElementById('plot')._fullLayout.plot_bgcolor")

    light = background()
    map_page.get_by_role("button", name="Switch to").click()
    wait_until(map_page, lambda: background() != light)


def test_for_everybody(map_page, check_accessible, check_narrow):
    map_page.locator("#legend button").first.click()
    expect(map_page.locator("#group-items button").first).to_be_visible()
    check_accessible(map_page)
    check_narrow(map_page)


def test_without_webgl_all_but_the_map_is_there(page):
    page.add_init_script(
        "const ask = HTMLCanvasElement.prototype.getContext;"
        "HTMLCanvasElement.prototype.getContext = function (kind, ...more) {"
        " return kind.startsWith('webgl') ? null : ask.call(this, kind, ...more); };"
    )
    page.goto("/map")
    expect(page.locator("#no-map")).to_contain_text("no WebGL")
    page.locator("#legend").get_by_role("button", name="7").click()
    expect(page.locator(".group-count")).to_have_text("30 items of 300")
    page.locator("#group-items button").first.click()
    expect(page.locator("#item .item-name")).to_contain_text("7/")
    expect(page.locator("#table tbody tr")).to_have_count(10)


@pytest.mark.slow
def test_a_hundred_thousand_points(parts, open_page, tmp_path, monkeypatch):
    """Drawn, pointed at and moved without standing still; `benchmarks.map_page` measures what it takes."""
    draw = np.random.default_rng(0)
    centres = draw.normal(size=(400, 2))
    label = draw.integers(0, 400, MANY)
    places = (centres[label] + 0.05 * draw.normal(size=(MANY, 2))).astype(np.float32)
    names = tuple(f"item {number}" for number in range(MANY))
    examples = Examples(names, names, np.array([f"id{one:03d}" for one in label]), kind="text")
    monkeypatch.setattr("alikely.server.maps.plane_of", lambda embeddings, *_, **__: embeddings.astype(np.float64))
    with serving(parts, parts.folders, tmp_path / "state") as running:
        object.__setattr__(running.served, "looked", Looked(examples, places, ()))
        page = open_page(running)
        opened(page)
        drawn = page.evaluate("document.getElementById('plot').data.reduce((sum, trace) => sum + trace.x.length, 0)")
        assert drawn == MANY
        coloured = page.evaluate(COLOURED)
        assert coloured > 5_000
        x, y = point_at(page, 77_777)
        page.mouse.move(x + 1, y)
        expect(page.locator("#tip")).to_be_visible()
        before = middle(page)
        frames = frames_while_dragged(page, moves=30)
        wait_until(page, lambda: middle(page)[0] != before[0])
        # Milliseconds, on a processor that draws, and that many share.
        assert np.median(frames) < 1000 * slower(time.perf_counter)


# How many of the pixels of the drawing are not of the background.
COLOURED = """() => {
    const canvas = document.querySelector("#plot canvas.gl-canvas-context") ?? document.querySelector("#plot canvas");
    const copy = document.createElement("canvas");
    [copy.width, copy.height] = [canvas.width, canvas.height];
    const context = copy.getContext("2d");
    context.drawImage(canvas, 0, 0);
    const {data} = context.getImageData(0, 0, copy.width, copy.height);
    let seen = 0;
    for (let i = 3; i < data.length; i += 4) if (data[i] > 0) seen += 1;
    return seen;
}"""
