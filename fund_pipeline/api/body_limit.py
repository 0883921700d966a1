"""No request may make the process hold more than a decision, or a signal, needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, HTTPConnection
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fund_pipeline.api.context import request_id_of
from fund_pipeline.api.problems import Reason, problem

MOST_BYTES = 64 * 1024


class BodyLimit:
    """Middleware: answers 413 to a body beyond the limit, whether or not its length was told beforehand."""

    def __init__(self, app: ASGIApp, answers: Mapping[str, Callable[[str], Response]]) -> None:
        """`answers` say by path how it is refused there, given the request id; elsewhere as any other problem is."""
        self._app = app
        self._answers = answers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on with its whole body, or answer it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        told = Headers(scope=scope).get("content-length", "")
        try:
            body = None if told.isdecimal() and int(told) > MOST_BYTES else await _read(receive)
        except ClientDisconnect:
            return  # half a decision is none, and nobody waits for an answer
        if body is not None:
            await self._app(scope, _again(body, receive), send)
            return
        refused = self._answers.get(scope["path"], _too_large)(request_id_of(HTTPConnection(scope)))
        await refused(scope, receive, send)


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
