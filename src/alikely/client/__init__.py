"""A SERVICE -> ITS ANSWERS IN PYTHON: questions are sent, answers come back as objects; with and without asyncio.

naming      what the service calls an item -> what its user calls it
saying      items -> as a request carries them
requests    what is asked -> one request
reading     the JSON of an answer -> objects
answers     what a service answers, as objects; gallery_answers: of a gallery
failing     what went wrong -> one error, and whether to ask again
many        a list of items -> requests that each hold as many as the service takes, and one answer
calls       what can be asked -> which requests that are, and how their answer is read; gallery_calls: of a gallery
asking      these as methods of both clients
connection  address, key, certificates -> checked
clients     Client and AsyncClient: they send
"""

from importlib.util import find_spec

if find_spec("httpx2") is None:
    raise ModuleNotFoundError("alikely.client needs httpx2; run: pip install alikely[client]", name="httpx2")

from alikely.client.clients import AsyncClient, Client

__all__ = ["Client", "AsyncClient"]
