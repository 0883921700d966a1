"""How many may be connected at once, and for how long without asking anything: strangers hold no door open.

Each connection takes one of the few files that a process may have open; without any left it can neither take in a
signal nor store one.
"""

from __future__ import annotations

import asyncio
import resource
from typing import Any, cast

from uvicorn.protocols.http.auto import AutoHTTPProtocol

HEAD_SECONDS = 5.0
"""Within this time a peer has sent the head of its first request, and within twice this time that of any other."""
MOST_CONNECTIONS = 1000


def most_connections() -> int:
    """Half of the files this process may have open, so that the ledger, the spool and the log have the other half."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MOST_CONNECTIONS if soft == resource.RLIM_INFINITY else max(1, min(MOST_CONNECTIONS, soft // 2))


class Crowd:
    """The connections of one server. To be used within its event loop."""

    def __init__(self, most: int, head_seconds: float = HEAD_SECONDS) -> None:
        self.most, self.head_seconds = most, head_seconds
        self._here: dict[Visitor, None] = {}

    def __len__(self) -> int:
        return len(self._here)

    def entered(self, visitor: Visitor) -> bool:
        """Whether there is room. In a full house whoever has asked nothing for longest goes first."""
        if len(self._here) >= self.most:
            idle = next((each for each in self._here if each.is_idle), None)
            if idle is None:
                return False
            self.left(idle)
            idle.drop()
        self._here[visitor] = None
        return True

    def asked(self, visitor: Visitor) -> None:
        """A visitor has begun to ask something: others go before it."""
        if visitor in self._here:
            self._here[visitor] = self._here.pop(visitor)

    def left(self, visitor: Visitor) -> None:
        """A connection is gone."""
        self._here.pop(visitor, None)


class Visitor(asyncio.Protocol):
    """One connection, which the server's own protocol serves; dropped when it is idle for too long or in the way."""

    def __init__(self, crowd: Crowd, **given: Any) -> None:
        self._crowd = crowd
        self._within: Any = AutoHTTPProtocol(**given)
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._seen: object = None
        self._asked: object = None

    @property
    def is_idle(self) -> bool:
        """Whether it has asked nothing that is not answered yet, or not sent all of it."""
        cycle = self._within.cycle
        return cycle is None or bool(cycle.response_complete) or bool(cycle.more_body)

    def drop(self) -> None:
        """Close it without a word."""
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Serve it, if there is room."""
        self._transport = cast(asyncio.Transport, transport)
        self._within.connection_made(transport)
        if self._crowd.entered(self):
            self._look_later()
        else:
            self.drop()

    def data_received(self, data: bytes) -> None:
        """Part of a request."""
        self._within.data_received(data)
        if self._within.cycle is not self._asked:
            self._asked = self._within.cycle
            self._crowd.asked(self)

    def eof_received(self) -> bool | None:
        """The peer sends no more."""
        told: bool | None = self._within.eof_received()
        return told

    def connection_lost(self, exc: Exception | None) -> None:
        """It is closed."""
        if self._timer is not None:
            self._timer.cancel()
        self._crowd.left(self)
        self._within.connection_lost(exc)

    def pause_writing(self) -> None:
        """The peer does not read."""
        self._within.pause_writing()

    def resume_writing(self) -> None:
        """The peer reads again."""
        self._within.resume_writing()

    def _look_later(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(self._crowd.head_seconds, self._look)

    def _look(self) -> None:
        cycle = self._within.cycle
        if self.is_idle and cycle is self._seen:  # nothing new was asked since the last look
            self.drop()
            return
        self._seen = cycle
        self._look_later()
