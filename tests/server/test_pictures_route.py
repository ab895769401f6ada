"""Pictures of what is enrolled: found by content, kept only where that was asked for, gone with the last template."""

import io
import stat

import numpy as np
import pytest
from PIL import Image

import alikely
from alikely.errors import InputError, StorageError
from alikely.gallery import Gallery
from alikely.gallery.content import content_of, key_of
from alikely.server import Folders
from alikely.server.thumbnails import SIDE, small_copy
from alikely.storage import save_model
from tests.models import pictures, small_model
from tests.server.photos import photo
from tests.server.small import code_of
from tests.server.uses import asked

SECRET = b"47.3769 N, 8.5417 E"


def opened(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content))


@pytest.fixture
def folders(tmp_path):
    """A model, an empty gallery, and a folder with one picture: anna's."""
    save_model(small_model(), tmp_path / "model")
    for name in ("people", "others"):
        Gallery.create(tmp_path / name, tmp_path / "model").close()
    (tmp_path / "album" / "deep").mkdir(parents=True)
    (tmp_path / "album" / "deep" / "anna.jpg").write_bytes(photo(1))
    return Folders(model=tmp_path / "model", galleries=(tmp_path / "people", tmp_path / "others"))


def enrol(client, content: bytes, identity: str, gallery: str = "people"):
    answer = client.post(f"/v1/galleries/{gallery}/enrol", files={"items": content}, data={"identity": identity})
    assert answer.json()["new"] == 1, answer.text
    return key_of(content_of(content), identity)


def with_album(folders: Folders, tmp_path) -> Folders:
    return Folders(folders.model, folders.galleries, pictures=(tmp_path / "album",))


def found_in(folder, wanted: bytes) -> list:
    """The files below a folder, hidden ones too, that hold these bytes."""
    return [path for path in folder.rglob("*") if path.is_file() and wanted in path.read_bytes()]


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((640, 480), (256, 192)),
        ((480, 640), (192, 256)),
        ((100, 40), (100, 40)),  # never larger
        ((5000, 3), (256, 1)),  # never nothing
        ((256, 256), (256, 256)),
    ],
)
def test_a_small_copy_is_small_and_keeps_its_proportions(size, expected):
    copy = opened(small_copy(photo(0, *size)))
    assert (copy.format, copy.size, copy.mode) == ("WEBP", expected, "RGB")
    assert max(copy.size) <= SIDE


def test_a_small_copy_holds_pixels_and_nothing_else():
    exif = Image.Exif()
    exif[0x010E] = SECRET.decode()
    exif[0x0112] = 6  # turned
    content = photo(0, 320, 200, exif=exif, icc_profile=b"profile " + SECRET, comment=SECRET)
    assert content.count(SECRET) >= 3
    for item in (content, opened(content)):
        copy = small_copy(item)
        assert SECRET not in copy
        read = opened(copy)
        assert (dict(read.getexif()), read.info.get("icc_profile")) == ({}, None)
        assert read.size == (160, 256)  # the right way up


def test_small_pictures_stay_as_they_are():
    pixels = pictures()[0]
    assert np.array_equal(np.asarray(opened(small_copy(pixels)).convert("L")), pixels)


def test_pictures_are_found_in_folders_by_what_they_hold(folders, tmp_path):
    with asked(with_album(folders, tmp_path), tmp_path / "state") as (client, served):
        served.pictures.found.wait()
        key = enrol(client, photo(1), "anna")
        other = enrol(client, photo(2), "ben")

        answer = client.get(f"/v1/pictures/{key}")
        assert (answer.status_code, answer.headers["content-type"]) == (200, "image/webp")
        assert answer.headers["cache-control"] == "private, max-age=300"
        assert opened(answer.content).size == (256, 192)
        assert code_of(client.get(f"/v1/pictures/{other}")) == (404, "no_picture")

        ask = {"gallery": "people", "keys": [other, key, "none"], "identities": ["ben", "anna", "nobody"]}
        told = client.post("/v1/pictures", json=ask).json()
        assert told == {"keys": [key], "identities": {"anna": key}}

        # Removed, it is not shown any more; the user's own file stays.
        client.delete("/v1/galleries/people/identities", params={"identity": "anna"})
        assert code_of(client.get(f"/v1/pictures/{key}")) == (404, "no_picture")
        assert (tmp_path / "album" / "deep" / "anna.jpg").exists()


