"""Anomalies > Judge something now with many rows at once: what is anomalous as cards, the others counted."""

import pytest
from playwright.sync_api import expect

from tests.server.web.written import AT_ONCE, serving_written
from tests.tasks.anomaly.normal import anomaly_of, normal_of

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    with serving_written("row", tmp_path_factory.mktemp("rows")) as running:
        yield running


def test_many_rows_are_judged_as_python_judges_them(
    open_page, rows, tmp_path, complaints, check_accessible, check_narrow
):
    items = [
        *normal_of("row", seed=3, count=AT_ONCE).items,
        anomaly_of("row"),
        *normal_of("row", seed=4, count=1).items,
    ]
    lines = [",".join(str(item[name]) for name in ("amount", "hours", "town")) for item in items]
    table = tmp_path / "days.csv"
    # After a first request with good rows alone come one with a bad row among others, and one that is nothing but bad.
    content = "amount,hours,town\n" + "\n".join([*lines, "3,much,Bern", "4,5,Zug", "x,x,Zug"])
    table.write_text(content, encoding="utf-8")
    page = open_page(rows)
    page.goto("/anomalies")
    page.locator("#items label", has_text="Many rows").click()
    page.locator("#score button.primary").click()
    expect(page.locator("#score-problem")).to_contain_text("there is nothing to judge yet")
    page.set_input_files("#items input[type=file]", table)
    page.locator(".understood").wait_for()
    check_accessible(page)
    check_narrow(page)
    page.locator("#score button.primary").click()
    judged = rows.served.detector("normal").judge([*items, {"amount": "4", "hours": "5", "town": "Zug"}])
    anomalous = [place for place, answer in enumerate(judged) if answer.anomalous]
    assert AT_ONCE in anomalous
    expect(page.locator("#scored .notice")).to_contain_text(f"{len(anomalous)} of {len(judged)} items")
    places = [*range(2, 8), 9]
    called = [f"days.csv, line {places[place]}" for place in anomalous]
    expect(page.locator("#scored article h3")).to_have_text(called)
    expect(page.locator(".bad-ones tbody th")).to_have_text(["days.csv, line 8", "days.csv, line 10"])
    complaints.expect("422")
    # They stand in the list, too.
    expect(page.locator("#count-open")).to_have_text(str(len(anomalous)))
    check_accessible(page)
    check_narrow(page)
