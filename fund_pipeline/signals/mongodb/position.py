"""How far a collection has been followed, kept on disk: written anew, fsynced and renamed, after what it vouches for.

A crash between storing and saving has documents read again, which is harmless because the same signal is stored once.
A file rather than a table: the position is of no use to anybody else, and the ledger may be away while it moves on."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

from fund_pipeline.errors import ConfigurationError, ConflictError, TemporaryError


@dataclass(frozen=True)
class Position:
    """Everything up to here is kept.

    Attributes
    ----------
    floor : UTC; documents made earlier are not ours to read.
    since : UTC; the time of the newest document that was kept, by its id.
    token : of the change stream, extended JSON; None where there is no stream, or what it missed is being read.
    seen : ids of documents that were kept, as far back as they are read again.
    """

    floor: datetime
    since: datetime
    token: str | None = None
    seen: frozenset[str] = frozenset()


class PositionFile:
    """The position of one collection, in a folder that is made when it is first needed."""

    def __init__(self, folder: Path, database: str, collection: str) -> None:
        self.path = folder / f"{quote(database, safe='')}.{quote(collection, safe='')}.json"

    def load(self) -> Position | None:
        """The position; None before the first. ConfigurationError where the file is not one."""
        try:
            values = json.loads(self.path.read_text())
            times = {name: datetime.fromisoformat(values[name]) for name in ("floor", "since")}
            return Position(**times, token=values["token"], seen=frozenset(values["seen"]))
        except FileNotFoundError:
            return None
        except (ValueError, TypeError, LookupError):
            raise ConfigurationError(
                f"{self.path} is damaged", remedy="say with --since from when on the collection shall be read"
            ) from None

    def save(self, position: Position) -> None:
        """Replace the position; it is on disk when this returns. TemporaryError when the disk refuses it."""
        values = {
            "floor": position.floor.isoformat(),
            "since": position.since.isoformat(),
            "token": position.token,
            "seen": sorted(position.seen),
        }
        new = self.path.with_suffix(".new")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with new.open("w") as written:
                json.dump(values, written)
                written.flush()
                os.fsync(written.fileno())
            new.replace(self.path)
            _sync_folder(self.path.parent)
        except OSError as refused:
            raise TemporaryError(
                f"{self.path} cannot be written: {refused.strerror}", remedy="make room on its disk"
            ) from None

    @contextmanager
    def held(self) -> Iterator[None]:
        """Nobody else follows meanwhile; a crash lets go. ConflictError where somebody does."""
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with self.path.with_suffix(".lock").open("a") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise ConflictError(
                    "the collection is being followed by another process of this home", remedy="stop that one first"
                ) from None
            yield


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
