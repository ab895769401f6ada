"""Every page, for every kind of model and what is served: whole, labelled, with nothing that the CSP forbids."""

import re
from html.parser import HTMLParser

import pytest
from starlette.testclient import TestClient

from alikely.server import Folders, ServeSettings, create_app, open_served
from alikely.server.web import pages
from alikely.server.web.pages import PAGES, STATIC, TEMPLATES, Page, static_version
from tests.server.models_of_kinds import served_of
from tests.server.small import keys_of

KINDS = ("picture", "text", "row", "sequence", "embedding")
BROWSER = {"Accept": "text/html"}
VOID = {"meta", "link", "input", "img", "br", "hr", "path", "circle"}
LABELLED = {"input", "select", "textarea"}


class Look(HTMLParser):
    """What is in a page: its elements with their attributes, texts by element, and what is not closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, list[str]] = {}
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data):
        if data.strip() and self.open:
            self.texts.setdefault(self.open[-1], []).append(data.strip())

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture(scope="module", params=KINDS)
def of_kind(request, tmp_path_factory):
    """A client of a service of this kind of model."""
    served = served_of(request.param, tmp_path_factory.mktemp(request.param))
    with TestClient(create_app(served), base_url="http://localhost") as client:
        yield client


@pytest.fixture(scope="module")
def nothing(tmp_path_factory):
    """A client of a service of nothing."""
    settings = ServeSettings(state=tmp_path_factory.mktemp("nothing"))
    with TestClient(create_app(open_served(Folders(), settings)), base_url="http://localhost") as client:
        yield client


def there(client) -> list[Page]:
    return [page for page in PAGES if page.there(client.app.state.served)]


def test_every_page_is_whole_and_keeps_to_the_csp(of_kind):
    for page in there(of_kind):
        answer = of_kind.get(f"/{page.name}", headers=BROWSER)
        assert answer.status_code == 200, page
        assert answer.headers["cache-control"] == "no-store"
        look = Look(answer.text)
        assert look.open == []
        assert look.all("html") == [{"lang": "en"}]
        assert look.texts["title"] == [f"{page.title} · Alikely"]
        assert len(look.all("h1")) == 1, page
        assert len(look.all("main")) == 1
        assert [one for one in look.all("a") if one.get("aria-current")] == [
            {"href": f"/{page.name}", "aria-current": "page"}
        ]
        for tag, attributes in look.elements:
            assert "style" not in attributes, (page, tag, attributes)
            assert not [name for name in attributes if name.startswith("on")], (page, tag, attributes)
        assert all(one.get("src") for one in look.all("script")), page
        assert "script" not in look.texts
        assert not look.all("style")


def test_everything_that_a_page_names_is_there(of_kind):
    for page in there(of_kind):
        look = Look(of_kind.get(f"/{page.name}").text)
        named = [one["src"] for one in look.all("script")] + [one["href"] for one in look.all("link")]
        assert f"/static/{static_version()}/{page.name}.js" in named
        for address in named:
            assert address.startswith(f"/static/{static_version()}/")
            answer = of_kind.get(address)
            assert answer.status_code == 200, (page, address)
            if not address.endswith(".svg"):
                wanted = "text/css" if address.endswith(".css") else "text/javascript"
                assert answer.headers["content-type"].startswith(wanted)


def test_every_field_has_a_label_and_every_id_is_there_once(of_kind):
    for page in there(of_kind):
        look = Look(of_kind.get(f"/{page.name}").text)
        ids = [attributes["id"] for _, attributes in look.elements if "id" in attributes]
        assert len(ids) == len(set(ids)), page
        labels = {one.get("for") for one in look.all("label")}
        for tag, attributes in look.elements:
            if tag in LABELLED and attributes.get("type") not in ("hidden", "radio", "checkbox", "file"):
                assert attributes.get("id") in labels or "aria-label" in attributes, (page, tag, attributes)
            for name in ("aria-labelledby", "aria-controls", "aria-describedby", "for"):
                for one in (attributes.get(name) or "").split():
                    assert one in ids, (page, tag, name, one)
        assert all("alt" in one for one in look.all("img"))


def test_every_template_has_a_page_and_no_script_is_forgotten():
    others = {"base", "login", "problem"}
    assert {path.stem for path in TEMPLATES.glob("*.html")} - others == {page.name for page in PAGES}


@pytest.mark.parametrize("script", sorted(path.name for path in STATIC.glob("*.js")))
def test_what_a_script_imports_is_there(script):
    text = (STATIC / script).read_text(encoding="utf-8")
    for name in re.findall(r'(?:from|import\() ?"\./([^"]+)"', text):
        assert (STATIC / name).is_file(), name
    assert "innerHTML" not in text
    assert "http://" not in text.replace("http://www.w3.org/", "")
    assert "https://" not in text


def test_the_kind_and_the_columns_are_told_to_the_scripts(of_kind):
    served = of_kind.app.state.served
    body = Look(of_kind.get("/compare").text).all("body")[0]
    assert body["data-kind"] == served.model.preparation.kind
    if served.model.preparation.kind == "row":
        assert '"name": "amount"' in body["data-columns"]
    else:
        assert "data-columns" not in body


def test_pages_without_anything_to_show_say_so(of_kind):
    for page in PAGES:
        if page not in there(of_kind):
            answer = of_kind.get(f"/{page.name}", headers=BROWSER)
            assert answer.status_code == 404
            assert "has nothing to show" in answer.text
            assert f'href="/{page.name}"' not in of_kind.get("/compare").text


def test_the_first_page_is_the_start(of_kind):
    answer = of_kind.get("/", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (307, "/compare")


def test_people_get_a_page_where_nothing_is_and_programs_a_problem(of_kind):
    answer = of_kind.get("/nowhere", headers=BROWSER)
    assert answer.status_code == 404
    look = Look(answer.text)
    assert look.texts["h1"] == ["Not found"]
    assert of_kind.get("/nowhere").headers["content-type"] == "application/problem+json"
    assert of_kind.get("/v1/nowhere", headers=BROWSER).headers["content-type"] == "application/problem+json"


def test_a_service_of_nothing_has_no_menu(nothing):
    answer = nothing.get("/compare", headers=BROWSER)
    assert answer.status_code == 404
    assert not Look(answer.text).all("nav")
    start = nothing.get("/", headers=BROWSER)
    assert start.status_code == 404
    assert "/openapi.json" in start.text


def test_files_with_the_version_are_kept_and_others_asked_for_again(nothing):
    for address, kept in (
        (f"/static/{static_version()}/style.css", True),
        ("/static/style.css", False),
    ):
        answer = nothing.get(address)
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == ("public, max-age=31536000, immutable" if kept else "no-cache")
        again = nothing.get(address, headers={"If-None-Match": answer.headers["etag"]})
        assert again.status_code == 304


@pytest.mark.parametrize(
    "address",
    ["/static/", "/static/nothing.css", "/static/..%2fpages.py", "/static/%2e%2e/pages.py", "/static/0123/style.css"],
)
def test_nothing_else_is_a_static_file(nothing, address):
    assert nothing.get(address).status_code == 404


def test_other_files_have_another_version(tmp_path, monkeypatch):
    (tmp_path / "one.js").write_text("1")
    monkeypatch.setattr(pages, "STATIC", tmp_path)
    versions = set()
    for content in ("1", "2"):
        (tmp_path / "one.js").write_text(content)
        versions.add(static_version.__wrapped__())
    (tmp_path / "one.js").rename(tmp_path / "two.js")
    versions.add(static_version.__wrapped__())
    assert len(versions) == 3


def test_before_the_log_in_nothing_is_told(tmp_path):
    served = served_of("picture", tmp_path)
    keys_of(tmp_path / "state").add("anna", "read")
    with TestClient(create_app(served), base_url="http://localhost") as client:
        answer = client.get("/model", headers=BROWSER, follow_redirects=False)
        assert (answer.status_code, answer.headers["location"]) == (303, "/login?next=/model")
        look = Look(client.get("/login").text)
        assert not look.all("nav")
        assert "model" not in [word.lower() for texts in look.texts.values() for text in texts for word in text.split()]
        assert [one.get("type") for one in look.all("input")] == ["password", "hidden"]
