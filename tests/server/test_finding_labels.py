"""Findings that were judged -> a table and items to learn from: as a ZIP file, in a folder, by the command."""

import csv
import io
import json
import shlex
import zipfile
from dataclasses import replace

import pytest

from alikely.data.sources import read_items
from alikely.server.finding_labels import finding_labels_in, write_finding_labels
from alikely.tasks.anomaly import DetectorSettings, fit_detector
from tests.commands import command, refused
from tests.server.finding_detectors import ROW, judge, make_detectors, odd_picture, score, score_picture
from tests.server.uses import asked
from tests.tasks.anomaly.normal import normal_of, write_rows


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    return make_detectors(tmp_path_factory.mktemp("detectors"), "row", "picture", "text", "sequence", "embedding")


def test_labels_are_a_table_with_a_row_for_what_was_judged(folders, tmp_path):
    with asked(folders, tmp_path) as (client, _):
        score(client, items=[{**ROW, "amount": 4000.0 + step} for step in range(3)], detector="rows")
        client.post("/v1/findings/1/judge", json={"verdict": "accepted"})
        client.post("/v1/findings/3/judge", json={"verdict": "dismissed"})
        told = client.get("/v1/findings/labels.csv")
        contents = {one["number"]: one["content"] for one in client.get("/v1/findings").json()["findings"]}
    assert told.headers["content-disposition"] == 'attachment; filename="labels.csv"'
    assert told.headers["cache-control"] == "private, no-store"
    rows = list(csv.DictReader(io.StringIO(told.text)))
    assert [(row["number"], row["label"], row["who"], row["file"]) for row in rows] == [
        ("3", "normal", "local", ""),
        ("1", "anomalous", "local", ""),
    ]
    assert [row["content"] for row in rows] == [contents[3], contents[1]]


@pytest.fixture(scope="module")
def judged(folders, tmp_path_factory):
    """The folder of a service that keeps items, in which findings of every detector were judged."""
    state = tmp_path_factory.mktemp("judged") / "state"
    with asked(folders, state, keep_items=True) as (client, _):
        for place in range(4):
            score_picture(client, odd_picture(place))
        score(client, items=[ROW, {**ROW, "amount": 4000.0}, {**ROW, "amount": 3000.0}], detector="rows")
        score(client, items=["nothing of the kind"], detector="texts")
        score(client, items=[[5.0] * 40, [[7.0]] * 40], detector="sequences")
        score(client, items=[[20.0, 20.0, 20.0, 20.5]], detector="embeddings")
        judge(client, accepted=(1, 2, 5, 9), dismissed=(3, 6, 8, 10, 11))
        told = client.get("/v1/findings/labels.zip")
    (state.parent / "labels.zip").write_bytes(told.content)
    return state


def test_a_picture_that_is_dropped_meanwhile_is_left_out(judged, tmp_path):
    labels = replace(finding_labels_in(judged), pictures=tmp_path / "gone")

    assert labels.sources()["pictures"]
    assert {name.partition("/")[0] for name, _ in labels.files()} == {
        "labels.csv",
        "rows",
        "texts",
        "sequences",
        "embeddings",
    }


def files_in(folder) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_items_stand_by_detector_and_label_and_can_be_learned_from(judged, tmp_path):
    folder = write_finding_labels(finding_labels_in(judged), tmp_path / "labels")
    assert sorted(files_in(folder)) == [
        "embeddings/normal.jsonl",
        "labels.csv",
        "pictures/anomalous/0000001.webp",
        "pictures/anomalous/0000002.webp",
        "pictures/normal/0000003.webp",
        "rows/anomalous.jsonl",
        "rows/normal.jsonl",
        "sequences/anomalous.jsonl",
        "sequences/normal.jsonl",
        "texts/normal.jsonl",
    ]
    rows = list(csv.DictReader(io.StringIO((folder / "labels.csv").read_text())))
    assert {row["number"]: row["file"] for row in rows}["2"] == "pictures/anomalous/0000002.webp"
    # As `alikely anomaly fit` reads them.
    assert len(read_items(folder / "pictures" / "anomalous", "picture")) == 2
    assert read_items(folder / "rows" / "anomalous.jsonl", "row").items == (
        {"amount": "5000.0", "hours": "-9.0", "town": "Bern"},
    )
    assert read_items(folder / "texts" / "normal.jsonl", "text").items == ("nothing of the kind",)
    (steps,), (channels,), (embedding,) = (
        read_items(folder / f"{kind}s" / f"{label}.jsonl", kind).items
        for kind, label in (("sequence", "anomalous"), ("sequence", "normal"), ("embedding", "normal"))
    )
    assert (steps.tolist(), channels.tolist(), embedding.tolist()) == (
        [5.0] * 40,
        [[7.0]] * 40,
        [20.0, 20.0, 20.0, 20.5],
    )


