"""Bytes of JSON -> what they say: UTF-8, at most so deep, each name once, numbers that are finite; or what is wrong."""

import json
import re
from collections import Counter
from typing import Any

from alikely.server.problems import RefusedError

DEEPEST = 32
_HALF = re.compile(r"\\u[dD][89a-fA-F]")


def read_json(content: bytes, called: str = "the body") -> Any:
    """What is said. Raises RefusedError (400) that begins with what it is `called`."""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _refused(f"{called} is no UTF-8 (byte {error.start + 1}); JSON is sent as UTF-8") from None
    if not text.strip():
        raise _refused(f"{called} is empty; send JSON")
    try:
        said = _DECODER.decode(text)
    except RecursionError:
        raise _too_deep(called) from None
    except ValueError as error:
        raise _refused(f"{called} is no JSON: {_told(error)}") from None
    if content.count(b"[") + content.count(b"{") > DEEPEST:
        _check_depth(said, called)
    if _HALF.search(text):
        _check_characters(said, called)
    return said


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    said = dict(pairs)
    if len(said) != len(pairs):
        twice = next(name for name, times in Counter(name for name, _ in pairs).items() if times > 1)
        raise ValueError(f"the name {twice[:50]!r} stands there twice")
    return said


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is no number of JSON; leave it out, or send null")


_DECODER = json.JSONDecoder(object_pairs_hook=_once, parse_constant=_no_constant)


def _check_depth(said: Any, called: str) -> None:
    level = [said]
    for _ in range(DEEPEST):
        level = [
            inner
            for one in level
            for inner in (one.values() if isinstance(one, dict) else one)
            if isinstance(inner, list | dict)
        ]
        if not level:
            return
    raise _too_deep(called)


def _check_characters(said: Any, called: str) -> None:
    try:
        json.dumps(said, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        raise _refused(f"{called} holds half a character (a lone surrogate); send whole ones") from None


def _told(error: ValueError) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg[:1].lower()}{error.msg[1:]} at line {error.lineno}, column {error.colno}"
    said = str(error)
    return "a whole number has thousands of digits" if "digits" in said else said


def _too_deep(called: str) -> RefusedError:
    return _refused(f"{called} is nested more than {DEEPEST} levels deep; send plain lists and objects")


def _refused(message: str) -> RefusedError:
    return RefusedError(400, "body", message)
