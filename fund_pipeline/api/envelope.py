"""What every exchange has: a request id, a line in the log, and headers that keep answers out of caches."""

from __future__ import annotations

import re
import time
import uuid

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fund_pipeline.logs import correlated, get_logger

REQUEST_ID = "X-Request-ID"
CORRELATION_ID = "X-Correlation-ID"
LONGEST_PATH = 200
_WELL_FORMED = re.compile(r"[A-Za-z0-9_.-]{1,64}")

log = get_logger(__name__)


class Envelope:
    """Middleware: the id that it gives to a request is the correlation id of everything it leads to.

    The id that a client sends goes back to it, and nowhere else: people put passphrases and keys where an id belongs.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on. One line is logged when it is answered, without its query and headers."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get(REQUEST_ID, "")
        request_id = uuid.uuid4().hex
        echoed = given if _WELL_FORMED.fullmatch(given) else request_id
        scope.setdefault("state", {}).update(request_id=request_id, echoed_id=echoed)
        begun = time.monotonic()

        async def stamped(message: Message) -> None:
            if message["type"] == "http.response.start":
                stamp(MutableHeaders(scope=message), request_id, echoed)
                _tell(scope, message["status"], begun)
            await send(message)

        with correlated(request_id):
            await self._app(scope, receive, stamped)


def stamp(headers: MutableHeaders, request_id: str, echoed: str) -> None:
    """Set the headers that every answer has; `echoed` is the client's own id, or ours where it sent none."""
    headers[REQUEST_ID] = echoed
    headers[CORRELATION_ID] = request_id
    headers["Cache-Control"] = "no-store"
    headers["X-Content-Type-Options"] = "nosniff"


def _tell(scope: Scope, status: int, begun: float) -> None:
    log.info(
        "request answered",
        method=scope["method"],
        # As it was sent, percent signs and all: nobody writes lines of their own into the log.
        path=scope.get("raw_path", b"")[:LONGEST_PATH].decode("ascii", "backslashreplace"),
        status=status,
        admin=scope["state"].get("admin"),
        key=scope["state"].get("key"),
        milliseconds=round((time.monotonic() - begun) * 1000),
    )
