"""The fixtures of the browser tests find what they are there to find."""

import base64

import pytest

pytestmark = pytest.mark.browser

BAD = "<html lang=en><title>x</title><main><h1>x</h1><img src='data:,'><input></main></html>"
WIDE = "<html lang=en><title>x</title><p style='width:700px'>wide</p></html>"


def test_a_page_without_labels_is_not_accessible(page, check_accessible):
    page.set_content(BAD)
    with pytest.raises(AssertionError, match="image-alt"):
        check_accessible(page)


def test_a_wide_page_is_not_narrow(page, check_narrow):
    page.set_content(WIDE)
    with pytest.raises(AssertionError, match="px too wide"):
        check_narrow(page)


def test_whatever_goes_wrong_is_noted(page, complaints):
    page.goto("/healthz")
    page.evaluate("fetch('/v1/nothing-here')")
    page.evaluate("setTimeout(() => { throw new Error('thrown') })")
    page.evaluate("console.error('said')")
    page.evaluate("fetch('http://127.0.0.1:9/').catch(() => 0)")
    for text in ("404: GET", "exception: thrown", "console: said", "127.0.0.1:9"):
        complaints.expect(text)


def test_the_service_answers(service, page, check_accessible):
    said = base64.b64encode(service.pictures[0].read_bytes()).decode()
    answer = page.request.post("/v1/compare", data={"left": said, "right": said})
    assert answer.json()["verdict"] == "same"
    assert list(service.served.galleries) == ["people"]
    assert service.served.galleries["people"].identities() == {"0": 12, "1": 12, "8": 12}
    assert service.served.galleries["people"].described()[0]["fields"] == {"shop": "Bern", "price": 5}
    assert list(service.served.detectors) == ["normal"]
    assert len(service.served.looked) == 300
    page.goto("/healthz")
    with pytest.raises(AssertionError, match=r"html-has-lang|document-title"):
        check_accessible(page)
