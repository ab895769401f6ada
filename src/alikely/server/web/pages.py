"""The addresses of the page -> HTML, by templates; which parts there are follows from what is served."""

from dataclasses import dataclass
from pathlib import Path

from fastapi import FastAPI, Request
from jinja2 import Environment, FileSystemLoader
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.staticfiles import StaticFiles

from alikely.server.held import Served

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Page:
    """One part of the page: its address and template are `name`, its script static/`name`.js."""

    name: str
    title: str

    def there(self, served: Served) -> bool:
        """Whether what is served gives it something to show."""
        needs = {"gallery": served.galleries, "search": served.galleries, "anomalies": served.detectors}
        if self.name in needs:
            return bool(needs[self.name])
        return served.model is not None


PAGES = (
    Page("compare", "Compare"),
    Page("search", "Search"),
    Page("gallery", "Gallery"),
    Page("map", "Map"),
    Page("threshold", "Threshold"),
    Page("label", "Label"),
    Page("anomalies", "Anomalies"),
    Page("model", "Model"),
)


def add_pages(app: FastAPI) -> None:
    """Add the pages that there are templates for, and the files that they load."""
    templates = Environment(loader=FileSystemLoader(HERE / "templates"), autoescape=True)
    app.mount("/static", StaticFiles(directory=HERE / "static"), name="static")

    async def start(request: Request) -> Response:
        served: Served = request.app.state.served
        there = [page for page in PAGES if page.there(served)]
        return RedirectResponse(f"/{there[0].name}" if there else "/openapi.json")

    app.add_route("/", start, include_in_schema=False)
    for page in PAGES:
        if (HERE / "templates" / f"{page.name}.html").exists():
            app.add_route(f"/{page.name}", _shown(templates, page), include_in_schema=False)


def _shown(templates: Environment, page: Page):  # type: ignore[no-untyped-def]
    async def show(request: Request) -> Response:
        served: Served = request.app.state.served
        there = [one for one in PAGES if one.there(served)]
        kind = None if served.model is None else served.model.preparation.kind
        html = templates.get_template(f"{page.name}.html").render(page=page, pages=there, kind=kind, served=served)
        return HTMLResponse(html)

    return show
