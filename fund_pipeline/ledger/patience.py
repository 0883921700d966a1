"""Waiting no longer for the database than a caller can: what hangs is cut off, and for a moment not asked again."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Condition, Lock, Thread
from typing import Any

from fund_pipeline.errors import TemporaryError
from fund_pipeline.ledger.failing import ledger_away

LOOK_SECONDS = 0.1


@dataclass(frozen=True)
class Patience:
    """How long a handle on the ledger waits, and for how many at once.

    Attributes
    ----------
    seconds : for a connection, for each statement, for a lock, for a free connection of the pool.
    connections : most at once; no fewer than the threads that use the handle, which else wait for each other.
    pause_seconds : after a failure only one caller in this time asks again; the others are told at once.
    """

    seconds: float
    connections: int
    pause_seconds: float = 1.0


class Breaker:
    """Remembers for a moment that the database did not answer. Safe among threads."""

    def __init__(self, pause_seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._pause, self._clock = pause_seconds, clock
        self._is_away, self._until = False, 0.0
        self._lock = Lock()

    @contextmanager
    def trying(self) -> Iterator[None]:
        """Around each transaction. TemporaryError at once while it is known that the database is away."""
        self._enter()
        try:
            with ledger_away():
                yield
        except TemporaryError:
            self.trip()
            raise
        except BaseException:
            self._answered()
            raise
        self._answered()

    def trip(self) -> None:
        """The database is away from now on, until one caller has found that it answers."""
        with self._lock:
            self._is_away, self._until = True, self._clock() + self._pause

    def _enter(self) -> None:
        with self._lock:
            now = self._clock()
            if now < self._until:
                raise TemporaryError("the ledger did not answer a moment ago", remedy="try again in a few seconds")
            if self._is_away:
                self._until = now + self._pause  # this caller finds out; nobody else waits for it

    def _answered(self) -> None:
        with self._lock:
            self._is_away, self._until = False, 0.0


class Cutter:
    """Shuts the socket of a connection whose statement takes too long: whoever waits for it is told that it is lost.

    A server that hangs, but whose machine still acknowledges what it is sent, is noticed by nothing else.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._running: dict[object, tuple[float, int]] = {}
        self._changed = Condition()
        self._thread: Thread | None = None
        self._is_closed = False

    @contextmanager
    def timing(self, descriptor: int) -> Iterator[None]:
        """Around a statement on the connection with this socket."""
        key = object()
        with self._changed:
            self._running[key] = (time.monotonic() + self._seconds, descriptor)
            if self._thread is None or not self._thread.is_alive():
                self._thread = Thread(target=self._watch, name="ledger cutter", daemon=True)
                self._thread.start()
            if len(self._running) == 1:
                self._changed.notify()
        try:
            yield
        finally:
            with self._changed:
                self._running.pop(key, None)

    def close(self) -> None:
        """Watch no more."""
        with self._changed:
            self._is_closed = True
            self._changed.notify()

    def _watch(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._running or self._is_closed)
                if self._is_closed:
                    return
                now = time.monotonic()
                for key in [key for key, (until, _) in self._running.items() if until <= now]:
                    _shut(self._running.pop(key)[1])
            time.sleep(LOOK_SECONDS)


def connections_of(cutter: Cutter) -> dict[str, Any]:
    """What to give psycopg2 so that each statement on its connections is timed."""
    from psycopg2.extensions import connection, cursor  # not loaded where the ledger is embedded

    class TimedCursor(cursor):  # type: ignore[misc]  # the driver has no types
        def execute(self, query: Any, vars: Any = None) -> None:
            with cutter.timing(self.connection.fileno()):
                super().execute(query, vars)

    class TimedConnection(connection):  # type: ignore[misc]
        def commit(self) -> None:
            with cutter.timing(self.fileno()):
                super().commit()

        def rollback(self) -> None:
            with cutter.timing(self.fileno()):
                super().rollback()

    return {"connection_factory": TimedConnection, "cursor_factory": TimedCursor}


def _shut(descriptor: int) -> None:
    try:
        with socket.socket(fileno=socket.dup(descriptor)) as same:
            same.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass  # it was closed in this moment
