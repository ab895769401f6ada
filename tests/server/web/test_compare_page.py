"""The page Compare, as a person goes through it: files, keys, paste, settings, reasons, what goes wrong."""

from dataclasses import replace

import pytest
from PIL import Image

from alikely.calibration import calibrate
from alikely.decision import chance_of, shown
from alikely.metrics import percent
from alikely.storage import load_model, save_model
from tests.models import made_up_pairs
from tests.server.models_of_kinds import model_of
from tests.server.web.services import serving

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]

LEFT, RIGHT = 0, 1


def choose(page, side: int, path) -> None:
    """Choose a file as a person does: by the button, which opens the browser's dialogue."""
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose a picture").first.click()
    chooser.value.set_files(path)
    page.locator(".drop").nth(side).locator("img").wait_for()


def verdict_of(page) -> str:
    """The verdict that is shown, once it is there."""
    chip = page.locator(".verdict-head .verdict")
    chip.wait_for()
    return chip.inner_text().strip()


def test_two_files_give_the_verdict_that_python_gives(service, page, check_accessible, check_narrow):
    page.goto("/compare")
    assert page.title() == "Compare · Alikely"
    check_accessible(page)
    for first, second in ((2, 3), (2, 14)):
        choose(page, LEFT, service.pictures[first])
        choose(page, RIGHT, service.pictures[second])
        decision = service.served.model.compare(service.pictures[first], service.pictures[second])
        assert verdict_of(page).lower() == decision.verdict
        assert page.locator(".mark-head").count() == 1
        assert f"these two: {decision.distance:.3f}"[:-2] in page.locator(".chart .strong").text_content()
        page.locator("#live").get_by_text(verdict_of(page)).wait_for(state="attached")
        chart = page.get_by_role("img", name="How the distances of same and of different pairs")
        described = chart.get_attribute("aria-label")
        assert "is larger than that of" in described
        check_accessible(page)
        check_narrow(page)
        page.get_by_role("button", name="Clear both").click()
        page.get_by_text("The verdict appears here").wait_for()
    # Both verdicts were seen.
    assert service.served.model.compare(service.pictures[2], service.pictures[3]).verdict == "same"
    assert service.served.model.compare(service.pictures[2], service.pictures[14]).verdict == "different"


def test_by_keyboard_alone(service, page):
    # Listening from the start: a dialogue that a key opens is there before a wait for it has begun.
    choosers = []
    page.on("filechooser", lambda chooser: choosers.append(chooser))
    page.goto("/compare")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    for side, picture in ((LEFT, 2), (RIGHT, 3)):
        for _ in range(8):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.textContent") == "Choose a picture":
                break
        page.keyboard.press("Enter")
        for _ in range(100):
            page.wait_for_timeout(50)
            if len(choosers) > side:
                break
        choosers[side].set_files(service.pictures[picture])
        page.locator(".drop").nth(side).locator("img").wait_for()
    assert verdict_of(page) == "Same"
    # From there on to the settings: the rate is changed by its first letter, the band by the space bar.
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.id") == "fmr":
            break
    with page.expect_response("**/v1/compare"):
        page.keyboard.press("Home")
    page.keyboard.press("Tab")
    with page.expect_response("**/v1/compare") as asked:
        page.keyboard.press("Space")
    assert asked.value.json()["fmr"] == 0.1
    assert asked.value.json()["fnmr"] is not None


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
    assert page.locator(".file-name").all_inner_texts() == ["red.png", "blue.png"]
    page.get_by_role("button", name="Swap").click()
    assert page.locator(".file-name").all_inner_texts() == ["blue.png", "red.png"]


def test_settings_move_the_verdict_as_they_do_in_python(service, page, complaints):
    page.goto("/compare")
    choose(page, LEFT, service.pictures[2])
    choose(page, RIGHT, service.pictures[3])
    model, pair = service.served.model, (service.pictures[2], service.pictures[3])
    verdict_of(page)

    with page.expect_response("**/v1/compare") as asked:
        page.get_by_label("Say “unsure” in between").check()
    wanted = model.compare(*pair, fnmr=0.01)
    assert asked.value.json()["upper"] == pytest.approx(wanted.upper)

    with page.expect_response("**/v1/compare") as asked:
        page.get_by_label("How many of your pairs are the same").fill("1")
    wanted = model.compare(*pair, fnmr=0.01, prior=0.01)
    assert asked.value.json()["probability"] == pytest.approx(wanted.probability, rel=1e-3)

    with page.expect_response("**/v1/compare"):
        page.get_by_label("False matches, at most").select_option("other")
    with page.expect_response("**/v1/compare") as asked:
        page.get_by_label("Rate of false matches").fill("30")
    assert asked.value.json()["fmr"] == 0.3

    # They stand in the address: whoever loads the page anew, or gets its address, has the same.
    page.reload()
    page.locator("#fmr").wait_for()
    assert page.locator("#fmr").input_value() == "other"
    read = [page.locator(f"#{name}").input_value() for name in ("other-fmr", "fnmr", "prior")]
    assert read == ["30", "1", "1"]
    choose(page, LEFT, service.pictures[2])
    with page.expect_response("**/v1/compare") as asked:
        choose(page, RIGHT, service.pictures[3])
    assert asked.value.json()["fmr"] == 0.3
    assert asked.value.json()["upper"] == pytest.approx(wanted.upper)
    verdict_of(page)

    # What cannot be promised from so few pairs is told where the verdict would stand.
    page.get_by_label("Rate of false matches").fill("0.0001")
    page.get_by_role("alert").get_by_text("cannot be told from").wait_for()
    assert page.locator(".verdict-head").count() == 0
    complaints.expect("409: POST")


