"""The collector's collection, read and never written: by change stream, by ranges of ids, or one signal's documents."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from bson import json_util
from bson.objectid import ObjectId
from bson.raw_bson import RawBSONDocument
from pymongo import ASCENDING, DESCENDING, MongoClient
from pymongo.change_stream import CollectionChangeStream

from fund_pipeline.signals.mongodb.bson_values import decoded
from fund_pipeline.signals.mongodb.failures import HistoryLostError, source_failures, wrong_settings

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
WAIT_MILLISECONDS = 1000
AT_ONCE = 200
MOST_CANDIDATES = 50
INSERTS = [{"$match": {"operationType": {"$in": ["insert", "invalidate"]}}}]
"""The collector's own updates are not looked at; an `invalidate` says that the collection is gone."""


class Changes:
    """An open change stream."""

    def __init__(self, stream: CollectionChangeStream[RawBSONDocument]) -> None:
        self._stream = stream

    @property
    def token(self) -> str | None:
        """Where to resume behind the last document given, extended JSON; None with servers that do not say yet."""
        token = self._stream.resume_token
        return None if token is None else json_util.dumps(token, json_options=json_util.CANONICAL_JSON_OPTIONS)

    def next(self) -> dict[str, Any] | None:
        """The next document inserted; None when none was within a second. SourceAwayError, HistoryLostError."""
        with source_failures():
            event = self._stream.try_next() if self._stream.alive else None
            alive = self._stream.alive
        if event is not None and event["operationType"] == "insert":
            return decoded(event["fullDocument"])
        if event is not None or not alive:
            raise HistoryLostError("the collection was dropped or renamed")
        return None


class Source:
    """A collection at a server; the connection is made when it is first needed, and made again when it was lost.

    Parameters
    ----------
    url : `mongodb://` or `mongodb+srv://`; it is in no error and no log.
    database : None for the one that the URL names.
    seconds : greatest wait for a server, and for a connection.
    """

    def __init__(self, url: str, database: str | None, collection: str, *, seconds: float = 5.0) -> None:
        milliseconds = int(seconds * 1000)
        with wrong_settings():
            self._client = MongoClient[RawBSONDocument](
                url,
                document_class=RawBSONDocument,  # so that one that is broken does not take its batch with it
                connect=False,
                appname="fund-pipeline",
                serverSelectionTimeoutMS=milliseconds,
                connectTimeoutMS=milliseconds,
                socketTimeoutMS=4 * milliseconds,
            )
            named = self._client.get_default_database() if database is None else self._client[database]
            self._collection = named[collection]
        self.database, self.collection = named.name, collection

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()

    @contextmanager
    def changes(self, token: str | None) -> Iterator[Changes]:
        """A change stream of what is inserted, from a token on, or from now on.

        NoChangeStreamsError, HistoryLostError, SourceAwayError, ConfigurationError.
        """
        after = None if token is None else json_util.loads(token)
        with source_failures():
            stream = self._collection.watch(INSERTS, resume_after=after, max_await_time_ms=WAIT_MILLISECONDS)
        try:
            yield Changes(stream)
        finally:
            with source_failures():
                stream.close()

    def documents(self, floor: datetime) -> Iterator[dict[str, Any]]:
        """Documents whose id was made at `floor` or later, in order of ids; from 1970 on: all, whatever their ids are.

        SourceAwayError, ConfigurationError.
        """
        query = {} if floor <= EPOCH else {"_id": {"$gte": ObjectId.from_datetime(floor)}}
        with source_failures(), self._collection.find(query, batch_size=AT_ONCE).sort("_id", ASCENDING) as found:
            for document in found:
                yield decoded(document)

    def has_other_ids(self) -> bool:
        """Whether there are documents whose id does not tell when it was made. SourceAwayError, ConfigurationError."""
        with source_failures():
            return self._collection.find_one({"_id": {"$not": {"$type": "objectId"}}}) is not None

    def named(self, strategy: str, sender_signal_id: str) -> list[dict[str, Any]]:
        """At most 50 documents of a strategy and a sender's id, newest first. SourceAwayError, ConfigurationError."""
        query = {"strategy_name": strategy, "signalID": sender_signal_id}
        with source_failures():
            found = self._collection.find(query, max_time_ms=WAIT_MILLISECONDS).sort("_id", DESCENDING)
            return [decoded(document) for document in found.limit(MOST_CANDIDATES)]
