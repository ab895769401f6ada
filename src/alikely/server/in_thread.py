"""What is served -> a service in a thread of this process, for notebooks, examples and tests."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

from alikely.errors import ServiceError
from alikely.server.held import Served
from alikely.server.listening import bound, url_of
from alikely.server.running import check_settings, server_of

WAIT = 0.01  # seconds


@contextmanager
def serving(served: Served) -> Iterator[str]:
    """A service that runs until the block is left; its address. Then what it accepted is answered, and all is closed.

    Raises ServiceError as `run` does.
    """
    settings = served.settings
    check_settings(settings)
    with bound(settings.host, settings.port) as listening:
        server = server_of(served)
        thread = Thread(target=server.run, kwargs={"sockets": [listening]}, name="alikely-service", daemon=True)
        thread.start()
        while not server.started:
            thread.join(WAIT)
            if not thread.is_alive():
                raise ServiceError("the service ended before it listened; its log says why")
        try:
            yield url_of(listening, settings)
        finally:
            server.should_exit = True
            thread.join()
