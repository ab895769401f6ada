"""A service in a thread of this process."""

import pytest

from alikely.client import Client
from alikely.client.connection import KEPT
from alikely.errors import GalleryError, ServiceError
from alikely.gallery import Gallery
from alikely.server import Folders, ServeSettings, open_served, serving
from alikely.server.running import server_of
from alikely.storage import save_model
from tests.models import pictures, small_model
from tests.server.uses import png


@pytest.fixture
def folders(tmp_path):
    save_model(small_model(), tmp_path / "model")
    Gallery.create(tmp_path / "people", tmp_path / "model").close()
    return Folders(model=tmp_path / "model", galleries=(tmp_path / "people",))


def test_it_runs_in_the_block_and_is_closed_after_it(folders, tmp_path):
    settings = ServeSettings(port=0, state=tmp_path / "state")
    served = open_served(folders, settings)
    with serving(served) as url, Client(url) as client:
        assert client.gallery("people").enrol([png(pictures()[0])], "one").new == 1
    with Client(url) as client:
        assert not client.ready()
    with pytest.raises(GalleryError, match="open the store again"):
        len(served.galleries["people"])
    # What was enrolled is there, and the same can be served again.
    with serving(open_served(folders, settings)) as url, Client(url) as client:
        assert client.gallery("people").about().templates == 1


def test_what_must_not_start_does_not(folders, tmp_path):
    served = open_served(folders, ServeSettings(host="0.0.0.0", port=0, state=tmp_path / "state"))
    with pytest.raises(ServiceError, match="no API key"), serving(served):
        pass
    served.close()


@pytest.mark.parametrize(("seconds", "given"), [(0.0, 1), (7.4, 7)])
def test_what_runs_it_believes_no_proxy_and_gives_what_was_accepted_its_time(folders, tmp_path, seconds, given):
    served = open_served(folders, ServeSettings(state=tmp_path / "state", drain_seconds=seconds))
    config = server_of(served).config
    served.close()
    # Whom a request comes from, and by TLS or not, is not for a client to say.
    assert (config.proxy_headers, config.server_header, config.access_log) == (False, False, False)
    assert config.timeout_graceful_shutdown == given
    # Our client lets go of a connection before the service does: what is sent just then would be lost.
    assert KEPT.keepalive_expiry < config.timeout_keep_alive
