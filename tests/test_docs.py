"""The README and the docs tell the truth: examples run and print what they promise, generated pages are up to date.

In README.md and docs/*.md, every ```python block runs, in order, in one namespace for each file; of every ```console
block each line `$ alikely ...` runs. What a block prints on standard output must be what the ```text block after it (or
the lines below the command) says, where `...` stands for anything. The folder holds what `alikely demo` writes, with
fewer digits. The ```demo block of the README must have the shape of the demo's real output.
"""

import contextlib
import inspect
import io
import re
import shlex
import shutil
import sys
from pathlib import Path

import pytest

import alikely.demo
from alikely.cli import main
from alikely.data.samples import write_digits
from alikely.losses import FROM_THE_DATA, LOSSES
from docs import generate

ROOT = Path(__file__).parent.parent
FILES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
DIGITS_KEPT = 200  # 20 of each


def blocks_of(path: Path) -> list[tuple[str, str, int]]:
    """(kind, text, line) of each marked block."""
    text = path.read_text(encoding="utf-8")
    return [(found[1], found[2], text.count("\n", 0, found.start()) + 1) for found in BLOCK.finditer(text)]


def matches(promised: str, printed: str) -> bool:
    """Whether they are equal line by line, without blanks at the ends and without empty lines; `...` is anything."""
    wanted, got = (
        "\n".join(line.strip() for line in text.splitlines() if line.strip()) for text in (promised, printed)
    )
    pattern = ".*".join(re.escape(part) for part in wanted.split("..."))
    return re.fullmatch(pattern, got, re.DOTALL) is not None


def run_command(line: str) -> tuple[str, str, int]:
    """What a command prints on standard output and on standard error, and its exit code."""
    printed, said = io.StringIO(), io.StringIO()
    before = sys.argv
    sys.argv = shlex.split(line)
    try:
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(said):
            main()
        code = 0
    except SystemExit as end:
        code = int(end.code or 0)
    finally:
        sys.argv = before
    return printed.getvalue(), said.getvalue(), code


def check_console(text: str, place: str) -> None:
    """Run each command; compare what it prints with the lines below it, where there are any."""
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        line, _, promised = part.partition("\n")
        printed, said, code = run_command(line)
        assert code in (0, 1), f"{place}: {line} ended with {code}: {said}"
        if promised.strip():
            assert matches(promised, printed), f"{place}: {line} printed\n{printed}"


def check_examples(path: Path) -> None:
    """Run all blocks of a file in the folder that is current."""
    space: dict[str, object] = {"__name__": "__main__"}
    blocks = blocks_of(path)
    for place, (kind, text, line) in enumerate(blocks):
        where = f"{path.name}, line {line}"
        if kind == "console":
            check_console(text, where)
        if kind != "python":
            continue
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(io.StringIO()):
            exec(compile(text, where, "exec"), space)
        if place + 1 < len(blocks) and blocks[place + 1][0] == "text":
            assert matches(blocks[place + 1][1], printed.getvalue()), f"{where} printed\n{printed.getvalue()}"


@pytest.fixture(scope="session")
def few_digits(tmp_path_factory):
    """What the demo writes, but with the first 20 pictures of each digit, or nearly."""
    folder = tmp_path_factory.mktemp("demo") / "digits"
    write_digits(folder)
    for picture in folder.glob("*/*.png"):
        if int(picture.stem) > DIGITS_KEPT:
            picture.unlink()
    return folder


@pytest.mark.parametrize(
    "path",
    [path for path in FILES if re.search("^```(python|console)$", path.read_text(), re.M)],
    ids=lambda path: path.name,
)
def test_every_example_runs_and_prints_what_it_promises(path, few_digits, tmp_path, monkeypatch):
    shutil.copytree(few_digits, tmp_path / "alikely-demo" / "digits")
    monkeypatch.chdir(tmp_path)

    check_examples(path)


def test_readme_and_quickstart_have_examples():
    kinds = {path.name: [kind for kind, _, _ in blocks_of(path)] for path in FILES}

    assert "python" in kinds["README.md"]
    assert {"python", "console"} <= set(kinds["quickstart.md"])


