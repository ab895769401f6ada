"""The limits that docs/security.md and `alikely serve` tell are those that the service keeps to."""

import inspect
from pathlib import Path

import pytest

from alikely.cli.serving import serve
from alikely.server import ServeSettings, audit, door, forms, heads, json_bodies, limits, listening, sessions, uploads
from alikely.stores import filters

PAGE = (Path(__file__).parents[2] / "docs" / "security.md").read_text(encoding="utf-8")
HERE = ServeSettings()
# What a command calls otherwise: `items` is its source of items.
OPTIONS = {"items": "most_items", "names": "name"}


@pytest.mark.parametrize(
    "said",
    [
        f"`upload_mb` ({HERE.upload_mb:g} MB)",
        f"{limits.LARGEST_BODIES} of the largest",
        f"| {limits.BODY_SECONDS:g} seconds | 408 |",
        f"`pixels` ({HERE.pixels:g} million)",
        f"`items` ({HERE.items})",
        f"| {uploads.MOST_NUMBERS:,} | 422 |",
        f"| {json_bodies.DEEPEST}; {forms.MOST_PARTS:,} | 400 |",
        f"| {heads.LARGEST // 1024} kB; {heads.SECONDS:g} seconds |",
        f"behind an answer | {heads.SECONDS:g} seconds |",
        f"its answer (on Linux) | {listening.UNREAD_SECONDS:g} seconds |",
        f"(`where`) | {filters.MOST_DIGITS} digits | 422 |",
        f"`queue` ({HERE.queue})",
        f"have {door.STRANGERS} places of their own, with {door.STRANGERS_SECONDS:g} seconds and "
        f"{door.STRANGERS_MB * 1000:g} kB each",
        f"ends after {sessions.SECONDS // 3600} hours",
        f"At {audit.LARGEST // 10**6} MB a file is put aside",
    ],
)
def test_the_page_of_security_tells_the_limit(said):
    assert said in PAGE


@pytest.mark.parametrize("name", ServeSettings.model_fields)
def test_the_command_has_the_defaults_of_the_settings(name):
    default = inspect.signature(serve).parameters[OPTIONS.get(name, name)].default
    assert (() if default is None and name == "names" else default) == getattr(HERE, name)
