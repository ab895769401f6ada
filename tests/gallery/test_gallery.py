from dataclasses import replace

import numpy as np
import pytest

from alikely.data.sources import examples_from, read_source
from alikely.errors import CalibrationError, GalleryError, InputError, ModelError, SettingsError
from alikely.gallery.answers import Candidate, Hit, Identification, Threshold
from alikely.gallery.gallery import Gallery
from alikely.gallery.held import about
from alikely.gallery.joining import Joining
from alikely.gallery.live import read_live
from tests.gallery.galleries import calibrated, embeddings, gallery_of, passing_model, people
from tests.gallery.naive import NaiveStore
from tests.models import small_model
from tests.pictures import pattern_folder


def line(*places: float) -> np.ndarray:
    return np.array([[place, 0.0] for place in places], dtype=np.float32)


def test_items_are_found_by_the_models_own_distance():
    gallery = gallery_of(passing_model(distance="squared_euclidean"))
    gallery.enrol(embeddings(line(0, 3, 10), ["a", "b", "c"]))

    hits = gallery.search(np.array([1.0, 0.0]), k=2)

    assert [(hit.identity, hit.distance) for hit in hits] == [("a", 1.0), ("b", 4.0)]


@pytest.mark.parametrize(
    "distance", ["euclidean", "squared_euclidean", "manhattan", "exp_manhattan", "cosine", "learned"]
)
def test_the_order_and_the_distances_are_those_of_the_model(distance):
    model = passing_model(6, distance)
    rows, labels = people(30, 1, 6)
    gallery = gallery_of(model, errors=0.01)
    gallery.enrol(embeddings(rows, labels))
    query = people(1, 1, 6, seed=9)[0][0]

    hits = gallery.search(query, k=30)

    expected = sorted((model.distance_of(query, row), str(label)) for row, label in zip(rows, labels, strict=True))
    assert [hit.identity for hit in hits] == [label for _, label in expected]
    assert [hit.distance for hit in hits] == pytest.approx([distance for distance, _ in expected], rel=1e-5)


def test_each_item_is_enrolled_once_however_often_it_is_run():
    gallery = gallery_of(passing_model())
    source = embeddings(line(0, 0, 3), ["a", "a", "b"])

    first, second = gallery.enrol(source), gallery.enrol(source)

    assert (first.new, first.there, second.new, second.there) == (2, 0, 0, 2)
    assert gallery.identities() == {"a": 1, "b": 1}


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
    assert told == [("enrolling", 4, 10), ("enrolling", 8, 10)]
    assert len(gallery) == 8

    rest = gallery.enrol(source)
    assert (rest.new, rest.there) == (2, 8)


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


def test_identify_answers_with_an_identity_or_nobody():
    model = calibrated(passing_model(8))
    rows, labels = people(30, 2, noise=0.05)
    gallery = gallery_of(model)
    gallery.enrol(embeddings(rows[::2], labels[::2]))

    known = gallery.identify(rows[1], fpir=0.1, confidence=0.0)
    stranger = gallery.identify(np.full(8, 5.0, np.float32), fpir=0.1, confidence=0.0)

    assert (known.identity, known.exit_code) == ("0", 0)
    assert known.candidates[0].templates == 1
    assert len(known.candidates) == 5
    assert known.distance == pytest.approx(model.distance_of(rows[0], rows[1]), rel=1e-5)
    assert known.sentence().startswith("0 (probability ")
    assert "false-positive-identification rate of 10 %, an estimate, among 30 identities" in known.sentence()
    assert (stranger.identity, stranger.exit_code) == (None, 1)
    assert stranger.sentence().startswith("nobody enrolled (nearest is ")
    assert known.to_dict()["threshold"]["basis"] == "gallery"


@pytest.mark.parametrize(
    ("identity", "probability", "said"), [("a", 0.01, False), ("a", 0.9, True), (None, 0.9, False)]
)
def test_a_probability_that_contradicts_the_answer_is_not_said(identity, probability, said):
    threshold = Threshold(1.0, 0.1, 0.0, "gallery", 30)
    answer = Identification("item", identity, threshold, (Candidate("a", 0.5, 1, probability),))

    assert ("probability" in answer.sentence()) == said
    assert "distance 0.500, threshold 1.000" in answer.sentence()
    assert answer.to_dict()["probability"] == probability


def test_truths_are_shown_as_conditions_say_them():
    assert Hit("k", "a", 0.5, {"sold": True, "shop": "B"}).cells() == ("a", "0.500", "sold = true, shop = B")


