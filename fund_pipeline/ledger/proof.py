"""A fund's decisions, proven: an unbroken chain of true seals, and as many of them as the audit log tells of."""

from __future__ import annotations

from sqlalchemy import Connection, select

from fund_pipeline.errors import ConfigurationError, InvariantError
from fund_pipeline.ledger import audit, seals, tables
from fund_pipeline.ledger.approval_model import Approval, SealedApproval
from fund_pipeline.ledger.audit import Act
from fund_pipeline.ledger.audit_keys import AuditKeys
from fund_pipeline.ledger.told import UNREADABLE, newest_told

SEALED = "approval_sealed"
"""Each decision is told of under this name, of its fund, so that the newest cannot be removed from one table alone."""


def seal_approval(connection: Connection, keys: AuditKeys, approval: Approval, act: Act) -> None:
    """Seal a decision after the fund's last one, audited; the caller holds the fund's lock.

    InvariantError, and nothing is written, when the decisions before it are not proven: a true seal must not follow a
    false one. ConfigurationError when the last seal was made with a key that is not here.
    """
    refuse_another_key(connection, keys, approval.fund_id)
    proven = proven_approvals(connection, keys, approval.fund_id)
    made = seals.append_approval(connection, keys, approval, proven[-1] if proven else None)
    audit.record(connection, act, SEALED, "fund", approval.fund_id, told_of(made))


def refuse_another_key(connection: Connection, keys: AuditKeys, fund_id: str) -> None:
    """ConfigurationError when the fund's last decision was sealed with a key that is not here."""
    there = list_sealed(connection, fund_id)
    if there and keys.rank(there[-1].key_id) is None:
        raise ConfigurationError(
            "the audit key here is not the one that this ledger's approvals were sealed with",
            remedy="give every process the same FUND_AUDIT_KEY or key file",
        )


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

    That the newest is there is known from the newest audit row that tells of one. Its link is checked here, not the
    whole chain: whoever removes the newest decision and that row, with all that came after, goes unnoticed here. `fund
    audit verify` notices from the head of the log, and, if that was set back as well, from the anchor that each
    decision leaves outside the database.
    """
    approvals = list_sealed(connection, fund_id)
    seals.check_chain(keys, approvals)
    newest = newest_told(connection, keys, "fund", fund_id, (SEALED,))
    if (dict(newest.detail) if newest else None) != (told_of(approvals[-1]) if approvals else None):
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
