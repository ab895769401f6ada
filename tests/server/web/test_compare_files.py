"""How pictures come to Compare: dropped, pasted, several at once, damaged, too large; and what is said of them."""

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.server.web.comparing import LEFT, RIGHT, choose, verdict_of

pytestmark = pytest.mark.browser


def test_pasted_and_dropped_pictures_fill_the_sides_in_their_order(service, page):
    page.goto("/compare")
    page.evaluate(
        """async (colours) => {
            for (const colour of colours) {
                const canvas = new OffscreenCanvas(16, 16);
                const pen = canvas.getContext("2d");
                pen.fillStyle = colour;
                pen.fillRect(4, 0, 6, 16);
                const data = new DataTransfer();
                data.items.add(new File([await canvas.convertToBlob()], colour + ".png", {type: "image/png"}));
                if (colour === "red") {
                    const happens = {clipboardData: data, bubbles: true, cancelable: true};
                    document.dispatchEvent(new ClipboardEvent("paste", happens));
                } else {
                    const drop = document.querySelectorAll(".drop")[1];
                    drop.dispatchEvent(new DragEvent("drop", {dataTransfer: data, bubbles: true, cancelable: true}));
                }
            }
        }""",
        ["red", "blue"],
    )
    assert verdict_of(page)
    expect(page.locator(".file-name")).to_have_text(["red.png", "blue.png"])
    page.get_by_role("button", name="Swap").click()
    expect(page.locator(".file-name")).to_have_text(["blue.png", "red.png"])


def test_two_files_on_one_side_fill_both_and_more_are_named(page):
    page.goto("/compare")
    page.evaluate(
        """async () => {
            const data = new DataTransfer();
            for (const name of ["a.png", "b.png", "c.png", "d.png"]) {
                const canvas = new OffscreenCanvas(16, 16);
                canvas.getContext("2d").fillRect(4, 0, 6, 16);
                data.items.add(new File([await canvas.convertToBlob()], name, {type: "image/png"}));
            }
            const drop = document.querySelectorAll(".drop")[1];
            drop.dispatchEvent(new DragEvent("drop", {dataTransfer: data, bubbles: true, cancelable: true}));
        }"""
    )
    verdict_of(page)
    expect(page.locator(".file-name")).to_have_text(["b.png", "a.png"])
    expect(page.locator("#right [role=alert]")).to_have_text("There is no place for more. Left out: c.png, d.png.")


def test_a_damaged_picture_is_told_in_words_and_another_mends_it(service, page, tmp_path, complaints):
    page.goto("/compare")
    broken = tmp_path / "broken.png"
    broken.write_bytes(service.pictures[2].read_bytes()[:60])
    text = tmp_path / "letter.txt"
    text.write_text("no picture")
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose a picture").first.click()
    chooser.value.set_files(text)
    page.get_by_role("alert").get_by_text("letter.txt is no picture").wait_for()
    choose(page, LEFT, service.pictures[2])
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose a picture").first.click()
    chooser.value.set_files(broken)
    alert = page.locator("#problem [role=alert]")
    alert.wait_for()
    assert "Right picture: is damaged or cut short" in alert.inner_text()
    assert "cut short" not in alert.inner_text().replace("Right picture: is damaged or cut short", "")
    assert page.locator(".verdict-head").count() == 0
    complaints.expect("422: POST")
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Replace").nth(1).click()
    chooser.value.set_files(service.pictures[3])
    assert verdict_of(page) == "Same"
    assert alert.count() == 0


def photo(path, side: int, turn: int = 1):
    """A photo as telephones make it, of more than 4 MB: noise, `side` long, half as high, its left half white."""
    picture = Image.effect_noise((side, side // 2), 100).convert("RGB")
    picture.paste("white", (0, 0, side // 2, side // 2))
    exif = Image.Exif()
    exif[0x0112] = turn
    picture.save(path, quality=97, exif=exif)
    assert path.stat().st_size > 4e6
    return path


def test_two_large_photos_are_made_smaller_and_compared(service, page, tmp_path):
    page.goto("/compare")
    turned = photo(tmp_path / "turned.jpg", 4000, turn=6)
    choose(page, LEFT, turned)
    choose(page, RIGHT, photo(tmp_path / "upright.jpg", 4000))
    verdict_of(page)
    assert (
        page.locator(".drop .small-print")
        .all_inner_texts()[0]
        .startswith("Too large to send: made smaller here (1024 \N{MULTIPLICATION SIGN} 2048 pixels).")
    )
    # Upright, and near to the file itself.
    decision = service.served.model.compare(turned, tmp_path / "upright.jpg")
    written = float(page.locator(".figures dd").first.inner_text().split("\n")[0])
    assert written == pytest.approx(decision.distance, abs=0.01)
    page.get_by_role("button", name="Swap").click()
    page.locator("#right .small-print", has_text="Too large to send").wait_for()


def test_what_is_too_large_and_no_picture_is_refused_in_words(page, complaints, tmp_path):
    large = tmp_path / "large.png"
    large.write_bytes(bytes(6_000_000))
    page.goto("/compare")
    for side in (LEFT, RIGHT):
        with page.expect_file_chooser() as chooser:
            page.get_by_role("button", name="Choose a picture").first.click()
        chooser.value.set_files(large)
        expect(page.get_by_text("The browser cannot show this file.")).to_have_count(side + 1)
    alert = page.locator("#problem [role=alert]")
    alert.wait_for()
    assert alert.inner_text().startswith("Both pictures together have more than 10 MB")
    complaints.expect("413: POST")
