import json
import os
import sqlite3
from pathlib import Path

import numpy as np
import pytest

from alikely.data.sources import examples_from
from alikely.errors import GalleryError, ModelError, SettingsError, StorageError
from alikely.gallery import Gallery
from alikely.gallery.open_set import strangers_of
from alikely.gallery.traces import PIECE, files_with
from alikely.storage import save_model
from alikely.stores.database import Database
from alikely.stores.local import open_local
from tests.gallery.galleries import calibrated, embeddings, passing_model, people
from tests.models import small_model
from tests.pictures import pattern_folder


def made(folder: Path, count: int = 12, each: int = 2) -> Gallery:
    gallery = Gallery.create(folder, calibrated(passing_model(8)))
    rows, labels = people(count, each)
    gallery.enrol(embeddings(rows, [f"person {label}" for label in labels], {"price": list(map(str, labels))}))
    return gallery


def test_a_gallery_is_there_again_with_its_model(tmp_path):
    model = calibrated(passing_model(8))
    save_model(model, tmp_path / "model")
    rows, labels = people(12, 2)
    with Gallery.create(tmp_path / "all", tmp_path / "model") as gallery:
        gallery.enrol(embeddings(rows, labels))
        before = gallery.identify(rows[3], fpir=0.5, confidence=0.0)

    with Gallery.open(tmp_path / "all") as again:
        assert len(again) == 24
        assert again.identify(rows[3], fpir=0.5, confidence=0.0) == before
    (tmp_path / "model").rename(tmp_path / "moved")
    with pytest.raises(GalleryError, match=r"its model lay in .*--model FOLDER"):
        Gallery.open(tmp_path / "all")
    with Gallery.open(tmp_path / "all", tmp_path / "moved") as again:
        assert len(again) == 24


def test_what_cannot_be_opened_says_why(tmp_path):
    made(tmp_path / "all").close()

    with pytest.raises(GalleryError, match="there is something in this folder already"):
        Gallery.create(tmp_path / "all", passing_model())
    with pytest.raises(GalleryError, match="does not know where its model lies"):
        Gallery.open(tmp_path / "all")
    with pytest.raises(GalleryError, match=r"was made with the model .*rebuild"):
        Gallery.open(tmp_path / "all", passing_model(8, "cosine"))
    with pytest.raises(GalleryError, match="there is no store"):
        Gallery.open(tmp_path / "none", passing_model())
    with pytest.raises(ModelError):
        Gallery.open(tmp_path / "all", tmp_path / "none")


def test_nothing_of_what_is_removed_is_left_in_the_files(tmp_path):
    with made(tmp_path / "all", count=300) as gallery:
        removed = next(gallery.templates(identities=["person 7"]))
        gallery.search(people(1, 1)[0][0], k=3)
        traces = [removed.keys[0].encode(), removed.embeddings[0].tobytes(), b"person 7\0"]
        before = left_in(tmp_path / "all", traces[:2])
        done = gallery.remove(identity="person 7")
        assert before
        assert done.templates == 2
        assert "nothing of them is left in the gallery's" in done.sentence()
        assert not left_in(tmp_path / "all", traces)
    assert not left_in(tmp_path / "all", traces)


def left_in(folder: Path, traces: list[bytes]) -> list[str]:
    return files_with([str(path) for path in folder.iterdir()], traces)


def test_a_removal_that_a_full_disk_stops_says_so_and_is_ended_by_the_same_call(tmp_path, monkeypatch):
    folder, model = tmp_path / "all", calibrated(passing_model(8))
    with made(folder, count=30) as gallery:
        removed = next(gallery.templates(identities=["person 7"]))
        traces = [removed.keys[0].encode(), removed.embeddings[0].tobytes()]
        gallery.threshold(0.3)
        with monkeypatch.context() as patched:
            patched.setattr(Database, "forget_old_pages", full)
            with pytest.raises(StorageError, match=r"removed, but what it left .* could not be overwritten .*again"):
                gallery.remove(identity="person 7")
        assert "person 7" not in gallery.identities()
        assert left_in(folder, traces)
    with Gallery.open(folder, model) as gallery:
        with pytest.raises(GalleryError, match="'person 99' is not there"):
            gallery.remove(identity="person 99")
        again = gallery.remove(identity="person 7")
        assert (again.templates, again.exit_code) == (2, 0)
        assert not left_in(folder, [*traces, b"person 7"])
        assert not (folder / "removing.json").exists()
        with pytest.raises(GalleryError, match="'person 7' is not there"):
            gallery.remove(identity="person 7")