def test_pictures_are_found_among_the_items_that_are_looked_at(folders, tmp_path):
    looked = Folders(folders.model, folders.galleries, items=tmp_path / "album")
    with asked(looked, tmp_path / "state") as (client, served):
        served.pictures.found.wait()
        key = enrol(client, photo(1), "anna")
        other = enrol(client, photo(2), "ben")
        assert client.get(f"/v1/pictures/{key}").status_code == 200
        assert code_of(client.get(f"/v1/pictures/{other}")) == (404, "no_picture")


@pytest.mark.parametrize("key", ["x", "../../etc/passwd", "0" * 32, "%00", "ä" * 90, "..%2Fkeys.json"])
def test_keys_that_are_none_have_no_picture(folders, tmp_path, key):
    with asked(folders, tmp_path / "state") as (client, _):
        answer = client.get(f"/v1/pictures/{key}")
        assert answer.status_code in (404, 422)


def test_unknown_galleries_and_too_many_keys_are_refused(folders, tmp_path):
    with asked(folders, tmp_path / "state") as (client, _):
        assert code_of(client.post("/v1/pictures", json={"gallery": "none"})) == (404, "not_served")
        many = {"gallery": "people", "keys": ["a"] * 1001}
        assert code_of(client.post("/v1/pictures", json=many)) == (422, "request")


def test_nothing_of_a_picture_is_kept_unless_asked_for(folders, tmp_path):
    content = photo(3)
    with asked(folders, tmp_path / "state") as (client, _):
        key = enrol(client, content, "cleo")
        client.post("/v1/galleries/people/search", files={"item": photo(4)})
        client.post("/v1/galleries/people/identify", files={"items": photo(4)}, data={"fpir": "0.5", "confidence": "0"})
        client.post("/v1/compare", files={"left": photo(4), "right": photo(5)})
        assert code_of(client.get(f"/v1/pictures/{key}")) == (404, "no_picture")
    for folder in (tmp_path / "state", tmp_path / "people"):
        files = [path for path in folder.rglob("*") if path.is_file()]
        for path in files:
            held = path.read_bytes()
            for begin in (b"\xff\xd8\xff", b"\x89PNG", b"WEBP", b"GIF8", content[200:264], photo(4)[200:264]):
                assert begin not in held, path
    assert not (tmp_path / "state" / "pictures").exists()
    # The search for such bytes does find them.
    (tmp_path / "state" / "copy").write_bytes(content)
    assert found_in(tmp_path / "state", content[200:264])


def test_asked_for_small_copies_are_kept_and_shown(folders, tmp_path):
    content = photo(3)
    with asked(folders, tmp_path / "state", keep_items=True) as (client, _):
        key = enrol(client, content, "cleo")
        first = client.get(f"/v1/pictures/{key}")
        assert opened(first.content).size == (256, 192)
    (kept,) = [path for path in (tmp_path / "state" / "pictures").rglob("*") if path.is_file()]
    assert kept.name == f"{content_of(content)}.webp"
    assert not found_in(tmp_path / "state", content[200:264])  # a copy, not the file
    # Kept over a restart; also when no more are to be kept, and then removed all the same.
    with asked(folders, tmp_path / "state") as (client, _):
        assert client.get(f"/v1/pictures/{key}").content == first.content
        client.delete("/v1/galleries/people/identities", params={"identity": "cleo"})
    assert not kept.exists()


def test_copies_go_with_the_last_template_of_their_content(folders, tmp_path):
    content, state = photo(3), tmp_path / "state"
    with asked(folders, state, keep_items=True) as (client, served):
        one = enrol(client, content, "cleo")
        two = enrol(client, content, "cleopatra")
        elsewhere = enrol(client, content, "cleo", "others")
        assert one == elsewhere

        def kept() -> list[str]:
            return sorted(path.parent.name for path in (state / "pictures").rglob("*.webp"))

        assert kept() == ["gallery-others", "gallery-people"]
        assert client.delete("/v1/galleries/people/templates", params={"key": one}).json()["templates"] == 1
        assert kept() == ["gallery-others", "gallery-people"]  # cleopatra has it, too
        assert client.delete("/v1/galleries/people/identities", params={"identity": "cleopatra"}).json()["traces"] == []
        assert kept() == ["gallery-others"]
        assert client.get(f"/v1/pictures/{elsewhere}").status_code == 200
        assert client.get(f"/v1/pictures/{two}").status_code == 404
        # A removal that is refused takes no picture with it.
        assert client.delete("/v1/galleries/others/identities", params={"identity": "nobody"}).status_code == 404
        assert kept() == ["gallery-others"]
        assert served.pictures.of(elsewhere) is not None


