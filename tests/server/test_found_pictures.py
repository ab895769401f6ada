"""Folders of pictures -> the file that holds a given content: hashed once, inside the folder only."""

import json
import os
import threading

from alikely.gallery.content import content_of
from alikely.server.found_pictures import FoundPictures
from tests.server.photos import photo


def test_links_that_lead_outside_are_not_followed(tmp_path):
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "a.jpg").write_bytes(photo(1))
    inside = tmp_path / "album"
    inside.mkdir()
    (inside / "own.jpg").write_bytes(photo(2))
    (inside / "again.jpg").symlink_to(inside / "own.jpg")
    (inside / "out.jpg").symlink_to(tmp_path / "secret" / "a.jpg")
    (inside / "away").symlink_to(tmp_path / "secret")
    found = FoundPictures([inside], tmp_path / "remembered.json")
    found.look()
    found.wait()
    assert found.small_copy(content_of(photo(2))) is not None
    assert found.small_copy(content_of(photo(1))) is None
    assert len(json.loads((tmp_path / "remembered.json").read_text())) == 2

    # Also when the file is exchanged for a link after it was hashed.
    (inside / "later.jpg").write_bytes(photo(1))
    again = FoundPictures([inside], tmp_path / "remembered.json")
    again.look()
    again.wait()
    (inside / "later.jpg").unlink()
    (inside / "later.jpg").symlink_to(tmp_path / "secret" / "a.jpg")
    assert again.knows(content_of(photo(1)))
    assert again.small_copy(content_of(photo(1))) is None


def test_files_are_hashed_once_and_again_when_they_change(tmp_path, monkeypatch):
    album, remembered = tmp_path / "album", tmp_path / "remembered.json"
    album.mkdir()
    for number in range(3):
        (album / f"{number}.jpg").write_bytes(photo(number))
    hashed = []
    monkeypatch.setattr(
        "alikely.server.found_pictures.content_of", lambda item: hashed.append(item) or content_of(item)
    )

    def look() -> FoundPictures:
        hashed.clear()
        found = FoundPictures([album], remembered)
        found.look()
        found.wait()
        return found

    look()
    assert len(hashed) == 3
    assert look().knows(content_of(photo(1)))
    assert hashed == []
    (album / "1.jpg").write_bytes(photo(9))
    os.utime(album / "1.jpg", (1, 1))
    changed = look()
    assert [path.name for path in hashed] == ["1.jpg"]
    assert changed.knows(content_of(photo(9)))
    assert not changed.knows(content_of(photo(1)))
    remembered.write_text('{"x": "damaged"}')
    look()
    assert len(hashed) == 3


def test_a_file_that_changed_since_it_was_hashed_is_not_shown(tmp_path):
    (tmp_path / "a.jpg").write_bytes(photo(1))
    found = FoundPictures([tmp_path], tmp_path / "remembered.json")
    found.look()
    found.wait()
    (tmp_path / "a.jpg").write_bytes(photo(2))
    assert found.small_copy(content_of(photo(1))) is None
    (tmp_path / "a.jpg").unlink()
    assert found.small_copy(content_of(photo(1))) is None


def test_what_cannot_be_remembered_is_known_all_the_same(tmp_path, caplog):
    (tmp_path / "a.jpg").write_bytes(photo(1))
    (tmp_path / "file").write_text("")
    found = FoundPictures([tmp_path], tmp_path / "file" / "remembered.json")
    found.look()
    found.wait()
    assert found.knows(content_of(photo(1)))
    assert "hashed again at the next start" in caplog.text


def test_a_service_that_stops_does_not_wait_for_all_pictures(tmp_path, monkeypatch):
    for number in range(4):
        (tmp_path / f"{number}.jpg").write_bytes(photo(number))
    begun = threading.Event()

    def slow(item):
        begun.set()
        # The first is hashed until the service stops, and so is the second where it began before that.
        assert found._stop.wait(60)
        return content_of(item)

    monkeypatch.setattr("alikely.server.found_pictures.content_of", slow)
    found = FoundPictures([tmp_path], tmp_path / "remembered.json")
    found.look()
    assert begun.wait(60)
    found.close()
    # The one that was under way is hashed to its end, and remembered.
    assert len(json.loads((tmp_path / "remembered.json").read_text())) == 1
