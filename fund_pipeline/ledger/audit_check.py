"""Is the audit log as it was written? Every link, the head, and what was anchored outside the database."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from fund_pipeline.errors import InputError, InvariantError
from fund_pipeline.ledger import chain
from fund_pipeline.ledger.anchors import ACTION, parse_anchors, reading_anchors
from fund_pipeline.ledger.approval_check import check_approvals
from fund_pipeline.ledger.audit import UnreadableRow, stream_rows
from fund_pipeline.ledger.audit_keys import AuditKeys
from fund_pipeline.ledger.audit_model import GENESIS, Anchor, AuditHead, AuditProblem, AuditRow, AuditVerdict
from fund_pipeline.ledger.engine import Ledger
from fund_pipeline.ledger.proof import SEALED

LOOK_AHEAD = 10_000
"""How far behind a row's place its right one is looked for, only to say what is wrong."""


def verify_audit(ledger: Ledger, folder: Path) -> AuditVerdict:
    """Check the whole audit log against its keys, the anchors in `folder` and the approvals; name the first bad row.

    What was written after the newest anchor can be cut off unnoticed by whoever may write the database: the verdict
    says up to where it is anchored. ConfigurationError when there is no audit key, or the anchors cannot be read.
    """
    keys = ledger.audit_keys
    with reading_anchors(folder) as content, ledger.reading() as connection:
        anchors, bad = parse_anchors(content, keys)
        walk = _Walk(keys, anchors)
        try:
            head = chain.read_head(connection)
        except InvariantError:
            head = None
        found = walk.over(stream_rows(connection)) or walk.end(head)
        wrong = check_approvals(connection, keys, walk.sealed) if found is None else None
    verdict = AuditVerdict(walk.rows, len(anchors), anchors[-1].sequence if anchors else 0)
    if found is None and bad is not None:
        found = _Problem(AuditProblem.ANCHOR_ALTERED, bad.sequence, str(bad))
    if found is None:
        found = walk.missing_anchor()
    if found is None and wrong is not None:
        found = _Problem(wrong.problem, wrong.row, wrong.message)
    if found is None:
        return verdict
    return replace(verdict, problem=found.problem, sequence=found.sequence, message=found.message)


@dataclass(frozen=True)
class _Problem:
    problem: AuditProblem
    sequence: int | None
    message: str


@dataclass
class _Walk:
    """One pass over the chain: what is known of the rows so far."""

    keys: AuditKeys
    anchors: tuple[Anchor, ...]
    rows: int = 0
    newest: str = GENESIS
    rank: int | None = None
    recorded: list[tuple[int, str]] = field(default_factory=list)
    sealed: list[AuditRow] = field(default_factory=list)

    def over(self, rows: Iterable[AuditRow | UnreadableRow]) -> _Problem | None:
        """The first problem of a row, if any."""
        anchored: dict[int, set[str]] = defaultdict(set)
        for anchor in self.anchors:
            anchored[anchor.sequence].add(anchor.hash)
        for row in rows:
            found = self._place(row.sequence)
            if found is None and isinstance(row, UnreadableRow):
                found = _Problem(AuditProblem.ROW_ALTERED, row.sequence, "a value of it is none of its column's")
            if found is not None or isinstance(row, UnreadableRow):
                return found
            if (found := self._link(row)) is not None:
                return found
            if anchored.get(row.sequence, {row.hash}) != {row.hash}:
                message = f"row {row.sequence} is not the one that was anchored: the chain was written anew"
                return _Problem(AuditProblem.CHAIN_REWRITTEN, row.sequence, message)
            self.rows, self.newest, self.rank = row.sequence, row.hash, self.keys.rank(row.key_id)
            if row.entry.action == ACTION:
                self.recorded.append((row.entry.detail["sequence"], row.entry.detail["mac"]))
            if row.entry.action == SEALED:
                self.sealed.append(row)
        return None

    def end(self, head: AuditHead | None) -> _Problem | None:
        """Whether the chain goes as far as it once did."""
        known = max((head.sequence if head is not None else 0, *(anchor.sequence for anchor in self.anchors)))
        if known > self.rows:
            message = f"the log ends at {self.rows}, and once reached {known}: its end was cut off"
            return _Problem(AuditProblem.TAIL_TRUNCATED, self.rows + 1, message)
        if head is None or (head.sequence, head.hash) != (self.rows, self.newest):
            message = f"the head of the log does not tell of its newest row, {self.rows}"
            return _Problem(AuditProblem.HEAD_ALTERED, self.rows, message)
        return None

    def missing_anchor(self) -> _Problem | None:
        """Whether the log tells of an anchor that the file lacks."""
        kept = {anchor.mac for anchor in self.anchors}
        for sequence, mac in self.recorded:
            if mac not in kept:
                message = f"the log says that row {sequence} was anchored, and the file lacks that anchor"
                return _Problem(AuditProblem.ANCHOR_MISSING, sequence, message)
        return None

    def _place(self, sequence: int) -> _Problem | None:
        expected = self.rows + 1
        if sequence > expected:
            return _Problem(AuditProblem.ROW_REMOVED, expected, f"row {expected} is gone; {sequence} comes next")
        if sequence < expected:
            return _Problem(AuditProblem.ROW_ALTERED, sequence, "rows are numbered from 1: this one never was")
        return None

    def _link(self, row: AuditRow) -> _Problem | None:
        rank = self.keys.rank(row.key_id)
        if rank is None:
            message = f"row {row.sequence} was written with a key that is not here: {row.key_id}"
            return _Problem(AuditProblem.KEY_UNKNOWN, row.sequence, message)
        if not self._authentic(row, row.sequence):
            for number in range(1, self._reach() + 1):
                if self._authentic(row, number):
                    message = f"in place {row.sequence} is what was written as row {number}"
                    return _Problem(AuditProblem.ROW_REORDERED, row.sequence, message)
            return _Problem(AuditProblem.ROW_ALTERED, row.sequence, f"row {row.sequence} is not what was written")
        if row.previous_hash != self.newest or (self.rank is not None and rank > self.rank):
            message = f"row {row.sequence} does not follow the row before it: part of the chain was written anew"
            return _Problem(AuditProblem.CHAIN_REWRITTEN, row.sequence, message)
        return None

    def _reach(self) -> int:
        return max((self.rows + LOOK_AHEAD, *(anchor.sequence for anchor in self.anchors)))

    def _authentic(self, row: AuditRow, sequence: int) -> bool:
        try:
            made = chain.link(self.keys, row.key_id, sequence, row.previous_hash, row.entry)
        except (InputError, TypeError, ValueError, AttributeError):
            return False  # a value that could not have been written
        return made == row.hash
