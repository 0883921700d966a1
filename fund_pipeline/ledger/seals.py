"""Seals on approvals: each is an HMAC over its record and the fund's seal before, with a key the database lacks.

Whoever can write rows but has no key cannot make an approval, change one, or move one. A chain that ends early is as
true as the whole: that none is missing at its end is for `proof` to say, from the audit log, and for `fund audit
verify`, from the anchors outside the database.
"""

from __future__ import annotations

import hmac
from datetime import UTC

from sqlalchemy import Connection, RowMapping, insert

from fund_pipeline.errors import InputError, InvariantError
from fund_pipeline.ledger import tables
from fund_pipeline.ledger.approval_model import Approval, ApprovalMethod, Decision, SealedApproval
from fund_pipeline.ledger.audit_keys import AuditKeys
from fund_pipeline.ledger.canonical import canonical

FIRST = "0" * 64
LOOK = "run `fund audit verify`: somebody changed the database, or the audit key is another one"
_FIELDS = tuple(Approval.__dataclass_fields__)


def append_approval(
    connection: Connection, keys: AuditKeys, approval: Approval, last: SealedApproval | None
) -> SealedApproval:
    """Write a sealed approval after the fund's `last` one; the caller holds the fund's lock and has proven that one."""
    sequence, previous = (last.sequence + 1, last.seal) if last is not None else (1, FIRST)
    seal = _seal(keys, keys.newest, sequence, previous, approval)
    values = {**approval.__dict__, "breaches": [dict(breach) for breach in approval.breaches]}
    connection.execute(
        insert(tables.approvals).values(
            **values | {"decision": approval.decision.value, "method": approval.method.value},
            sequence=sequence,
            key_id=keys.newest,
            previous_seal=previous,
            seal=seal,
        )
    )
    return SealedApproval(sequence, approval, keys.newest, previous, seal)


def check_chain(keys: AuditKeys, approvals: tuple[SealedApproval, ...]) -> None:
    """Raise InvariantError unless these, all of one fund and oldest first, are an unbroken chain of true seals.

    After a newer key was used, an older one is not believed.
    """
    previous = FIRST
    newest: int | None = None
    for expected, one in enumerate(approvals, start=1):
        what = f"approval {one.sequence} of fund {one.approval.fund_id}, of {one.approval.allocation_id},"
        if one.sequence != expected or one.previous_seal != previous:
            raise InvariantError(f"{what} does not follow the one before", remedy=LOOK)
        rank = keys.rank(one.key_id)
        if rank is None or (newest is not None and rank > newest) or not _is_true(keys, one):
            raise InvariantError(f"{what} does not bear a true seal", remedy=LOOK)
        previous, newest = one.seal, rank


def _is_true(keys: AuditKeys, one: SealedApproval) -> bool:
    try:
        made = _seal(keys, one.key_id, one.sequence, one.previous_seal, one.approval)
    except (InputError, TypeError, ValueError):
        return False  # a value that could not have been sealed
    return hmac.compare_digest(one.seal, made)


def sealed(row: RowMapping) -> SealedApproval:
    """A row of the table."""
    values = {name: row[name] for name in _FIELDS}
    approval = Approval(
        **values
        | {
            "decision": Decision(row["decision"]),
            "method": ApprovalMethod(row["method"]),
            "breaches": tuple(row["breaches"]),
        }
    )
    return SealedApproval(row["sequence"], approval, row["key_id"], row["previous_seal"], row["seal"])


def _seal(keys: AuditKeys, key_id: str, sequence: int, previous: str, approval: Approval) -> str:
    """Version 1 of the form: never change it."""
    return keys.mac(
        key_id,
        canonical(
            [
                "approval-1",
                key_id,
                sequence,
                previous,
                approval.fund_id,
                approval.allocation_id,
                approval.digest,
                approval.decision.value,
                approval.method.value,
                approval.decided_by,
                approval.second_by,
                approval.note,
                approval.override_reason,
                [dict(breach) for breach in approval.breaches],
                approval.replaces,
                approval.decided_at.astimezone(UTC).isoformat(timespec="microseconds"),
                approval.correlation_id,
            ]
        ),
    )
