"""Running the API in this process until a signal says to stop."""

from __future__ import annotations

import logging
import signal
import socket
import sys
from asyncio import Protocol
from collections.abc import Callable
from functools import partial
from ipaddress import ip_address
from types import FrameType
from typing import Any, cast

import uvicorn
from starlette.types import ASGIApp
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from fund_pipeline.api.app import create_app
from fund_pipeline.api.crowd import Crowd, Visitor, most_connections
from fund_pipeline.api.neighbours import Neighbours
from fund_pipeline.errors import ConfigurationError
from fund_pipeline.logs import ROOT
from fund_pipeline.settings import Settings

GRACE_SECONDS = 10
"""For requests at work when the signal comes; less than the services are given to stop in order."""

SWITCH_SECONDS = 0.0005
"""After each of its ten calls of the database a signal's thread waits for the interpreter: with the usual 5 ms, for
half of what an answer may take, whenever the worker is reading signals."""


def serve(settings: Settings, port: int, when_up: Callable[[str], None]) -> None:
    """Serve on `settings.api_host` until SIGTERM or SIGINT; requests at work then are finished first.

    Parameters
    ----------
    port : TCP port; 0 takes a free one.
    when_up : is called with the address, once it answers.

    Raises
    ------
    ConfigurationError : the port is taken or not allowed.
    """
    _take_over_logs()
    sys.setswitchinterval(SWITCH_SECONDS)
    config = uvicorn.Config(
        _approached(create_app(settings), settings),
        http=cast(type[Protocol], partial(Visitor, Crowd(most_connections()))),
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    # The server stops in order, then raises the signal once more, which would end this process as if killed.
    former = {number: signal.signal(number, _do_nothing) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        with _bound(settings.api_host, port) as listener:
            _Server(config, lambda: when_up(_url(listener))).run([listener])
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)


def _approached(app: ASGIApp, settings: Settings) -> ASGIApp:
    """With what stands between a peer and the application. Without trusted proxies a peer is whoever connects."""
    if not settings.proxies:
        return app
    told = cast(ASGIApp, ProxyHeadersMiddleware(cast(Any, app), list(settings.proxies)))
    return told if ip_address(settings.api_host).is_loopback else Neighbours(told, settings.proxies)


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, when_up: Callable[[], None]) -> None:
        super().__init__(config)
        self._when_up = when_up

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._when_up()


def _bound(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as refused:
        listener.close()
        raise ConfigurationError(
            f"the API cannot listen on port {port} of {host}: {refused.strerror}",
            remedy="set FUND_API_PORT or --port to a free port above 1023",
        ) from None
    return listener


def _url(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _take_over_logs() -> None:
    """Let the server's own lines go where ours do, in their form."""
    ours, theirs = logging.getLogger(ROOT), logging.getLogger("uvicorn.error")
    theirs.handlers, theirs.propagate = list(ours.handlers), False
    theirs.setLevel(ours.level)
    theirs.addFilter(_is_news)


def _is_news(record: logging.LogRecord) -> bool:
    """Not the trace of an unexpected error: it is logged where it is answered, without the values in it."""
    return record.exc_info is None


def _do_nothing(_number: int, _frame: FrameType | None) -> None:
    """Handlers that are None or raise would end the process in the middle."""
