"""What README and docs name is there: pages and headings, commands and options, routes, modules, files, targets."""

import pkgutil
import re
import shlex
from collections import Counter
from importlib.util import find_spec
from pathlib import Path

import pytest
import typer
from markdown_it import MarkdownIt

from alikely.cli import app
from alikely.server.routes import ROUTERS

ROOT = Path(__file__).parent.parent
PAGES = [*sorted(ROOT.glob("*.md")), *sorted(ROOT.glob("docs/**/*.md"))]
# What was true when it was written stays as it was written.
NOW = [page for page in PAGES if page.name != "CHANGELOG.md" and page.parent.name != "decisions"]
COMMAND = typer.main.get_command(app)


def tokens_of(text: str):
    for token in MarkdownIt("commonmark").enable("table").parse(text):
        yield token
        yield from token.children or ()


def links_of(text: str) -> list[str]:
    found = (token.attrs.get("href", token.attrs.get("src")) for token in tokens_of(text))
    return [link for link in found if link is not None]


def anchors_of(text: str) -> set[str]:
    """Of the headings, as GitHub makes them: of equal ones the second gets -1."""
    tokens, seen, anchors = list(MarkdownIt("commonmark").parse(text)), Counter(), set()
    for place, token in enumerate(tokens):
        if token.type == "heading_open":
            said = "".join(part.content for part in tokens[place + 1].children)
            plain = re.sub(r"[^\w\- ]", "", said.strip().lower()).replace(" ", "-")
            anchors.add(f"{plain}-{seen[plain]}" if seen[plain] else plain)
            seen[plain] += 1
    return anchors


def code_of(text: str) -> list[str]:
    """Lines of blocks, and code within a line."""
    code = [token.content for token in tokens_of(text) if token.type in ("fence", "code_block", "code_inline")]
    return [line.strip() for part in code for line in part.replace("\\\n", " ").splitlines()]


def leads_nowhere(page: Path, link: str) -> str | None:
    """Why a link leads nowhere; None where it leads somewhere, or away from here."""
    file, _, anchor = link.partition("#")
    if re.match(r"[a-z]+:", link):
        return None
    target = page.parent / file if file else page
    if not target.exists():
        return "is not there"
    if anchor and anchor not in anchors_of(target.read_text(encoding="utf-8")):
        return f"has no heading {anchor}"
    return None


def unknown_in(line: str) -> list[str]:
    """The words of a command line `alikely ...` that no command has: commands and options."""
    try:
        words = shlex.split(line.partition("  #")[0], comments=True)
    except ValueError:  # a part of a command, with a quote that is not closed
        words = line.split()
    command, unknown = COMMAND, []
    for word in words[1:]:
        if word in ("|", "&&", ">", "..."):
            break
        options = {name for one in command.params for name in (*one.opts, *one.secondary_opts)} | {"--help"}
        deeper = getattr(command, "commands", None)
        if re.fullmatch(r"--?[a-z][\w-]*(=.*)?", word):
            if word.partition("=")[0] not in options:
                unknown.append(word)
        elif deeper is not None and re.fullmatch(r"[a-z][a-z-]*", word):
            if word not in deeper:
                return [word]
            command = deeper[word]
    return unknown


def is_there(name: str) -> bool:
    """Whether `alikely.a.b` can be had: modules first, then what stands in them."""
    try:
        pkgutil.resolve_name(name)
    except (AttributeError, ImportError):
        return False
    return True


def routes() -> set[str]:
    """Addresses, with * in place of what differs."""
    return {re.sub(r"\{[^}]*\}", "*", route.path) for router in ROUTERS for route in router.routes}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    links = links_of(page.read_text(encoding="utf-8"))
    assert [(link, why) for link in links if (why := leads_nowhere(page, link))] == []


