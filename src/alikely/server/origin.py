"""The headers of a request -> whether it was meant for this service, and sent by its own page or by no page at all.

A browser sends what any page tells it to send. Against pages of others: the name by which the service was addressed
must be one of its own (or else a name that was made to point here, by DNS rebinding, would share its origin), and what
changes something must not come from another origin (CSRF). Programs that send no such headers are not browsers.
"""

import ipaddress
from collections.abc import Iterable

from alikely.server.problems import RefusedError

HERE = ("localhost", "127.0.0.1", "::1")
# What changes nothing.
SAFE = ("GET", "HEAD", "OPTIONS")


class Hosts:
    """The names by which a service is addressed: this machine's own for itself, and `names`; any port.

    Where it listens for others (not `local`), every IP address counts: a name can be made to point here, an address
    cannot. So does the address at which the connection arrived.
    """

    def __init__(self, host: str, names: Iterable[str], local: bool) -> None:
        self.names = frozenset(name.lower().rstrip(".") for name in (*HERE, host, *names))
        self.local = local

    def check(self, said: bytes, arrived_at: str | None) -> None:
        """Raise RefusedError (421) for another name in the header Host."""
        name = name_in(said)
        if name in self.names or (arrived_at is not None and name == arrived_at.lower()):
            return
        if not self.local and _is_address(name):
            return
        raise RefusedError(
            421,
            "host",
            "this service does not answer to this host; use its own address, or ask whoever runs it to "
            "add this name (alikely serve --name NAME)",
        )


def check_origin(method: str, host: bytes, origin: bytes, site: bytes) -> None:
    """Raise RefusedError (403) for what another page sent: by Sec-Fetch-Site, or by Origin beside Host."""
    if method in SAFE:
        return
    if site:
        same = site in (b"same-origin", b"none")
    else:
        same = not origin or origin.partition(b"://")[2].lower() == host.lower()
    if not same:
        raise RefusedError(403, "origin", "the page of another site asked for this; only this service's own page may")


def name_in(host: bytes) -> str:
    """The name or address in a header Host, without the port, in small letters."""
    said = host.decode("latin-1").lower()
    if said.startswith("["):
        return said[1:].partition("]")[0]
    return said.partition(":")[0].rstrip(".")


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
