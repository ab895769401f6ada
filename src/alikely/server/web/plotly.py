"""Plotly's script, from its Python package; and what a page that runs it must allow, no more than that."""

import base64
import hashlib
import re
from functools import cache
from importlib.metadata import version
from importlib.resources import files

from alikely.server.headers import CONTENT
from alikely.server.packed import Packed

# A style sheet that the script begins with an empty element, and those whose text it holds.
_EMPTY = ""
_STYLES = re.compile(r"""createElement\("style"\);[^{}]{0,200}?\.textContent='((?:[^'\\]|\\.)*)'""")


def plotly_version() -> str:
    """The version of the Python package."""
    return version("plotly")


@cache
def plotly_script() -> Packed:
    """The script."""
    return Packed(files("plotly").joinpath("package_data", "plotly.min.js").read_bytes())


@cache
def plotly_policy() -> str:
    """The Content-Security-Policy of a page that draws many points.

    It draws them by WebGL with programs that it makes while it runs ('unsafe-eval': without, it takes WebGL for
    missing). Its style sheets are allowed by the hashes of their text.
    """
    held = _STYLES.findall(plotly_script().plain.decode("utf-8"))
    styles = " ".join(f"'sha256-{_hash(text)}'" for text in (_EMPTY, *(_read(text) for text in held)))
    policy = CONTENT.decode().replace("script-src 'self'", "script-src 'self' 'unsafe-eval'")
    return policy.replace("style-src 'self'", f"style-src 'self' {styles}")


def _hash(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode()


def _read(said: str) -> str:
    """A text as JavaScript writes it between quotes."""
    return re.sub(r"\\(.)", lambda found: "\n" if found[1] == "n" else found[1], said)
