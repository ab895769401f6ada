"""A service that listens until it is told to stop."""

import uvicorn

from alikely.server.app import create_app
from alikely.server.held import Served


def run(served: Served) -> None:
    """Listen and answer until SIGTERM or Ctrl-C; what was accepted is answered."""
    settings = served.settings
    config = uvicorn.Config(
        create_app(served), host=settings.host, port=settings.port, log_level="warning", access_log=False
    )
    uvicorn.Server(config).run()
