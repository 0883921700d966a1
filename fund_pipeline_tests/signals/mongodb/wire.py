"""MongoDB's wire protocol, as far as a client that reads needs it: OP_MSG, and OP_QUERY for its first greeting.

https://www.mongodb.com/docs/manual/reference/mongodb-wire-protocol/"""

from __future__ import annotations

import socketserver
import struct
from collections.abc import Callable, Mapping
from typing import Any

import bson

OP_REPLY, OP_QUERY, OP_MSG = 1, 2004, 2013
Answer = Callable[[dict[str, Any]], Mapping[str, Any]]


class Connection(socketserver.BaseRequestHandler):
    """One client's connection: each command is answered by the server's `answer`."""

    def handle(self) -> None:
        while header := self._read(16):
            length, request, _, operation = struct.unpack("<iiii", header)
            body = self._read(length - 16)
            if operation == OP_QUERY:
                name_ends = body.index(b"\0", 4)
                command = bson.decode(body[name_ends + 9 :])
                reply = bson.encode(self._answer(command))
                self._send(request, OP_REPLY, struct.pack("<iqii", 8, 0, 0, 1) + reply)
            else:
                assert operation == OP_MSG
                assert body[4] == 0  # the kind of the one section that commands without documents have
                reply = bson.encode(self._answer(bson.decode(body[5:])))
                self._send(request, OP_MSG, struct.pack("<iB", 0, 0) + reply)

    def _answer(self, command: dict[str, Any]) -> Mapping[str, Any]:
        return self.server.answer(command)  # type: ignore[attr-defined,no-any-return]

    def _read(self, count: int) -> bytes:
        found = b""
        while len(found) < count:
            try:
                part = self.request.recv(count - len(found))
            except OSError:
                return b""
            if not part:
                return b""
            found += part
        return found

    def _send(self, request: int, operation: int, body: bytes) -> None:
        header = struct.pack("<iiii", 16 + len(body), request + 1, request, operation)
        try:
            self.request.sendall(header + body)
        except OSError:
            return
