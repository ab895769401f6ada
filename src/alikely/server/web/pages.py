"""The addresses of the page -> HTML, by templates; which parts there are follows from what is served."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from fastapi import FastAPI, Request
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.staticfiles import StaticFiles

from alikely.data.rows.preparation import RowPreparation
from alikely.data.sequences.preparation import SequencePreparation
from alikely.server.held import Served
from alikely.server.web.plotly import plotly_policy

HERE = Path(__file__).parent
TEMPLATES, STATIC = HERE / "templates", HERE / "static"
A_YEAR = "public, max-age=31536000, immutable"


@dataclass(frozen=True)
class Page:
    """One part of the page: its address and template are `name`, its script static/`name`.js.

    `needs` is what the service has to be started with; `policy` gives its own Content-Security-Policy, where it needs
    another than all.
    """

    name: str
    title: str
    needs: Literal["MODEL", "--gallery", "--detector"] = "MODEL"
    policy: Callable[[], str] | None = None

    def there(self, served: Served) -> bool:
        """Whether what is served gives it something to show."""
        things = {"--gallery": served.galleries, "--detector": served.detectors}
        return served.model is not None if self.needs == "MODEL" else bool(things[self.needs])

    def lack(self) -> str:
        """What is said where it has nothing to show."""
        what = {"MODEL": "model", "--gallery": "gallery", "--detector": "detector"}[self.needs]
        return f"no {what} is served; whoever runs the service can start it with one (alikely serve, {self.needs})"


PAGES = (
    Page("compare", "Compare"),
    Page("search", "Search", "--gallery"),
    Page("gallery", "Gallery", "--gallery"),
    Page("map", "Map", policy=plotly_policy),
    Page("threshold", "Threshold"),
    Page("label", "Label"),
    Page("anomalies", "Anomalies", "--detector"),
    Page("model", "Model"),
)


def add_pages(app: FastAPI) -> None:
    """Add the pages and the files that they load."""
    files = StaticFiles(directory=STATIC)

    async def static(request: Request) -> Response:
        said: str = request.path_params["path"]
        version, _, name = said.partition("/")
        current = bool(name) and version == static_version()
        response = await files.get_response(name if current else said, request.scope)
        # An address with the version of the files never means anything else; any other is asked for again.
        response.headers["Cache-Control"] = A_YEAR if current else "no-cache"
        return response

    async def start(request: Request) -> Response:
        there = pages_of(request.app.state.served)
        if not there:
            raise HTTPException(404, "no part of the page is for what is served here; its routes are in /openapi.json")
        return RedirectResponse(f"/{there[0].name}")

    app.add_route("/static/{path:path}", static, include_in_schema=False)
    app.add_route("/", start, include_in_schema=False)
    for page in PAGES:
        app.add_route(f"/{page.name}", _shown(page), include_in_schema=False)


def html(
    request: Request,
    template: str,
    title: str,
    values: Mapping[str, Any] | None = None,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> HTMLResponse:
    """A template as an answer. All know `title`, `pages`, `page`, `kind`, `columns`, `served`, and `session`: whether
    somebody is logged in, so that they may log out (`request.state.session`).
    """
    served: Served = request.app.state.served
    known: dict[str, Any] = {
        "page": None,
        "pages": [] if getattr(request.state, "caller", None) is None else pages_of(served),
        "kind": None if served.model is None else served.model.preparation.kind,
        "columns": columns_of(served),
        "served": served,
        "session": getattr(request.state, "session", None),
        "title": title,
    }
    content = _environment().get_template(template).render({**known, **(values or {})})
    return HTMLResponse(content, status, {"Cache-Control": "no-store", **(headers or {})})


def pages_of(served: Served) -> list[Page]:
    """The pages that have something to show, in the order of the menu."""
    return [page for page in PAGES if page.there(served)]


def columns_of(served: Served) -> list[dict[str, str]]:
    """What the model takes of rows, or of sequences whose channels have names: columns, each with its name and kind."""
    preparation = None if served.model is None else served.model.preparation
    if isinstance(preparation, RowPreparation):
        return [{"name": column.name, "kind": column.kind} for column in preparation.columns]
    if isinstance(preparation, SequencePreparation):
        return [{"name": name, "kind": "number"} for name in preparation.channels or ()]
    return []


@cache
def static_version() -> str:
    """A hash of all static files: it stands in their addresses, so that a browser sees an upgrade at once."""
    digest = hashlib.sha256()
    for path in sorted(STATIC.iterdir()):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]


@cache
def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals["static"] = lambda name: f"/static/{static_version()}/{name}"
    made.globals["is_static"] = lambda name: (STATIC / name).is_file()
    return made


def _shown(page: Page):  # type: ignore[no-untyped-def]
    async def show(request: Request) -> Response:
        if not page.there(request.app.state.served):
            raise HTTPException(404, f"{page.title} has nothing to show: {page.lack()}")
        headers = {} if page.policy is None else {"Content-Security-Policy": page.policy()}
        return html(request, f"{page.name}.html", page.title, {"page": page}, headers=headers)

    return show
