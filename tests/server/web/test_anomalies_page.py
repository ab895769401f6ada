"""The page Anomalies as a person uses it: judge files now, go through what was found, accept, dismiss, undo, labels."""

import csv
import io
import zipfile

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


@pytest.fixture
def findings(service):
    """What is found; before each test nothing is."""
    noted = service.served.findings
    with noted._lock:
        noted._all.clear()
        noted._known.clear()
    return noted


@pytest.fixture
def odd(service):
    """Three pictures that the detector calls anomalous."""
    detector = service.served.detector("normal")
    answers = detector.judge([path.read_bytes() for path in service.pictures[2:]])
    return [path for path, one in zip(service.pictures[2:], answers, strict=True) if one.anomalous][:3]


def judge_now(page, files):
    page.goto("/anomalies")
    page.locator("#none .empty, .finding").first.wait_for()
    if not page.locator("#score").is_visible():
        page.locator("#now > summary").click()
    page.set_input_files("#items input[type=file]", files)
    page.get_by_role("button", name="Judge").click()
    page.locator("#scored .notice").wait_for()


def test_files_are_judged_now_and_what_is_anomalous_is_listed(
    page, service, findings, odd, complaints, tmp_path, check_accessible, check_narrow
):
    broken = tmp_path / "notes.png"
    broken.write_bytes(b"these are notes")
    calm = service.served.pictures.found.folders[0] / "0"
    normal = next(
        path
        for path in sorted(calm.glob("*.png"))
        if not service.served.detector("normal").judge([path.read_bytes()])[0].anomalous
    )
    judge_now(page, [odd[0], normal, odd[1], broken])
    complaints.expect("422")
    told = page.locator("#scored .notice").inner_text().replace("\N{NO-BREAK SPACE}", " ")
    assert "2 of 3 items are anomalous." in told
    assert "at most 5 % are called anomalous, with 95 % confidence" in told
    expect(page.locator("#scored .chip")).to_have_text(["Anomalous", "Normal", "Anomalous"])
    expect(page.locator(".file-list")).to_contain_text("is not a picture")
    expect(page.locator("#findings h3")).to_have_text([odd[1].name, odd[0].name])
    states = page.locator(".file-list li").evaluate_all("all => all.map((one) => one.dataset.state)")
    assert states == ["found", "done", "found", "bad"]
    assert len({one.content for one in findings.newest("open")}) == 2
    check_accessible(page)
    check_narrow(page)
    # The heat map in place of the picture, and back.
    card = page.locator("#scored .finding").first
    captions = card.locator("figcaption").filter(visible=True)
    expect(captions).to_have_text(["Picture", "Where it deviates"])
    card.get_by_text("Heat map").click()
    expect(captions).to_have_text(["Where it deviates"])
    card.get_by_text("Picture", exact=True).last.click()
    expect(captions).to_have_text(["Picture"])


def test_findings_are_accepted_dismissed_and_undone(page, findings, odd, check_accessible):
    judge_now(page, odd)
    page.goto("/anomalies")
    page.locator("#findings img").nth(5).wait_for()
    expect(page.locator("#findings h3")).to_have_text([path.name for path in reversed(odd)])
    expect(page.locator("#findings .finding").first).to_contain_text("Finding 3,")
    page.locator("#findings .finding").nth(1).get_by_role("button", name="Accept").click()
    expect(page.locator("#findings .finding")).to_have_count(2)
    # The next one is under the hand.
    expect(page.locator("#findings [data-number='1'] button:focus")).to_have_text("Accept")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#findings .finding")).to_have_count(1)
    assert [one.verdict for one in findings.newest()] == ["open", "accepted", "dismissed"]
    expect(page.locator("#count-dismissed")).to_have_text("1")
    expect(page.locator("#count-open")).to_have_text("1")
    check_accessible(page)
    page.locator("#undo").get_by_role("button", name="Undo").click()
    expect(page.locator("#findings .finding")).to_have_count(2)
    assert findings.one(1).verdict == "open"
    page.get_by_label("Accepted").check()
    expect(page.locator("#findings h3")).to_have_text([odd[1].name])
    expect(page.locator("#findings")).to_contain_text("said local")
    page.wait_for_url("**?verdict=accepted")
    page.locator("#findings").get_by_role("button", name="Undo").click()
    page.get_by_role("heading", name="Nothing was accepted").wait_for()
    assert findings.counts() == {"open": 3, "accepted": 0, "dismissed": 0}


def test_labels_are_downloaded(page, findings, odd):
    judge_now(page, odd)
    page.goto("/anomalies")
    page.locator("#findings .finding").nth(2).wait_for()
    expect(page.get_by_role("link", name="ZIP")).to_be_hidden()  # nothing is judged yet
    page.locator("#findings .finding").first.get_by_role("button", name="Accept").click()
    page.get_by_role("link", name="ZIP").wait_for()
    with page.expect_download() as table:
        page.get_by_role("link", name="CSV").click()
    rows = list(csv.DictReader(io.StringIO(table.value.path().read_text())))
    assert [(row["number"], row["label"]) for row in rows] == [("3", "anomalous")]
    with page.expect_download() as archive:
        page.get_by_role("link", name="ZIP").click()
    with zipfile.ZipFile(archive.value.path()) as held:
        assert sorted(held.namelist()) == ["labels.csv", "normal/anomalous/0000003.webp"]


def test_a_finding_that_is_gone_is_told(page, findings, odd, complaints):
    judge_now(page, odd[:1])
    page.goto("/anomalies")
    page.locator("#findings .finding").first.wait_for()
    findings._all.clear()
    page.locator("#findings").get_by_role("button", name="Dismiss").click()
    expect(page.locator("#list-problem")).to_contain_text("There is no finding 1")
    complaints.expect("404")


def test_nothing_found_says_what_to_do(page, findings, check_accessible, check_narrow):
    page.goto("/anomalies")
    page.get_by_role("heading", name="Nothing is open").wait_for()
    expect(page.locator("#score")).to_be_visible()
    page.get_by_role("button", name="Judge").click()
    expect(page.locator("#score-problem")).to_contain_text("at least one picture")
    check_accessible(page)
    check_narrow(page)