def test_a_saved_operating_point_can_be_chosen(service, page):
    page.goto("/compare")
    kept = page.request.post("/v1/operating-points", data={"name": "by hand", "threshold": 0.2})
    assert kept.status == 201
    try:
        page.reload()
        choose(page, LEFT, service.pictures[2])
        choose(page, RIGHT, service.pictures[14])
        verdict_of(page)
        option = page.locator("#fmr option", has_text="by hand")
        with page.expect_response("**/v1/compare") as asked:
            page.locator("#fmr").select_option(option.get_attribute("value"))
        assert asked.value.json()["threshold"] == pytest.approx(kept.json()["threshold"])
    finally:
        page.request.delete("/v1/operating-points/by hand")


def test_why_shows_both_pictures_and_says_it(service, page, check_accessible):
    page.goto("/compare")
    choose(page, LEFT, service.pictures[2])
    choose(page, RIGHT, service.pictures[3])
    page.get_by_role("button", name="Why?").click()
    maps = page.locator(".why-maps img")
    maps.nth(1).wait_for()
    assert maps.count() == 2
    assert page.evaluate("[...document.querySelectorAll('.why-maps img')].every((one) => one.naturalWidth >= 100)")
    said = page.request.post(
        "/v1/explain",
        multipart={
            name: {"name": "x.png", "mimeType": "image/png", "buffer": service.pictures[place].read_bytes()}
            for name, place in (("left", 2), ("right", 3))
        },
    ).json()
    assert said["sentence"][1:] in page.locator("#result").inner_text()
    check_accessible(page)


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


def test_figures_are_written_as_the_command_writes_them(page):
    page.goto("/compare")
    rates = [0.0, 0.0001, 0.00123, 0.01, 0.05, 1 / 3, 0.6018, 0.99996, 0.9999999, 1.0]
    distances = [0.0, 0.001234, 0.05003, 0.1, 0.16197, 1.0, 12.3456]
    chances = [0.001, 0.005, 0.3333, 0.5, 0.9949, 0.996]
    said = page.evaluate(
        """async ([rates, distances, chances]) => {
            const words = await import("/static/words.js");
            return [rates.map(words.percent), distances.map(words.distance), chances.map(words.chance)];
        }""",
        [rates, distances, chances],
    )
    assert [text.replace("\N{NO-BREAK SPACE}", " ") for text in said[0]] == [percent(rate) for rate in rates]
    assert said[1] == [shown(distance) for distance in distances]
    assert said[2] == [chance_of(chance) for chance in chances]


def test_a_name_never_turns_what_stands_around_it(service, page):
    page.goto("/compare")
    read = page.evaluate(
        """async () => {
            const {el, legible} = await import("/static/api.js");
            const node = el("p", {title: "a\u202eb"}, "is a\u202eb\u2069 at ", "3", el("b", {}, "\u05d0 5 \u05d1 at"));
            return [node.textContent, node.title, legible("1, déjà")];
        }"""
    )
    assert read == [
        "is a\ufffdb\ufffd at 3\u2068\u05d0 5 \u05d1\u2069 at",
        "a\ufffdb",
        "1, déjà",
    ]
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose a picture").first.click()
    content = service.pictures[2].read_bytes()
    chooser.value.set_files({"name": "a\u202eb.png", "mimeType": "image/png", "buffer": content})
    page.locator(".file-name").wait_for()
    assert page.locator(".file-name").inner_text() == "a\ufffdb.png"


def test_a_random_pair_to_try(page):
    page.goto("/compare")
    page.get_by_role("button", name="Try a random pair").click()
    assert verdict_of(page) in ("Same", "Different")
    assert all(name.endswith(".png") for name in page.locator(".file-name").all_inner_texts())


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


