"""The client against a service in a thread, and against the application itself: it answers what Alikely says."""

import asyncio
import inspect
import subprocess
import sys
from dataclasses import fields

import httpx2
import numpy as np
import pytest
from PIL import Image

import alikely
import alikely.gallery
import alikely.tasks.anomaly
import alikely.tasks.recommend
import alikely.tasks.sentences
from alikely.client import AsyncClient, Client, answers, calls, gallery_answers, gallery_calls
from alikely.client.asking import Asked, Gallery
from alikely.errors import InputError, ServiceError
from alikely.server import ServeSettings, create_app, open_served
from alikely.storage import load_model
from alikely.tasks.anomaly import load_detector
from alikely.tasks.recommend import load_recommender
from tests.server.uses import FIRM, HOST
from tests.tasks.anomaly.normal import anomaly_of


def test_it_is_there_and_says_what_it_serves(client):
    assert client.ready()
    told = client.models()
    assert (told.model.kind, told.model.dim) == ("picture", 8)
    assert (told.galleries, told.detectors, told.recommenders, told.answers) == (
        ("people",),
        ("rows", "patches"),
        ("shop",),
        ("faq",),
    )


def test_pictures_in_every_form_have_one_embedding(client, uses):
    path = uses.pictures(0)[0]
    opened = Image.open(path)
    rows = client.embed([path, path.read_bytes(), opened, np.asarray(opened), np.asarray(opened)[..., None]])
    own = load_model(uses.folders.model).embed([path])

    assert (rows.dtype, rows.shape) == (np.float32, (5, 8))
    np.testing.assert_allclose(rows, np.repeat(own, 5, axis=0), atol=1e-5)


def test_compare_says_what_the_model_says(client, uses):
    left, right = uses.pictures(0)[:2]
    decision = client.compare(left, right, fmr=0.3, fnmr=0.2, prior=0.2, confidence=0.0)
    own = load_model(uses.folders.model).compare(left, right, fmr=0.3, fnmr=0.2, prior=0.2, confidence=0.0)
    for name in (field.name for field in fields(decision)):
        assert getattr(decision, name) == pytest.approx(getattr(own, name), abs=1e-5)


def test_a_saved_threshold_is_listed_and_decides(client, url, uses):
    made = httpx2.post(f"{url}/v1/operating-points", json={"name": "gate", "fmr": 0.3, "confidence": 0})
    assert made.status_code == 201
    (point,) = client.operating_points()
    assert (point.name, point.threshold, point.problem) == ("gate", made.json()["threshold"], None)

    left, right = uses.pictures(0)[:2]
    decision = client.compare(left, right, operating_point="gate")
    assert (decision.threshold, decision.fmr) == (point.threshold, point.fmr)
    with pytest.raises(ServiceError, match="no operating point is called 'none': there are gate"):
        client.compare(left, right, operating_point="none")


def test_explain_shows_both_pictures_and_says_why(client, uses):
    left, right = uses.pictures(0)[0], uses.pictures(1)[0]
    told, own = client.explain(left, right), alikely.explain(load_model(uses.folders.model), left, right)
    assert told.distance == pytest.approx(own.distance, abs=1e-5)
    assert told.decision.verdict == own.decision.verdict
    assert told.left.regions == pytest.approx(own.left.regions(), abs=1e-4)
    assert told.right.map.startswith(b"\x89PNG")


def test_a_gallery_is_enrolled_searched_and_emptied(client, uses):
    people = client.gallery("people")
    paths = uses.pictures(4)[:2]
    assert people.enrol(paths, FIRM, {"price": 3, "own": True}).new == 2
    assert people.enrol(paths, FIRM).there == 2

    assert people.verify(paths[0], FIRM, fmr=0.4, confidence=0.0).verdict == "same"
    first, second = people.identify([paths[0], uses.pictures(1)[0]], fpir=0.4, confidence=0.0, k=2)
    assert (first.identity, second.identity) == (FIRM, "id01")
    assert first.threshold.fpir == 0.4
    hits = people.search(paths[0], k=5, where="own = true")
    assert [hit.identity for hit in hits] == [FIRM, FIRM]
    assert hits[0].fields == {"price": 3, "own": True}
    assert people.like(hits[0].key, k=1, where="own = true")[0].key == hits[1].key

    assert people.identities(starts="ann").identities == (gallery_answers.Identity(FIRM, 2),)
    assert people.identities().total == 5
    assert {one.key for one in people.templates(FIRM).templates} == {hit.key for hit in hits}
    about = people.about(fpir=0.4, confidence=0.0)
    assert (about.templates, about.threshold.fpir, about.threshold_problem) == (10, 0.4, None)

    assert people.remove_template(hits[0].key).templates == 1
    removed = people.remove(FIRM)
    assert (removed.templates, removed.traces) == (1, ())
    assert people.about().templates == 8


