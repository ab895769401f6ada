"""A SERVICE -> ITS ANSWERS IN PYTHON: questions are sent, answers come back as objects; with and without asyncio.

saying      items -> as a request carries them
answers     what a service answers, as objects
calls       what can be asked -> which request that is, and how its answer is read
gallery_calls   the same of a gallery
failing     what went wrong -> one error, and whether to ask again
clients     Client and AsyncClient: they send
"""

from importlib.util import find_spec

if find_spec("httpx2") is None:
    raise ModuleNotFoundError("alikely.client needs httpx2; run: pip install alikely[client]", name="httpx2")

from alikely.client.clients import AsyncClient, Client

__all__ = ["Client", "AsyncClient"]
