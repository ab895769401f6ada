"""A service as a process of its own: how it starts, what keeps it from starting, and how it ends."""

import json
import signal
import socket
import ssl
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from http.client import HTTPConnection, HTTPSConnection
from urllib.parse import urlsplit

import numpy as np
import pytest

from alikely.errors import ServiceError, SettingsError
from alikely.server import Folders, ServeSettings, open_served
from alikely.server.listening import bound, reached_from_elsewhere, url_of
from alikely.server.running import check_settings
from alikely.server.state import State
from alikely.storage import save_model
from tests.commands import command
from tests.models import small_model
from tests.server.small import code_of, keys_of, png, pngs, small_service

IMAGE = {"Content-Type": "image/png"}


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return save_model(small_model(), tmp_path_factory.mktemp("served") / "model")


@contextmanager
def running(model, state, *options):
    """A process that serves the model; (process, what it said when it listened)."""
    arguments = ["serve", str(model), "--port", "0", "--state", str(state), "--json", *options]
    process = subprocess.Popen(
        [sys.executable, "-m", "alikely", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        line = process.stdout.readline()
        if not line:
            pytest.fail(process.stderr.read())
        yield process, json.loads(line)
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.fixture
def connected():
    """Makes connections; all are closed at the end."""
    made = []

    def connect(url, **options):
        parts = urlsplit(url)
        kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        made.append(kind(parts.hostname, parts.port, timeout=60, **options))
        return made[-1]

    yield connect
    for connection in made:
        connection.close()


def posted(connection, path, body, headers):
    connection.request("POST", path, body, headers)
    answer = connection.getresponse()
    return answer.status, json.loads(answer.read())


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_what_was_accepted_is_answered_before_it_ends(model, tmp_path, sign, connected):
    # Large pictures take a while to read, so that all of these are under way when the signal comes.
    noise = np.random.default_rng(0).integers(0, 256, (1500, 1500), dtype=np.uint8)
    body, clients = png(noise), 12
    with running(model, tmp_path / "state", "--drain-seconds", "60") as (process, said):
        connections = [connected(said["url"]) for _ in range(clients)]
        for connection in connections:
            connection.request("POST", "/v1/embed", body, IMAGE)
        # They are accepted once the service has counted them.
        watching = connected(said["url"])
        for _ in range(6000):
            watching.request("GET", "/metrics")
            figures = watching.getresponse().read().decode()
            under_way = float(figures.split("\nalikely_requests_in_flight ")[1].split()[0])
            done = sum(
                float(line.split()[-1])
                for line in figures.splitlines()
                if line.startswith("alikely_requests_total{") and "/v1/embed" in line
            )
            if under_way + done >= clients:
                break
            time.sleep(0.01)
        process.send_signal(sign)
        answers = [connection.getresponse() for connection in connections]
        assert [answer.status for answer in answers] == [200] * clients
        rows = [json.loads(answer.read())["embeddings"][0] for answer in answers]
        assert process.wait(60) == 0
        assert process.stderr.read() == ""
    np.testing.assert_allclose(rows, small_model().embed([body] * clients), atol=1e-5)


def test_it_says_what_it_serves_and_where_and_a_client_that_hangs_up_is_no_matter(model, tmp_path, connected):
    with running(model, tmp_path / "state") as (process, said):
        assert said["model"]["name"] == "model"
        assert said["url"].startswith("http://127.0.0.1:")
        parts = urlsplit(said["url"])
        head = b"POST /v1/embed HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\nContent-Length: 5000\r\n\r\n"
        whole = pngs()[0]
        for sent in (b"POST /v1/em", head, head + bytes(100), head.replace(b"5000", b"%d" % len(whole)) + whole):
            with socket.create_connection((parts.hostname, parts.port)) as client:
                client.sendall(sent)
        connection = connected(said["url"])
        status, answer = posted(connection, "/v1/embed", whole, IMAGE)
        assert (status, len(answer["embeddings"])) == (200, 1)
        for _ in range(3000):
            connection.request("GET", "/metrics")
            figures = connection.getresponse().read().decode()
            if "\nalikely_requests_in_flight 0.0\n" in figures:
                break
            time.sleep(0.02)
        assert "\nalikely_requests_in_flight 0.0\n" in figures
        assert "\nalikely_body_bytes 0.0\n" in figures
        process.terminate()
        assert process.wait(60) == 0
        assert process.stderr.read() == ""


def test_keep_alive_under_load_ends_without_a_broken_answer(model, tmp_path, connected):
    body, found = pngs()[0], [[] for _ in range(8)]

    def asks(url, statuses):
        """Ask again and again until the service is gone."""
        connection = connected(url)
        with suppress(OSError):  # the end of the connection between two requests
            while True:
                statuses.append(posted(connection, "/v1/embed", body, IMAGE)[0])

    with running(model, tmp_path / "state") as (process, said):
        with ThreadPoolExecutor(8) as threads:
            clients = [threads.submit(asks, said["url"], statuses) for statuses in found]
            while not all(found) and not any(client.done() for client in clients):
                time.sleep(0.01)
            time.sleep(1)
            process.terminate()
            for client in clients:
                client.result()
        assert process.wait(60) == 0
        assert process.stderr.read() == ""
    assert all(found)
    assert {status for statuses in found for status in statuses} == {200}


def test_a_port_in_use_is_told_with_the_way_out(model, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ran = command("serve", str(model), "--port", str(port), "--state", str(tmp_path))
    assert ran.code == 2
    assert f"port {port} at 127.0.0.1 is in use" in ran.err
    assert "--port 0" in ran.err


def test_addresses_that_are_none():
    with pytest.raises(ServiceError, match=r"192\.0\.2\.1: is no address of this machine"):
        bound("192.0.2.1", 0)
    with pytest.raises(ServiceError, match="is no address of this machine"):
        bound("no.such.host.invalid", 0)


def test_the_address_that_is_told():
    with bound("127.0.0.1", 0) as listening:
        port = listening.getsockname()[1]
        assert url_of(listening, ServeSettings()) == f"http://127.0.0.1:{port}"
        assert url_of(listening, ServeSettings(host="0.0.0.0")) == f"http://127.0.0.1:{port}"
        assert url_of(listening, ServeSettings(host="::")) == f"http://[::1]:{port}"
    assert socket.gethostname() in reached_from_elsewhere(ServeSettings(host="0.0.0.0"))
    assert reached_from_elsewhere(ServeSettings()) is None


def test_for_others_it_takes_a_key(model, tmp_path):
    ran = command("serve", str(model), "--host", "0.0.0.0", "--port", "0", "--state", str(tmp_path / "state"))
    assert ran.code == 2
    assert "holds no API key" in ran.err
    assert "alikely keys add" in ran.err
    keys_of(tmp_path / "state").add("ann", "read")
    check_settings(ServeSettings(host="0.0.0.0", state=tmp_path / "state"))
    keys_of(tmp_path / "state").remove("ann")
    with pytest.raises(ServiceError, match="holds no API key"):
        check_settings(ServeSettings(host="0.0.0.0", state=tmp_path / "state"))


def test_nothing_to_serve():
    ran = command("serve")
    assert ran.code == 2
    assert "nothing to serve" in ran.err


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"batch": 0}, "batch = 0"),
        ({"wait_ms": -1}, "wait_ms"),
        ({"port": 70000}, "port"),
        ({"colour": "red"}, "colour"),
        ({"certificate": "x.pem"}, "go together"),
        ({"private_key": "x.pem"}, "go together"),
    ],
)
def test_settings_out_of_bounds(settings, said):
    with pytest.raises(SettingsError, match=said):
        ServeSettings(**settings)


