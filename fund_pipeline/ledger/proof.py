"""A fund's decisions, proven: an unbroken chain of true seals, and as many of them as the audit log tells of."""

from __future__ import annotations

from decimal import DecimalException

from sqlalchemy import Connection, select

from fund_pipeline.errors import ConfigurationError, InputError, InvariantError
from fund_pipeline.ledger import audit, chain, seals, tables
from fund_pipeline.ledger.approval_model import Approval, SealedApproval
from fund_pipeline.ledger.audit import ENTRY, Act
from fund_pipeline.ledger.audit_keys import AuditKeys
from fund_pipeline.ledger.model import AuditEntry

SEALED = "approval_sealed"
"""Each decision is told of under this name, of its fund, so that the newest cannot be removed from one table alone."""

UNREADABLE = (ValueError, TypeError, DecimalException)
"""What reading a value raises that its column cannot have: SQLite stores anything anywhere."""


def seal_approval(connection: Connection, keys: AuditKeys, approval: Approval, act: Act) -> None:
    """Seal a decision after the fund's last one, audited; the caller holds the fund's lock.

    InvariantError, and nothing is written, when the decisions before it are not proven: a true seal must not follow a
    false one. ConfigurationError when the last seal was made with a key that is not here.
    """
    there = list_sealed(connection, approval.fund_id)
    if there and keys.rank(there[-1].key_id) is None:
        raise ConfigurationError(
            "the audit key here is not the one that this ledger's approvals were sealed with",
            remedy="give every process the same FUND_AUDIT_KEY or key file",
        )
    proven = proven_approvals(connection, keys, approval.fund_id)
    made = seals.append_approval(connection, keys, approval, proven[-1] if proven else None)
    audit.record(connection, act, SEALED, "fund", approval.fund_id, told_of(made))


def told_of(one: SealedApproval) -> dict[str, object]:
    """What the audit log says of a decision."""
    return {
        "sequence": one.sequence,
        "allocation_id": one.approval.allocation_id,
        "decision": one.approval.decision.value,
        "digest": one.approval.digest,
        "seal": one.seal,
    }


def proven_approvals(connection: Connection, keys: AuditKeys, fund_id: str) -> tuple[SealedApproval, ...]:
    """All decisions of a fund, oldest first. InvariantError unless every one is true and none is missing.

    That the newest is there is known from the audit log: whoever removes it must cut that too, which `fund audit
    verify` finds.
    """
    approvals = list_sealed(connection, fund_id)
    seals.check_chain(keys, approvals)
    told = _newest_told(connection, keys, fund_id)
    if told != (told_of(approvals[-1]) if approvals else None):
        raise InvariantError(
            f"the newest decision on fund {fund_id} is not the one that the audit log tells of", remedy=seals.LOOK
        )
    return approvals


def list_sealed(connection: Connection, fund_id: str) -> tuple[SealedApproval, ...]:
    """All decisions of a fund as they stand, oldest first. InvariantError for one that cannot be read."""
    table = tables.approvals
    query = select(table).where(table.c.fund_id == fund_id).order_by(table.c.sequence)
    try:
        return tuple(seals.sealed(row) for row in connection.execute(query).mappings())
    except UNREADABLE:
        raise InvariantError(f"an approval of fund {fund_id} cannot be read", remedy=seals.LOOK) from None


def _newest_told(connection: Connection, keys: AuditKeys, fund_id: str) -> dict[str, object] | None:
    table = tables.audit
    query = (
        select(table)
        .where(table.c.entity == "fund", table.c.entity_id == fund_id, table.c.action == SEALED)
        .order_by(table.c.sequence.desc())
        .limit(1)
    )
    try:
        row = connection.execute(query).mappings().one_or_none()
        if row is None:
            return None
        entry = AuditEntry(**{name: row[name] for name in ENTRY})
        if keys.rank(row["key_id"]) is not None:
            made = chain.link(keys, row["key_id"], row["sequence"], row["previous_hash"], entry)
            if made == row["hash"]:
                return dict(entry.detail)
    except (InputError, *UNREADABLE):
        pass  # a value that could not have been written: told of as any other row that was altered
    raise InvariantError(f"what the audit log tells of fund {fund_id} was altered", remedy=seals.LOOK)
