"""What is served -> the web application: routes, errors as problems, the order of its layers."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from alikely.errors import AlikelyError
from alikely.server import routes
from alikely.server.held import Served
from alikely.server.problems import problem, tell
from alikely.server.web import pages


def create_app(served: Served) -> FastAPI:
    """The application; it closes what is served when it ends."""

    @asynccontextmanager
    async def life(_: FastAPI) -> AsyncIterator[None]:
        try:
            yield
        finally:
            served.close()

    app = FastAPI(
        title="Alikely",
        version=version("alikely"),
        summary="Same or different, who it is, what is like it: decisions with known error rates.",
        lifespan=life,
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
        generate_unique_id_function=_operation,
    )
    app.state.served = served
    for router in routes.ROUTERS:
        app.include_router(router)
    pages.add_pages(app)
    app.add_exception_handler(AlikelyError, tell)
    app.add_exception_handler(HTTPException, _http)
    return app


def _operation(route: Any) -> str:
    """The name of an operation in the OpenAPI description: that of its function.

    FastAPI calls it with an APIRoute, or with one as it stands in a router that was included.
    """
    name: str = route.name
    return name


async def _http(request: Request, error: Exception) -> Response:  # noqa: ARG001
    assert isinstance(error, HTTPException)
    return problem(error.status_code, "http", str(error.detail), headers=error.headers)
