"""/v1/sentences/ask: known answers to questions in other words."""

import pytest

from tests.server.uses import asked, make_uses

ASK = "/v1/sentences/ask"


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    uses = make_uses(tmp_path_factory.mktemp("uses"))
    with asked(uses.folders, tmp_path_factory.mktemp("state")) as (client, served):
        yield client, served


def test_a_question_in_other_words_is_answered(service):
    client, served = service
    question = "how do I cancel an order"
    told = client.post(ASK, json={"question": question, "wrong": 0.1}).json()
    assert (told["answer"], told["question"]) == ("cancel the order", question)
    assert told["known"][0]["answer"] == "cancel the order"
    (line,) = served.audit.last(1)
    assert (line["what"], line["verdict"]) == ("ask", "answered")
    assert "order" not in str(line)


def test_of_an_unknown_question_it_says_so(service):
    client, _ = service
    told = client.post(ASK, json={"question": "Which bridge is the oldest?", "wrong": 0.3, "answers": "faq"}).json()
    assert told["answer"] is None
    assert len(told["known"]) == 3
    assert 'alikely_verdicts_total{asked="ask",verdict="no answer known"}' in client.get("/metrics").text


@pytest.mark.parametrize(
    ("ask", "status", "said"),
    [
        ({"question": " "}, 422, "blank"),
        ({"question": "x", "wrong": 2}, 422, "2"),
        ({"question": "x", "confidence": 0.999, "wrong": 0.001}, 409, "cannot"),
        ({"question": "x", "answers": "none"}, 404, "there are faq"),
        ({"question": 3}, 422, "question"),
        ({}, 422, "question"),
    ],
)
def test_what_cannot_be_asked_is_said_as_a_problem(service, ask, status, said):
    refused = service[0].post(ASK, json=ask)
    assert refused.status_code == status, refused.text
    assert said in refused.json()["detail"]
