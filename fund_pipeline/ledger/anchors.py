"""The head of the audit log, kept outside the database: what even the owner of database and key cannot take back.

`audit-anchors.jsonl` holds one anchor per line, synced to disk. Each is authenticated and follows the one before, is
told to the log, and is itself recorded in the audit log: file and database each show that the other was cut.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from io import BufferedRandom
from pathlib import Path

from fund_pipeline.errors import ConfigurationError, ConflictError
from fund_pipeline.ledger import audit
from fund_pipeline.ledger.audit_keys import AuditKeys
from fund_pipeline.ledger.audit_model import GENESIS, Anchor
from fund_pipeline.ledger.canonical import canonical
from fund_pipeline.ledger.engine import Ledger
from fund_pipeline.logs import get_logger

log = get_logger(__name__)
FILE = "audit-anchors.jsonl"
ACTION = "audit_anchored"
ACTOR = "system:audit"


@dataclass(frozen=True)
class BadAnchor:
    """An anchor of the file that is not as it was written: its line, what it says it anchors, and what is wrong."""

    line: int
    sequence: int | None
    what: str

    def __str__(self) -> str:
        return f"line {self.line} of {FILE} {self.what}"


def anchor_audit(ledger: Ledger, folder: Path, now: datetime) -> Anchor:
    """Append the audit log's head to the file in `folder`, and to the log. Nothing new since the last: no new anchor.

    ConflictError when the file is altered, or ahead of the ledger: nothing is appended then. ConfigurationError when
    the file cannot be written.
    """
    with _open(folder / FILE) as handle:
        anchors, bad = parse_anchors(handle.read(), ledger.audit_keys)
        if bad is not None:
            raise ConflictError(str(bad), remedy="run `fund audit verify`, and keep the file as it is")
        newest = audit.list_audit(ledger, newest=1)[0]
        if anchors and newest.sequence < anchors[-1].sequence:
            raise ConflictError(
                f"the audit log ends at {newest.sequence}, and {anchors[-1].sequence} was anchored",
                remedy="run `fund audit verify`: the end of the log was cut off, or an older backup is in place",
            )
        only_the_last = newest.entry.action == ACTION and newest.entry.detail.get("sequence") == newest.sequence - 1
        if anchors and only_the_last and newest.sequence - 1 == anchors[-1].sequence:
            return anchors[-1]
        made = _made(ledger.audit_keys, newest.sequence, newest.hash, now, anchors[-1].mac if anchors else GENESIS)
        _append(handle, made)
        with ledger.writing() as connection:
            detail = {"sequence": made.sequence, "hash": made.hash, "mac": made.mac}
            audit.record(connection, audit.Act(ACTOR, now), ACTION, "audit", "chain", detail)
    log.info("audit log anchored", **asdict(made))
    return made


@contextmanager
def reading_anchors(folder: Path) -> Iterator[bytes]:
    """The content of the file, or nothing where there is none. Nobody anchors meanwhile."""
    try:
        handle = (folder / FILE).open("rb")
    except FileNotFoundError:
        yield b""
        return
    except OSError as refused:
        raise _refused(folder / FILE, refused) from None
    with handle:
        fcntl.flock(handle, fcntl.LOCK_SH)
        yield handle.read()


def parse_anchors(content: bytes, keys: AuditKeys) -> tuple[tuple[Anchor, ...], BadAnchor | None]:
    """The anchors of a file's content, oldest first, up to the first that is not as it was written, and that one.

    A last line without its end is what a crash left of an anchor that never was: it does not count.
    """
    anchors: list[Anchor] = []
    for number, line in enumerate(content.split(b"\n")[:-1], start=1):
        anchor = _parse(line)
        if anchor is None:
            return tuple(anchors), BadAnchor(number, None, "is no anchor")
        if keys.rank(anchor.key_id) is None or _mac(keys, anchor) != anchor.mac:
            what = "was altered, or made with a key that is not here"
            return tuple(anchors), BadAnchor(number, anchor.sequence, what)
        if anchor.previous_mac != (anchors[-1].mac if anchors else GENESIS):
            what = "does not follow the line before: lines were removed or moved"
            return tuple(anchors), BadAnchor(number, anchor.sequence, what)
        anchors.append(anchor)
    return tuple(anchors), None


def _parse(line: bytes) -> Anchor | None:
    try:
        fields = json.loads(line)
        anchor = Anchor(**fields)
    except (ValueError, TypeError):
        return None
    texts = (anchor.hash, anchor.at, anchor.key_id, anchor.previous_mac, anchor.mac)
    return anchor if type(anchor.sequence) is int and all(isinstance(text, str) for text in texts) else None


def _made(keys: AuditKeys, sequence: int, head: str, now: datetime, previous_mac: str) -> Anchor:
    unsigned = Anchor(sequence, head, now.astimezone(UTC).isoformat(), keys.newest, previous_mac, "")
    return replace(unsigned, mac=_mac(keys, unsigned))


def _mac(keys: AuditKeys, anchor: Anchor) -> str:
    fields = [anchor.key_id, anchor.sequence, anchor.hash, anchor.at, anchor.previous_mac]
    return keys.mac(anchor.key_id, canonical(["anchor-1", *fields]))


@contextmanager
def _open(path: Path) -> Iterator[BufferedRandom]:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as refused:
        raise _refused(path, refused) from None
    with os.fdopen(descriptor, "r+b") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield handle


def _append(handle: BufferedRandom, anchor: Anchor) -> None:
    handle.seek(0)
    handle.seek(handle.read().rfind(b"\n") + 1)
    handle.truncate()  # what a crash left of a line
    handle.write(json.dumps(asdict(anchor)).encode() + b"\n")
    handle.flush()
    os.fsync(handle.fileno())


def _refused(path: Path, refused: OSError) -> ConfigurationError:
    return ConfigurationError(
        f"{path} cannot be used: {refused.strerror}", remedy="set FUND_AUDIT_ANCHORS_DIR to a folder of yours"
    )