def test_a_model_without_a_calibration_gives_a_distance_and_says_what_to_do(
    open_page, parts, tmp_path, complaints, check_accessible
):
    bare = load_model(parts.folders.model, without_calibration=True)
    save_model(bare, tmp_path / "model")
    folders = replace(parts.folders, model=tmp_path / "model", galleries=(), detectors=(), items=None)
    with serving(parts, folders, tmp_path / "state") as running:
        page = open_page(running)
        page.goto("/compare")
        page.get_by_text("it gives distances, no verdicts").wait_for()
        choose(page, LEFT, running.pictures[2])
        choose(page, RIGHT, running.pictures[3])
        assert verdict_of(page) == "No verdict: the model has no calibration"
        assert "alikely calibrate MODEL SOURCE" in page.locator("#result").inner_text()
        distance = bare.distance_of(running.pictures[2], running.pictures[3])
        assert f"The distance is {distance:.2g}" in page.locator("#result").inner_text()
        check_accessible(page)
        complaints.expect("409: GET")
        complaints.expect("409: POST")


@pytest.mark.parametrize("kind", ["text", "row", "sequence", "embedding"])
def test_items_that_are_written(open_page, parts, tmp_path, kind, check_accessible, check_narrow):
    model, examples = model_of(kind)
    save_model(model, tmp_path / "model")
    folders = replace(parts.folders, model=tmp_path / "model", galleries=(), detectors=(), items=None)
    with serving(parts, folders, tmp_path / "state") as running:
        page = open_page(running)
        page.goto("/compare")
        for name, item in zip(("Left", "Right"), examples.items[2:4], strict=True):
            if kind == "row":
                group = page.get_by_role("group", name=name)
                for column, cell in item.items():
                    group.get_by_label(column).fill("" if cell is None else str(cell))
            elif kind == "sequence":
                page.get_by_label(f"{name} {kind}").fill("\n".join(" ".join(str(x) for x in step) for step in item))
            elif kind == "embedding":
                page.get_by_label(f"{name} {kind}").fill(", ".join(str(float(x)) for x in item))
            else:
                page.get_by_label(f"{name} {kind}").fill(item)
        decision = model.compare(*examples.items[2:4])
        assert verdict_of(page).lower() == decision.verdict
        written = float(page.locator(".figures dd").first.inner_text().split("\n")[0])
        assert written == pytest.approx(decision.distance, abs=2e-3)
        assert page.get_by_role("button", name="Why?").count() == 0
        check_accessible(page)
        check_narrow(page)
        if kind == "embedding":
            page.get_by_label("Left embedding").fill("1, two, 3")
            page.get_by_text("“two” is no number.").wait_for()
            assert page.get_by_label("Left embedding").get_attribute("aria-invalid") == "true"


def test_the_verdict_against_the_likelier_of_the_two_is_explained(open_page, parts, tmp_path):
    """A threshold far below where the probability is one half: different, although likelier the same."""
    model = load_model(parts.folders.model, without_calibration=True)
    pairs = made_up_pairs()
    pairs = replace(pairs, same=pairs.same / 2, different=pairs.different)
    strict = calibrate(pairs, model.distance_name, model.fingerprint(), fmr=0.005, confidence=0.0)
    save_model(model.with_calibration(strict), tmp_path / "model")
    folders = replace(parts.folders, model=tmp_path / "model", galleries=(), detectors=(), items=None)
    loaded = load_model(tmp_path / "model")
    chosen = next(
        (one, other)
        for one in parts.pictures
        for other in parts.pictures
        if (found := loaded.compare(one, other)).verdict == "different" and found.probability >= 0.5
    )
    with serving(parts, folders, tmp_path / "state") as running:
        page = open_page(running)
        page.goto("/compare")
        choose(page, LEFT, chosen[0])
        choose(page, RIGHT, chosen[1])
        assert verdict_of(page) == "Different"
        assert "not near enough to be called the same" in page.locator(".verdict-head").inner_text()


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
    for _ in (LEFT, RIGHT):
        with page.expect_file_chooser() as chooser:
            page.get_by_role("button", name="Choose a picture").first.click()
        chooser.value.set_files(large)
        page.get_by_text("The browser cannot show this file.").last.wait_for()
    alert = page.locator("#problem [role=alert]")
    alert.wait_for()
    assert alert.inner_text().startswith("Both pictures together have more than 10 MB")
    complaints.expect("413: POST")


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
    assert page.locator(".file-name").all_inner_texts() == ["b.png", "a.png"]
    left_out = page.locator("#right [role=alert]").inner_text()
    assert left_out == "There is no place for more. Left out: c.png, d.png."
