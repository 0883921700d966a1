"""The audit log as values: its links, its anchors, and what a verification comes to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from fund_pipeline.ledger.model import AuditEntry

GENESIS = "0" * 64
"""What the first link has in place of a previous hash."""


@dataclass(frozen=True)
class AuditRow:
    """An entry with its place in the chain.

    Attributes
    ----------
    sequence : 1, 2, 3 ... without gaps, in the order of commits.
    key_id : which key made `hash` (a fingerprint, no secret).
    previous_hash, hash : lower-case hexadecimal HMAC-SHA256, 64 characters.
    """

    sequence: int
    entry: AuditEntry
    key_id: str
    previous_hash: str
    hash: str


@dataclass(frozen=True)
class AuditHead:
    """The newest link: its number, its hash, the key that made it, and the time (UTC) of its entry."""

    sequence: int
    hash: str
    key_id: str
    at: datetime


@dataclass(frozen=True)
class Anchor:
    """What the head was at a moment, kept outside the database. Anchors are a chain of their own.

    Attributes
    ----------
    sequence, hash : the head of the audit log.
    at : when it was anchored, UTC, ISO 8601.
    key_id : the key that made `mac`.
    previous_mac : the `mac` of the line before, or 64 zeros.
    mac : HMAC-SHA256 over all of the above.
    """

    sequence: int
    hash: str
    at: str
    key_id: str
    previous_mac: str
    mac: str


class AuditProblem(StrEnum):
    """What is wrong with an audit log."""

    ROW_ALTERED = "ROW_ALTERED"
    ROW_REMOVED = "ROW_REMOVED"
    ROW_REORDERED = "ROW_REORDERED"
    TAIL_TRUNCATED = "TAIL_TRUNCATED"
    CHAIN_REWRITTEN = "CHAIN_REWRITTEN"
    HEAD_ALTERED = "HEAD_ALTERED"
    KEY_UNKNOWN = "KEY_UNKNOWN"
    ANCHOR_ALTERED = "ANCHOR_ALTERED"
    ANCHOR_MISSING = "ANCHOR_MISSING"
    APPROVAL_ALTERED = "APPROVAL_ALTERED"
    APPROVAL_MISSING = "APPROVAL_MISSING"
    ALLOCATION_UNAPPROVED = "ALLOCATION_UNAPPROVED"
    RECOMMENDATION_ALTERED = "RECOMMENDATION_ALTERED"
    LIMITS_ALTERED = "LIMITS_ALTERED"


@dataclass(frozen=True)
class AuditVerdict:
    """What a verification found.

    Attributes
    ----------
    rows : links that were found in order before the first problem, or all of them.
    anchors : anchors in the file.
    anchored : sequence number of the newest anchor; later links could be cut off unnoticed. 0 without any.
    problem : None when all is well.
    sequence : the first bad sequence number (of an anchor: what it anchors), or None.
    message : what is wrong, in words.
    """

    rows: int
    anchors: int
    anchored: int
    problem: AuditProblem | None = None
    sequence: int | None = None
    message: str = "every row is as it was written"

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return self.problem is None
