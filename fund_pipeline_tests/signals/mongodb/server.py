"""A MongoDB server with one collection, for the real client: enough of a replica set, or of a standalone server."""

from __future__ import annotations

import itertools
import socket
import socketserver
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Any

import bson
from bson.objectid import ObjectId
from bson.raw_bson import RawBSONDocument

from fund_pipeline_tests.signals.mongodb.wire import Connection

NAMESPACE = "desk.trading_signals"
PATIENCE = 0.02
"""Seconds that a change stream waits for an event: less than the client allows, so that tests need not."""

Document = Mapping[str, Any]
HISTORY_LOST = {"ok": 0, "code": 286, "codeName": "ChangeStreamHistoryLost", "errmsg": "resume point lost"}
NO_STREAMS = {"ok": 0, "code": 40573, "errmsg": "The $changeStream stage is only supported on replica sets"}
REFUSED = {"ok": 0, "code": 18, "codeName": "AuthenticationFailed", "errmsg": "Authentication failed."}
NO_CURSOR = {"ok": 0, "code": 43, "codeName": "CursorNotFound", "errmsg": "cursor not found"}


class _Listener(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False

    def __init__(self, address: tuple[str, int], server: Server) -> None:
        self._open: set[socket.socket] = set()
        self.answer = server.answer
        super().__init__(address, Connection)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def hang_up(self) -> None:
        for one in self._open:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)


