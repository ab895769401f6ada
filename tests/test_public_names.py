"""What users import: every public name is there and says what it is; importing and asking for help stay fast."""

import inspect
import subprocess
import sys

import pytest

import alikely
from docs.generate import command_names

HEAVY = ("torch", "numpy", "scipy", "sklearn", "accelerate", "PIL", "pydantic", "jaxtyping")


def modules_after(code: str) -> tuple[set[str], str]:
    """Top-level packages that a fresh interpreter has loaded after `code`, and what it printed before that."""
    listing = "\nimport sys; print('LOADED', *sorted({name.split('.')[0] for name in sys.modules}))"
    ran = subprocess.run([sys.executable, "-c", code + listing], capture_output=True, text=True, check=True)
    printed, _, loaded = ran.stdout.rpartition("LOADED")
    return set(loaded.split()), printed


@pytest.mark.parametrize("name", alikely.__all__)
def test_every_public_name_is_there_and_says_what_it_is(name):
    value = getattr(alikely, name)

    # A dataclass without one is given its signature as a docstring.
    assert value.__doc__
    assert not value.__doc__.startswith(f"{name}(")
    assert value.__module__.startswith("alikely")


@pytest.mark.parametrize("name", [name for name in alikely.__all__ if inspect.isclass(getattr(alikely, name))])
def test_every_public_method_says_what_it_does(name):
    kind = getattr(alikely, name)
    own = {key: value for key, value in vars(kind).items() if not key.startswith("_") and callable(value)}
    silent = [key for key, value in own.items() if not inspect.getdoc(value)]

    assert silent == []


def test_public_names_are_listed_once_and_found_by_dir():
    assert len(alikely.__all__) == len(set(alikely.__all__))
    assert set(alikely.__all__) <= set(dir(alikely))


def test_a_name_that_is_not_there_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'tarin'"):
        alikely.tarin  # noqa: B018


def test_importing_alikely_loads_nothing_heavy():
    loaded, _ = modules_after("import alikely")

    assert loaded.isdisjoint(HEAVY)


def test_help_loads_nothing_heavy_and_lists_every_command():
    code = (
        "import sys\nfrom alikely.cli import main\nsys.argv = ['alikely', '--help']\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code"
    )
    loaded, printed = modules_after(code)

    assert loaded.isdisjoint(HEAVY)
    assert "alikely" in loaded
    for name in {name.split()[0] for name in command_names()}:
        assert f" {name} " in printed
