"""alikely anomaly fit and score: tables, JSON, pictures, a stream, exit codes."""

import io
import json
import sys

import numpy as np
import pytest
from PIL import Image

from tests.commands import command, refused
from tests.tasks.anomaly.normal import anomaly_of, normal_of, write_rows


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """A folder with normal rows, others, and a detector."""
    folder = tmp_path_factory.mktemp("shop")
    normal = list(normal_of("row", count=150).items)
    write_rows(folder / "normal.csv", normal)
    write_rows(folder / "calm.csv", normal[:3])
    write_rows(folder / "new.csv", [*normal[:3], anomaly_of("row")])
    ran = command("anomaly", "fit", folder / "normal.csv", "--items", "row", "--out", folder / "detector")
    assert ran.code == 0, ran
    return folder


def test_fit_says_what_it_made(shop):
    fit = ("anomaly", "fit", shop / "normal.csv", "--items", "row", "--out", shop / "other")
    ran = command(*fit, "--rate", "0.1", "--json")
    told = json.loads(ran.out)
    assert (told["items"], told["remembered"], told["held_back"], told["rate"]) == ("row", 75, 75, 0.1)
    noted = command(*fit, "--overwrite")
    assert "the rate is 5 %" in noted.err
    assert "at most 5 %, with 95 % confidence" in noted.out


def test_columns_are_told_and_can_be_said(shop, tmp_path):
    rows = [
        {**row, "code": str(place), "note": f"n{place}"} for place, row in enumerate(normal_of("row", count=150).items)
    ]
    table = write_rows(tmp_path / "normal.csv", rows)
    fit = ("anomaly", "fit", table, "--items", "row", "--rate", "0.1", "--out", tmp_path / "detector", "--overwrite")
    plain = command(*fit).out
    assert "amount (number), hours (number), code (number), town (category)" in plain
    assert "150 different texts in 150 rows, too many to be categories" in plain
    said = command(*fit, "--column", "code=leave_out", "--column", "Hours=category", "--set", "nearest=5", "--json")
    told = json.loads(said.out)
    assert told["columns"] == {"amount": "number", "hours": "category", "town": "category"}
    assert told["columns_left_out"]["code"] == "as you said"
    assert "say that the column is a category" in refused("anomaly", "score", shop / "detector", odd_amounts(tmp_path))
    assert "must be one of number" in refused(*fit, "--column", "code=text")
    assert "NAME=KIND" in refused(*fit, "--column", "code")
    assert "it has rate" in refused(*fit, "--set", "nearst=5")
    assert "hold_back must be a number" in refused(*fit, "--set", 'hold_back="half"')


def odd_amounts(folder):
    return write_rows(folder / "odd.csv", [{"amount": "many", "hours": 1, "town": "Bern"}])


def test_a_detector_is_replaced_only_when_that_is_said(shop, tmp_path):
    fit = ("anomaly", "fit", shop / "normal.csv", "--items", "row", "--rate", "0.1", "--out", tmp_path / "detector")
    assert command(*fit).code == 0
    before = (tmp_path / "detector" / "detector.json").read_bytes()
    assert "is a detector already; name another folder, or replace it: --overwrite" in refused(*fit, "--seed", "1")
    assert (tmp_path / "detector" / "detector.json").read_bytes() == before
    assert command(*fit, "--seed", "1", "--overwrite").code == 0
    assert (tmp_path / "detector" / "detector.json").read_bytes() != before


def test_all_columns_that_are_missing_are_named_once(shop, tmp_path):
    others = write_rows(tmp_path / "others.csv", [{"amount": 3.0, "city": "Bern"}] * 20)
    said = refused("anomaly", "score", shop / "detector", others)
    assert "the rows lack the columns 'hours', 'town'; they have amount, city" in said
    assert len(said.strip().splitlines()) == 1
    assert "no such file exists" in refused("anomaly", "score", shop / "detector", "nofile")


def test_no_column_is_empty_and_a_rare_normal_item_is_explained(shop, tmp_path):
    texts = list(normal_of("text", count=200).items)
    write_rows(tmp_path / "texts.csv", [{"text": text} for text in texts])
    write_rows(tmp_path / "new.csv", [{"text": anomaly_of("text")}])
    command("anomaly", "fit", tmp_path / "texts.csv", "--items", "text", "--rate", "0.1", "--out", tmp_path / "d")
    assert "why" not in command("anomaly", "score", tmp_path / "d", tmp_path / "new.csv").out
    ran = command("anomaly", "score", shop / "detector", shop / "normal.csv")
    assert "a p-value of at most 5 % and" in ran.out
    assert "not called anomalous: the threshold keeps that rate with 95 % confidence" in ran.out


