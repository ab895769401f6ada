"""A MODEL, GALLERIES, DETECTORS -> A SERVICE: REST API and page, joined batches, keys, limits, figures."""

from alikely.server.app import create_app
from alikely.server.held import Folders, Served, open_served
from alikely.server.in_thread import serving
from alikely.server.running import run
from alikely.server.settings import ServeSettings

__all__ = ["run", "serving", "create_app", "open_served", "Folders", "Served", "ServeSettings"]
