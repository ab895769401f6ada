import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from alikely.gallery import enrolment
from alikely.storage import save_model
from tests.commands import command, refused
from tests.gallery.galleries import calibrated, passing_model, people


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> Path:
    """A model, a table of 30 people with two items each and a price, and a gallery of them."""
    folder = tmp_path_factory.mktemp("gallery")
    save_model(calibrated(passing_model(8)), folder / "model")
    rows, labels = people(30, 2, noise=0.05)
    write_table(folder / "people.jsonl", rows, labels)
    assert command("gallery", "create", folder / "all", folder / "model").code == 0
    assert command("gallery", "enrol", folder / "all", folder / "people.jsonl").code == 0
    return folder


def write_table(path: Path, rows: np.ndarray, labels: np.ndarray) -> None:
    lines = [
        json.dumps({"embedding": row.tolist(), "label": f"person {label}", "price": int(label)})
        for row, label in zip(rows, labels, strict=True)
    ]
    path.write_text("\n".join(lines) + "\n")


def item(place: int) -> str:
    rows, _ = people(30, 2, noise=0.05)
    return json.dumps((rows[place] + 0.01).tolist())


FAR = json.dumps([5.0] * 8)


def test_enrolling_again_adds_nothing(files):
    ran = command("gallery", "enrol", files / "all", files / "people.jsonl")

    assert (ran.code, ran.out) == (0, "0 enrolled, 60 there already\n")


def test_identify_says_who_or_nobody(files):
    known = command("gallery", "identify", files / "all", item(6), "--fpir", "0.1", "--confidence", "0")
    nobody = command("gallery", "identify", files / "all", FAR, "--fpir", "0.1", "--confidence", "0", "--json")

    assert known.code == 0
    assert known.out.startswith("person 3 (probability ")
    assert nobody.code == 1
    (answer,) = json.loads(nobody.out)
    assert answer["identity"] is None
    assert len(answer["candidates"]) == 5
    assert answer["threshold"]["basis"] == "gallery"


def test_a_rate_that_cannot_be_kept_is_an_error(files):
    message = refused("gallery", "identify", files / "all", item(6), "--fpir", "0.001", "--confidence", "0.95")

    assert "cannot be kept with 95 % confidence" in message


def test_verify_has_the_exit_codes_of_compare(files):
    same = command("gallery", "verify", files / "all", item(6), "person 3")
    different = command("gallery", "verify", files / "all", FAR, "person 3", "--json")

    assert (same.code, same.out.split(" (")[0]) == (0, "same")
    assert (different.code, json.loads(different.out)["verdict"]) == (1, "different")
    assert "is not there" in refused("gallery", "verify", files / "all", FAR, "person 99")


def test_search_with_a_condition(files):
    ran = command("gallery", "search", files / "all", item(6), "-k", "2", "--where", "price != 3", "--json")
    shown = command("gallery", "search", files / "all", item(6), "-k", "2")

    (found,) = json.loads(ran.out)
    assert [hit["identity"] == "person 3" for hit in found["found"]] == [False, False]
    assert found["found"][0]["distance"] <= found["found"][1]["distance"]
    assert shown.out.count("person 3") == 2
    assert "price = 3" in shown.out
    assert "a condition compares fields" in refused("gallery", "search", files / "all", item(6), "--where", "price <")


def test_list_export_import_remove(files, tmp_path):
    listed = json.loads(command("gallery", "list", files / "all", "--where", "price = 3", "--json").out)
    assert [(one["identity"], one["fields"]) for one in listed] == [("person 3", {"price": 3})] * 2
    assert "1 identity, 2 templates" in command("gallery", "list", files / "all", "--where", "price = 3").out

    exported = command("gallery", "export", files / "all", "--out", tmp_path / "all.npz")
    assert exported.out == f"60 templates written to {tmp_path / 'all.npz'}\n"
    again = ("gallery", "export", files / "all", "--out", tmp_path / "all.npz")
    assert "--overwrite" in refused(*again)
    assert json.loads(command(*again, "--overwrite", "--json").out) == {
        "templates": 60,
        "file": str(tmp_path / "all.npz"),
    }
    assert command("gallery", "create", tmp_path / "copy", files / "model").code == 0
    assert command("gallery", "import", tmp_path / "copy", tmp_path / "all.npz").out.startswith("60 templates are new")
    removed = command("gallery", "remove", tmp_path / "copy", "person 3")
    assert removed.out.startswith("2 templates removed; nothing of them is left")
    key = json.loads(command("gallery", "list", tmp_path / "copy", "--json").out)[0]["key"]
    assert command("gallery", "remove", tmp_path / "copy", "--key", key).out.startswith("1 template removed")
    assert "is not there" in refused("gallery", "remove", tmp_path / "copy", "person 3")
    told = json.loads(command("gallery", "import", tmp_path / "copy", tmp_path / "all.npz", "--json").out)
    assert told == {"new": 3, "there": 57}
    told = json.loads(command("gallery", "remove", tmp_path / "copy", "person 3", "--json").out)
    assert (told["templates"], told["traces"]) == (2, [])
    made = json.loads(command("gallery", "create", tmp_path / "third", files / "model", "--json").out)
    assert made["joining"] == {"rule": "nearest", "sharpness": None}


