"""A MODEL, GALLERIES, DETECTORS -> A SERVICE: REST API and page, joined batches, keys, limits, figures."""

from importlib.util import find_spec

from alikely.errors import ServiceError

if None in map(find_spec, ("fastapi", "uvicorn", "python_multipart", "prometheus_client", "plotly", "orjson")):
    raise ServiceError("a service needs fastapi, uvicorn and some more; run: pip install alikely[serve]")

from alikely.server.app import create_app
from alikely.server.held import Folders, Served, open_served
from alikely.server.in_thread import serving
from alikely.server.running import run
from alikely.server.settings import ServeSettings

__all__ = ["run", "serving", "create_app", "open_served", "Folders", "Served", "ServeSettings"]
