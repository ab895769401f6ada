"""Every request, before it meets a route: is it meant for us, by whom, how large. Every answer: headers, figures.

One layer, since each costs time at every request. It lets nobody in without a key, where keys are needed, except to the
few addresses below: a route that forgot to ask for a right is closed, not open.
"""

import asyncio
import logging
import time
from collections.abc import Mapping
from types import MappingProxyType
from urllib.parse import quote

from starlette.requests import ClientDisconnect
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from alikely.server.access import Access, no_key
from alikely.server.headers import with_headers
from alikely.server.heads import WHOLE
from alikely.server.limits import BODY_SECONDS, InFlight, Rates
from alikely.server.meter import Meter
from alikely.server.origin import Hosts, check_origin
from alikely.server.problems import RefusedError, answer_of, problem
from alikely.server.settings import ServeSettings

_log = logging.getLogger("alikely.server")

# What needs no key: whether it runs, where a key is given, and the files of the page, which hold nothing of anybody's.
OPEN = frozenset({"/healthz", "/readyz", "/login", "/logout"})
OPEN_BELOW = "/static/"
# What is answered also when the service is busy, and never counted.
WATCHED = frozenset({"/healthz", "/readyz", "/metrics"})
API = "/v1/"
# Who has no key, where keys are needed, asks for the login at most: they cannot take the places of others.
STRANGERS, STRANGERS_MB, STRANGERS_SECONDS = 64, 0.01, 10.0


class Door:
    """The outermost layer of the application (ASGI).

    direct: what answers a method and an address past the application, by the same checks.
    """

    def __init__(
        self,
        app: ASGIApp,
        settings: ServeSettings,
        access: Access,
        meter: Meter,
        direct: Mapping[tuple[str, str], ASGIApp] = MappingProxyType({}),
    ) -> None:
        self.app, self.access, self.meter, self.direct = app, access, meter, direct
        self.hosts = Hosts(settings.host, settings.names, settings.local)
        self.in_flight = InFlight(settings.queue, settings.upload_mb, BODY_SECONDS)
        self.strangers = InFlight(STRANGERS, STRANGERS_MB, STRANGERS_SECONDS)
        self.rates = Rates(settings.rate)
        self.tls = settings.certificate is not None
        meter.watch("alikely_requests_in_flight", "Requests that are answered now", lambda: self.in_flight.count)
        meter.watch("alikely_body_bytes", "Bytes of bodies that are held now", lambda: self.in_flight.bytes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            if scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": 1008})
            else:
                await self.app(scope, receive, send)
            return
        begun, status = time.perf_counter(), 0

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = with_headers(message["headers"], self.tls)
            await send(message)

        try:
            await self._through(scope, receive, answer)
        except ClientDisconnect:
            status = status or 499
        except RefusedError as error:
            if status:
                raise
            await answer_of(error)(scope, receive, answer)
        except asyncio.CancelledError:
            # The time to answer what was accepted is over: the server cancels the rest.
            if status:
                raise
            said = "the service is shutting down, and had no time left for this request; ask again"
            await problem(503, "ending", said, headers={"Retry-After": "5"})(scope, receive, answer)
        except Exception:
            # What went wrong inside is the business of whoever runs the service, not of the client.
            _log.exception("%s %r failed", scope["method"], scope["path"])
            if status:
                raise
            await problem(500, "bug", "the service failed at this request; its log says more")(scope, receive, answer)
        finally:
            self.meter.request(_route_of(scope), status, time.perf_counter() - begun)

    async def _through(self, scope: Scope, receive: Receive, send: Send) -> None:
        heads: dict[bytes, bytes] = dict(scope["headers"])
        path: str = scope["path"]
        host = heads.get(b"host", b"")
        server = scope.get("server")
        self.hosts.check(host, server[0] if server else None)
        cookies, authorization = heads.get(b"cookie", b""), heads.get(b"authorization", b"")
        if cookies or not authorization:
            check_origin(scope["method"], host, heads.get(b"origin", b""), heads.get(b"sec-fetch-site", b""))
        caller = None
        if path not in ("/healthz", "/readyz"):
            caller = self.access.caller_of(authorization, cookies)
        state = scope.setdefault("state", {})
        state["caller"] = caller
        state["session"] = caller.name if caller is not None and caller.on_page else None
        if caller is None and path not in OPEN and not path.startswith(OPEN_BELOW):
            await _without_key(scope, heads)(scope, receive, send)
            return
        if caller is not None and path.startswith(API):
            self.rates.take(caller.name)
        if path in WATCHED:
            await self.app(scope, receive, send)
            return
        await self._counted(scope, receive, send, heads, self.strangers if caller is None else self.in_flight)

    async def _counted(
        self, scope: Scope, receive: Receive, send: Send, heads: dict[bytes, bytes], in_flight: InFlight
    ) -> None:
        held = None
        in_flight.enter()
        try:
            length = heads.get(b"content-length", b"")
            if length not in (b"", b"0") or b"transfer-encoding" in heads:
                receive = held = in_flight.body(receive, length, WHOLE in scope["state"])
            direct = self.direct.get((scope["method"], scope["path"]))
            if direct is None:
                await self.app(scope, receive, send)
            else:
                scope["endpoint"] = direct
                await direct(scope, receive, send)
        finally:
            in_flight.leave(0 if held is None else held.held)


def _route_of(scope: Scope) -> str:
    """The address of the route that answered, as it is described: never what a client made up."""
    route = scope.get("route")
    if route is not None:
        return str(route.path)
    # A route past FastAPI, or a page; without parameters its address is the path.
    return scope["path"] if "endpoint" in scope and not scope.get("path_params") else "other"


def _without_key(scope: Scope, heads: dict[bytes, bytes]) -> Response:
    """For people the page where they give their key; for programs what they lack."""
    if scope["method"] == "GET" and b"text/html" in heads.get(b"accept", b"") and not scope["path"].startswith(API):
        return RedirectResponse(f"/login?next={quote(scope['path'], safe='/')}", 303, {"Vary": "Cookie"})
    return answer_of(no_key())
