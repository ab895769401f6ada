from dataclasses import replace

import numpy as np
import pytest

from alikely.calibration.record import percent_up
from alikely.errors import CalibrationError, GalleryError, SettingsError
from alikely.gallery.answers import Candidate, Hit, Identification, Threshold
from alikely.gallery.gallery import Gallery
from alikely.gallery.joining import Joining
from alikely.gallery.live import read_live
from alikely.gallery.open_set import open_set_threshold
from tests.gallery.galleries import calibrated, embeddings, gallery_of, line, passing_model, people


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


@pytest.mark.parametrize("k", [1, 5])
def test_identities_that_are_equally_near_are_named(k):
    gallery = gallery_of(calibrated(passing_model(8)))
    rows, labels = people(40, 1)
    gallery.enrol(embeddings(rows, labels))
    gallery.enrol(embeddings(rows[:1], ["Zed"]))

    tie, alone = (gallery.identify(rows[row], fpir=0.1, confidence=0.0, k=k) for row in (0, 1))

    assert (tie.identity, tie.tied, len(tie.candidates)) == ("0", ("0", "Zed"), k)
    assert tie.to_dict()["tied"] == ["0", "Zed"]
    assert tie.sentence().endswith("\nnote: these are equally near, and it may be any of them: 0, Zed")
    assert (alone.identity, alone.tied) == ("1", ())
    assert "note" not in alone.sentence()
    for none in (0, -1):
        with pytest.raises(SettingsError, match="1 to 10,000 of the nearest"):
            gallery.identify(rows[0], fpir=0.1, confidence=0.0, k=none)


def test_a_threshold_is_kept_until_anybody_changes_the_gallery(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(
        "alikely.gallery.computed.open_set_threshold",
        lambda *args: (asked.append(args), open_set_threshold(*args))[1],
    )
    model = calibrated(passing_model(8))
    rows, labels = people(40, 1)
    with Gallery.create(tmp_path / "all", model) as gallery, Gallery.open(tmp_path / "all", model) as other:
        gallery.enrol(embeddings(rows, labels))
        first = [gallery.threshold(0.1, 0.0) for _ in range(3)][-1]
        assert len(asked) == 1
        assert gallery.threshold(0.2, 0.0) != first
        assert len(asked) == 2
        # As many as before, but others.
        for label in labels[:20]:
            other.remove(str(label))
        other.enrol(embeddings(10 * people(20, 1, seed=7)[0], [f"far {label}" for label in labels[:20]]))
        changed = gallery.threshold(0.1, 0.0)
        assert (len(asked), len(gallery), changed == first) == (3, 40, False)
        assert changed == other.threshold(0.1, 0.0)


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
    # Of the same rate there is an estimate, of a smaller one only of the smallest that there is.
    assert refused.value.estimate == (own if confidence else None)
    with pytest.raises(CalibrationError, match="may match falsely") as refused:
        gallery.verify(rows[3], "a", fmr=1e-9)
    estimate = 3 * model.calibration.bearable("fmr", 0.0)
    assert refused.value.estimate == (estimate if confidence else None)
    assert (f"take an estimate of {percent_up(estimate)} or more, which" in str(refused.value)) == (confidence > 0)
    assert gallery.verify(rows[3], "a", fmr=estimate, confidence=0.0).fmr == estimate


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


def test_templates_are_described_a_part_at_a_time():
    gallery = gallery_of(passing_model())
    gallery.enrol(embeddings(line(0, 1, 2, 3, 4), ["a", "b", "a", "b", "a"]))
    whole = gallery.described()

    assert [one["identity"] for one in whole] == ["a", "b", "a", "b", "a"]
    assert gallery.described(skip=1, most=2) == whole[1:3]
    assert gallery.described(identity="a", skip=1) == [whole[2], whole[4]]
    assert gallery.described(skip=9) == gallery.described(identity="none") == []
