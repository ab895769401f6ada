"""Messages of the service and the page are for readers who may not be those who started it: never a command alone."""

import ast
import re
from importlib.resources import files
from pathlib import Path

import pytest

from alikely.server.problems import for_clients

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
