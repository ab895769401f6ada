"""The page Gallery where a rate cannot be kept: what can be promised or estimated, and what to do with neither."""

from contextlib import contextmanager
from dataclasses import replace

import pytest
from playwright.sync_api import expect

from alikely.calibration import calibrate
from alikely.gallery import Gallery
from alikely.storage import save_model
from tests.models import made_up_pairs, pictures, small_model
from tests.server.small import png
from tests.server.web.services import serving

pytestmark = pytest.mark.browser
CLAIM = "Who or what it claims to be"


@pytest.fixture
def gallery_page(open_page, parts, tmp_path):
    """Opens the page of a service whose model is this one, with three identities of four templates each."""

    @contextmanager
    def opened(model):
        save_model(model, tmp_path / "model")
        with Gallery.create(tmp_path / "few", tmp_path / "model") as gallery:
            for place, picture in enumerate(pictures(3)):
                gallery.enrol([picture // step for step in (1, 2, 3, 4)], identity=f"person {place}")
        (tmp_path / "asked.png").write_bytes(png(pictures(4)[3]))
        folders = replace(
            parts.folders, model=tmp_path / "model", galleries=(tmp_path / "few",), detectors=(), items=None
        )
        with serving(parts, folders, tmp_path / "state") as running:
            page = open_page(running)
            page.goto("/gallery?view=who")
            page.set_input_files("#who-item input[type=file]", tmp_path / "asked.png")
            page.locator("#who-item img").wait_for()
            yield page, running.served.galleries["few"], page.locator("#who-answer")

    return opened


def promising_model():
    """Its calibration promises rates, but only large ones, as it rests on few pairs."""
    model = small_model()
    return model.with_calibration(calibrate(made_up_pairs(), "euclidean", model.fingerprint(), confidence=0.9))


def buttons(answer) -> list[str]:
    return [text.replace("\N{NO-BREAK SPACE}", " ") for text in answer.get_by_role("button").all_inner_texts()]


def test_who_it_claims_to_be_can_be_estimated_where_it_cannot_be_promised(
    gallery_page, tmp_path, complaints, check_accessible, check_narrow
):
    with gallery_page(promising_model()) as (page, few, answer):
        page.get_by_text("Is it …?").click()
        page.get_by_label(CLAIM).fill("person 1")
        page.get_by_role("button", name="Ask", exact=True).click()
        expect(answer.get_by_role("heading", name="cannot be promised here")).to_be_visible()
        # 200 different pairs can tell a rate of 0.5 %; each of four templates may match falsely.
        assert buttons(answer) == ["Ask with 4.7 %", "Take an estimate of 2 %"]
        assert "fewer templates of one identity" in answer.inner_text()
        check_accessible(page)
        check_narrow(page)
        answer.get_by_role("button", name="Take an estimate").click()
        expect(answer.get_by_text("about 2 % of the time: an estimate, no promise")).to_be_visible()
        assert page.get_by_label("An estimate will do").is_checked()
        assert page.get_by_label("False matches, at most").input_value() == "2"
        decision = few.verify(tmp_path / "asked.png", "person 1", fmr=0.02, confidence=0.0)
        verdict = "Yes, this is person 1" if decision.verdict == "same" else "No, this is not person 1"
        expect(answer.get_by_role("heading", name=verdict)).to_be_visible()
        complaints.expect("409")


def test_who_it_is_can_be_estimated_where_it_cannot_be_promised(gallery_page, complaints):
    with gallery_page(promising_model()) as (page, _, answer):
        page.get_by_role("button", name="Ask", exact=True).click()
        expect(answer.get_by_role("heading", name="1 % cannot be promised here")).to_be_visible()
        # The nearest stand there at once, with no name given.
        expect(answer.locator("tbody tr")).to_have_count(3)
        expect(answer.get_by_text("estimates, no promise")).to_be_visible()
        assert answer.locator(".answer").count() == 0
        assert page.get_by_label("Strangers taken for somebody").is_visible()
        assert "--" not in answer.inner_text()
        assert buttons(answer) == ["Ask with 14 %", "Take an estimate of 6 %"]
        answer.get_by_role("button", name="Take an estimate").click()
        answer.locator(".answer").wait_for()
        assert page.get_by_label("An estimate will do").is_checked()
        expect(answer.get_by_text("about 6 % of the time")).to_be_visible()
        complaints.expect("409")


def test_without_a_calibration_nobody_is_verified_but_who_it_is_can_be_asked(gallery_page, complaints):
    with gallery_page(small_model(calibrated=False)) as (page, _, answer):
        page.get_by_text("Is it …?").click()
        page.get_by_label(CLAIM).fill("person 1")
        page.get_by_role("button", name="Ask", exact=True).click()
        expect(answer.get_by_role("alert")).to_contain_text("whoever runs the service can calibrate it")
        answer.get_by_role("button", name="Ask who it is").click()
        expect(answer.get_by_role("heading", name="1 % cannot be promised here")).to_be_visible()
        # Three are too few for any estimate: none is offered, and who is nearest is refused as well.
        expect(answer).not_to_have_attribute("aria-busy", "true")
        assert buttons(answer) == []
        assert page.get_by_label("Who or what is it?").is_checked()
        assert page.get_by_label(CLAIM).is_hidden()
        complaints.expect("409")
