"""A connection that lay idle is asked whether it still stands before it is used; one of a moment ago is taken to."""

from __future__ import annotations

import time
from functools import partial
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.exc import DisconnectionError

IDLE_SECONDS = 0.1
"""A server is back from a crash within a second, but not within this, so that a connection of before it is hardly ever
taken to stand; and who works asks again sooner."""


def ping_the_idle(engine: Engine, idle_seconds: float = IDLE_SECONDS) -> None:
    """Do this for an engine's pool, whose `pool_pre_ping` would ask each time: a question for every statement."""
    event.listen(engine, "checkin", _note)
    event.listen(engine, "checkout", partial(_ask, engine, idle_seconds))


def _note(_connection: Any, record: Any) -> None:
    record.info["used"] = time.monotonic()


def _ask(engine: Engine, idle_seconds: float, connection: Any, record: Any, _proxy: Any) -> None:
    used = record.info.get("used")
    if used is None or time.monotonic() < used + idle_seconds:
        return
    try:
        engine.dialect.do_ping(connection)
    except engine.dialect.loaded_dbapi.Error as gone:
        raise DisconnectionError from gone  # the pool opens another
