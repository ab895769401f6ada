"""The page Model: what is told of the model, its promises, its card, its report, drift."""

from dataclasses import replace

import pytest
from playwright.sync_api import expect

from alikely.metrics import percent
from alikely.storage import load_model, save_model
from tests.models import small_model
from tests.server.web.services import serving

pytestmark = pytest.mark.browser


def shown(page, part: str) -> str:
    """What a part says, once it is there; lines and spaces as in Python."""
    page.locator(f"[data-part={part}] .skeleton").wait_for(state="detached")
    return page.locator(f"[data-part={part}]").inner_text().replace("\N{NO-BREAK SPACE}", " ")


def test_what_the_model_is_and_promises(service, page, check_accessible, check_narrow):
    page.goto("/model")
    model = service.served.model
    assert page.title() == "Model · Alikely"
    quality = shown(page, "quality")
    evaluation = model.record["evaluation"]
    assert percent(evaluation["eer"]) in quality
    assert f"{evaluation['auc']:.3f}" in quality
    assert "3 identities are too few" in quality
    promises = shown(page, "promises")
    calibration = model.calibration
    assert f"{calibration.same_pairs:,} same pairs" in promises
    assert f"{calibration.threshold(fmr=0.05):.3f}" in promises
    assert "s own)" in promises
    assert "none: it takes 10,000 different pairs" in promises
    assert page.get_by_role("img", name="How the distances of same and of different pairs").count() == 1
    made = shown(page, "made")
    assert model.fingerprint() in made
    assert "cnn" in made
    assert "10 identities have 2 items or more" in made
    check_accessible(page)
    check_narrow(page)


def test_figures_of_too_few_pairs_are_not_known(service, page):
    evaluation = service.served.model.record["evaluation"]
    before = evaluation["same_pairs"]
    evaluation["same_pairs"] = 9
    try:
        page.goto("/model")
        quality = shown(page, "quality")
    finally:
        evaluation["same_pairs"] = before
    assert "9 same pairs are too few" in quality
    assert "Equal error rate\nnot known" in quality
    assert percent(evaluation["eer"]) not in quality.split("Equal error rate")[1].split("At the model")[0]


def test_the_card_is_readable(service, page):
    page.goto("/model")
    card = shown(page, "card")
    assert "Intended use and limits" in card
    part = page.locator("[data-part=card]")
    assert part.locator("table").count() == 2
    assert part.locator("h3").first.inner_text() == "Use"
    assert part.locator("h1, h2").count() == 0
    assert part.locator("pre").count() >= 2


def test_the_report_opens_by_itself_and_works(service, page):
    page.goto("/model")
    link = page.get_by_role("link", name="Open the report")
    link.wait_for()
    problems = []
    page.context.on("weberror", lambda error: problems.append(str(error.error)))
    with page.context.expect_page() as opened:
        link.click()
    report = opened.value
    report.locator("h1").wait_for()
    report.wait_for_load_state("networkidle")
    assert report.url.endswith("/v1/model/report")
    assert report.evaluate("self.origin") == "null"
    assert problems == []


def test_drift_and_galleries(service, page):
    page.goto("/model")
    use = shown(page, "use")
    assert "people" in use
    assert "3 identities, 36 templates" in use
    assert "drift" in use


def test_the_parts_are_reached_by_keyboard(page):
    page.goto("/model")
    # All of them: what comes above it later moves it.
    expect(page.locator(".skeleton")).to_have_count(0)
    page.get_by_role("link", name="Model card").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/model#card")
    expect(page.locator("#card")).to_be_in_viewport()


def test_a_bare_model_says_what_is_lacking(open_page, parts, tmp_path, complaints, check_accessible):
    save_model(small_model(calibrated=False), tmp_path / "bare")
    folders = replace(parts.folders, model=tmp_path / "bare", galleries=(), detectors=(), items=None)
    with serving(parts, folders, tmp_path / "state") as running:
        page = open_page(running)
        page.goto("/model")
        assert "no calibration" in shown(page, "promises")
        assert "alikely calibrate MODEL SOURCE" in shown(page, "promises")
        assert "Not measured" in shown(page, "quality")
        assert "alikely serve MODEL --gallery DIR" in shown(page, "use")
        assert page.get_by_role("link", name="Open the report").count() == 0
        assert load_model(tmp_path / "bare").fingerprint() in shown(page, "made")
        check_accessible(page)
        complaints.expect("409: GET")


def test_an_exported_model_shows_its_proof(open_page, parts, tmp_path):
    proof = {
        "precision": "fp32",
        "largest_difference": 1.2e-6,
        "eer": 0.021,
        "eer_before": 0.02,
        "times_as_fast": {"batch_1": {"times": 3.21, "low": 3, "high": 3.5}},
    }
    model = small_model()
    save_model(model, tmp_path / "bare")
    folders = replace(parts.folders, model=tmp_path / "bare", galleries=(), detectors=(), items=None)
    with serving(parts, folders, tmp_path / "state") as running:
        running.served.model.record["export"] = proof
        page = open_page(running)
        page.goto("/model")
        made = shown(page, "made")
        assert "1.2e-6" in made
        assert "2.1 %" in made
        assert "3.2 times" in made
