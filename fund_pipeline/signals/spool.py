"""Where signals wait on disk while the ledger is away: a file of lines with checksums, each fsynced before it counts.

A crash can tear only a line that was never answered for. Several processes may append; one at a time drains.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

from fund_pipeline.errors import TemporaryError
from fund_pipeline.ledger.signal_model import RawSignal, WayIn
from fund_pipeline.logs import get_logger

log = get_logger(__name__)

FILE = "signals.jsonl"
DRAINING = "signals.draining.jsonl"
DAMAGED = "signals.damaged.jsonl"
CHECKSUM_CHARACTERS = 16


class Spool:
    """The spool in a folder, which is made when it is first needed; only its owner may read it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._is_made = False

    @property
    def is_empty(self) -> bool:
        """Whether nothing waits."""
        return not any(_size(self.folder / name) for name in (FILE, DRAINING))

    def append(self, raw: RawSignal) -> None:
        """Put a signal at the end; it is on disk when this returns. TemporaryError when the disk refuses it."""
        try:
            self._make()
            with self._locked("append"):
                _append(self.folder / FILE, encode(raw))
        except OSError as refused:
            raise TemporaryError(
                f"the spool {self.folder} cannot be written: {refused.strerror}", remedy="make room on its disk"
            ) from None

    @contextmanager
    def oldest(self) -> Iterator[Iterator[RawSignal] | None]:
        """What waits, oldest first, to be stored within the block; it is gone from here when the block ends well.

        None when there is nothing, or another process is at it. After an error or a crash all of it is here again.
        """
        if self.is_empty:
            yield None
            return
        with self._locked("drain", wait=False) as is_mine:
            taken = self.folder / DRAINING
            if not is_mine or not self._take(taken):
                yield None
                return
            yield self._read(taken)
            taken.unlink()
            _sync_folder(self.folder)

    def _make(self) -> None:
        """The folder, and on disk that it is there; once more in each process, because one may die in between."""
        if self._is_made and self.folder.is_dir():
            return
        missing = [each for each in self.folder.parents if not each.exists()]
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for each in (self.folder, *missing):
            with suppress(PermissionError):  # who may not list it has not made anything in it either
                _sync_folder(each.parent)
        self._is_made = True

    def _take(self, taken: Path) -> bool:
        """Whether there is a file to drain: one that a crash left, or what was appended up to now."""
        if taken.exists():
            return True
        with self._locked("append"):
            current = self.folder / FILE
            if not _size(current):
                return False
            current.rename(taken)
            _sync_folder(self.folder)
        return True

    def _read(self, taken: Path) -> Iterator[RawSignal]:
        with taken.open("rb") as lines:
            for line in lines:
                raw = decode(line)
                if raw is not None:
                    yield raw
                elif line.strip():
                    log.error("a torn or damaged line of the spool is put aside", file=str(self.folder / DAMAGED))
                    _append(self.folder / DAMAGED, line.rstrip(b"\n") + b"\n")

    @contextmanager
    def _locked(self, name: str, *, wait: bool = True) -> Iterator[bool]:
        """A lock that a crash lets go of; each opening of its file is a holder of its own, threads included."""
        with (self.folder / f"{name}.lock").open("a") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
            except BlockingIOError:
                yield False
                return
            yield True


def encode(raw: RawSignal) -> bytes:
    """One line: a checksum, a space, JSON, an end of line."""
    text = json.dumps(asdict(raw) | {"received_at": raw.received_at.isoformat()}, sort_keys=True).encode()
    return _checksum(text) + b" " + text + b"\n"


def decode(line: bytes) -> RawSignal | None:
    """The signal of a line; None where the line is not whole."""
    checksum, _, text = line.rstrip(b"\n").partition(b" ")
    if checksum != _checksum(text):
        return None
    values = json.loads(text)
    moment = datetime.fromisoformat(values["received_at"])
    return RawSignal(**values | {"received_at": moment, "way_in": WayIn(values["way_in"])})


def _append(path: Path, line: bytes) -> None:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        size = os.fstat(descriptor).st_size
        if size and os.pread(descriptor, 1, size - 1) != b"\n":
            line = b"\n" + line  # what a crash tore stays a line of its own
        try:
            _write_all(descriptor, line)
            os.fsync(descriptor)
        except OSError:
            os.ftruncate(descriptor, size)
            raise
    finally:
        os.close(descriptor)
    _sync_folder(path.parent)  # each time: who has made the file may have been killed before this


def _write_all(descriptor: int, line: bytes) -> None:
    while line:
        line = line[os.write(descriptor, line) :]


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _checksum(text: bytes) -> bytes:
    return hashlib.sha256(text).hexdigest()[:CHECKSUM_CHARACTERS].encode()
