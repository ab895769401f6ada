"""A service of all uses, small, for the tests of a file: the folders, what is served, a client."""

import pytest

from tests.server.uses import asked, make_uses


@pytest.fixture(scope="module")
def uses(tmp_path_factory):
    return make_uses(tmp_path_factory.mktemp("uses"))


@pytest.fixture(scope="module")
def service(uses, tmp_path_factory):
    with asked(uses.folders, tmp_path_factory.mktemp("state")) as (client, served):
        yield client, served


@pytest.fixture
def client(service):
    return service[0]