def test_score_of_a_table(shop):
    ran = command("anomaly", "score", shop / "detector", shop / "new.csv")
    assert ran.code == 1
    assert "1 of 4 items is anomalous" in ran.out
    assert "line 5" in ran.out
    assert "(nearest normal: " in ran.out
    calm = command("anomaly", "score", shop / "detector", shop / "calm.csv")
    assert (calm.code, "0 of 3 items are anomalous" in calm.out) == (0, True)
    told = json.loads(command("anomaly", "score", shop / "detector", shop / "new.csv", "--json").out)
    assert told["anomalies"] == 1
    assert [item["anomalous"] for item in told["items"]] == [False, False, False, True]


def test_score_of_a_stream(shop, monkeypatch):
    lines = ['{"amount": 20, "hours": 3, "town": "Bern"}', '{"amount": 5000, "hours": -9, "town": "Bern"}', "nonsense"]

    def ran(some):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO("\n".join(some).encode() + b"\n")))
        return command("anomaly", "score", shop / "detector", "-")

    whole = ran([*lines, lines[0]])
    answers = [json.loads(line) for line in whole.out.splitlines()]
    assert whole.code == 2
    assert [answer["line"] for answer in answers] == [1, 2, 3, 4]
    assert [answer.get("anomalous") for answer in answers] == [False, True, None, False]
    assert "is not JSON" in answers[2]["error"]["message"]
    assert (ran(lines[:2]).code, ran(lines[:1]).code) == (1, 0)


def test_a_stream_that_is_no_text(shop, monkeypatch):
    monkeypatch.setattr(
        sys, "stdin", io.TextIOWrapper(io.BytesIO(b"\xff\xfe\n" + b'{"amount": 20, "hours": 3, "town": "Bern"}\n'))
    )
    answers = [json.loads(line) for line in command("anomaly", "score", shop / "detector", "-").out.splitlines()]
    assert "error" in answers[0]
    assert answers[1]["anomalous"] is False


def test_pictures_are_written_with_their_odd_places_coloured(tmp_path):
    for name, pictures in (("good", normal_of("picture", count=40).items), ("new", [anomaly_of("picture")])):
        (tmp_path / name).mkdir()
        for place, pixels in enumerate(pictures):
            Image.fromarray(np.asarray(pixels)).resize((40, 64)).save(tmp_path / name / f"{place}.png")
    Image.open(tmp_path / "good" / "3.png").save(tmp_path / "new" / "1.png")
    fit = command(
        "anomaly", "fit", tmp_path / "good", "--rate", "0.2", "--confidence", "0.9", "--out", tmp_path / "detector"
    )
    assert fit.code == 0, fit
    ran = command("anomaly", "score", tmp_path / "detector", tmp_path / "new", "--out", tmp_path / "maps")
    assert ran.code == 1
    pixels = np.asarray(Image.open(tmp_path / "maps" / "0001-0.png")).astype(int)
    orange = pixels[..., 0] - pixels[..., 2] > 40
    assert pixels.shape == (64, 40, 3)  # as the picture is
    rows = np.flatnonzero(orange.any(axis=1)) / len(pixels)
    assert 0.2 < rows.mean() < 0.6  # the bar lies in rows 20 to 32 of 64
    assert orange.mean() < 0.6
    assert "blue, not orange, as they are not above the threshold: 1 of 2" in ran.out
    calm = np.asarray(Image.open(tmp_path / "maps" / "0002-1.png")).astype(int)
    assert (calm[..., 2] - calm[..., 0]).max() > 40
    assert (calm[..., 0] - calm[..., 2]).max() <= 0


def test_what_is_refused(shop, tmp_path):
    normal, new, out = shop / "normal.csv", shop / "new.csv", tmp_path / "d"
    assert "say so: --items row" in refused("anomaly", "fit", normal, "--out", out)
    ten = write_rows(tmp_path / "ten.csv", list(normal_of("row", count=10).items))
    assert "it takes 58" in refused("anomaly", "fit", ten, "--items", "row", "--out", out)
    assert not out.exists()
    assert "holds no detector.json" in refused("anomaly", "score", tmp_path, new)
    assert "cannot be promised" in refused("anomaly", "score", shop / "detector", new, "--rate", "0.001")
    assert "compared as a whole" in refused("anomaly", "score", shop / "detector", new, "--out", tmp_path / "maps")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("all of it")
    assert "is no detector" in refused("anomaly", "fit", normal, "--items", "row", "--out", tmp_path / "mine")
