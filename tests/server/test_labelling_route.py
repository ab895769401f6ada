"""/v1/labels: the same as Python, by keys or by names; nothing leads before the answer; refusals in words."""

import csv
import io
import json

import pytest
from PIL import Image
from starlette.testclient import TestClient

from alikely.data.sources import read_items
from alikely.errors import StorageError
from alikely.labelling import Labelling, labels_in
from alikely.server import Folders, ServeSettings, create_app, open_served
from alikely.server.audit import Audit
from alikely.server.keys import Keys
from alikely.server.state import State
from alikely.storage import load_model, save_model
from tests.models import pictures, small_model


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A model, a folder of twelve pictures without labels."""
    root = tmp_path_factory.mktemp("labelled")
    save_model(small_model(), root / "model")
    (root / "items").mkdir()
    for number, picture in enumerate(pictures(12)):
        Image.fromarray(picture).save(root / "items" / f"{number}.png")
    return root


@pytest.fixture
def state(tmp_path):
    return tmp_path / "state"


@pytest.fixture
def client(made, state):
    served = open_served(Folders(model=made / "model", items=made / "items"), ServeSettings(state=state))
    with TestClient(create_app(served), base_url="http://127.0.0.1") as client:
        yield client


def ask_next(client, who="Ann", count=1, **further):
    answer = client.get("/v1/labels/next", params={"who": who, "count": count, **further})
    assert answer.status_code == 200, answer.text
    return answer.json()["questions"]


def say(client, question, answer, who="Ann", **further):
    body = {"left": question["left"], "right": question["right"], "answer": answer, "who": who, **further}
    answered = client.post("/v1/labels", json=body)
    assert answered.status_code == 200, answered.text
    return answered.json()


def test_a_whole_round_is_what_python_says(client, made, state):
    examples, model = read_items(made / "items"), load_model(made / "model")
    python = Labelling(examples, model.embed(examples.items), model, state / "labels")
    questions = ask_next(client, count=3)
    assert questions == [question.to_dict() for question in python.questions("Ann", 3)]
    said = say(client, questions[0], "same", seconds=1.25)
    assert said["number"] == 1
    assert said["known"] is None
    assert 0 < said["probability"] < 1
    assert say(client, questions[0], "different", "Ben")["others"] == {"same": 1, "different": 0}
    told = client.get("/v1/labels", params={"who": "Ann"}).json()
    assert told == {"who": "Ann", "asks_name": True, "all_known": False, **python.standing("Ann").to_dict()}
    assert told["labels"]["divided"] == 1
    assert client.post("/v1/labels/undo", json={"who": "Ben"}).json()["question"] == questions[0]
    assert [answer.who for answer in labels_in(state / "labels").answers] == ["Ann"]


def test_no_question_says_what_is_known_or_thought(client):
    text = json.dumps(ask_next(client, count=20))
    for word in ("probability", "known", "drawn", "distance", "path", "items/"):
        assert word not in text


def test_pairs_that_the_page_holds_are_not_sent_again(client):
    first, second = ask_next(client, count=2)
    held = [f"{question['left']}-{question['right']}" for question in (first, second)]
    assert first not in (further := ask_next(client, count=20, held=held))
    assert second not in further


def test_the_table_is_what_the_command_writes(client, state):
    refused = client.get("/v1/labels/table")
    assert refused.json()["detail"] == "nobody has labelled a pair here yet; label some on the page Label"
    assert (refused.status_code, refused.json()["code"]) == (422, "input")
    for question, answer in zip(ask_next(client, count=5), ["same", "different", "skip", "same", "same"], strict=True):
        say(client, question, answer)
    table = client.get("/v1/labels/table")
    assert table.headers["content-disposition"] == 'attachment; filename="pairs.csv"'
    assert table.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(table.text)))
    assert [row["same"] for row in rows] == ["1", "0", "1", "1"]
    assert {row["who"] for row in rows} == {"Ann"}
    only = list(csv.DictReader(io.StringIO(client.get("/v1/labels/table", params={"drawn": "random"}).text)))
    assert 0 < len(only) < 4
    log = (state / "audit.jsonl").read_text()
    assert log.count('"what": "label"') == 5
    assert ".png" not in log


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ({"left": "0" * 16, "right": "1" * 16, "answer": "same", "who": "Ann"}, 404, "not among those that are asked"),
        ({"left": "../etc", "right": "1" * 16, "answer": "same", "who": "Ann"}, 422, "left"),
        ({"left": "0" * 16, "right": "1" * 16, "answer": "maybe", "who": "Ann"}, 422, "answer"),
        ({"left": "0" * 16, "right": "1" * 16, "answer": "same"}, 422, "who"),
        ({"left": "0" * 16, "right": "1" * 16, "answer": "same", "who": "A", "seconds": -1}, 422, "seconds"),
    ],
)
def test_bad_answers(client, body, status, said):
    refused = client.post("/v1/labels", json=body)
    assert refused.status_code == status
    assert said in refused.json()["detail"]
    assert refused.headers["content-type"] == "application/problem+json"


def test_bad_names_and_nothing_to_undo(client):
    assert client.get("/v1/labels/next").status_code == 422
    assert client.get("/v1/labels/next", params={"who": "a;b"}).json()["code"] == "input"
    assert client.post("/v1/labels/undo", json={"who": "Zoe"}).status_code == 404


def test_an_undo_that_failed_takes_back_one_answer_when_it_is_asked_again(client, state, monkeypatch):
    first, second = ask_next(client, count=2)
    say(client, first, "same")
    say(client, second, "different")
    at_all, failing = Audit.add, [StorageError("the disk is full")]

    def add(self, *line):
        if failing:
            raise failing.pop()
        at_all(self, *line)

    monkeypatch.setattr(Audit, "add", add)
    asked = [client.post("/v1/labels/undo", json={"who": "Ann"}) for _ in range(2)]

    assert [answer.status_code for answer in asked] == [507, 200]
    assert asked[1].json()["question"] == second
    assert [answer.number for answer in labels_in(state / "labels").answers] == [1]
    lines = Audit(State(state).audit).last(9)
    said = [(line["number"], line["label"], line["answer"]) for line in lines]
    assert said == [(3, 2, "undone"), (2, 2, "different"), (1, 1, "same")]


def test_without_items_it_says_how_to_serve_some(made, state):
    with TestClient(
        create_app(open_served(Folders(model=made / "model"), ServeSettings(state=state))), base_url="http://127.0.0.1"
    ) as client:
        refused = client.get("/v1/labels")
    assert (refused.status_code, refused.json()["code"]) == (404, "no_items")
    assert "--items SOURCE" in refused.json()["detail"]


def test_with_keys_the_name_is_the_keys(client, state):
    keys = Keys(State(state).keys)
    enrol, read = (keys.add(name, right) for name, right in (("anna", "enrol"), ("reader", "read")))
    as_anna = {"Authorization": f"Bearer {enrol}"}
    told = client.get("/v1/labels", headers=as_anna).json()
    assert (told["who"], told["asks_name"]) == ("anna", False)
    question = client.get("/v1/labels/next", headers=as_anna).json()["questions"][0]
    body = {"left": question["left"], "right": question["right"], "answer": "same", "who": "somebody else"}
    assert client.post("/v1/labels", json=body, headers=as_anna).status_code == 200
    assert [answer.who for answer in labels_in(state / "labels").answers] == ["anna"]
    as_reader = {"Authorization": f"Bearer {read}"}
    assert client.post("/v1/labels", json=body, headers=as_reader).status_code == 403
    assert client.get("/v1/labels/table", headers=as_reader).status_code == 403