def test_the_probability_has_the_prior_shared_among_the_enrolled():
    model = calibrated(passing_model(8))
    rows, labels = people(25, 1)
    gallery = gallery_of(model)
    gallery.enrol(embeddings(rows, labels))

    answer = gallery.identify(rows[0] + 0.1, fpir=0.2, confidence=0.0, prior=0.5)

    assert model.calibration is not None
    assert answer.probability == pytest.approx(model.calibration.probability(answer.distance, prior=0.5 / 25))


def test_of_many_items_each_gets_the_answer_it_gets_alone():
    gallery = gallery_of(calibrated(passing_model(8)))
    rows, labels = people(25, 3)
    gallery.enrol(embeddings(rows, labels))

    answers, problems = gallery.identify_all(embeddings(rows[:5] + 0.2), fpir=0.2, confidence=0.0)
    found, _ = gallery.search_all(embeddings(rows[:5] + 0.2), k=3)

    assert problems == []
    for row, answer, (name, hits) in zip(rows[:5] + 0.2, answers, found, strict=True):
        alone = gallery.identify(row, fpir=0.2, confidence=0.0)
        assert (answer.identity, answer.distance) == (alone.identity, pytest.approx(alone.distance, rel=1e-6))
        assert [hit.key for hit in hits] == [hit.key for hit in gallery.search(row, k=3)]
        assert name == answer.item


def test_verify_divides_the_rate_among_the_templates():
    model = calibrated(passing_model(8))
    rows, labels = people(3, 4, noise=0.05)
    gallery = gallery_of(model)
    gallery.enrol(embeddings(rows[labels == 0][:3], ["a"] * 3))

    decision = gallery.verify(rows[3], "a", fmr=0.03)

    assert model.calibration is not None
    assert decision.verdict == "same"
    assert decision.threshold == model.calibration.threshold(fmr=0.01)
    assert decision.fmr == pytest.approx(0.03)
    assert gallery.verify(rows[4], "a", fmr=0.03).verdict == "different"


@pytest.mark.parametrize("rule", ["nearest", "mean"])
@pytest.mark.parametrize("confidence", [0.0, 0.9])
def test_verify_never_takes_a_worse_rate_than_the_models_own_unasked(rule, confidence):
    model = calibrated(passing_model(8), confidence)
    assert model.calibration is not None
    own = model.calibration.bearable("fmr") * 1.5
    model = model.with_calibration(replace(model.calibration, default_fmr=own))
    rows, labels = people(3, 4, noise=0.05)
    gallery = gallery_of(model, Joining(rule))
    gallery.enrol(embeddings(rows[labels == 0][:3], ["a"] * 3))

    with pytest.raises(CalibrationError, match="a has 3 templates, and each of them may match falsely") as refused:
        gallery.verify(rows[3], "a")

    smallest = float(str(refused.value).split("ask for ")[1].split(" %")[0]) / 100
    assert smallest == pytest.approx(3 * model.calibration.bearable("fmr"), rel=0.1)
    assert refused.value.smallest == pytest.approx(3 * model.calibration.bearable("fmr"))
    assert gallery.verify(rows[3], "a", fmr=smallest).fmr == smallest
    with pytest.raises(CalibrationError):
        gallery.verify(rows[3], "a", fmr=smallest * 0.85)
    assert ("--confidence 0" in str(refused.value)) == (confidence > 0)


def test_verify_with_one_template_is_compare():
    model = calibrated(passing_model(8))
    rows, _ = people(2, 1)
    gallery = gallery_of(model)
    gallery.enrol([rows[0]], identity="a")

    assert gallery.verify(rows[1], "a").to_dict() == pytest.approx(model.compare(rows[0], rows[1]).to_dict())


def test_a_filter_on_fields():
    gallery = gallery_of(passing_model())
    gallery.enrol(embeddings(line(0, 1, 2), ["a", "b", "c"], {"price": ["5", "50", "7"], "shop": ["B", "B", "C"]}))
    gallery.enrol([np.array([0.5, 0.0])], identity="d", fields={"shop": "B", "price": 6})

    assert [hit.identity for hit in gallery.search(np.zeros(2), where="shop = 'B' and price < 20")] == ["a", "d"]
    assert gallery.identities("price < 8") == {"a": 1, "c": 1, "d": 1}
    with pytest.raises(SettingsError):
        gallery.search(np.zeros(2), where="shop = ")


