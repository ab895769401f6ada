"""/login and /logout: a key in, a session out; where no key is needed, straight to the page."""

from urllib.parse import parse_qsl

from fastapi import FastAPI, Request
from starlette.responses import RedirectResponse, Response

from alikely.server.access import Access, tokens_in
from alikely.server.problems import RefusedError
from alikely.server.sessions import COOKIE, SECONDS
from alikely.server.web.pages import html

LONGEST_FORM = 4096  # bytes
WRONG = "This key is not known here. Check that all of it was copied, or ask whoever runs the service for a new one."


def add_login(app: FastAPI, access: Access) -> None:
    """Add both addresses."""

    async def show(request: Request) -> Response:
        back = local_path(request.query_params.get("next", "/"))
        if not access.needed() or request.scope["state"]["session"] is not None:
            return _to(back)
        return html(request, "login.html", "Log in", {"problem": None, "next": back})

    async def login(request: Request) -> Response:
        said = await _form(request)
        back = local_path(said.get("next", "/"))
        if not access.needed():
            return _to(back)
        key = access.keys.of(said.get("key", "").strip())
        if key is None:
            return html(request, "login.html", "Log in", {"problem": WRONG, "next": back}, 401)
        answer = _to(back)
        answer.set_cookie(
            _cookie(request),
            access.sessions.begin(key.sha256),
            max_age=SECONDS,
            httponly=True,
            samesite="strict",
            secure=_by_tls(request),
        )
        return answer

    async def logout(request: Request) -> Response:
        for token in tokens_in(request.headers.get("cookie", "").encode("latin-1")):
            access.sessions.end(token)
        answer = _to("/login")
        answer.delete_cookie(_cookie(request), httponly=True, samesite="strict", secure=_by_tls(request))
        return answer

    app.add_route("/login", show, methods=["GET"], include_in_schema=False)
    app.add_route("/login", login, methods=["POST"], include_in_schema=False)
    app.add_route("/logout", logout, methods=["POST"], include_in_schema=False)


def local_path(said: str) -> str:
    """The path on this service, or "/": nobody is sent elsewhere after they logged in."""
    elsewhere = not said.startswith("/") or said.startswith("//") or "\\" in said or not said.isprintable()
    return "/" if elsewhere or not said.isascii() else said


async def _form(request: Request) -> dict[str, str]:
    content = b""
    async for part in request.stream():
        content += part
        if len(content) > LONGEST_FORM:
            raise RefusedError(413, "too_large", "the form holds more than a key", {"Connection": "close"})
    return dict(parse_qsl(content.decode("latin-1"), max_num_fields=10, keep_blank_values=True))


def _cookie(request: Request) -> str:
    """Two services at ports of one host log nobody out of each other."""
    return f"{COOKIE}{request.url.port or 'usual'}"


def _by_tls(request: Request) -> bool:
    """Whether the browser speaks TLS, be it with the service or with a proxy before it."""
    return request.url.scheme == "https" or request.headers.get("origin", "").startswith("https://")


def _to(path: str) -> RedirectResponse:
    return RedirectResponse(path, 303)
