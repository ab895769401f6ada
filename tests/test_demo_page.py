"""`alikely demo --serve`: what its page shows is made once, survives another model, and is served where it is said."""

import re
import shutil
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

import alikely.demo
from alikely.data.signs import invented_signs
from alikely.demo_page import is_made, make_parts
from alikely.gallery import Gallery
from alikely.server import ServeSettings, open_served
from alikely.server.listening import next_free
from alikely.training.progress import Silent
from alikely.training.train import train
from tests.commands import command

SMALL = {"encoder_settings": {"depth": 1, "width": 16, "dim": 16}, "epochs": 1}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A folder in which a demo has trained a smaller encoder, on fewer signs."""
    out = tmp_path_factory.mktemp("demo page") / "a demo"
    alikely.demo.write_digits(out / "digits")
    settings = alikely.demo.SETTINGS.model_copy(update=SMALL)
    train(invented_signs(200, 6, 0), settings, out=out / "model", reporter=Silent())
    return out


def files_of(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*.csv")}


def test_what_the_page_shows_is_all_there(made, tmp_path):
    assert is_made(made)
    assert not is_made(tmp_path)
    parts = make_parts(made)
    served = open_served(parts.folders, ServeSettings(state=tmp_path / "state"))
    try:
        gallery = served.gallery("ten-digits")
        assert gallery.identities() == {f"digit {digit}": 20 for digit in range(10)}
        assert gallery.described()[0]["fields"].keys() == {"number"}
        assert len(served.looked) == 1797
        assert set(served.looked.examples.labels) == set("0123456789")
        assert served.labelling.questions("Ann")
        pictures = sorted((parts.digits / "0").glob("*.png"))
        assert not served.detector(None).judge([pictures[0]])[0].anomalous
    finally:
        served.close()


def test_a_second_time_nothing_is_made_anew_and_another_model_embeds_the_gallery_anew(made, tmp_path):
    out = tmp_path / "moved"
    shutil.copytree(made, out)
    make_parts(out)
    before = files_of(out), (out / "one-digit" / "detector.json").stat().st_mtime_ns
    make_parts(out)
    assert (files_of(out), (out / "one-digit" / "detector.json").stat().st_mtime_ns) == before
    with Gallery.open(out / "ten-digits", out / "model") as gallery:
        held = len(gallery)
    # A demo that runs again trains another model, here by another seed.
    settings = alikely.demo.SETTINGS.model_copy(update={**SMALL, "seed": 5})
    train(invented_signs(200, 6, 0), settings, out=out / "model", overwrite=True, reporter=Silent())
    parts = make_parts(out)
    with Gallery.open(parts.gallery, parts.model) as gallery:
        assert len(gallery) == held == 200


def test_the_next_free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert port < next_free("127.0.0.1", port) < port + 20


def test_json_and_a_page_are_not_both(tmp_path):
    ran = command("demo", "--serve", "--json", "--out", tmp_path)
    assert ran.code == 2
    assert "give one of them" in ran.err


@pytest.mark.slow
def test_the_command_serves_what_is_there_at_once_and_ends_by_ctrl_c(made):
    script = Path(sys.executable).with_name("alikely")
    running = subprocess.Popen(
        [script, "demo", "--serve", "--out", made, "--port", "18700"], stdout=subprocess.PIPE, text=True
    )
    try:
        line = running.stdout.readline()
        url = re.match(r"Open (http://127\.0\.0\.1:\d+) in a browser\. Pictures to try lie in .*digits\. Ctrl-C", line)[
            1
        ]
        page = urllib.request.urlopen(f"{url}/label").read().decode()
        assert "Do these two pictures show the same?" in page
    finally:
        running.send_signal(signal.SIGINT)
        running.wait(60)
        running.stdout.close()
