"""What is served -> the web application: routes, errors as problems, the layer through which every request goes."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from alikely.errors import AlikelyError
from alikely.server import routes
from alikely.server.access import Access
from alikely.server.door import API, Door
from alikely.server.drifting import Drifts
from alikely.server.held import Served
from alikely.server.keys import Keys
from alikely.server.openapi import describe
from alikely.server.problems import answer_of, of_http, of_values
from alikely.server.sessions import Sessions
from alikely.server.web import login, pages


def create_app(served: Served) -> FastAPI:
    """The application; it closes what is served when it ends."""

    @asynccontextmanager
    async def life(_: FastAPI) -> AsyncIterator[None]:
        try:
            yield
        finally:
            served.close()
            served.audit.close()

    app = FastAPI(
        title="Alikely",
        version=version("alikely"),
        summary="Same or different, who it is, what is like it: decisions with known error rates.",
        lifespan=life,
        openapi_tags=[{"name": "page", "description": "What the page asks for itself: it changes with the page."}],
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
        redirect_slashes=False,
        generate_unique_id_function=_operation,
        # Figures are at /metrics; nothing is told to anybody else.
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    app.state.served = served
    app.state.places = _places(served)
    for router in routes.ROUTERS:
        app.include_router(router)
    access = Access(served.settings.local, Keys(served.state.keys), Sessions())
    app.state.access = access
    login.add_login(app, access)
    pages.add_pages(app)
    describe(app)
    app.add_exception_handler(AlikelyError, _ours)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _values)
    app.add_middleware(Door, settings=served.settings, access=access, meter=served.meter, direct=routes.DIRECT)
    drifts = Drifts(served.galleries)
    what = "Population stability index of live distances beside the calibration's; over 0.25: calibrate anew"
    served.meter.watch_each("alikely_drift_psi", what, ("gallery", "kind"), drifts)
    if served.batching is not None:
        batching = served.batching
        served.meter.watch("alikely_queue", "Requests that wait for the network", lambda: batching.waiting)
    return app


def _places(served: Served) -> dict[str, str]:
    """Where what is served lies, by what clients are told instead; the longest first. "." and "/" tell nothing."""
    folders = served.folders
    some = (*folders.galleries, *folders.detectors, *folders.recommenders, *folders.answers, *folders.pictures)
    every = (folders.model, folders.items, served.state.folder, *some)
    named = {str(place): Path(place).name for place in every if place and Path(place).name}
    return dict(sorted(named.items(), key=lambda entry: -len(entry[0])))


def _operation(route: Any) -> str:
    """The name of an operation in the OpenAPI description: that of its function.

    FastAPI calls it with an APIRoute, or with one as it stands in a router that was included.
    """
    name: str = route.name
    return name


async def _ours(request: Request, error: Exception) -> Response:
    assert isinstance(error, AlikelyError)  # registered for these only
    return answer_of(error, request.app.state.places)


async def _values(request: Request, error: Exception) -> Response:  # noqa: ARG001
    assert isinstance(error, RequestValidationError)
    return of_values(error.errors())


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    people = "text/html" in request.headers.get("accept", "") and not request.url.path.startswith(API)
    answer = of_http(error)
    if not people or request.method not in ("GET", "HEAD"):
        return answer
    title = "Not found" if error.status_code == 404 else "This does not work"
    values = {"status": error.status_code, "detail": str(error.detail)}
    return pages.html(request, "problem.html", title, values, error.status_code, error.headers)