def test_what_was_being_removed_is_overwritten_on_the_disk_before_it_goes(tmp_path, monkeypatch):
    listed, held, sync = tmp_path / "all" / "removing.json", [], os.fsync

    def look(handle):
        sync(handle)
        if listed.exists() and os.fstat(handle).st_ino == listed.stat().st_ino:
            held.append(listed.read_bytes())

    with made(tmp_path / "all") as gallery:
        monkeypatch.setattr("os.fsync", look)
        assert gallery.remove(identity="person 7").exit_code == 0
    assert not listed.exists()
    assert [set(content) for content in held] == [{0}]


def full(database):
    with database.told():
        raise sqlite3.OperationalError("database or disk is full")


def test_a_removal_that_cannot_be_written_down_removes_nothing(tmp_path, monkeypatch):
    def full(target, text):
        raise StorageError("full")

    with made(tmp_path / "all") as gallery:
        monkeypatch.setattr("alikely.gallery.unfinished.write_text", full)
        with pytest.raises(StorageError):
            gallery.remove(identity="person 7")
        assert gallery.identities()["person 7"] == 2


def test_what_was_not_removed_at_all_is_removed_by_the_same_call(tmp_path, monkeypatch):
    with made(tmp_path / "all") as gallery:
        with monkeypatch.context() as patched:
            patched.setattr("alikely.stores.records._delete", lambda *_: full(gallery.inside.store._database))
            with pytest.raises(StorageError):
                gallery.remove(identity="person 7")
        assert gallery.identities()["person 7"] == 2
        assert gallery.remove(identity="person 3").exit_code == 0
        assert gallery.remove(identity="person 7").templates == 2


def test_a_list_of_what_is_being_removed_that_cannot_be_read_says_so(tmp_path):
    with made(tmp_path / "all") as gallery:
        (tmp_path / "all" / "removing.json").write_text("[{")
        with pytest.raises(GalleryError, match="delete it"):
            gallery.remove(identity="person 7")


def test_what_is_left_behind_is_found(tmp_path):
    with made(tmp_path / "all") as gallery:
        kept = next(gallery.templates(identities=["person 7"])).embeddings[1]
        (tmp_path / "all" / "copy").write_bytes(b"...." + kept.tobytes() + b"....")

        done = gallery.remove(identity="person 7")
        assert (done.templates, done.exit_code) == (2, 1)
        assert done.sentence() == f"2 templates removed, but traces of them are left in {tmp_path / 'all' / 'copy'}"
        (tmp_path / "all" / "copy").unlink()
        assert gallery.remove(identity="person 7").exit_code == 0


def test_a_trace_is_found_wherever_it_lies(tmp_path):
    trace = bytes(range(1, 33))
    names = []
    for before in (0, 1, PIECE - 33, PIECE - 32, PIECE - 31, PIECE - 1, PIECE, 2 * PIECE - 5):
        (tmp_path / f"at {before}").write_bytes(bytes(before) + trace + b"...")
        names.append(str(tmp_path / f"at {before}"))
    (tmp_path / "without").write_bytes(bytes(PIECE) + trace[:-1])
    (tmp_path / "empty").write_bytes(b"")
    others = [str(tmp_path / name) for name in ("without", "empty", "not there")]
    assert files_with([*names, *others], [b"another", trace]) == names


def test_where_the_files_cannot_be_searched_the_removal_says_so_and_is_ended_by_the_same_call(tmp_path, monkeypatch):
    with made(tmp_path / "all") as gallery:
        with monkeypatch.context() as patched:
            patched.setattr("sys.executable", "/bin/false")
            with pytest.raises(StorageError, match=r"could not be searched .*ended with 1\); remove it again"):
                gallery.remove(identity="person 7")
        assert gallery.remove(identity="person 7").exit_code == 0


def test_a_template_that_another_identity_shares_is_no_trace(tmp_path):
    with made(tmp_path / "all") as gallery:
        row = people(1, 1)[0][0]
        gallery.enrol([row], identity="one")
        gallery.enrol([row], identity="other")

        assert gallery.remove(identity="one").templates == 1
        assert gallery.search(row, k=1)[0].identity == "other"


