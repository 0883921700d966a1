"""A signal service that answers what a test tells it to, over real HTTP on this machine."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any


@dataclass(frozen=True)
class Reply:
    """An answer; status 0 breaks the connection off without one, as a service that is killed does."""

    status: int = 200
    values: Any = None
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Asked:
    """A request that came in."""

    method: str
    path: str
    body: bytes
    authorization: str | None


@dataclass
class Service:
    """The answers it still has for each method, and what it was asked. Without an answer left it accepts."""

    url: str
    replies: dict[str, list[Reply]]
    asked: list[Asked] = field(default_factory=list)

    @property
    def posted(self) -> list[Any]:
        """The signals that were posted, as JSON."""
        return [json.loads(one.body) for one in self.asked if one.method == "POST"]

    def next(self, asked: Asked) -> Reply:
        """Note what is asked, and answer it."""
        self.asked.append(asked)
        left = self.replies.get(asked.method, [])
        if left:
            return left.pop(0)
        number = sum(one.method == "POST" for one in self.asked)
        return Reply(200, {"success": True, "signal_id": f"sig-{number}", "status": "RECEIVED"})


@contextmanager
def scripted(*posts: Reply, gets: Sequence[Reply] = ()) -> Iterator[Service]:
    """A service for as long as the block lasts."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    found = Service(f"http://127.0.0.1:{server.server_port}", {"POST": list(posts), "GET": list(gets)})
    server.service = found  # type: ignore[attr-defined]
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def log_message(self, format: str, *arguments: object) -> None:
        """Keep the tests' output clean."""

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        service: Service = self.server.service  # type: ignore[attr-defined]
        reply = service.next(Asked(self.command, self.path, body, self.headers.get("Authorization")))
        self.close_connection = True
        if not reply.status:
            return
        content = reply.values if isinstance(reply.values, bytes) else json.dumps(reply.values).encode()
        self.send_response(reply.status)
        for name, value in {"Content-Length": str(len(content)), "Connection": "close", **reply.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)