def test_what_the_command_removed_loses_its_copy_at_the_next_start(folders, tmp_path):
    with asked(folders, tmp_path / "state", keep_items=True) as (client, _):
        enrol(client, photo(3), "cleo")
        key = enrol(client, photo(4), "dora")
    with Gallery.open(tmp_path / "people", tmp_path / "model") as gallery:
        gallery.remove("cleo")
    with asked(folders, tmp_path / "state", keep_items=True) as (client, _):
        assert client.get(f"/v1/pictures/{key}").status_code == 200
        left = [path.stem for path in (tmp_path / "state" / "pictures").rglob("*.webp")]
    assert left == [content_of(photo(4))]


def test_what_cannot_be_read_is_not_enrolled_and_not_kept(folders, tmp_path):
    with asked(folders, tmp_path / "state", keep_items=True) as (client, _):
        answer = client.post("/v1/galleries/people/enrol", files={"items": b"no picture"}, data={"identity": "x"})
        assert (answer.json()["new"], len(answer.json()["problems"])) == (0, 1)
    assert not list((tmp_path / "state").rglob("*.webp"))


def test_a_picture_that_is_removed_while_it_is_enrolled_is_not_kept(folders, tmp_path, monkeypatch):
    with asked(folders, tmp_path / "state", keep_items=True) as (_, served):
        gallery, content = served.galleries["people"], photo(3)
        gallery.enrol(alikely.examples_from([content]), "cleo")
        gallery.remove("cleo")
        served.pictures.keep("people", [content])
    assert not list((tmp_path / "state").rglob("*.webp"))


def test_a_picture_that_is_enrolled_while_it_is_removed_is_not_kept(folders, tmp_path, monkeypatch):
    with asked(folders, tmp_path / "state", keep_items=True) as (client, served):
        enrol(client, photo(3), "cleo")
        gallery = served.galleries["people"]
        remove = gallery.remove

        def late(*what):
            served.pictures.keep("people", [photo(3)])
            return remove(*what)

        monkeypatch.setattr(gallery, "remove", late)
        assert served.pictures.remove("people", "cleo").templates == 1
    assert not list((tmp_path / "state").rglob("*.webp"))


def test_of_what_is_not_enrolled_nobody_learns_that_there_is_a_picture(folders, tmp_path):
    with asked(with_album(folders, tmp_path), tmp_path / "state") as (client, served):
        served.pictures.found.wait()
        key = key_of(content_of(photo(1)), "anna")
        asking = {"gallery": "people", "keys": [key], "identities": ["anna"]}
        assert client.post("/v1/pictures", json=asking).json() == {"keys": [], "identities": {}}
        assert client.get(f"/v1/pictures/{key}").status_code == 404
        enrol(client, photo(1), "anna")
        assert client.post("/v1/pictures", json=asking).json() == {"keys": [key], "identities": {"anna": key}}
    # Where the album's files lie is its owner's business.
    assert stat.S_IMODE((tmp_path / "state" / "found-pictures.json").stat().st_mode) == 0o600


def test_a_copy_that_cannot_be_removed_stops_the_removal(folders, tmp_path, monkeypatch):
    with asked(folders, tmp_path / "state", keep_items=True) as (client, served):
        enrol(client, photo(3), "cleo")

        def refused(self, missing_ok=False):
            raise PermissionError(13, "Permission denied")

        with monkeypatch.context() as patch:
            patch.setattr("pathlib.Path.unlink", refused)
            with pytest.raises(StorageError, match="cannot be removed"):
                served.pictures.remove("people", "cleo")
        assert len(served.galleries["people"]) == 1  # nothing is half gone
        assert served.pictures.remove("people", "cleo").templates == 1


def test_a_folder_that_is_none_is_told_at_the_start(folders, tmp_path):
    with (
        pytest.raises(InputError, match="album2: is no folder"),
        asked(Folders(folders.model, folders.galleries, pictures=(tmp_path / "album2",)), tmp_path / "state"),
    ):
        pass
