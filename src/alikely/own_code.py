"""`module:name` -> what stands there in code of the user's own, from the current folder or installed."""

import importlib
import os
import sys
from typing import Any

from alikely.errors import SettingsError


def is_own(name: str) -> bool:
    """Whether a setting names code of the user's own, as `module:name`."""
    return ":" in name


def imported(name: str, kind: str, example: str) -> Any:
    """What `module:name` names. This runs the module's code.

    `kind` says what it should be ("class", "function"), `example` how one is named. Raises SettingsError where there is
    no such thing, or the module cannot be imported.
    """
    module, _, attribute = name.partition(":")
    if not module or not attribute.isidentifier():
        raise SettingsError(f"{name!r} names no {kind}; write {example}")
    here = os.getcwd()
    sys.path.insert(0, here)
    try:
        found = getattr(importlib.import_module(module), attribute, None)
    except ModuleNotFoundError as error:
        missing = "it" if error.name == module else repr(error.name)
        raise SettingsError(
            f"{name}: {missing} cannot be found, neither in {here} nor among what is installed"
        ) from None
    except Exception as error:  # the user's code may raise anything
        raise SettingsError(f"{name}: importing {module} fails: {type(error).__name__}: {error}") from error
    finally:
        sys.path.remove(here)
    if found is None:
        raise SettingsError(f"{name}: {module} has no {attribute}")
    return found
