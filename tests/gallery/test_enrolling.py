"""Items enrolled: each once however often it is run, with its fields; what cannot be read is named."""

import numpy as np
import pytest

from alikely.data.sources import examples_from, read_source
from alikely.errors import InputError
from alikely.gallery.gallery import Gallery
from tests.gallery.galleries import embeddings, gallery_of, line, passing_model
from tests.models import small_model
from tests.pictures import pattern_folder
from tests.server.models_of_kinds import model_of


def test_each_item_is_enrolled_once_however_often_it_is_run():
    gallery = gallery_of(passing_model())
    source = embeddings(line(0, 0, 3), ["a", "a", "b"])

    first, second = gallery.enrol(source), gallery.enrol(source)

    assert (first.new, first.there, second.new, second.there) == (2, 0, 0, 2)
    assert gallery.identities() == {"a": 1, "b": 1}


@pytest.mark.parametrize("batch", [2, 256])
def test_what_stands_twice_in_a_source_is_kept_once_with_the_last_fields_and_counted(monkeypatch, batch):
    monkeypatch.setattr("alikely.gallery.enrolment.BATCH", batch)
    gallery = gallery_of(passing_model())
    source, fields = embeddings(line(0, 1, 0, 2, 1, 0), "abacba"), [{"n": n} for n in range(5)] + [{}]

    first, second = gallery.enrol(source, fields=fields), gallery.enrol(source, fields=fields)

    assert (first.new, first.there, first.repeated, first.changed) == (3, 0, 3, 0)
    assert first.sentence() == "3 enrolled, 0 there already, 3 stood twice"
    assert (second.new, second.there, second.repeated) == (0, 3, 3)
    kept = {one["identity"]: one["fields"]["n"] for one in gallery.described()}
    assert kept == {"a": 2, "b": 4, "c": 3}


def test_a_table_keeps_and_counts_what_stands_twice_in_it_as_a_list_does(tmp_path):
    """Its texts are joined when it is read; the answer is the same."""
    model, _ = model_of("text")
    said, numbers = ["a", "b", "a", "a", "b"], [1, 2, 3, 4, None]
    rows = "".join(f"{one},{'' if n is None else n}\n" for one, n in zip(said, numbers, strict=True))
    (tmp_path / "table.csv").write_text(f"text,n\n{rows}", encoding="utf-8")
    fields = [{} if n is None else {"n": n} for n in numbers]
    by_table, by_list = gallery_of(model), gallery_of(model)

    first, second = by_table.enrol(tmp_path / "table.csv"), by_list.enrol(said, fields=fields)

    assert first == second
    assert first.sentence() == "2 enrolled, 0 there already, 3 stood twice"
    assert {one["identity"]: one["fields"] for one in by_table.described()} == {"a": {"n": 4}, "b": {"n": 2}}
    assert by_table.described() == by_list.described()
    assert by_table.enrol(tmp_path / "table.csv") == by_list.enrol(said, fields=fields)


def test_one_item_under_two_identities_is_two_templates():
    gallery = gallery_of(passing_model())
    gallery.enrol(embeddings(line(0)), identity="a")
    gallery.enrol(embeddings(line(0)), identity="b")

    assert gallery.identities() == {"a": 1, "b": 1}


def test_an_item_under_several_identities_is_said(monkeypatch):
    monkeypatch.setattr("alikely.gallery.enrolment.BATCH", 2)
    gallery = gallery_of(passing_model())
    assert gallery.enrol(embeddings(line(0), ["a"])).shared == ()

    done = gallery.enrol(embeddings(line(0, 1, 2, 1), ["b", "c", "d", "e"]))

    assert done.new == 4
    assert done.shared == (("embedding 1", "a, b"), ("embedding 4", "c, e"))
    assert done.to_dict()["shared"][0] == {"item": "embedding 1", "identities": "a, b"}
    assert done.sentence() == (
        "4 enrolled, 0 there already\nnote: 2 items are enrolled under several identities (embedding 1: a, b; "
        "embedding 4: c, e)"
    )
    assert gallery.enrol(embeddings(line(2), ["d"])).shared == ()


def test_two_who_enrol_the_same_count_it_once(tmp_path):
    model = passing_model()
    source = embeddings(line(0, 1, 2), "abc")
    with Gallery.create(tmp_path / "all", model) as one, Gallery.open(tmp_path / "all", model) as other:
        has, looked = one.inside.store.has, []

        def slow(keys):
            there = has(keys)
            if not looked:
                looked.append(other.enrol(embeddings(line(0, 1), "ab")))
            return there

        one.inside.store.has = slow
        done = one.enrol(source)

    assert (looked[0].new, done.new, done.there) == (2, 1, 2)


