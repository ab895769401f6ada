"""A small service in the same process, keys for it, and pictures to send."""

import io
from pathlib import Path

import numpy as np
from PIL import Image
from starlette.testclient import TestClient

from alikely.server import Folders, ServeSettings, create_app, open_served
from alikely.server.keys import Keys
from alikely.server.state import State
from alikely.storage import save_model
from tests.models import pictures, small_model


def small_service(state: Path, folders: Folders | None = None, **settings) -> TestClient:
    """A client of a service with this state folder; without folders it serves nothing, but has all its routes."""
    made = ServeSettings(state=state, **settings)
    return TestClient(create_app(open_served(folders or Folders(), made)), base_url="http://localhost")


def model_service(root: Path, **settings) -> TestClient:
    """The same with a small model of pictures."""
    save_model(small_model(), root / "model")
    return small_service(root / "state", Folders(model=root / "model"), **settings)


def keys_of(state: Path) -> Keys:
    return Keys(State(state).keys)


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def png(values: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(values).save(file, "PNG")
    return file.getvalue()


def pngs() -> list[bytes]:
    return [png(one) for one in pictures()]


def code_of(answer) -> tuple[int, str]:
    """Status and code of a problem; it must be one."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text[:200]
    said = answer.json()
    assert {"type", "title", "status", "code", "detail"} <= set(said)
    assert said["status"] == answer.status_code
    return answer.status_code, said["code"]
