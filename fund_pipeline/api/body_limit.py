"""No request may make the process hold more than a decision, or a signal, needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import anyio
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, HTTPConnection
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fund_pipeline.api.context import request_id_of
from fund_pipeline.api.problems import Reason, problem

MOST_BYTES = 64 * 1024
MOST_SECONDS = 5.0
"""For all of a body: 64 KiB take less on any line, and each that is waited for holds a connection."""


class BodyLimit:
    """Middleware: 413 to a body beyond the limit, whether or not its length was told; 408 to one that is too slow."""

    def __init__(
        self, app: ASGIApp, answers: Mapping[str, Callable[[str], Response]], seconds: float = MOST_SECONDS
    ) -> None:
        """`answers` say by path how it is refused there, given the request id; elsewhere as any other problem is."""
        self._app = app
        self._answers = answers
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on with its whole body, or answer it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        told = Headers(scope=scope).get("content-length", "")
        try:
            with anyio.fail_after(self._seconds):
                body = None if _is_beyond(told) else await _read(receive)
        except TimeoutError:
            await _too_slow(request_id_of(HTTPConnection(scope)))(scope, receive, send)
            return
        except ClientDisconnect:
            return  # half a decision is none, and nobody waits for an answer
        if body is not None:
            await self._app(scope, _again(body, receive), send)
            return
        refused = self._answers.get(scope["path"], _too_large)(request_id_of(HTTPConnection(scope)))
        await refused(scope, receive, send)


def _is_beyond(told: str) -> bool:
    # Python refuses to read a number of thousands of digits.
    return told.isdecimal() and (len(told.lstrip("0")) > len(str(MOST_BYTES)) or int(told) > MOST_BYTES)


def _too_slow(request_id: str) -> Response:
    message = "the rest of the body did not come in time"
    # Without the rest of it nothing else can be read from this connection.
    return problem(
        408, Reason.TOO_SLOW, message, "send the whole request at once", request_id, headers={"Connection": "close"}
    )


def _too_large(request_id: str) -> Response:
    message = f"the body has more than {MOST_BYTES} bytes"
    return problem(413, Reason.TOO_LARGE, message, "send the decision alone", request_id)


async def _read(receive: Receive) -> bytes | None:
    """The whole body, or None as soon as it is too long. ClientDisconnect when the rest will not come."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        body += message.get("body", b"")
        if len(body) > MOST_BYTES:
            return None
        if not message.get("more_body", False):
            return bytes(body)


def _again(body: bytes, receive: Receive) -> Receive:
    """A `receive` that gives the body once, then what comes after it."""
    given = False

    async def replayed() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replayed
