"""A service of all uses in a thread, a client of it, and clients that do not really wait."""

import pytest

from alikely.client import Client, clients
from alikely.server import ServeSettings, open_served, serving
from tests.server.uses import Uses, make_uses


@pytest.fixture(scope="package")
def uses(tmp_path_factory) -> Uses:
    return make_uses(tmp_path_factory.mktemp("uses"))


@pytest.fixture(scope="package")
def url(uses, tmp_path_factory):
    with serving(open_served(uses.folders, ServeSettings(port=0, state=tmp_path_factory.mktemp("state")))) as url:
        yield url


@pytest.fixture
def client(url):
    with Client(url) as client:
        yield client


@pytest.fixture
def slept(monkeypatch):
    """The seconds that clients wait, which pass at once."""
    seconds: list[float] = []

    async def async_sleep(wait):
        seconds.append(wait)

    monkeypatch.setattr(clients, "sleep", seconds.append)
    monkeypatch.setattr(clients, "async_sleep", async_sleep)
    return seconds
