"""One question, asked by the command, in Python and of the service: one answer.

What differs, and is made equal here: an upload has no name, so that where the command says a path, the service says
"picture 1". Numbers are equal to 1e-5: the network takes items in batches of another size.
"""

import json
from dataclasses import replace

import numpy as np
import pytest

from alikely.explaining import explain
from alikely.gallery import Gallery
from alikely.storage import load_model
from alikely.tasks.anomaly import load_detector
from alikely.tasks.recommend import load_recommender
from alikely.tasks.sentences import Answers
from tests.commands import command
from tests.server.uses import FIRM, asked, make_uses
from tests.tasks.anomaly.normal import anomaly_of

RATE = 0.4  # so high that an estimate by so few items can bear it


@pytest.fixture(scope="module")
def uses(tmp_path_factory):
    return make_uses(tmp_path_factory.mktemp("uses"))


@pytest.fixture(scope="module")
def rest(uses, tmp_path_factory):
    with asked(uses.folders, tmp_path_factory.mktemp("state")) as (client, _):

        def ask(path, method="POST", **sent):
            answer = client.request(method, f"/v1/{path}", **sent)
            assert answer.status_code == 200, answer.text
            return answer.json()

        yield ask


def by_command(*arguments):
    ran = command(*arguments, "--json")
    assert ran.code in (0, 1), ran
    return json.loads(ran.out)


def upload(*paths, name="items"):
    return [(name, ("item", path.read_bytes())) for path in paths]


def unnamed(answer, names):
    """The same with the names of files as the service says them."""
    text = json.dumps(answer)
    for place, name in enumerate(names, start=1):
        text = text.replace(json.dumps(str(name)), f'"picture {place}"')
    return json.loads(text)


def assert_same(one, other, at="answer"):
    """Equal, but for the last digits of numbers with a point."""
    assert type(one) is type(other), f"{at}: {one!r}, {other!r}"
    if isinstance(one, dict):
        assert list(one) == list(other), at
        for name in one:
            assert_same(one[name], other[name], f"{at}.{name}")
    elif isinstance(one, list):
        assert len(one) == len(other), at
        for place, (mine, its) in enumerate(zip(one, other, strict=True)):
            assert_same(mine, its, f"{at}[{place}]")
    elif isinstance(one, float):
        assert one == pytest.approx(other, rel=1e-5, abs=1e-5), at
    else:
        assert one == other, at


def assert_three(command_says, python_says, service_says):
    assert_same(command_says, python_says)
    assert_same(command_says, service_says)


def test_what_differs_is_found():
    assert_same({"a": [1.0, None, "x"]}, {"a": [1.000001, None, "x"]})
    for other in ({"a": [1.01, None, "x"]}, {"a": [1.0, None]}, {"a": [1, None, "x"]}, {"b": [1.0, None, "x"]}):
        with pytest.raises(AssertionError):
            assert_same({"a": [1.0, None, "x"]}, other)


@pytest.mark.parametrize("rates", [{}, {"fmr": 0.3, "fnmr": 0.2, "prior": 0.1, "confidence": 0.0}])
@pytest.mark.parametrize("other", [(0, 1), (1, 0)])
def test_compare(uses, rest, rates, other):
    left, right = uses.pictures(0)[0], uses.pictures(other[0])[other[1]]
    options = [word for name, value in rates.items() for word in (f"--{name}", str(value))]
    assert_three(
        by_command("compare", uses.folders.model, left, right, *options),
        load_model(uses.folders.model).compare(left, right, **rates).to_dict(),
        rest("compare", files=[*upload(left, name="left"), *upload(right, name="right")], data=rates),
    )


def test_embed(uses, rest, tmp_path):
    paths = uses.pictures(0)[:3]
    for path in paths:
        (tmp_path / "some").mkdir(exist_ok=True)
        (tmp_path / "some" / path.name).write_bytes(path.read_bytes())
    command("embed", uses.folders.model, tmp_path / "some", "--out", tmp_path / "some.npz")
    with np.load(tmp_path / "some.npz") as file:
        written = file["embeddings"].tolist()
    assert_three(
        written,
        load_model(uses.folders.model).embed(paths).tolist(),
        rest("embed", files=upload(*paths))["embeddings"],
    )


