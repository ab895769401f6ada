"""A connection -> requests whose heads are not too large and come in time; uvicorn itself has no such limits."""

from asyncio import TimerHandle
from collections import deque
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

# In the state of a request whose body has come in whole.
WHOLE = "whole"
LARGEST = 65_536  # bytes of a request's line and headers
SECONDS = 10.0  # from the beginning of a connection, of a head, or of what comes behind an answer, to a head's end


class BoundedHeads(HttpToolsProtocol):
    """Closes the connection where a head grows or lasts beyond these limits; before anything of it is looked at."""

    _size = 0
    _waits = True  # for the end of a head
    _until: TimerHandle | None = None
    _unanswered: deque[RequestResponseCycle]

    def connection_made(self, transport: Any) -> None:
        """Begin to wait for the first head."""
        super().connection_made(transport)
        self._unanswered = deque()
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer; nothing more is sent. uvicorn tells that to the last of several requests only: the others
        would fail as they write, and any client could fill the log."""
        self._wait_no_longer()
        for cycle in self._unanswered:
            cycle.disconnected = True
            cycle.message_event.set()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Count what came and ended no head."""
        super().data_received(data)
        if self._waits:
            self._size += len(data)
            if self._size > LARGEST and not self.transport.is_closing():
                self.send_400_response("The head of the request is too large.")
        # Most heads come whole: these need no clock. Behind an answer the rest of a body that nobody reads may come, or
        # empty lines, drop by drop: only the next head counts.
        if self._until is None and not self.transport.is_closing() and (self._waits or self._answered()):
            self._wait()

    def on_message_begin(self) -> None:
        """A head begins."""
        super().on_message_begin()
        self._waits, self._size = True, 0

    def on_headers_complete(self) -> None:
        """It ended."""
        self._waits = False
        self._wait_no_longer()
        super().on_headers_complete()
        self._unanswered.append(self.cycle)

    def on_response_complete(self) -> None:
        """The first of those that wait is answered."""
        self._unanswered.popleft()
        super().on_response_complete()

    def on_message_complete(self) -> None:
        """The body is there, which whoever reads it may know."""
        self.scope["state"][WHOLE] = True
        super().on_message_complete()

    def _answered(self) -> bool:
        return self.cycle is not None and self.cycle.response_complete

    def _wait(self) -> None:
        self._until = self.loop.call_later(SECONDS, self._close)

    def _wait_no_longer(self) -> None:
        if self._until is not None:
            self._until.cancel()
            self._until = None

    def _close(self) -> None:
        self._until = None
        self.transport.close()