def test_what_is_there_is_not_embedded_again_but_gets_new_fields():
    gallery = gallery_of(passing_model())
    gallery.enrol(embeddings(line(0, 3), ["a", "b"], {"price": ["1", "2"], "shop": ["x", ""]}))
    puts = gallery.inside.store.puts

    same = gallery.enrol(embeddings(line(0, 3), ["a", "b"]))
    assert (same.changed, gallery.inside.store.puts) == (0, puts)
    changed = gallery.enrol(embeddings(line(0, 3), ["a", "b"], {"price": ["1", "9"], "shop": ["x", ""]}))

    assert changed.changed == 1
    fields = {one["identity"]: one["fields"] for one in gallery.described()}
    assert fields == {"a": {"price": 1, "shop": "x"}, "b": {"price": 9}}


def test_enrolment_commits_in_batches_and_goes_on_from_there(monkeypatch):
    monkeypatch.setattr("alikely.gallery.enrolment.BATCH", 4)
    gallery = gallery_of(passing_model())
    told = []

    def stop(phase, done, total):
        told.append((phase, done, total))
        if done == 8:
            raise KeyboardInterrupt

    source = embeddings(line(*range(10)), range(10))
    with pytest.raises(KeyboardInterrupt, match="8 of 10 items are enrolled; run it again"):
        gallery.enrol(source, progress=stop)
    assert list(dict.fromkeys(told)) == [("enrolling", 0, 10), ("enrolling", 4, 10), ("enrolling", 8, 10)]
    assert len(gallery) == 8

    rest = gallery.enrol(source)
    assert (rest.new, rest.there) == (2, 8)


def test_who_stops_while_a_batch_is_read_has_none_of_it(monkeypatch):
    monkeypatch.setattr("alikely.gallery.enrolment.BATCH", 4)
    gallery = gallery_of(passing_model())
    done_so_far = []

    def stop(_, done, __):
        done_so_far.append(done)
        if done_so_far[-3:] == [4, 4, 4]:  # once after the first batch, and twice in the second
            raise ConnectionError

    source = embeddings(line(*range(10)), range(10))
    with pytest.raises(ConnectionError):
        gallery.enrol(source, progress=stop)
    assert len(gallery) == 4
    assert gallery.enrol(source).there == 4


def test_items_that_cannot_be_read_are_named_and_the_others_go_on(tmp_path):
    folder = pattern_folder(tmp_path / "faces", 3, 2)
    broken = sorted((folder).glob("*/*"))[0]
    broken.write_bytes(b"no picture")
    model = small_model()
    gallery = gallery_of(model)

    done = gallery.enrol(folder)

    assert (done.new, done.exit_code) == (5, 1)
    assert sum(gallery.identities().values()) == 5
    assert set(gallery.identities()) == {path.name for path in folder.iterdir()}
    assert [name for name, _ in done.problems] == [str(broken)]
    assert "5 enrolled, 0 there already; 1 could not be read" in done.sentence()


def test_pictures_are_known_by_their_bytes_wherever_they_lie(tmp_path):
    folder = pattern_folder(tmp_path / "faces", 2, 2)
    gallery = gallery_of(small_model())
    gallery.enrol(folder)
    folder.rename(tmp_path / "moved")

    assert gallery.enrol(read_source(tmp_path / "moved")).new == 0


def test_without_labels_an_item_is_its_own_identity(tmp_path):
    folder = pattern_folder(tmp_path / "faces", 2, 1)
    paths = sorted(folder.glob("*/*"))
    pictures = gallery_of(small_model())
    pictures.enrol(examples_from(paths))
    arrays = gallery_of(passing_model())
    arrays.enrol([np.array([0.0, 1.0])])
    arrays.enrol([np.array([0.0, 2.0])])

    assert list(pictures.identities()) == [str(path) for path in paths]
    assert len(arrays.identities()) == 2  # and not both "embedding 1"


@pytest.mark.parametrize(("label", "why"), [("a\0b", "the sign NUL"), ("\ud800", "half a sign"), ("", "it is empty")])
def test_an_item_with_a_label_that_cannot_be_kept_is_named_and_the_others_are_enrolled(label, why):
    gallery = gallery_of(passing_model())

    done = gallery.enrol(embeddings(line(0, 1, 2), ["a", label, "c"]))

    assert (done.new, gallery.identities()) == (2, {"a": 1, "c": 1})
    ((name, problem),) = done.problems
    assert name == "embedding 2"
    assert problem.startswith(f"the identity {label!r} cannot be kept: ")
    assert why in problem
    if label:
        with pytest.raises(InputError, match="^the identity .* cannot be kept: .*" + why):
            gallery.enrol(embeddings(line(3)), identity=label)


def test_fields_may_be_those_of_all_items_or_of_each():
    gallery = gallery_of(passing_model())
    gallery.enrol(embeddings(line(0, 1), ["a", "b"]), fields=[{"n": 1}, {"t": "1", "n": 2.5}])
    gallery.enrol(embeddings(line(2), ["c"], {"own": ["x"]}), fields={"n": 3})

    assert [one["fields"] for one in gallery.described()] == [{"n": 1}, {"t": "1", "n": 2.5}, {"own": "x", "n": 3}]
    with pytest.raises(InputError, match="1 items, and 2 items"):
        gallery.enrol(embeddings(line(5, 6), ["e", "f"]), fields=[{"n": 1}])
