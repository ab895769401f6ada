"""A service that listens until it is told to stop; what it accepted is answered before it ends."""

import gc
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn

from alikely.data.pictures import QUIET
from alikely.errors import ServiceError
from alikely.server.app import create_app
from alikely.server.certificates import check_certificate
from alikely.server.heads import BoundedHeads
from alikely.server.held import Served
from alikely.server.keys import Keys
from alikely.server.listening import bound, url_of
from alikely.server.settings import ServeSettings
from alikely.server.state import State


def run(served: Served, started: Callable[[str], None] | None = None) -> None:
    """Listen and answer until SIGTERM or Ctrl-C; `started` is called with the page's address once it listens.

    Raises what `check_settings` raises, and ServiceError for a port in use.
    """
    check_settings(served.settings)
    with bound(served.settings.host, served.settings.port) as listening:
        server = server_of(served)
        # What is loaded stays: looking through it for garbage again and again takes longer than a small network.
        gc.collect()
        gc.freeze()
        if started is not None:
            started(url_of(listening, served.settings))
        with _ends_well(), QUIET:
            server.run(sockets=[listening])


def check_settings(settings: ServeSettings) -> None:
    """Raise ServiceError for what a service must not start with: no key where others reach it, a wrong certificate."""
    if settings.certificate is not None and settings.private_key is not None:
        check_certificate(settings.certificate, settings.private_key)
    state = State(settings.state)
    if not settings.local and not Keys(state.keys).listed():
        raise ServiceError(
            f"others can reach {settings.host}, and {state.folder} holds no API key, which they would need; make one: "
            f"alikely keys add NAME --right read --state {state.folder}"
        )


def server_of(served: Served) -> uvicorn.Server:
    """What runs the application of a service on given sockets, until its `should_exit` is set."""
    settings, app = served.settings, create_app(served)
    config = uvicorn.Config(
        app,
        log_level="error",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        ws="none",
        http=BoundedHeads,
        lifespan="on",
        ssl_certfile=settings.certificate,
        ssl_keyfile=settings.private_key,
        timeout_graceful_shutdown=max(1, round(settings.drain_seconds)),
    )
    server = uvicorn.Server(config)
    app.state.ending = lambda: server.should_exit
    return server


@contextmanager
def _ends_well() -> Iterator[None]:
    """The server sends itself the signal again that has ended it: here it means that all is done, and no fault."""
    ends = (signal.SIGINT, signal.SIGTERM)
    before = {sign: signal.signal(sign, lambda *_: None) for sign in ends}
    try:
        yield
    finally:
        for sign, handler in before.items():
            signal.signal(sign, handler)