@pytest.mark.parametrize(
    ("where", "said"),
    [
        ("preis < 3", r"no template has a field 'preis'; there are: a \"b\", price, sold"),
        ("price < 9 or not preis is missing", "no template has a field 'preis'"),
        ("price = '5'", "the field 'price' with a text, and in all templates it is a number"),
        ("price in (5, '5')", "the field 'price' with a text"),
        ("sold = 'yes'", "the field 'sold' with a text, and in all templates it is a truth or a number"),
    ],
)
def test_a_condition_on_what_no_template_has_is_refused(where, said):
    gallery = gallery_of(passing_model())
    assert gallery.identities("preis < 3") == {}  # nothing is enrolled yet
    gallery.enrol([np.zeros(2)], identity="a", fields={"price": 5, "sold": True, 'a "b"': "x"})
    gallery.enrol([np.ones(2)], identity="b", fields={"sold": 1})

    asks = (gallery.identities, gallery.described, lambda where: gallery.search(np.zeros(2), where=where))
    for ask in (*asks, lambda where: gallery.search_all(embeddings(line(0)), where=where)):
        with pytest.raises(SettingsError, match=said):
            ask(where)
    assert gallery.identities('price is missing and sold = 1 or "a ""b""" = \'x\'') == {"a": 1, "b": 1}
    gallery.enrol([np.ones(2) * 3], identity="c", fields={"preis": 2, "price": "5"})
    assert gallery.identities("preis < 3 and price = '5'") == {"c": 1}


def test_remove_takes_all_of_an_identity_or_one_template():
    gallery = gallery_of(passing_model())
    gallery.enrol(embeddings(line(0, 1, 2, 3), ["a", "a", "b", "b"]))
    key = gallery.search(np.array([2.0, 0.0]), k=1)[0].key

    assert gallery.remove(key=key).templates == 1
    assert gallery.remove(identity="a").templates == 2
    assert gallery.identities() == {"b": 1}
    with pytest.raises(GalleryError, match="the identity 'a' is not there"):
        gallery.remove(identity="a")
    with pytest.raises(GalleryError, match="the key 'x' is not there"):
        gallery.remove(key="x")
    with pytest.raises(GalleryError, match="name what to remove"):
        gallery.remove()


def test_a_gallery_of_another_model_is_refused():
    one, other = passing_model(2), passing_model(2, "manhattan")
    store = NaiveStore(2, "euclidean", about(one, Joining(), None))

    with pytest.raises(GalleryError, match=r"was made with the model .* gallery rebuild"):
        Gallery.on(store, other)
    with pytest.raises(GalleryError, match="is a store, but no gallery"):
        Gallery.on(NaiveStore(2, "euclidean", {}), one)
    with pytest.raises(GalleryError, match="gallery of version 99"):
        Gallery.on(NaiveStore(2, "euclidean", {**about(one, Joining(), None), "version": 99}), one)


def test_an_empty_gallery_says_so():
    gallery = gallery_of(calibrated(passing_model()))

    for ask in (gallery.identify, gallery.search):
        with pytest.raises(GalleryError, match="the gallery is empty"):
            ask(np.zeros(2))
    with pytest.raises(GalleryError, match="the identity 'a' is not there"):
        gallery.verify(np.zeros(2), "a")


def test_bad_settings_and_items_are_refused():
    gallery = gallery_of(passing_model())
    gallery.enrol(embeddings(line(0), ["a"]))

    with pytest.raises(CalibrationError, match="the model has no calibration"):
        gallery.verify(np.zeros(2), "a")
    with pytest.raises(SettingsError, match="1 to 10,000 of the nearest"):
        gallery.search(np.zeros(2), k=0)
    with pytest.raises(InputError, match="3 numbers"):
        gallery.search(np.zeros(3))
    with pytest.raises(InputError, match="not blank"):
        gallery.enrol([np.zeros(2)], identity=" ")
    for too_long in ({"identity": "x" * 501}, {}):
        with pytest.raises(InputError, match=r"may have 500 signs, and 'x{20}'\.\.\. has 501"):
            gallery.enrol(embeddings(np.zeros((2, 2)), ["a", "x" * 501]), **too_long)
    assert gallery.enrol([np.ones(2)], identity="x" * 500).new == 1
    with pytest.raises(SettingsError, match="the field 'price'"):
        gallery.enrol([np.zeros(2)], identity="a", fields={"price": float("nan")})
    with pytest.raises(SettingsError, match="these items are pictures"):
        gallery.enrol(examples_from([np.zeros((4, 4), np.uint8)]))
    gallery_with_calibration = gallery_of(calibrated(passing_model()))
    gallery_with_calibration.enrol(embeddings(line(*range(30)), range(30)))
    with pytest.raises(SettingsError, match="the prior"):
        gallery_with_calibration.identify(np.zeros(2), fpir=0.5, confidence=0.0, prior=0.0)


