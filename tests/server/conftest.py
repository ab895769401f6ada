"""For the tests of a file: a service of all uses, small (the folders, what is served, a client); certificates."""

import pytest

from tests.server.certificates_made import make_certificates
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


@pytest.fixture(scope="session")
def certificates(tmp_path_factory):
    return make_certificates(tmp_path_factory.mktemp("certificates"))
