"""Who may connect at all, where the API listens beyond this machine: the proxies that are trusted, and this machine."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from ipaddress import ip_network

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from fund_pipeline.signals.senders.addresses import peer_address


class Neighbours:
    """Middleware, before anything that believes what a request says of its address: 403 to peers from elsewhere."""

    def __init__(self, app: ASGIApp, networks: Sequence[str]) -> None:
        self._app = app
        self._networks = [ip_network(each) for each in networks]
        self._is_one = lru_cache(maxsize=1024)(self._look)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it."""
        if scope["type"] == "lifespan" or (scope.get("client") and self._is_one(scope["client"][0])):
            await self._app(scope, receive, send)
            return
        await PlainTextResponse("ask through the proxy\n", 403)(scope, receive, send)

    def _look(self, host: str) -> bool:
        address = peer_address(host)
        if address is None:
            return False
        return address.is_loopback or any(address in network for network in self._networks)