def test_explain(uses, rest, tmp_path):
    """The service says more: both pictures, their maps, the sentence."""
    left, right = uses.pictures(0)[0], uses.pictures(1)[0]
    files = [*upload(left, name="left"), *upload(right, name="right")]
    answers = [
        by_command("explain", uses.folders.model, left, right, "--out", tmp_path / "why.png"),
        explain(load_model(uses.folders.model), left, right).to_dict(),
        rest("explain", files=files),
    ]
    for answer in answers:
        for side in ("left", "right"):
            answer[side] = answer[side]["regions"]
    assert_three(*[{name: answer[name] for name in ("distance", "decision", "left", "right")} for answer in answers])


@pytest.fixture
def three(uses, tmp_path):
    """Three empty galleries: one for the command, one for Python, one that is served."""
    for name in ("command", "python", "served"):
        Gallery.create(tmp_path / name, uses.folders.model).close()
    folders = replace(uses.folders, galleries=(tmp_path / "served",))
    with asked(folders, tmp_path / "state") as (client, _), Gallery.open(tmp_path / "python") as python:
        yield tmp_path / "command", python, client


def test_enrol_list_and_remove(uses, three):
    folder, gallery, client = three
    path = "/v1/galleries/served"
    first, second, third = uses.pictures(0)[:3]
    bad = folder.parent / "bad.png"
    bad.write_bytes(b"no picture")
    fields = {"price": 12.5, "shop": "B"}

    options = ["--identity", FIRM, "--field", "price=12.5", "--field", "shop=B"]
    for some, data in (([first], fields), ([first, second], {}), ([third], fields)):
        listed = folder.parent / "list.csv"
        listed.write_text("path\n" + "\n".join(map(str, some)) + "\n")
        names = list(some)
        by_rest = client.post(
            f"{path}/enrol",
            files=upload(*some),
            data={"identity": FIRM, **({"fields": json.dumps(data)} if data else {})},
        ).json()
        assert_three(
            unnamed(by_command("gallery", "enrol", folder, listed, *(options if data else options[:2])), names),
            unnamed(gallery.enrol(some, FIRM, data).to_dict(), names),
            by_rest,
        )
    listed.write_text(f"path\n{bad}\n")
    by_rest = client.post(f"{path}/enrol", files=upload(bad), data={"identity": FIRM}).json()
    assert_three(
        unnamed(by_command("gallery", "enrol", folder, listed, *options[:2]), [bad]),
        unnamed(gallery.enrol([bad], FIRM).to_dict(), [bad]),
        by_rest,
    )
    assert by_rest["problems"]

    # The keys, too: they are made of what the picture holds.
    described = client.get(f"{path}/templates").json()["templates"]
    assert len(described) == 3
    assert_three(by_command("gallery", "list", folder), gallery.described(), described)
    where = "price > 12 and shop = 'B'"
    assert_three(
        by_command("gallery", "list", folder, "--where", where),
        gallery.described(where),
        client.get(f"{path}/templates", params={"where": where}).json()["templates"],
    )

    key = described[0]["key"]
    answers = [
        by_command("gallery", "remove", folder, "--key", key),
        gallery.remove(key=key).to_dict(),
        client.delete(f"{path}/templates", params={"key": key}).json(),
    ]
    answers = [{**answer, "searched": answer["searched"] > 0} for answer in answers]  # files of SQLite come and go
    assert_three(*answers)
    answers = [
        by_command("gallery", "remove", folder, FIRM),
        gallery.remove(FIRM).to_dict(),
        client.delete(f"{path}/identities", params={"identity": FIRM}).json(),
    ]
    assert_three(*[{**answer, "searched": answer["searched"] > 0} for answer in answers])
    assert client.get(f"{path}/templates").json()["templates"] == gallery.described() == []


@pytest.fixture(scope="module")
def people(uses):
    with Gallery.open(uses.folders.galleries[0]) as gallery:
        yield gallery


@pytest.mark.parametrize("identity", ["id00", "id03"])
def test_verify(uses, rest, people, identity):
    item = uses.pictures(0)[2]
    options = {"fmr": RATE, "confidence": 0.0, "prior": 0.2}
    words = [word for name, value in options.items() for word in (f"--{name}", str(value))]
    assert_three(
        by_command("gallery", "verify", people.inside.where, item, identity, *words),
        people.verify(item, identity, **options).to_dict(),
        rest("galleries/people/verify", files=upload(item, name="item"), data={"identity": identity, **options}),
    )