def test_what_is_known_of_strangers_is_remembered_for_this_state_alone(tmp_path, monkeypatch):
    computed = []
    monkeypatch.setattr("alikely.gallery.open_set.strangers_of", lambda held: computed.append(1) or strangers_of(held))
    model, file = calibrated(passing_model(8)), tmp_path / "all" / "strangers.npz"
    with made(tmp_path / "all", count=30) as gallery:
        first = gallery.threshold(0.3)
    with Gallery.open(tmp_path / "all", model) as gallery:
        assert gallery.threshold(0.3) == first
        assert computed == [1]
        file.write_bytes(b"damaged")
    with Gallery.open(tmp_path / "all", model) as gallery:
        assert gallery.threshold(0.3) == first
        assert computed == [1, 1]
        gallery.remove(identity="person 3")
        assert not file.exists()
        assert gallery.threshold(0.3).identities == 29
        assert computed == [1, 1, 1]


def test_rebuild_embeds_anew_and_keeps_identities_and_fields(tmp_path):
    folder = pattern_folder(tmp_path / "faces", 4, 2)
    old, new = small_model(distance="euclidean"), small_model(distance="manhattan")
    with Gallery.create(tmp_path / "all", old) as gallery:
        gallery.enrol(folder, fields={"shop": "B"})
        gallery.enrol(sorted(folder.glob("*/*"))[:1], identity="another")
        before = gallery.described()
    folder.rename(tmp_path / "moved")

    done = Gallery.rebuild(tmp_path / "all", new, tmp_path / "moved")

    assert (done.templates, done.left_out, done.exit_code) == (9, (), 0)
    assert done.sentence() == "9 templates embedded anew"
    with Gallery.open(tmp_path / "all", new) as gallery:
        assert sorted(map(json.dumps, gallery.described())) == sorted(map(json.dumps, before))
        item = sorted((tmp_path / "moved").glob("*/*"))[3]
        assert gallery.search(item, k=1)[0].distance == pytest.approx(0, abs=1e-6)
    with pytest.raises(GalleryError, match="was made with the model"):
        Gallery.open(tmp_path / "all", old)


def test_rebuild_without_all_items_changes_nothing_unless_it_is_said(tmp_path):
    folder = pattern_folder(tmp_path / "faces", 3, 2)
    old, new = small_model(distance="euclidean"), small_model(distance="manhattan")
    with Gallery.create(tmp_path / "all", old) as gallery:
        gallery.enrol(folder)
    gone = sorted(folder.glob("*/*"))[0]
    gone.unlink()

    with pytest.raises(GalleryError, match=r"1 of 6 templates .*have no item in the source"):
        Gallery.rebuild(tmp_path / "all", new, folder)
    Gallery.open(tmp_path / "all", old).close()
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []
    done = Gallery.rebuild(tmp_path / "all", new, folder, without_missing=True)
    assert (done.templates, len(done.left_out), done.exit_code) == (5, 1, 1)
    with Gallery.open(tmp_path / "all", new) as gallery:
        assert len(gallery) == 5
    with pytest.raises(GalleryError, match="is no folder of a gallery"):
        Gallery.rebuild("http://computer:19530", new, folder)


def test_a_disk_that_fills_up_keeps_what_was_committed(tmp_path, monkeypatch):
    monkeypatch.setattr("alikely.gallery.enrolment.BATCH", 4)
    with Gallery.create(tmp_path / "all", passing_model()) as gallery:
        put, batches = gallery.inside.store.put, []

        def full(templates):
            if len(batches) == 2:
                raise StorageError("records.db: cannot be written")
            batches.append(templates)
            return put(templates)

        gallery.inside.store.put = full
        source = embeddings(np.arange(24).reshape(12, 2), range(12))
        with pytest.raises(StorageError, match="8 of 12 items are enrolled; run it again"):
            gallery.enrol(source)
        assert len(gallery) == 8
        gallery.inside.store.put = put
        assert gallery.enrol(source).new == 4


def test_a_second_writer_waits_and_is_told(tmp_path):
    Gallery.create(tmp_path / "all", passing_model()).close()
    store = open_local(tmp_path / "all", wait=0.1)
    with Gallery.on(store, passing_model()) as gallery:
        other = sqlite3.connect(tmp_path / "all" / "records.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        try:
            with pytest.raises(GalleryError, match="another process writes to it"):
                gallery.enrol([np.zeros(2)], identity="a")
        finally:
            other.execute("ROLLBACK")
            other.close()
        assert gallery.enrol([np.zeros(2)], identity="a").new == 1


def test_a_texts_gallery_takes_texts(tmp_path):
    with made(tmp_path / "all") as gallery, pytest.raises(SettingsError, match="these items are texts"):
        gallery.enrol(examples_from(["a"], kind="text"))
