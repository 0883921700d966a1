"""A fund with a short history of approvals, and what somebody with every right on the database could do to it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from decimal import Decimal
from typing import Any

from sqlalchemy import insert, text, update

from fund_pipeline.ledger import Ledger, seals, tables
from fund_pipeline.ledger.allocations import record_recommendation
from fund_pipeline.ledger.approval_model import Decision, SealedApproval
from fund_pipeline.ledger.approvals import put_in_force, reject
from fund_pipeline.ledger.audit_keys import AuditKeys
from fund_pipeline.ledger.funds import put_fund
from fund_pipeline.ledger.model import Allocation
from fund_pipeline.ledger.proof import list_sealed
from fund_pipeline.ledger.strategies import put_strategy
from fund_pipeline_tests.samples import ACT, FUND, allocation, approval_of, run, strategy

UNPROTECTED = tuple(
    f"DROP TRIGGER IF EXISTS {name}"
    for name in ("approvals_no_update", "approvals_no_delete", "audit_no_update", "audit_no_delete")
)


def decided(ledger: Ledger) -> tuple[Allocation, ...]:
    """Four allocations of fund `demo`: archived, rejected, in force, pending."""
    put_fund(ledger, FUND, ACT)
    put_strategy(ledger, strategy("A"), ACT)
    made = []
    for number in range(4):
        of = run(f"inputs-{number}")
        one = allocation(of, A=str(Decimal("0.1") + Decimal(number) / 100))
        record_recommendation(ledger, of, one, ACT)
        if number == 1:
            reject(ledger, approval_of(one, decision=Decision.REJECTED), ACT)
        elif number != 3:
            put_in_force(ledger, one, approval_of(one), ACT)
        made.append(one)
    return tuple(made)


def falsify(ledger: Ledger, *statements: str, **values: Any) -> None:
    """Take off what protects the tables, then run raw SQL; values are named in it as `:name`."""
    if ledger.is_sqlite:
        # A connection of its own, for the embedded database heeds foreign keys only where it is told to.
        with closing(sqlite3.connect(str(ledger.engine.url.database), isolation_level=None)) as raw:
            for statement in (*UNPROTECTED, "PRAGMA ignore_check_constraints=ON", *statements):
                raw.execute(statement, values)
        return
    with ledger.engine.connect() as connection, connection.begin():
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        for statement in statements:
            named = {name: value for name, value in values.items() if f":{name}" in statement}
            connection.execute(text(statement), named)


def put_back(ledger: Ledger, approvals: list[SealedApproval]) -> None:
    """Let the table hold exactly these rows, as they are."""
    falsify(ledger, "DELETE FROM approvals")
    with ledger.engine.connect() as connection, connection.begin():
        for one in approvals:
            values = one.approval.__dict__ | {"breaches": list(one.approval.breaches)}
            sealed = {name: getattr(one, name) for name in ("sequence", "key_id", "previous_seal", "seal")}
            connection.execute(insert(tables.approvals).values(**values, **sealed))


def forge(ledger: Ledger, keys: AuditKeys, of: Allocation) -> None:
    """Approve an allocation with other keys than the ledger's, and put it in force."""
    with ledger.engine.connect() as connection, connection.begin():
        last = list_sealed(connection, of.fund_id)[-1]
        seals.append_approval(connection, keys, approval_of(of), last)
        states = tables.allocations
        connection.execute(update(states).where(states.c.status == "ACTIVE").values(status="ARCHIVED"))
        mine = states.c.allocation_id == of.allocation_id
        connection.execute(update(states).where(mine).values(status="ACTIVE"))


def sealed_approvals(ledger: Ledger) -> list[SealedApproval]:
    """The rows of fund `demo`, oldest first."""
    with ledger.reading() as connection:
        return list(list_sealed(connection, "demo"))