class Server:
    """What a test does to it: start and stop, insert and update, forget history, drop. It outlives its restarts."""

    def __init__(self, *, is_replica_set: bool) -> None:
        self.is_replica_set = is_replica_set
        self.documents: list[Document] = []
        self.commands: list[str] = []
        self._events: list[dict[str, Any]] = []
        self._oldest = 0
        self._cursors: dict[int, Any] = {}
        self._numbers = itertools.count(1)
        self._changed = threading.Condition()
        self._port = 0
        self._listener: _Listener | None = None

    @property
    def url(self) -> str:
        return f"mongodb://127.0.0.1:{self._port}/desk"

    def start(self) -> None:
        self._listener = _Listener(("127.0.0.1", self._port), self)
        self._port = self._listener.server_address[1]
        threading.Thread(target=self._listener.serve_forever, args=(0.01,), daemon=True).start()

    def stop(self) -> None:
        assert self._listener is not None
        self._listener.shutdown()
        self._listener.server_close()
        self._listener.hang_up()
        self._cursors.clear()

    def insert(self, document: Document) -> ObjectId:
        whole = document if "_id" in document else {"_id": ObjectId(), **document}
        with self._changed:
            self.documents.append(whole)
            self._tell("insert", fullDocument=whole, documentKey={"_id": whole["_id"]})
        found: ObjectId = whole["_id"]
        return found

    def update(self, key: object, **fields: object) -> None:
        with self._changed:
            number = next(number for number, one in enumerate(self.documents) if one["_id"] == key)
            self.documents[number] = {**self.documents[number], **fields}
            self._tell("update", documentKey={"_id": key}, updateDescription={"updatedFields": fields})

    def drop(self) -> None:
        with self._changed:
            self.documents.clear()
            self._tell("invalidate")

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """What is done within the block is seen by no client before its end."""
        with self._changed:
            yield

    def forget_history(self) -> None:
        """The oplog rolls over: what happened up to now cannot be told by a change stream any more."""
        with self._changed:
            self._oldest = len(self._events) + 1
            self._tell("noop")

    def answer(self, command: Document) -> Document:
        name = next(iter(command))
        self.commands.append(name)
        match name:
            case "hello" | "ismaster" | "isMaster":
                return self._hello()
            case "saslStart":
                return REFUSED
            case "aggregate":
                return self._watch(command)
            case "find":
                return self._find(command)
            case "getMore":
                return self._more(command)
            case "ping" | "buildInfo" | "killCursors" | "endSessions":
                return {"ok": 1, "version": "7.0.0", "versionArray": [7, 0, 0, 0]}
            case _:
                return {"ok": 0, "code": 59, "codeName": "CommandNotFound", "errmsg": f"no such command: {name}"}

    def _tell(self, kind: str, **fields: object) -> None:
        event = {"_id": _token(len(self._events) + 1), "operationType": kind, "ns": {"db": "desk"}, **fields}
        self._events.append(event)
        self._changed.notify_all()

    def _hello(self) -> Document:
        address = f"127.0.0.1:{self._port}"
        replica_set = {"setName": "rs0", "hosts": [address], "me": address, "primary": address}
        return {
            "ismaster": True,
            "isWritablePrimary": True,
            "helloOk": True,
            "localTime": datetime.now(UTC),
            "logicalSessionTimeoutMinutes": 30,
            "maxBsonObjectSize": 16 << 20,
            "maxMessageSizeBytes": 48_000_000,
            "maxWriteBatchSize": 100_000,
            "minWireVersion": 0,
            "maxWireVersion": 21,
            "readOnly": False,
            "ok": 1,
        } | (replica_set if self.is_replica_set else {})

    def _watch(self, command: Document) -> Document:
        stage, *rest = command["pipeline"]
        if not self.is_replica_set:
            return NO_STREAMS
        wanted = rest[0]["$match"]["operationType"]["$in"]
        after = stage["$changeStream"].get("resumeAfter")
        at = len(self._events) if after is None else int(after["_data"], 16)
        return self._batch("firstBatch", next(self._numbers), (at, wanted), wait=False)

    def _find(self, command: Document) -> Document:
        (_, direction), *_ = command["sort"].items() if "sort" in command else [("_id", 1)]
        with self._changed:
            found = [one for one in self.documents if _matches(one, command.get("filter", {}))]
        found.sort(key=lambda one: _order(one["_id"]), reverse=direction < 0)
        limit = abs(command.get("limit", 0)) or len(found)
        return self._batch("firstBatch", next(self._numbers), iter(found[:limit]), size=command.get("batchSize", 101))

    def _more(self, command: Document) -> Document:
        cursor = self._cursors.get(command["getMore"])
        if cursor is None:
            return NO_CURSOR
        return self._batch("nextBatch", command["getMore"], cursor, size=command.get("batchSize", 101))

    def _batch(self, name: str, number: int, cursor: Any, *, size: int = 101, wait: bool = True) -> Document:
        if isinstance(cursor, tuple):
            return self._news(name, number, *cursor, wait=wait)
        rest: Iterator[Document] = cursor
        batch = list(itertools.islice(rest, size))
        self._cursors[number] = rest
        return _cursor(name, batch, number if len(batch) == size else 0)

    def _news(self, name: str, number: int, at: int, wanted: list[str], *, wait: bool) -> Document:
        with self._changed:
            if wait:
                self._changed.wait_for(lambda: len(self._events) > at, PATIENCE)
            if at < self._oldest:
                return HISTORY_LOST
            news = [event for event in self._events[at:] if event["operationType"] in wanted]
            at = len(self._events)
        over = any(event["operationType"] == "invalidate" for event in news)
        self._cursors[number] = (at, wanted)
        reply = _cursor(name, news, 0 if over else number)
        return {**reply, "cursor": {**reply["cursor"], "postBatchResumeToken": _token(at)}}


def _token(number: int) -> dict[str, str]:
    return {"_data": f"{number:08x}"}


def _cursor(name: str, batch: list[Any], number: int) -> dict[str, Any]:
    return {"cursor": {"id": bson.Int64(number), "ns": NAMESPACE, name: batch}, "ok": 1}


def _matches(document: Document, query: Document) -> bool:
    for name, wanted in query.items():
        value = document[name] if isinstance(document, RawBSONDocument) else document.get(name)
        match wanted:
            case {"$gte": least}:
                if not isinstance(value, ObjectId) or value < least:
                    return False
            case {"$not": {"$type": "objectId"}}:
                if isinstance(value, ObjectId):
                    return False
            case _:
                if value != wanted:
                    return False
    return True


def _order(key: object) -> tuple[int, Any]:
    """Texts come before object ids."""
    return (1, key) if isinstance(key, ObjectId) else (0, str(key))
