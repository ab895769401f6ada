"""A service in place of the network that takes few items at once; it can be lost, or refuse."""

import json
from dataclasses import dataclass, field

import httpx2

LOST = httpx2.ConnectError("refused")


@dataclass
class Parted:
    """A text is embedded as the number that it says. `after`: what happens at these requests instead, from 0."""

    items: int = 3
    megabytes: float = 10.0
    after: dict[int, httpx2.Response | Exception] = field(default_factory=dict)
    asked: list[list[str]] = field(default_factory=list)
    limits_asked: int = 0

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        if request.url.path == "/v1/models":
            self.limits_asked += 1
            limits = {"items": self.items, "megabytes": self.megabytes, "megapixels": 25}
            nothing = {"galleries": [], "detectors": [], "recommenders": [], "answers": []}
            return httpx2.Response(200, json={"model": None, "limits": limits, **nothing})
        items = json.loads(request.content)["items"]
        instead = self.after.get(len(self.asked))
        self.asked.append(items)
        if isinstance(instead, Exception):
            raise instead
        if instead is not None:
            return instead
        if request.url.path.endswith("enrol"):
            return httpx2.Response(
                200, json={"new": len(items), "there": 0, "changed": 0, "repeated": 0, "problems": [], "shared": []}
            )
        return httpx2.Response(200, json={"embeddings": [[float(item)] for item in items]})

    @property
    def transport(self) -> httpx2.MockTransport:
        """For both clients."""
        return httpx2.MockTransport(self)


def refused(status: int, code: str, *bad: tuple[str, str], headers: dict[str, str] | None = None) -> httpx2.Response:
    """What a service says that refuses."""
    items = {"items": [{"item": name, "problem": problem} for name, problem in bad]} if bad else {}
    return httpx2.Response(status, json={"code": code, "detail": "refused", **items}, headers=headers)