@pytest.mark.parametrize("page", NOW, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_and_their_options_exist(page):
    lines = [re.sub(r"^\$ ", "", line) for line in code_of(page.read_text(encoding="utf-8"))]
    asked = [line for line in lines if line.startswith("alikely ")]
    assert [(line, unknown) for line in asked if (unknown := unknown_in(line))] == []


@pytest.mark.parametrize("page", NOW, ids=lambda page: str(page.relative_to(ROOT)))
def test_options_that_are_named_alone_exist_somewhere(page):
    known = {"--help"}
    waiting = [COMMAND]
    while waiting:
        one = waiting.pop()
        known |= {name for parameter in one.params for name in (*parameter.opts, *parameter.secondary_opts)}
        waiting += getattr(one, "commands", {}).values()
    named = [
        found for line in code_of(page.read_text(encoding="utf-8")) for found in re.findall(r"^--[a-z][\w-]*", line)
    ]
    assert sorted(set(named) - known) == []


@pytest.mark.parametrize("page", NOW, ids=lambda page: str(page.relative_to(ROOT)))
def test_routes_exist(page):
    text = page.read_text(encoding="utf-8")
    named = {re.sub(r"\{[^}]*\}|[A-Z]+", "*", found) for found in re.findall(r"(?<![\w.])/v1/[\w{}:/-]*[\w}]", text)}
    there = [re.compile(re.escape(route).replace(r"\*", "[^/]+") + "$") for route in routes()]
    starts = {route[: place.start()] for route in routes() for place in re.finditer("/|$", route)}
    assert sorted(one for one in named if one not in starts and not any(route.match(one) for route in there)) == []


@pytest.mark.parametrize("page", NOW, ids=lambda page: str(page.relative_to(ROOT)))
def test_modules_and_targets_exist(page):
    text = page.read_text(encoding="utf-8")
    modules = set(re.findall(r"python -m ((?:alikely|benchmarks|docs)[\w.]*\w)", text))
    targets = {found for line in code_of(text) for found in re.findall(r"^make ([a-z-]+)", line)}
    made = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert [name for name in sorted(modules) if find_spec(name) is None] == []
    assert targets <= made


@pytest.mark.parametrize("page", NOW, ids=lambda page: str(page.relative_to(ROOT)))
def test_names_of_python_exist(page):
    code = code_of(page.read_text(encoding="utf-8"))
    named = {
        found
        for line in code
        for found in re.findall(r"(?<![\w./@-])(?!alikely\.example)alikely(?:\.[A-Za-z_]\w*)+(?![\w/-])", line)
    }
    assert [name for name in sorted(named) if not is_there(name)] == []


@pytest.mark.parametrize("page", NOW, ids=lambda page: str(page.relative_to(ROOT)))
def test_files_of_the_repository_that_are_named_exist(page):
    code = code_of(page.read_text(encoding="utf-8"))
    named = {found for line in code for found in re.findall(r"^(?:docs|src|tests|benchmarks)/[\w./-]+\.\w+$", line)}
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []


def test_what_leads_nowhere_is_found(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("# One & two\n\n## Same\n\n## Same\n")

    assert leads_nowhere(page, "#one--two") is leads_nowhere(page, "page.md#same-1") is None
    assert leads_nowhere(page, "https://example.org/#x") is None
    assert leads_nowhere(page, "#three") == "has no heading three"
    assert leads_nowhere(page, "other.md#same") == "is not there"
    assert links_of("see [one](a.md#b) and ![two](c.png)") == ["a.md#b", "c.png"]


@pytest.mark.parametrize(
    ("line", "unknown"),
    [
        ("alikely compare model a.png b.png --fmr 0.01", []),
        ("alikely gallery list DIR --json", []),
        ("alikely compare model a b --fnord 1", ["--fnord"]),
        ("alikely galery list", ["galery"]),
        ("alikely gallery lust DIR", ["lust"]),
    ],
)
def test_commands_that_do_not_exist_are_found(line, unknown):
    assert unknown_in(line) == unknown
