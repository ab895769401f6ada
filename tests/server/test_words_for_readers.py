"""Messages of the service and the page are for readers who may not be those who started it: never a command alone."""

import ast
import re
from importlib.resources import files
from pathlib import Path

import pytest

from alikely.server import Folders
from alikely.server.problems import for_clients
from alikely.storage import save_model
from tests.models import small_model
from tests.server.small import pngs, small_service

SERVER = Path(str(files("alikely.server")))
TO_CLIENTS = ("RefusedError", "CalibrationError", "HTTPException", "problem")
COMMAND = re.compile(r"alikely (serve|calibrate|train|evaluate|labels|keys|gallery|anomaly|export)\b|(?<![\w-])--[a-z]")
WHO = re.compile(r"hoever |on the machine of this service")
BEFORE = 600  # characters before a command in which its reader is told who can give it


def said_to_clients(path: Path) -> list[str]:
    """The words of all errors that are made in a module to be answered."""
    calls = [one for one in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(one, ast.Call)]
    named = [one for one in calls if getattr(one.func, "id", None) in TO_CLIENTS]
    return [
        "".join(part.value for part in ast.walk(call) if isinstance(part, ast.Constant) and isinstance(part.value, str))
        for call in named
    ]


def test_who_can_mend_it_stands_in_every_message_with_a_command():
    found = [words for path in SERVER.rglob("*.py") for words in said_to_clients(path)]
    with_commands = [words for words in found if COMMAND.search(words)]
    assert len(found) > 60
    assert len(with_commands) > 4
    assert [words for words in with_commands if not WHO.search(words)] == []


@pytest.mark.parametrize("ending", ["html", "js"])
def test_the_page_says_who_can_give_a_command(ending):
    shown = [
        (path.name, match.group(), bool(WHO.search(text[max(0, match.start() - BEFORE) : match.start()])))
        for path in SERVER.rglob(f"*.{ending}")
        for text in [path.read_text(encoding="utf-8")]
        for match in re.finditer(r"(?:<code[^>]*>|\"code\", \{\}, \"|`)(alikely [a-z]+)", text)
    ]
    assert len(shown) >= 3
    # The command of Threshold stands under the words of its template.
    alone = [one for one in shown if not one[2] and one[0] != "threshold.js"]
    assert alone == []


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("ask for 3 % or more (--fpir, fpir=)", "ask for 3 % or more (fpir)"),
        ("take an estimate (--confidence 0)", "take an estimate (confidence 0)"),
        ("an estimate of 3 % or more (--confidence 0 --fpir)", "an estimate of 3 % or more (confidence 0, fpir)"),
        ("enrol something first (`alikely gallery enrol`)", "enrol something first"),
        ("no x; `alikely gallery list` shows those that are", "no x; its list of identities says who is"),
        (
            "calibrate it (`alikely calibrate`, `calibrate_model`), or train with calibrate_share above 0",
            "whoever runs the service can calibrate it (alikely calibrate MODEL SOURCE)",
        ),
        ("/srv/people: nobody is there", "people: nobody is there"),
    ],
)
def test_what_is_said_to_who_types_commands_is_said_otherwise_to_clients(said, expected):
    assert for_clients(said, {"/srv/people": "people"}) == expected


@pytest.mark.parametrize(
    ("place", "said", "expected"),
    [
        ("/srv/people", "'/srv/people/ada.json' is damaged", "'people/ada.json' is damaged"),
        ("/srv/people", "see /srv/people.", "see people."),
        ("/srv/people", "/srv/people-old, /srv/people.bak", "/srv/people-old, /srv/people.bak"),
        ("/people", "/srv/people: is no folder", "/srv/people: is no folder"),
        ("x/a", "x/a: a rate of 0.001 in x/ab, ax/a and x/a.json", "a: a rate of 0.001 in x/ab, ax/a and x/a.json"),
    ],
)
def test_only_whole_paths_are_said_otherwise(place, said, expected):
    assert for_clients(said, {place: Path(place).name}) == expected


@pytest.mark.parametrize("folder", [".", "a", "0"])
def test_figures_stay_what_they_are_whatever_the_served_folder_is_called(tmp_path, monkeypatch, folder):
    monkeypatch.chdir(tmp_path)
    for name in ("a", "0"):
        Path(name).mkdir()
    save_model(small_model(), tmp_path / "model")
    left, right = pngs()[:2]
    asked = {"files": {"left": left, "right": right}, "data": {"fmr": "0.00001", "confidence": "0.95"}}
    with small_service(tmp_path / "state", Folders(model=Path("model"), pictures=(Path(folder),))) as service:
        said = service.post("/v1/compare", **asked).json()["detail"]
    assert said.startswith("a false-match rate of 0.001 % on identities never seen cannot be promised")
