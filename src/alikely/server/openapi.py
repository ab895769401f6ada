"""The OpenAPI description as FastAPI makes it -> with our errors in it, as all routes give them."""

import re
from collections.abc import Callable
from typing import Any

from fastapi import FastAPI

PROBLEM = "application/problem+json"
SCHEMA = {
    "title": "Problem",
    "description": "What went wrong, as RFC 9457 has it.",
    "type": "object",
    "required": ["type", "title", "status", "code", "detail"],
    "properties": {
        "type": {"type": "string", "examples": ["about:blank"]},
        "title": {"type": "string", "examples": ["Cannot be used"]},
        "status": {"type": "integer", "examples": [422]},
        "code": {"type": "string", "description": "stable, for programs", "examples": ["input"]},
        "detail": {"type": "string", "description": "what is wrong, what was found, what to do"},
        "items": {
            "type": "array",
            "description": "several items that cannot be used",
            "items": {
                "type": "object",
                "required": ["item", "problem"],
                "properties": {"item": {"type": "string"}, "problem": {"type": "string"}},
            },
        },
    },
}
# What every route may answer beside what it was made for.
SAID = {
    "401": "No key was sent, or none that counts",
    "403": "The key has not the right that this takes, or the page of another site asks",
    "4XX": "Something in the request cannot be used: the code says what",
    "503": "Busy or ending: ask again after the seconds in Retry-After. Without it: not before somebody mends it",
    "507": "It cannot be stored: the disk is full",
}
WITH_KEY_ONLY = ("401", "403")


def describe(app: FastAPI) -> None:
    """Let the application describe its errors as they are."""
    made: Callable[[], dict[str, Any]] = app.openapi

    def described() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _with_problems(made())
        return app.openapi_schema

    app.openapi = described  # type: ignore[method-assign]


def _with_problems(schema: dict[str, Any]) -> dict[str, Any]:
    components = schema.setdefault("components", {}).setdefault("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):
        components.pop(name, None)
    components["Problem"] = SCHEMA
    content = {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for path in schema["paths"].values():
        for operation in path.values():
            # The beginning of what is said of it, in place of the name of a function.
            if "description" in operation:
                operation["summary"] = re.split(r"[.:;](?:\s|$)", operation["description"], maxsplit=1)[0]
            said = operation["responses"]
            said.pop("422", None)  # FastAPI's own, of another form
            for code, what in SAID.items():
                if code not in WITH_KEY_ONLY or operation.get("security"):
                    said.setdefault(code, {"description": what, "content": content})
            for code, one in said.items():
                if code >= "4":
                    one.setdefault("content", content)
    return schema
