"""The code -> the two reference pages that are made from it: docs/settings.md and docs/command-line.md.

    python -m docs.generate

writes them anew; a test compares what is committed with what this gives.
"""

import inspect
import re
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

import alikely.cli  # noqa: F401 (so that the commands are registered)
from alikely.cli.app import app
from alikely.config import TrainSettings
from alikely.data.augment import AUGMENTATIONS, LARGEST, Augmentation
from alikely.encoders import ENCODERS

WIDTH = 100
MADE = "<!-- Made from the code by `python -m docs.generate`; change it there. -->"
KINDS = {
    "string": "word",
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
    "array": "list of words",
    "object": "table",
}


def pages() -> dict[str, str]:
    """The text of each generated page, by the name of its file."""
    return {"settings.md": settings_page(), "command-line.md": command_line_page()}


def command_names() -> list[str]:
    """Every command of `alikely`, in the order of its help; those of a group as "gallery enrol"."""
    return [name for name, command in _commands() if not isinstance(command, TyperGroup)]


def _commands() -> list[tuple[str, TyperCommand | TyperGroup]]:
    """Every command and group by its whole name."""
    root = get_command(app)
    assert isinstance(root, TyperGroup)
    found: list[tuple[str, TyperCommand | TyperGroup]] = []
    for name, command in root.commands.items():
        assert isinstance(command, TyperCommand | TyperGroup)
        found.append((name, command))
        if isinstance(command, TyperGroup):
            for inner, of_group in command.commands.items():
                assert isinstance(of_group, TyperCommand)
                found.append((f"{name} {inner}", of_group))
    return found


def command_line_page() -> str:
    """What `alikely --help` and the help of each command say, in plain text."""
    root = get_command(app)
    assert isinstance(root, TyperGroup)
    parts = [
        "# The command line",
        MADE,
        "What `alikely --help` and `alikely COMMAND --help` say. Exit codes: 0 done (compare: same), 1 compare: "
        "different, 2 error, 3 compare: unsure, 130 stopped by Ctrl-C. With `--json` a command prints JSON on standard "
        'output, an error too: `{"error": {"code": ..., "message": ...}}`. Progress goes to standard error.',
        f"```text\n{_help(root, 'alikely')}\n```",
    ]
    for name, command in _commands():
        parts += [f"## alikely {name}", f"```text\n{_help(command, f'alikely {name}')}\n```"]
    return "\n\n".join(parts) + "\n"


def _help(command: TyperCommand | TyperGroup, name: str) -> str:
    command.rich_markup_mode = None  # of this copy of the command only: no boxes, no colours
    context = command.context_class(
        command,
        info_name=name,
        terminal_width=WIDTH,
        max_content_width=WIDTH,
        help_option_names=["-h", "--help"],
    )
    return "\n".join(line.rstrip() for line in command.get_help(context).splitlines()).strip()


def settings_page() -> str:
    """Every setting of `train`, of each encoder, and of the augmentation: default, bounds, meaning."""
    described = TrainSettings.model_json_schema()["properties"]
    rows = [
        (f"`{name}`", _default(field.default), _values(described[name]), " ".join((field.description or "").split()))
        for name, field in TrainSettings.model_fields.items()
    ]
    parts = [
        "# Settings of a training",
        MADE,
        "The same names everywhere: `TrainSettings(epochs=50)` in Python, a line `epochs = 50` in the TOML file of "
        "`alikely train --config run.toml`, and `--set epochs=50` on the command line. The most used ones have an "
        "option of their own (`--epochs 50`). What is not set is what the last column says for "
        '"by itself"; where it says nothing of that kind, that thing is not done. '
        "The settings of each loss stand in [losses.md](losses.md).",
        _table(("setting", "default", "values", "what it does"), rows),
        "## Settings of the encoders",
        "For `encoder_settings`, for example `encoder_settings = { dim = 64 }`. `channels` (and for koch `size`) "
        "follow the pictures.",
    ]
    for name, kind in ENCODERS.items():
        defaults = {key: entry.default for key, entry in inspect.signature(kind).parameters.items()}
        parts += [
            f"### {name}",
            f"{_first_line(kind)}",
            _table(("setting", "default", "what it is"), _entries(kind, defaults)),
        ]
    strengths = {field.name: field.name for field in fields(Augmentation)}
    parts += [
        "## Strengths of the augmentation",
        "For `augment`: one of the presets, or a table of strengths such as `augment = { rotate = 8, flip = 0.5 }`, in "
        "which what is not named is 0 (left out). Each picture gets its own draw each time it is seen; what comes from "
        "outside of the frame repeats the pixel at its border. `u` below is the draw, `side` the side of the frame.",
        _table(
            ("strength", "most", "light", "strong", "what it does"),
            [
                (
                    f"`{name}`",
                    f"{LARGEST[name]:g}",
                    *(_strength(preset, name) for preset in ("light", "strong")),
                    meaning,
                )
                for name, (_, meaning) in zip(strengths, _described(Augmentation).items(), strict=True)
            ],
        ),
    ]
    return "\n\n".join(parts) + "\n"


def _strength(preset: str, name: str) -> str:
    strength = getattr(AUGMENTATIONS[preset], name)
    return f"{strength:g}" if strength else ""


def _entries(kind: type, defaults: dict[str, Any]) -> list[tuple[str, str, str]]:
    rows = []
    for names, meaning in _described(kind).items():
        single = names.split(", ")
        rows.append(
            (", ".join(f"`{name}`" for name in single), ", ".join(_default(defaults[n]) for n in single), meaning)
        )
    missing = set(defaults) - {name for names in _described(kind) for name in names.split(", ")}
    if missing:
        raise ValueError(f"{kind.__name__}: its docstring does not say what these are: {', '.join(sorted(missing))}")
    return rows


def _described(kind: type) -> dict[str, str]:
    """What a docstring says of each setting: its lines `name: text` or `name, name: text`, and what is indented."""
    found: dict[str, str] = {}
    current = None
    for line in (inspect.getdoc(kind) or "").splitlines():
        start = re.match(r"([a-z_]+(?:, [a-z_]+)*): (.+)", line)
        if start:
            current = start[1]
            found[current] = start[2]
        elif line.startswith("    ") and current:
            found[current] += " " + line.strip()
        else:
            current = None
    return found


def _first_line(kind: type) -> str:
    return (inspect.getdoc(kind) or "").splitlines()[0]


def _default(value: Any) -> str:
    if value is None:
        return "not set"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, tuple):
        return f"`{list(value)}`"
    return f"`{value}`"


def _values(schema: dict[str, Any]) -> str:
    if "anyOf" in schema:
        return " or ".join(_values(part) for part in schema["anyOf"] if part.get("type") != "null")
    if "enum" in schema:
        return ", ".join(f"`{word}`" for word in schema["enum"])
    bounds = []
    if "minimum" in schema:
        bounds.append(f"at least {schema['minimum']:g}")
    if "exclusiveMinimum" in schema:
        bounds.append(f"above {schema['exclusiveMinimum']:g}")
    if "maximum" in schema:
        bounds.append(f"at most {schema['maximum']:g}")
    if "exclusiveMaximum" in schema:
        bounds.append(f"below {schema['exclusiveMaximum']:.10g}")
    return f"{KINDS[schema['type']]} {', '.join(bounds)}".strip()


def _table(header: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [header, tuple("---" for _ in header), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)


def main() -> None:
    """Write the pages beside this file."""
    for name, text in pages().items():
        Path(__file__).with_name(name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
