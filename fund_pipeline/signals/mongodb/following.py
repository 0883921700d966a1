"""Following the collection: by change stream where the server has one, else by reading it again and again.

One rule recovers everything: without a token the stream is opened first, then what is newer than the last document kept
(less an overlap) is read, and only then the stream's token is saved. So the first start, a token that was lost, a
collection that was dropped and a crash in the middle of any of these are the same case, and none leaves a gap."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Any

from bson.objectid import ObjectId

from fund_pipeline.errors import TemporaryError
from fund_pipeline.ledger import Ledger
from fund_pipeline.logs import get_logger
from fund_pipeline.signals.inbox.model import AcceptedStatus
from fund_pipeline.signals.mongodb.bson_values import id_text
from fund_pipeline.signals.mongodb.documents import signal_of
from fund_pipeline.signals.mongodb.failures import HistoryLostError, NoChangeStreamsError
from fund_pipeline.signals.mongodb.keeping import drain_spool, keep
from fund_pipeline.signals.mongodb.position import Position, PositionFile
from fund_pipeline.signals.mongodb.source import Changes, Source
from fund_pipeline.signals.spool import Spool

log = get_logger(__name__)

OVERLAP = timedelta(minutes=10)
"""How much later than its id's time a document may appear: ids are made by the writers, by their own clocks."""

UNSAVED_AT_MOST = 50
SAVED_AT_LEAST = timedelta(seconds=10)
LONGEST_PAUSE = 60.0


@dataclass
class Followed:
    """How many documents were kept: those new to the ledger, those that were known, and those on the spool."""

    stored: int = 0
    known: int = 0
    spooled: int = 0


def follow(
    ledger: Ledger,
    spool: Spool,
    source: Source,
    positions: PositionFile,
    stop: Event,
    now: Callable[[], datetime],
    *,
    since: datetime | None = None,
    poll_seconds: float = 1.0,
    first_pause: float = 0.5,
) -> Followed:
    """Keep every document that is inserted, until `stop` is set.

    Each is in the ledger, or on the spool, before the position moves beyond it: it is kept at least once, and once in
    the ledger. While MongoDB or the disk is away it tries again with growing pauses.

    Parameters
    ----------
    since : UTC; read from here on, whatever was read before. None: from the saved position, at first from now.
    poll_seconds : pause between two readings where the server has no change streams.
    first_pause : seconds before it tries again, doubled each time in vain up to a minute.

    Raises
    ------
    ConflictError : another process of this home follows the collection.
    ConfigurationError : the user is refused, the settings are wrong, or the position's file is damaged.
    """
    with positions.held():
        position = positions.load() if since is None else None
        begun = now() if since is None else since
        follower = _Follower(ledger, spool, source, positions, stop, now, position or Position(begun, begun))
        pause = first_pause
        while not stop.is_set():
            before = follower.exchanges
            try:
                follower.session(poll_seconds)
            except TemporaryError as interrupted:
                pause = first_pause if follower.exchanges > before else min(2 * pause, LONGEST_PAUSE)
                _tell(interrupted, pause)
                follower.has_lost_history |= isinstance(interrupted, HistoryLostError)
                stop.wait(pause)
    return follower.followed


def _tell(interrupted: TemporaryError, pause: float) -> None:
    if isinstance(interrupted, HistoryLostError):
        log.error("the collection is read for what the change stream missed", why=interrupted.message, seconds=pause)
    else:
        log.warning("following is interrupted", why=interrupted.message, seconds=pause)


class _Follower:
    """What is known while following."""

    def __init__(
        self,
        ledger: Ledger,
        spool: Spool,
        source: Source,
        positions: PositionFile,
        stop: Event,
        now: Callable[[], datetime],
        position: Position,
    ) -> None:
        self._ledger, self._spool, self._source = ledger, spool, source
        self._positions, self._stop, self._now = positions, stop, now
        self._position = position
        self._seen = set(position.seen)
        self._unsaved = 0
        self._saved_at = now()
        self.followed = Followed()
        self.exchanges = 0
        self.has_lost_history = False

    def session(self, poll_seconds: float) -> None:
        """Until `stop`, or the error that ends it. A server may have become a replica set since the last one."""
        if self.has_lost_history:
            self._position = replace(self._position, token=None)
            self.has_lost_history = False
        self._save()  # before anything is read: where this began must outlast a crash
        try:
            with self._source.changes(self._position.token) as changes:
                self._along(changes)
        except NoChangeStreamsError as none:
            log.warning("the collection is read again and again", why=none.message, seconds=poll_seconds)
            self._again_and_again(poll_seconds)

    def _save(self) -> None:
        """Put the position on disk. TemporaryError."""
        oldest = int((self._position.since - OVERLAP).timestamp())
        self._seen = {one for one in self._seen if int(one[:8], 16) >= oldest}
        self._positions.save(replace(self._position, seen=frozenset(self._seen)))
        self._unsaved, self._saved_at = 0, self._now()

    def _along(self, changes: Changes) -> None:
        self.exchanges += 1
        if self._position.token is None:
            self._read()
            if self._stop.is_set():
                return
        self._advance(changes)
        while not self._stop.is_set():
            document = changes.next()
            self.exchanges += 1
            if document is None:
                self._advance(changes)
                self._drain()
                continue
            self._take(document)
            self._position = replace(self._position, token=changes.token)
            if self._unsaved >= UNSAVED_AT_MOST:
                self._save()
        self._advance(changes)

    def _advance(self, changes: Changes) -> None:
        """The token also moves on when there was nothing of ours; that need not be on disk every second."""
        is_first, has_moved = self._position.token is None, changes.token != self._position.token
        self._position = replace(self._position, token=changes.token)
        if self._unsaved or is_first or (has_moved and self._now() - self._saved_at >= SAVED_AT_LEAST):
            self._save()

    def _again_and_again(self, poll_seconds: float) -> None:
        if self._source.has_other_ids():
            log.error("documents whose _id is no ObjectId cannot be followed without a change stream")
        while not self._stop.is_set():
            self._read()
            self.exchanges += 1
            self._drain()
            self._stop.wait(poll_seconds)

    def _read(self) -> None:
        floor = max(self._position.floor, self._position.since - OVERLAP)
        for document in self._source.documents(floor):
            if self._stop.is_set():
                break
            self._take(document)
            if self._unsaved >= UNSAVED_AT_MOST:
                self._save()
        if self._unsaved:
            self._save()

    def _take(self, document: dict[str, Any]) -> None:
        """Keep a document, unless it was; only then it counts as seen."""
        key = document.get("_id")
        if id_text(key) in self._seen:
            return
        now = self._now()
        accepted = keep(self._ledger, self._spool, signal_of(document, now))
        if accepted.status is AcceptedStatus.SPOOLED:
            self.followed.spooled += 1
        elif accepted.duplicate:
            self.followed.known += 1
        else:
            self.followed.stored += 1
        self._unsaved += 1
        if isinstance(key, ObjectId):
            made = min(key.generation_time.astimezone(UTC), now)  # a clock ahead must not hide what comes before it
            self._position = replace(self._position, since=max(self._position.since, made))
            self._seen.add(id_text(key))
        log.info("a document was kept", signal_id=accepted.signal_id, document=id_text(key), status=accepted.status)

    def _drain(self) -> None:
        with suppress(TemporaryError):  # told when it was spooled
            drain_spool(self._ledger, self._spool)
