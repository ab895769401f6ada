"""Training and evaluation leave their report where they say."""

from PIL import Image

import alikely
from alikely.config import TrainSettings
from alikely.evaluation import evaluate
from alikely.training.progress import Silent
from tests.commands import command, refused
from tests.pictures import pattern_folder
from tests.report.test_report_of_a_model import PARTS, parts_of

FAST = {"size": 16, "epochs": 2, "encoder_settings": {"width": 8, "depth": 2, "dim": 8, "grid": 2}}


def test_a_trained_model_has_its_report_beside_it(tmp_path):
    source = pattern_folder(tmp_path / "pictures")
    model, _, report = alikely.train(source, TrainSettings(**FAST), out=tmp_path / "model", reporter=Silent())
    page = (tmp_path / "model" / "report.html").read_text(encoding="utf-8")

    assert parts_of(page) == list(PARTS)
    assert "<h1>model</h1>" in page
    assert f"Measured on {report.identities} identities that were used for nothing else" in page
    assert str(tmp_path) not in page.split('id="settings"')[0]
    assert alikely.load_model(tmp_path / "model").fingerprint() == model.fingerprint()


def test_a_model_without_test_identities_has_a_report_of_its_training(tmp_path):
    settings = TrainSettings(**FAST, test_share=0.0, validate_share=0.0)
    alikely.train(pattern_folder(tmp_path / "pictures"), settings, out=tmp_path / "model", reporter=Silent())

    page = (tmp_path / "model" / "report.html").read_text(encoding="utf-8")
    assert parts_of(page) == ["learning", "checks", "settings", "words"]


def test_evaluate_writes_a_report_where_it_is_asked_to(tmp_path):
    source = pattern_folder(tmp_path / "pictures")
    alikely.train(source, TrainSettings(**FAST), out=tmp_path / "model", reporter=Silent())
    ran = command("evaluate", tmp_path / "model", source, "--report", tmp_path / "found.html")
    page = (tmp_path / "found.html").read_text(encoding="utf-8")

    assert ran.code == 0
    assert ran.out.endswith(f"report written to {tmp_path / 'found.html'}\n")
    assert parts_of(page) == ["threshold", "trade-off", "probability", "worst", "errors", "map", "settings", "words"]
    assert "bear labels that the model was made from" in page
    assert sorted(path.name for path in tmp_path.iterdir()) == ["found.html", "model", "pictures"]


def test_a_report_that_cannot_be_written_is_told(tmp_path):
    source = pattern_folder(tmp_path / "pictures")
    alikely.train(source, TrainSettings(**FAST), out=tmp_path / "model", reporter=Silent())
    (tmp_path / "file").write_text("in the way")

    assert "cannot be written" in refused(
        "evaluate", tmp_path / "model", source, "--report", tmp_path / "file" / "a.html"
    )


def test_names_that_are_no_utf8_are_written(tmp_path):
    source = pattern_folder(tmp_path / "pictures")
    picture = next(source.glob("*/*.png"))
    odd = picture.with_name("p\udce4.png")
    Image.open(picture).save(tmp_path / "plain.png")
    (tmp_path / "plain.png").rename(odd)
    model, *_ = alikely.train(source, TrainSettings(**FAST), out=tmp_path / "model", reporter=Silent())
    evaluate(model, source, report_file=tmp_path / "found.html")

    assert "\\udce4" in (tmp_path / "found.html").read_text(encoding="utf-8")