def test_identify(uses, rest, people, tmp_path):
    paths = [uses.pictures(0)[2], uses.pictures(5)[0], uses.pictures(2)[0]]
    listed = tmp_path / "list.csv"
    listed.write_text("path\n" + "\n".join(map(str, paths)) + "\n")
    options = {"fpir": RATE, "confidence": 0.0, "k": 3, "prior": 0.3}
    words = [word for name, value in options.items() for word in (f"-{'-' * (name != 'k')}{name}", str(value))]
    answers, _ = people.identify_all(paths, **options)
    assert_three(
        unnamed(by_command("gallery", "identify", people.inside.where, listed, *words), paths),
        unnamed([answer.to_dict() for answer in answers], paths),
        rest("galleries/people/identify", files=upload(*paths), data=options),
    )


def test_search(uses, rest, people):
    item = uses.pictures(1)[3]
    where = "price >= 1 and shop in ('A', 'B')"
    found, _ = people.search_all([item], 4, where)
    assert_three(
        unnamed(by_command("gallery", "search", people.inside.where, item, "-k", "4", "--where", where), [item]),
        unnamed([{"item": name, "found": [hit.to_dict() for hit in hits]} for name, hits in found], [item]),
        rest("galleries/people/search", files=upload(item, name="item"), data={"k": 4, "where": where}),
    )


@pytest.mark.parametrize("rate", [None, 0.3])
def test_score_a_row(uses, rest, rate):
    row = anomaly_of("row")
    folder = uses.folders.detectors[0]
    answer = load_detector(folder).judge([row], rate, names=["row 1"])[0]
    assert_three(
        _named(by_command("anomaly", "score", folder, uses.root / "new-row.csv", *_rate(rate)), "row 1"),
        {"items": [answer.to_dict()], "anomalies": int(answer.anomalous), "skipped": []},
        rest("anomaly/score", json={"items": [row], "detector": "rows", "rate": rate}),
    )


@pytest.mark.parametrize("name", ["odd.png", "calm.png"])
def test_score_a_picture(uses, rest, name):
    path, folder = uses.root / name, uses.folders.detectors[1]
    answer = load_detector(folder).judge([path])[0]
    assert_three(
        unnamed(by_command("anomaly", "score", folder, path), [path]),
        unnamed({"items": [answer.to_dict()], "anomalies": int(answer.anomalous), "skipped": []}, [path]),
        rest("anomaly/score", files=upload(path), data={"detector": "patches"}),
    )


def test_recommend_for(uses, rest):
    folder = uses.folders.recommenders[0]
    options = {"k": 4, "where": "price < 40", "diversity": 0.3}
    words = [word for name, value in options.items() for word in (f"--{name}", str(value))]
    history = ["p1", "p5", "none"]
    assert_three(
        by_command("recommend", "for", folder, "--history", ",".join(history), "--person", "v2", *words),
        load_recommender(folder).for_somebody(history, "v2", **options).to_dict(),
        rest("recommend/for", json={"history": history, "person": "v2", **options}),
    )


def test_recommend_like(uses, rest):
    folder = uses.folders.recommenders[0]
    found = load_recommender(folder).like("p3", 4, where="stock = 1")
    assert_three(
        by_command("recommend", "like", folder, "p3", "--k", "4", "--where", "stock = 1"),
        {"items": [item.to_dict() for item in found]},
        rest("recommend/like", json={"item": "p3", "k": 4, "where": "stock = 1"}),
    )


@pytest.mark.parametrize("question", ["how do I cancel an order", "Which bridge is the oldest?"])
def test_ask(uses, rest, question):
    folder = uses.folders.answers[0]
    with Answers(folder) as answers:
        reply = answers.ask(question, 0.1)
    assert_three(
        by_command("sentences", "ask", folder, question, "--wrong", "0.1"),
        reply.to_dict(),
        rest("sentences/ask", json={"question": question, "wrong": 0.1}),
    )


def _rate(rate):
    return [] if rate is None else ["--rate", str(rate)]


def _named(answer, name):
    return {**answer, "items": [{**item, "item": name} for item in answer["items"]]}
