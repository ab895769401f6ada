"""An address -> a socket that is bound to it, and how it is reached; or an error that says the way out."""

import errno
import socket

from alikely.errors import ServiceError
from alikely.server.settings import ServeSettings

BACKLOG = 2048
# Who takes nothing of an answer for so long has left; else a connection, and a place among all, would wait for ever.
UNREAD_SECONDS = 60.0


def bound(host: str, port: int) -> socket.socket:
    """A listening socket. Raises ServiceError, which says the port and the way out, where there is none to be had."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (OSError, UnicodeError) as error:
        raise ServiceError(f"{host}: is no address of this machine ({error}); try --host 127.0.0.1") from error
    listening = socket.socket(family, kind, protocol)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux; every connection has it from the socket that listens
            listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, round(UNREAD_SECONDS * 1000))
        listening.bind(address)
        listening.listen(BACKLOG)
    except OSError as error:
        listening.close()
        raise ServiceError(_why_not(host, port, error)) from error
    listening.setblocking(False)
    return listening


def next_free(host: str, port: int, tries: int = 20) -> int:
    """This port, or the first after it that is free. Raises ServiceError where none of so many is."""
    for place in range(tries):
        try:
            bound(host, port + place).close()
        except ServiceError:
            if place == tries - 1:
                raise
        else:
            return port + place
    raise ServiceError(f"no port was tried from {port}; tries must be 1 or more")


def url_of(listening: socket.socket, settings: ServeSettings) -> str:
    """Where the page is, with the port that it really has; `0.0.0.0` is reached on this machine as 127.0.0.1."""
    port = listening.getsockname()[1]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)
    scheme = "http" if settings.certificate is None else "https"
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}"


def reached_from_elsewhere(settings: ServeSettings) -> str | None:
    """How other machines reach a service that listens at all addresses; None where it has one address only."""
    if settings.host not in ("0.0.0.0", "::"):
        return None
    return f"others reach it at this machine's address or name ({socket.gethostname()}), with an API key"


def _why_not(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"port {port} at {host} is in use; end what listens there, or take another: --port 0 takes one that is free"
        )
    if error.errno == errno.EACCES:
        return f"port {port} may not be opened by this user; take one from 1024 on: --port 8000"
    if error.errno == errno.EADDRNOTAVAIL:
        return (
            f"{host}: is no address of this machine; --host 127.0.0.1 for this machine, 0.0.0.0 for all that reach it"
        )
    return f"port {port} at {host} cannot be opened ({error.strerror}); take another: --port 0"