def test_a_gallery_that_is_not_there_and_two_of_one_name(model, tmp_path):
    ran = command("serve", str(model), "--gallery", str(tmp_path / "none"), "--port", "0", "--state", str(tmp_path))
    assert ran.code == 2
    assert str(tmp_path / "none") in ran.err
    a, b = tmp_path / "a" / "people", tmp_path / "b" / "people"
    ran = command(
        "serve", str(model), "--gallery", str(a), "--gallery", str(b), "--port", "0", "--state", str(tmp_path)
    )
    assert ran.code == 2
    assert "both called people" in ran.err


def test_a_gallery_of_another_model(model, tmp_path):
    other = save_model(small_model(size=24), tmp_path / "other")
    from alikely.gallery import Gallery
    from alikely.storage import load_model

    Gallery.create(tmp_path / "people", load_model(other)).close()
    ran = command(
        "serve", str(model), "--gallery", str(tmp_path / "people"), "--port", "0", "--state", str(tmp_path / "state")
    )
    assert ran.code == 2
    assert "model" in ran.err


def test_it_speaks_https(model, tmp_path, certificates, connected):
    options = ("--certificate", str(certificates / "one.pem"), "--private-key", str(certificates / "one.key"))
    with running(model, tmp_path / "state", *options) as (_, said):
        assert said["url"].startswith("https://127.0.0.1:")
        trusted = ssl.create_default_context(cafile=str(certificates / "one.pem"))
        status, answer = posted(connected(said["url"], context=trusted), "/v1/embed", pngs()[0], IMAGE)
        assert (status, len(answer["embeddings"])) == (200, 1)


def test_one_service_uses_a_state_folder_and_commands_may_still_write_there(model, tmp_path):
    # Each knows the findings in memory: two would number them alike, and mix them up.
    state = tmp_path / "state"
    with running(model, state) as (process, _):
        second = command("serve", str(model), "--port", "0", "--state", str(state))
        assert second.code == 2
        assert f"{state}: another service runs with this folder" in second.err
        assert "--state" in second.err
        assert command("keys", "add", "ann", "--right", "read", "--state", str(state)).code == 0
        process.kill()
        process.wait(60)
        # The lock ends with the process, however that ends.
        with running(model, state):
            pass


def test_a_folder_that_cannot_be_written_is_told_at_the_start(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(ServiceError, match=r"cannot write to its folder .* --state"):
        open_served(Folders(), ServeSettings(state=tmp_path / "file" / "state"))


def test_it_is_not_ready_while_it_cannot_write(tmp_path, monkeypatch):
    with small_service(tmp_path) as client:
        assert client.get("/readyz").status_code == 200
        monkeypatch.setattr(State, "writable", lambda _: False)
        assert code_of(client.get("/readyz")) == (503, "state")
