"""alikely inspect: what each folder of ours is; and which are none."""

import json

import pytest

from alikely.server.finding_labels import FindingLabels, write_finding_labels
from alikely.server.findings import Findings
from alikely.server.state import State
from tests.commands import command, refused
from tests.server.uses import asked, make_uses
from tests.tasks.anomaly.normal import anomaly_of


@pytest.fixture(scope="module")
def uses(tmp_path_factory):
    return make_uses(tmp_path_factory.mktemp("uses"))


def shown(folder) -> dict[str, str]:
    """The rows that are printed."""
    ran = command("inspect", folder)
    assert ran.code == 0, ran
    lines = [line.strip().split("  ", 1) for line in ran.out.splitlines()[3:] if "  " in line.strip()]
    return {name: value.strip() for name, value in lines}


@pytest.mark.parametrize(
    ("name", "rows", "described"),
    [
        ("model", {"distance": "euclidean"}, {"what": "model"}),
        (
            "people",
            {"templates": "8", "identities": "4", "fields": "price (number), shop (text)"},
            {
                "what": "gallery",
                "items": "picture",
                "templates": 8,
                "identities": 4,
                "fields": {"price": "number", "shop": "text"},
            },
        ),
        (
            "rows",
            {"what it is": "a detector of anomalies", "items": "rows", "false-alarm rate": "at most 10 %, on average"},
            {"what": "detector", "items": "row", "rate": 0.1, "confidence": 0.0, "anomalies": 0},
        ),
        ("shop", {"what it is": "a recommender"}, {"what": "recommender", "skipped": 0}),
        (
            "faq",
            {"questions": "24", "answers": "12", "what it is": "questions with known answers, to be asked otherwise"},
            {"what": "answers", "questions": 24, "answers": 12, "items": "text"},
        ),
    ],
)
def test_what_a_folder_is(uses, name, rows, described):
    printed = shown(uses.root / name)
    assert {row: printed[row] for row in rows} == rows
    told = json.loads(command("inspect", uses.root / name, "--json").out)
    assert {key: told[key] for key in described} == described


def test_counts_of_a_recommender_are_those_it_has(uses):
    told = json.loads(command("inspect", uses.root / "shop", "--json").out)
    printed = shown(uses.root / "shop")
    assert (printed["items"], printed["people"]) == (f"{told['items']:,}", f"{told['people']:,}")
    assert min(told["items"], told["people"]) > 10


def test_the_folder_of_a_service(uses, tmp_path):
    assert "no such folder" in refused("inspect", tmp_path / "state")
    with asked(uses.folders, tmp_path / "state") as (client, _):
        client.post("/v1/anomaly/score", json={"items": [anomaly_of("row")], "detector": "rows"})
        client.post("/v1/findings/1/judge", json={"verdict": "accepted"})
        assert shown(tmp_path / "state")["findings, accepted"] == "1"  # also while it runs
    told = json.loads(command("inspect", tmp_path / "state", "--json").out)
    assert told == {"what": "service", "pairs": 0, "findings": {"accepted": 1}}
    assert Findings(State(tmp_path / "state").anomalies, tmp_path, keeps=False).counts()["accepted"] == 1


def test_what_is_none_of_ours_is_said(uses, tmp_path):
    said = refused("inspect", uses.root)
    assert said.startswith(f"{uses.root}: is no one thing, but holds some; name one: ")
    assert f"{uses.root / 'people'} (gallery)" in said
    assert f"{uses.root / 'rows'} (detector)" in said
    file = tmp_path / "a.csv"
    file.write_text("a,b\n1,2\n")
    assert "is a file; name the folder of one of these: model, gallery, answers, detector, rec" in refused(
        "inspect", file
    )
    said = refused("inspect", tmp_path)
    assert "recommender, service; name the folder of one" in said
    assert f"Data? Try: alikely check {tmp_path}" in said
    write_finding_labels(FindingLabels((), tmp_path), tmp_path / "labels")
    assert "holds labels of findings, as `alikely anomaly labels` writes" in refused("inspect", tmp_path / "labels")


def test_a_damaged_folder_is_told(uses, tmp_path):
    copy = make_uses(tmp_path).root / "rows"
    (copy / "memory.json").write_text("{}")
    assert "was changed or cut short" in refused("inspect", copy)
