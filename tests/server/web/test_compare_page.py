"""The page Compare, as a person goes through it: files, keys, settings, reasons, what goes wrong."""

from dataclasses import replace

import pytest
from playwright.sync_api import expect

from alikely.calibration import calibrate
from alikely.storage import load_model, save_model
from tests.models import made_up_pairs
from tests.server.web.comparing import LEFT, RIGHT, choose, verdict_of
from tests.server.web.services import serving, wait_until

pytestmark = pytest.mark.browser


def test_two_files_give_the_verdict_that_python_gives(service, page, check_accessible, check_narrow):
    page.goto("/compare")
    assert page.title() == "Compare · Alikely"
    page.locator("#fmr").wait_for()
    check_accessible(page)
    for first, second in ((2, 3), (2, 14)):
        choose(page, LEFT, service.pictures[first])
        choose(page, RIGHT, service.pictures[second])
        decision = service.served.model.compare(service.pictures[first], service.pictures[second])
        assert verdict_of(page).lower() == decision.verdict
        assert page.locator(".mark-head").count() == 1
        bar, head = page.locator(".likelihood > div").bounding_box(), page.locator(".verdict-head").bounding_box()
        assert bar["width"] > 0.85 * head["width"]
        assert page.locator(".likelihood").text_content() == "01"
        filled = page.locator(".likelihood span").bounding_box()["width"] / bar["width"]
        assert filled == pytest.approx(max(0.01, decision.probability), abs=0.01)
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
    expect(page.locator("#main")).to_be_focused()
    for side, picture in ((LEFT, 2), (RIGHT, 3)):
        for _ in range(8):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.textContent") == "Choose a picture":
                break
        page.keyboard.press("Enter")
        wait_until(page, lambda side=side: len(choosers) > side)
        choosers[side].set_files(service.pictures[picture])
        page.locator(".drop").nth(side).locator("img").wait_for()
    assert verdict_of(page) == "Same"
    page.locator("#fmr").wait_for()
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
    wait_until(page, lambda: maps.evaluate_all("all => all.every((one) => one.naturalWidth >= 100)"))
    said = page.request.post(
        "/v1/explain",
        multipart={
            name: {"name": "x.png", "mimeType": "image/png", "buffer": service.pictures[place].read_bytes()}
            for name, place in (("left", 2), ("right", 3))
        },
    ).json()
    assert said["sentence"][1:] in page.locator("#result").inner_text()
    check_accessible(page)


def test_a_random_pair_to_try(page):
    page.goto("/compare")
    page.get_by_role("button", name="Try a random pair").click()
    assert verdict_of(page) in ("Same", "Different")
    assert all(name.endswith(".png") for name in page.locator(".file-name").all_inner_texts())


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
        said = page.locator(".verdict-head > p").inner_text().replace("\N{NO-BREAK SPACE}", " ")
        chance = f"{loaded.compare(*chosen).probability:.2f}"
        assert said.endswith(f"(probability {chance}), but not near enough for at most 0.5 % false matches.")