@pytest.mark.parametrize("kind", ["row", "text", "sequence", "embedding", "picture"])
def test_what_was_dismissed_is_remembered(judged, tmp_path, kind):
    folder = write_finding_labels(finding_labels_in(judged), tmp_path / "labels")
    source = folder / f"{kind}s" / ("normal" if kind == "picture" else "normal.jsonl")
    further = {"preparation": {"size": 32}} if kind == "picture" else {}
    made = DetectorSettings(rate=0.1, confidence=0.0, nearest=1, **further)
    fitted = fit_detector(normal_of(kind, count=60), made, also_normal=source)
    assert fitted.to_dict()["remembered"] == fit_detector(normal_of(kind, count=60), made).to_dict()["remembered"] + 1
    again = fitted.judge(read_items(source, kind).items)[0]
    assert (again.anomalous, again.deviation < again.threshold / 2) == (False, True)


def test_the_page_gives_the_same_as_the_command(judged, tmp_path):
    ran = command("anomaly", "labels", judged, "--out", tmp_path / "written")
    assert ran.code == 0, ran
    with zipfile.ZipFile(judged.parent / "labels.zip") as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == files_in(tmp_path / "written")


def test_the_command_says_what_to_do_next_and_that_does_it(judged, tmp_path):
    labels = tmp_path / "my labels"
    ran = command("anomaly", "labels", judged, "--out", labels)
    told = [" ".join(line.split()) for line in ran.out.splitlines()]
    assert "pictures 1, 1 kept 2, 2 kept" in told
    assert "embeddings 1, 1 kept 0, 0 kept" in told
    next_to = {line.rpartition("what ")[2].split()[0]: line for line in told if line.startswith("learn")}
    assert next_to["rows"] == (
        f"learn: alikely anomaly fit SOURCE --also-normal '{labels}/rows/normal.jsonl' "
        f"--anomalies '{labels}/rows/anomalous.jsonl' --out NEW # SOURCE: what rows was fitted on"
    )
    assert "--anomalies" not in next_to["pictures"]  # patches are compared with normal ones only
    assert f"measure: alikely anomaly score NEW '{labels}/pictures/anomalous'" in told
    write_rows(tmp_path / "normal.csv", list(normal_of("row", count=60).items))
    said = next_to["rows"].replace("SOURCE", str(tmp_path / "normal.csv"), 1).replace("NEW", str(tmp_path / "new"))
    given = shlex.split(said.removeprefix("learn: alikely "), comments=True)
    fitted = command(*given, "--items", "row", "--rate", "0.1", "--confidence", "0", "--json")
    assert (fitted.code, json.loads(fitted.out)["anomalies"], json.loads(fitted.out)["remembered"]) == (0, 1, 31)
    assert command("anomaly", "score", tmp_path / "new", labels / "rows" / "anomalous.jsonl").code == 1


def test_what_is_not_kept_is_said(folders, tmp_path):
    state = tmp_path / "state"
    with asked(folders, state) as (client, _):
        score_picture(client, odd_picture())
        score(client, items=[ROW], detector="rows")
        judge(client, accepted=(1,), dismissed=(2,))
    ran = command("anomaly", "labels", state, "--out", tmp_path / "labels")
    assert ran.code == 0
    assert "2 items of 2 are not kept, so nothing can be learned from them" in ran.out
    assert "--keep-items" in ran.out
    assert "anomaly fit" not in ran.out
    assert sorted(files_in(tmp_path / "labels")) == ["labels.csv"]
    told = json.loads(command("anomaly", "labels", state, "--json").out)
    kept = {"normal": 1, "anomalous": 0, "kept_normal": 0, "kept_anomalous": 0}
    assert (told["not_kept"], told["detectors"]["rows"], told["sources"], told["out"]) == (2, kept, {}, None)


def test_folders_are_replaced_only_where_they_are_ours_and_that_is_said(judged, tmp_path):
    assert "holds no finding that was accepted or dismissed" in refused("anomaly", "labels", tmp_path / "none")
    labels = ("anomaly", "labels", judged, "--out", tmp_path / "labels")
    (tmp_path / "labels").mkdir()
    assert command(*labels).code == 0
    assert "holds labels already" in refused(*labels)
    (tmp_path / "labels" / "rows" / "normal.jsonl").unlink()
    assert command(*labels, "--overwrite").code == 0
    assert "rows/normal.jsonl" in files_in(tmp_path / "labels")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "labels.csv").write_text("name,label\nme,1\n")
    said = refused("anomaly", "labels", judged, "--out", tmp_path / "mine", "--overwrite")
    assert "holds no labels of findings" in said
    assert files_in(tmp_path / "mine") == {"labels.csv": b"name,label\nme,1\n"}
    assert "holds no labels of findings" in refused("anomaly", "labels", judged, "--out", tmp_path / "mine/labels.csv")