def test_bad_items_are_named_and_the_exit_code_says_so(files, tmp_path):
    rows, _ = people(3, 1)
    bad = [json.dumps({"embedding": row.tolist()[: 8 - place], "label": "a"}) for place, row in enumerate(rows)]
    (tmp_path / "bad.jsonl").write_text("\n".join(bad) + "\n")
    assert command("gallery", "create", tmp_path / "all", files / "model").code == 0

    ran = command("gallery", "enrol", tmp_path / "all", tmp_path / "bad.jsonl", "--json")

    assert ran.code == 1
    told = json.loads(ran.out)
    assert (told["new"], [one["item"] for one in told["problems"]]) == (1, ["line 2", "line 3"])
    assert "left out: line 2: " in ran.err
    nothing = command(
        "gallery", "identify", tmp_path / "all", tmp_path / "bad.jsonl", "--fpir", "0.9", "--confidence", "0"
    )
    assert nothing.code == 1


def test_an_enrolment_that_is_stopped_says_what_is_kept(files, tmp_path, monkeypatch):
    assert command("gallery", "create", tmp_path / "all", files / "model").code == 0
    monkeypatch.setattr("alikely.gallery.enrolment.BATCH", 16)

    def stop(held, *given):
        if held.store.count() == 32:
            raise KeyboardInterrupt
        return enrol_batch(held, *given)

    enrol_batch = enrolment._enrol_batch
    monkeypatch.setattr("alikely.gallery.enrolment._enrol_batch", stop)
    ran = command("gallery", "enrol", tmp_path / "all", files / "people.jsonl")

    assert ran.code == 130
    assert "32 of 60 items are enrolled; run it again, and it goes on from there" in ran.err


def test_enrolling_one_item_with_fields(files, tmp_path):
    assert command("gallery", "create", tmp_path / "all", files / "model", "--join", "mean").code == 0
    one = ("gallery", "enrol", tmp_path / "all", item(0), "--identity", "a")
    assert command(*one, "--field", "price=2.5", "--field", "shop=B").out == "1 enrolled, 0 there already\n"

    (listed,) = json.loads(command("gallery", "list", tmp_path / "all", "--json").out)
    assert listed["fields"] == {"price": 2.5, "shop": "B"}
    assert "is no field" in refused(*one, "--field", "price")


def test_a_learned_rule_and_what_it_takes(files, tmp_path):
    rows, labels = people(20, 6, seed=3)
    write_table(tmp_path / "learn.jsonl", rows, labels)
    create = ("gallery", "create", tmp_path / "all", files / "model", "--join")

    assert "--learn-from SOURCE" in refused(*create, "learned")
    assert "there is no rule 'median'" in refused(*create, "median")
    ran = command(*create, "learned", "--learn-from", tmp_path / "learn.jsonl", "--templates", "2")
    assert "templates are joined by: learned (sharpness " in ran.out


def test_rebuild_with_another_model(files, tmp_path):
    save_model(passing_model(8, "manhattan"), tmp_path / "new")
    assert command("gallery", "create", tmp_path / "all", files / "model").code == 0
    command("gallery", "enrol", tmp_path / "all", files / "people.jsonl")

    assert "rebuild" in refused("gallery", "list", tmp_path / "all", "--model", tmp_path / "new")
    ran = command("gallery", "rebuild", tmp_path / "all", tmp_path / "new", files / "people.jsonl")
    assert (ran.code, ran.out) == (0, "60 templates embedded anew\n")
    assert command("gallery", "list", tmp_path / "all").code == 0


def test_recover_keeps_what_can_be_read(files, tmp_path):
    shutil.copytree(files / "all", tmp_path / "all")
    whole = command("gallery", "recover", tmp_path / "all")
    assert (whole.code, whole.out) == (0, "60 templates kept; nothing is lost\n")
    data = bytearray((tmp_path / "all" / "records.db").read_bytes())
    at = data.index(people(30, 2, noise=0.05)[0][6].tobytes())
    data[at] ^= 1
    (tmp_path / "all" / "records.db").write_bytes(data)

    assert "alikely gallery recover" in refused("gallery", "search", tmp_path / "all", item(6))
    ran = command("gallery", "recover", tmp_path / "all", "--json")
    told = json.loads(ran.out)
    assert (ran.code, told["kept"], told["lost"], len(told["lost_keys"])) == (1, 59, 1, 1)


def test_drift_of_a_log(files):
    for place in range(0, 60, 2):
        assert command("gallery", "verify", files / "all", item(place), f"person {place // 2}", "--log").code == 0
    ran = command("gallery", "drift", files / "all")

    assert ran.code == 0
    assert "30 of a kind, it takes 50" in ran.out
    told = json.loads(command("gallery", "drift", files / "all", "--json").out)
    assert (told["verdict"], told["accepted"]) == ("too few", 1.0)


def test_evaluate_identify(files):
    shown = command("evaluate", files / "model", files / "people.jsonl", "--identify")
    told = json.loads(command("evaluate", files / "model", files / "people.jsonl", "--identify", "--json").out)

    assert "Identification: 15 identities enrolled with 1 item each, 15 strangers; mean of 10 draws" in shown.out
    assert "FNIR at FPIR 10 %" in shown.out
    assert told["rank_1"] == 1.0
    assert told["fnir_at_fpir_0.01"] is None
    assert "rank_1" not in json.loads(command("evaluate", files / "model", files / "people.jsonl", "--json").out)


def test_a_very_long_name_does_not_widen_the_list(files, tmp_path):
    long = "x" * 306
    (tmp_path / "one.jsonl").write_text(json.dumps({"embedding": [1.0] * 8, "label": long}) + "\n")
    copied = tmp_path / "gallery"
    shutil.copytree(files / "all", copied)
    command("gallery", "enrol", copied, tmp_path / "one.jsonl")
    listed = command("gallery", "list", copied).out
    assert max(map(len, listed.splitlines())) < 100
    assert "x…" in listed
    assert long in command("gallery", "list", copied, "--json").out
