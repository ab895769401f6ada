"""Compare says, beside what the calibration promises, what the threshold gives on the items that are served."""

from dataclasses import replace

import numpy as np
import pytest
from playwright.sync_api import expect

from tests.server.web.comparing import LEFT, RIGHT, choose, verdict_of
from tests.server.web.services import serving

pytestmark = pytest.mark.browser
MEASURED = "Measured on the labelled items of this service"


def compared(page, service, fmr=""):
    page.goto(f"/compare{fmr}")
    choose(page, LEFT, service.pictures[2])
    choose(page, RIGHT, service.pictures[3])
    verdict_of(page)
    return page.locator("#result")


def test_a_verdict_says_what_its_threshold_gives_on_the_items(service, page, check_accessible, check_narrow):
    result = compared(page, service)
    expect(result.get_by_text(MEASURED)).to_be_visible()
    check_accessible(page)
    check_narrow(page)
    # Counted anew: digits that the model did not learn from, but for the labels that it knows.
    model, looked = service.served.model, service.served.looked
    threshold = model.compare(service.pictures[2], service.pictures[3]).threshold
    changes = page.request.get(f"/v1/thresholds/changes?before={threshold}&after={threshold}&shown=0").json()
    labels = looked.examples.labels
    if changes["left_out"]:
        kept = ~np.isin(labels.astype(str), model.record["data"]["labels"]["train"])
    else:
        kept = np.full(len(labels), fill_value=True)
    rows, names = looked.embeddings[kept], labels[kept]
    table = np.linalg.norm(rows[:, None] - rows[None], axis=2)
    different = (names[:, None] != names[None]) & np.triu(np.ones(table.shape, dtype=bool), 1)
    assert changes["different"]["pairs"] == different.sum()
    said = result.get_by_text(MEASURED).inner_text().replace("\N{NO-BREAK SPACE}", " ")
    assert f"of {different.sum():,} different pairs are called the same" in said
    found = changes["different"]["accepted_after"] / different.sum()
    assert ("more than wanted" in said) == (found > model.calibration.default_fmr)


@pytest.mark.parametrize("unlabelled", [True, False])
def test_without_labelled_items_it_says_nothing(open_page, parts, tmp_path, unlabelled):
    for place, picture in enumerate(parts.pictures):
        (tmp_path / "items").mkdir(exist_ok=True)
        (tmp_path / "items" / f"{place}.png").write_bytes(picture.read_bytes())
    folders = replace(parts.folders, items=tmp_path / "items" if unlabelled else None)
    with serving(parts, folders, tmp_path / "state") as running:
        page = open_page(running)
        asked = []
        page.on("request", lambda request: asked.append(request.url))
        result = compared(page, running)
        expect(result.get_by_text("lie within this threshold")).to_be_visible()
        assert not any("thresholds/changes" in url for url in asked)
        assert result.get_by_text(MEASURED).count() == 0


def test_more_than_wanted_and_items_that_were_learned_from_are_said(service, page):
    told = {"different": {"pairs": 200, "accepted_after": 30}, "learned": 3, "left_out": False}
    page.route("**/v1/thresholds/changes*", lambda route: route.fulfill(json=told))
    said = compared(page, service).get_by_text(MEASURED)
    expect(said).to_contain_text("of 200 different pairs are called the same. The model learned from some of them")
    expect(said).to_contain_text("That is more than wanted")