def test_a_block_that_prints_something_else_is_found(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("```python\nprint('one', 2)\n```\n\n```text\none ...\n```\n")
    check_examples(page)
    page.write_text("```python\nprint('one', 2)\n```\n\n```text\ntwo ...\n```\n")

    with pytest.raises(AssertionError, match=r"page\.md, line 1 printed"):
        check_examples(page)


def shape_of(output: str) -> list[str]:
    """An output without what differs from run to run: figures, verdicts, widths; lines that repeat a shape once."""
    lines: list[str] = []
    for line in output.splitlines():
        # The reason why there is no figure, an interval and a figure are one and the same place.
        line = re.sub(r"no interval: .*|\S+ % to \S+ %|[\d.]+ to [\d.]+|an FMR of .*", "INTERVAL", line)
        line = re.sub(r"\b(same|different|unsure) \(probability (over |under )?", "VERDICT (probability ", line)
        line = re.sub(r"\b(same|different)( \(wrong\))?(?= +\d)", "VERDICT", line)
        line = re.sub(r"no threshold keeps a false-match rate of", "threshold 0 for a false-match rate of", line)
        line = re.sub(r"false-match rate of (at most )?[\d.]+ %(, an estimate)?", "false-match rate of # %", line)
        line = re.sub(r"\d[\d.,]*(e-\d+)?( %)?|not known", "#", line)
        line = re.sub(r"─+|-{5,}", "─", " ".join(line.split()))
        if line and line != "..." and line not in lines[-1:]:
            lines.append(line)
    return lines


def test_the_demo_in_the_readme_has_the_shape_of_the_real_one(few_digits, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(alikely.demo, "SETTINGS", alikely.demo.SETTINGS.model_copy(update={"epochs": 2}))
    monkeypatch.setattr(alikely.demo, "DRAWINGS", 5)
    monkeypatch.setattr(
        alikely.demo, "write_digits", lambda folder: shutil.copytree(few_digits, folder, dirs_exist_ok=True)
    )
    monkeypatch.setattr(sys, "argv", ["alikely", "demo"])
    with contextlib.suppress(SystemExit):
        main()
    out, err = capsys.readouterr()
    shown = next(text for kind, text, _ in blocks_of(ROOT / "README.md") if kind == "demo")

    assert shape_of(shown) == shape_of(err + out)


@pytest.mark.parametrize("name", generate.pages())
def test_generated_pages_are_up_to_date(name):
    assert (ROOT / "docs" / name).read_text(encoding="utf-8") == generate.pages()[name], "run: python -m docs.generate"


@pytest.mark.parametrize("loss", LOSSES)
def test_the_page_of_losses_gives_the_default_settings(loss):
    page = (ROOT / "docs" / "losses.md").read_text(encoding="utf-8")
    section = re.search(rf"^## {loss}\n(.*?)(?=^## )", page, re.MULTILINE | re.DOTALL)
    assert section is not None, f"docs/losses.md has no section {loss}"
    parameters = inspect.signature(LOSSES[loss]).parameters.values()
    defaults = {entry.name: entry.default for entry in parameters if entry.name not in FROM_THE_DATA}
    wanted = ", ".join(f"`{key} = {value!r}`" for key, value in defaults.items()).replace("'", '"')

    assert f"Settings: {wanted or 'none'}\n" in section[1]


def test_every_command_is_in_the_readme_and_in_the_reference():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    reference = generate.command_line_page()
    for name in generate.command_names():
        assert f"`alikely {name.split()[0]}" in readme
        assert f"## alikely {name}\n" in reference


def test_the_architecture_names_every_module():
    page = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    source = ROOT / "src" / "alikely"
    modules = [path for path in source.rglob("*.py") if path.name != "__init__.py" and path.parent.name != "cli"]
    missing = [str(path.relative_to(source)) for path in modules if not re.search(rf"\b{path.name}\b", page)]

    assert missing == []