def test_embeddings_that_are_not_finite_are_the_models_fault():
    model = passing_model(2)
    gallery = gallery_of(model)
    huge = np.full((1, 2), 3e38, dtype=np.float32)
    model.encoder.forward = lambda batch: batch * 10

    with pytest.raises(ModelError, match="embedding 1: its embedding is not finite"):
        gallery.enrol(embeddings(huge, ["a"]))


def test_distances_are_kept_when_asked(tmp_path):
    rows, labels = people(30, 2, noise=0.05)
    gallery = gallery_of(calibrated(passing_model(8)))
    gallery.enrol(embeddings(rows[::2], labels[::2]))
    gallery.log = tmp_path / "log.jsonl"

    gallery.verify(rows[1], "0", fmr=0.05)
    answer = gallery.identify(rows[3], fpir=0.1, confidence=0.0)
    gallery.verify(np.full(8, 5.0, np.float32), "0", fmr=0.05)

    kept = read_live(gallery.log)
    told = [entry for entry in kept if entry.what != "different"]
    assert [entry.what for entry in told] == ["accepted", "accepted", "refused"]
    assert told[1].distance == answer.distance
    assert told[1].threshold == answer.threshold.distance
    assert len(kept) > 3


def test_who_is_enrolled_is_not_listed_for_each_answer(tmp_path, monkeypatch):
    rows, labels = people(30, 2, noise=0.05)
    gallery = gallery_of(calibrated(passing_model(8)))
    gallery.enrol(embeddings(rows[::2], labels[::2]))
    gallery.log = tmp_path / "log.jsonl"
    store, listed = gallery.inside.store, []
    monkeypatch.setattr(
        store, "identities", lambda where=None, plain=store.identities: listed.append(1) or plain(where)
    )
    gallery.identify_all(embeddings(rows[1::2]), fpir=0.1, confidence=0.0)
    first = len(listed)
    for row in rows[1::2]:
        gallery.identify(row, fpir=0.1, confidence=0.0)
    assert len(listed) == first < 5
    kept = read_live(gallery.log)
    assert kept[: len(kept) // 2] == kept[len(kept) // 2 :]
    assert len([entry for entry in kept if entry.what == "accepted"]) > 40
    gallery.remove(identity="3")
    gallery.identify(rows[0], fpir=0.1, confidence=0.0)
    assert len(listed) > first
    assert "3" not in gallery._computed.names()


def test_like_finds_what_is_nearest_to_a_template_but_not_itself():
    gallery = gallery_of(passing_model())
    gallery.enrol(embeddings(line(0, 1, 3, 7), ["a", "b", "c", "d"]), fields=[{"n": n} for n in range(4)])
    keys = {one["identity"]: one["key"] for one in gallery.described()}

    assert [(hit.identity, hit.distance) for hit in gallery.like(keys["b"], k=2)] == [("a", 1.0), ("c", 2.0)]
    assert [hit.identity for hit in gallery.like(keys["b"], k=9)] == ["a", "c", "d"]
    # Where the condition leaves it out, nothing else is lost for it.
    assert [hit.identity for hit in gallery.like(keys["b"], k=2, where="n > 1")] == ["c", "d"]
    with pytest.raises(GalleryError, match="'none' is not there"):
        gallery.like("none")
    with pytest.raises(SettingsError, match="1 to 10,000"):
        gallery.like(keys["b"], k=0)


def test_fields_may_be_those_of_all_items_or_of_each():
    gallery = gallery_of(passing_model())
    gallery.enrol(embeddings(line(0, 1), ["a", "b"]), fields=[{"n": 1}, {"t": "1", "n": 2.5}])
    gallery.enrol(embeddings(line(2), ["c"], {"own": ["x"]}), fields={"n": 3})

    assert [one["fields"] for one in gallery.described()] == [{"n": 1}, {"t": "1", "n": 2.5}, {"own": "x", "n": 3}]
    with pytest.raises(InputError, match="1 items, and 2 items"):
        gallery.enrol(embeddings(line(5, 6), ["e", "f"]), fields=[{"n": 1}])


def test_templates_are_described_a_part_at_a_time():
    gallery = gallery_of(passing_model())
    gallery.enrol(embeddings(line(0, 1, 2, 3, 4), ["a", "b", "a", "b", "a"]))
    whole = gallery.described()

    assert [one["identity"] for one in whole] == ["a", "b", "a", "b", "a"]
    assert gallery.described(skip=1, most=2) == whole[1:3]
    assert gallery.described(identity="a", skip=1) == [whole[2], whole[4]]
    assert gallery.described(skip=9) == gallery.described(identity="none") == []
