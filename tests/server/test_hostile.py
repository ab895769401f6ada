"""What is made to keep a service from others, or to be read by others: large heads of pictures, open folders."""

import asyncio
import stat

import pytest

from alikely.server import uploads
from tests.models import pictures
from tests.server.small import keys_of, model_service, png, pngs, small_service


@pytest.mark.parametrize(
    ("path", "names"),
    [("/v1/embed", ["items"]), ("/v1/compare", ["left", "right"]), ("/v1/explain", ["left", "right"])],
)
def test_the_head_of_a_large_picture_keeps_no_other_request_waiting(tmp_path, monkeypatch, path, names):
    """To find the size of a picture among a million notes takes seconds, in which once nobody was answered."""
    read, looked = uploads.item_from, []

    def reading(*said):
        try:
            asyncio.get_running_loop()
            looked.append("in the loop")
        except RuntimeError:
            looked.append("beside it")
        return read(*said)

    monkeypatch.setattr(uploads, "item_from", reading)
    # Bytes behind its end are no part of a picture.
    large, small = png(pictures()[0]) + bytes(100_000), pngs()[0]
    with model_service(tmp_path) as client:
        assert client.post(path, files=dict.fromkeys(names, large)).status_code in (200, 409)
        assert looked == ["beside it"] * len(names)
        client.post(path, files=dict.fromkeys(names, small))
        # Another thread would take longer than to look at it.
        assert looked == ["beside it"] * len(names) + ["in the loop"] * len(names)


def test_a_folder_that_a_service_makes_is_its_owners_alone(tmp_path):
    """What people labelled, and small copies of their pictures, was once for all users of the machine to read."""
    (tmp_path / "open").mkdir(mode=0o755)
    for name in ("new/state", "open"):
        with small_service(tmp_path / name):
            pass
    keys_of(tmp_path / "keyed").add("phone", "read")

    modes = {name: stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("new/state", "keyed", "open")}
    assert modes == {"new/state": 0o700, "keyed": 0o700, "open": 0o755}  # what is there stays as somebody made it
