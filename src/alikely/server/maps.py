"""Sources of items -> their maps: each drawn once, in a thread beside the service's work, and then kept in memory."""

import logging
import threading
from dataclasses import asdict, dataclass
from typing import Any, Literal

from alikely.errors import AlikelyError
from alikely.plane import Drawing, plane_of
from alikely.server.map_sources import MapSource
from alikely.server.problems import RefusedError

_log = logging.getLogger("alikely.server")


@dataclass(frozen=True)
class MapState:
    """How far the map of a source is: `done` of `total` items have their place.

    `version` counts the drawings: numbers of items belong to one of them. `problem` says why it failed.
    """

    state: Literal["none", "waiting", "drawing", "ready", "failed"]
    done: int = 0
    total: int = 0
    version: int = 0
    problem: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


class _StoppedError(Exception):
    """The service ends."""


class Maps:
    """The maps of one service. One is drawn at a time: a drawing keeps a processor busy for up to half a minute."""

    def __init__(self) -> None:
        self._states: dict[str, MapState] = {}
        self._drawings: dict[str, Drawing] = {}
        self._stamps: dict[str, str] = {}  # of the sources, as they were when their maps were drawn
        self._lock, self._turn, self._stop = threading.Lock(), threading.Lock(), threading.Event()
        self._threads: list[threading.Thread] = []

    def state(self, name: str) -> MapState:
        """How far the map of the source of this name is."""
        return self._states.get(name, MapState("none"))

    def draw(self, source: MapSource) -> MapState:
        """Begin to draw, in a thread; nothing where that is under way. The map that is there stays until then."""
        with self._lock:
            state = self.state(source.name)
            if state.state in ("waiting", "drawing") or self._stop.is_set():
                return state
            self._states[source.name] = MapState("waiting", total=len(source), version=state.version)
            thread = threading.Thread(target=self._draw, args=(source,), name=f"map of {source.name}", daemon=True)
            self._threads = [*(one for one in self._threads if one.is_alive()), thread]
            thread.start()
            return self._states[source.name]

    def drawing(self, name: str, version: int | None = None) -> Drawing:
        """The map that is there. Raises RefusedError (409) where there is none, or one of another version."""
        state, drawing = self.state(name), self._drawings.get(name)
        if drawing is None:
            raise RefusedError(
                409, "no_map", "the map is not drawn yet: POST to its address, and ask until it is ready"
            )
        if version is not None and version != state.version:
            raise RefusedError(409, "old_map", "the map was drawn anew meanwhile; load it again")
        return drawing

    def is_stale(self, source: MapSource) -> bool:
        """Whether the source has changed since its map was drawn; not where there is no map."""
        return source.name in self._stamps and self._stamps[source.name] != source.stamp()

    def wait(self) -> None:
        """Until all drawings that were begun are made."""
        for thread in self._threads:
            thread.join()

    def close(self) -> None:
        """Stop drawing, at the next step that allows it."""
        self._stop.set()

    def _draw(self, source: MapSource) -> None:
        name = source.name
        with self._turn:
            try:
                self._draw_now(source)
            except _StoppedError:
                return
            except AlikelyError as error:
                self._fail(name, str(error))
            except Exception:
                _log.exception("the map of %s could not be drawn", name)
                self._fail(name, "the map could not be drawn; the log of the service says why")

    def _draw_now(self, source: MapSource) -> None:
        version = self.state(source.name).version

        def told(done: int, total: int) -> None:
            if self._stop.is_set():
                raise _StoppedError
            self._states[source.name] = MapState("drawing", done, total, version)

        told(0, len(source))
        # Taken before: what changes while it is drawn makes it stale.
        stamp, gathered = source.stamp(), source.gather()
        told(0, len(gathered.names))
        places = plane_of(gathered.embeddings, source.distance, progress=told)
        drawing = Drawing.of(places, gathered.names, gathered.fields, gathered.label)
        with self._lock:
            self._drawings[source.name], self._stamps[source.name] = drawing, stamp
            self._states[source.name] = MapState("ready", len(drawing), len(drawing), version + 1)

    def _fail(self, name: str, problem: str) -> None:
        with self._lock:
            self._states[name] = MapState("failed", version=self.state(name).version, problem=problem)


def map_told(maps: Maps, source: MapSource) -> dict[str, Any]:
    """For JSON: how far the map of a source is, and what it shows where it is drawn."""
    state = maps.state(source.name)
    said = {**state.to_dict(), "stale": maps.is_stale(source), "kind": source.kind, "title": source.title}
    if state.version == 0:
        return {**said, "drawn": False}
    return {**said, "drawn": True, **maps.drawing(source.name).described()}
