"""A benchmark -> what it finds when it runs once, on little data."""

import json
import sys
from types import ModuleType
from typing import Any


def quick_run(benchmark: ModuleType, real_data, tmp_path, monkeypatch) -> dict[str, Any]:
    """What it wrote as JSON; it calls itself by its own name."""
    name, found = benchmark.__name__.removeprefix("benchmarks."), tmp_path / "found.json"
    monkeypatch.setattr(sys, "argv", [name, "--data", str(real_data), "--seeds", "1", "--quick", "--json", str(found)])
    benchmark.main()
    result = json.loads(found.read_text())
    assert result["name"] == name
    return result