def test_the_other_uses(client, uses):
    row = anomaly_of("row")
    scores = client.score([row], detector="rows", rate=0.2)
    own = load_detector(uses.folders.detectors[0]).judge([row], 0.2)[0]
    assert scores.anomalies == 1
    assert scores.items[0].deviation == pytest.approx(own.deviation)
    assert [reason.where for reason in scores.items[0].reasons] == [reason.where for reason in own.reasons]
    mapped = client.score([uses.root / "odd.png"], detector="patches", maps=True).items[0]
    assert mapped.map.startswith(b"\x89PNG")

    recommender = load_recommender(uses.folders.recommenders[0])
    told = client.recommend_for(["p1", "none"], person="v2", k=3, diversity=0.2)
    wanted = recommender.for_somebody(["p1", "none"], "v2", 3, diversity=0.2)
    assert ([one.item for one in told.items], told.unknown) == ([one.item for one in wanted.items], wanted.unknown)
    assert [one.item for one in client.recommend_like("p1", k=3).items] == [
        one.item for one in recommender.like("p1", 3)
    ]
    with pytest.raises(InputError, match="give a list"):
        client.recommend_for("p1")
    assert client.ask("how do I cancel an order").answer == "cancel the order"


def test_the_same_with_asyncio_over_the_application_itself(uses, tmp_path):
    async def go():
        app = create_app(open_served(uses.folders, ServeSettings(state=tmp_path)))
        transport = httpx2.ASGITransport(app, client=("127.0.0.1", 5000))
        async with app.router.lifespan_context(app), AsyncClient(HOST, transport=transport) as client:
            assert await client.ready()
            people, path = client.gallery("people"), uses.pictures(0)[0]
            asked = [people.identify([path], fpir=0.4, confidence=0.0) for _ in range(8)]
            for (answer,) in await asyncio.gather(*asked):
                assert answer.identity == "id00"
            assert (await client.compare(path, path)).distance < 1e-5
            with pytest.raises(ServiceError, match="'nobody' is not there"):
                await people.verify(path, "nobody")

    asyncio.run(go())


def test_every_call_is_a_method_of_both_clients():
    for module, kinds in ((calls, (Client, AsyncClient)), (gallery_calls, (Gallery,))):
        own = {name for name, one in vars(module).items() if next(iter(parameters_of(one)), None) == "at"}
        assert len(own) >= 8
        for kind in kinds:
            assert {name for name, one in vars(kind).items() if isinstance(one, Asked)} == own


def parameters_of(what) -> list[str]:
    public = inspect.isfunction(what) and not what.__name__.startswith("_")
    return list(inspect.signature(what).parameters) if public else []


@pytest.mark.parametrize(
    ("mine", "own", "other"),
    [
        (answers.Decision, alikely.Decision, {}),
        (gallery_answers.Threshold, alikely.gallery.Threshold, {}),
        (gallery_answers.Candidate, alikely.gallery.Candidate, {}),
        (gallery_answers.Identification, alikely.gallery.Identification, {"distance", "probability"}),
        (gallery_answers.Hit, alikely.gallery.Hit, {}),
        (gallery_answers.Enrolled, alikely.gallery.Enrolled, {}),
        (gallery_answers.Removed, alikely.gallery.Removed, {}),
        (answers.Reason, alikely.tasks.anomaly.Reason, {}),
        (answers.Recommendation, alikely.tasks.recommend.Recommendation, {}),
        (answers.Recommendations, alikely.tasks.recommend.Recommendations, {}),
        (answers.Reply, alikely.tasks.sentences.Reply, {}),
    ],
)
def test_answers_have_the_fields_of_our_own_classes(mine, own, other):
    assert {field.name for field in fields(mine)} == {field.name for field in fields(own)} | set(other)


def test_to_import_it_imports_no_network_and_no_server():
    code = "import sys, alikely.client; print([m for m in ('torch', 'scipy', 'fastapi') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
