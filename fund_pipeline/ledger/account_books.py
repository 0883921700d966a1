"""How the books of each account stand, and the cash that they began with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from fund_pipeline.errors import InvariantError
from fund_pipeline.ledger import audit, tables
from fund_pipeline.ledger.accounts import known_account
from fund_pipeline.ledger.audit import Act
from fund_pipeline.ledger.break_model import BooksOf, BooksState, ExternalPolicy, Opening
from fund_pipeline.ledger.engine import Ledger
from fund_pipeline.ledger.failing import ledger_away


def books_of(ledger: Ledger) -> Mapping[str, BooksOf]:
    """How the books of each account stand, by account id; an account that was never looked at is NEVER."""
    with ledger_away(), ledger.reading() as connection:
        accounts: Sequence[str] = connection.execute(select(tables.accounts.c.account_id)).scalars().all()
        rows: Iterable[Any] = connection.execute(select(tables.account_books)).mappings()
        found = {row["account_id"]: _books(row) for row in rows}
    return {one: found.get(one, BooksOf(one)) for one in accounts}


def note_start(ledger: Ledger, at: datetime) -> int:
    """We have just started: no account is reconciled until a pass says so. How many were."""
    table = tables.account_books
    values = {"standing": BooksState.STARTED.value, "since": at}
    with ledger_away(), ledger.writing() as connection:
        changed = connection.execute(
            update(table).where(table.c.standing == BooksState.RECONCILED.value).values(values)
        )
        return changed.rowcount


def set_policy(ledger: Ledger, account_id: str, policy: ExternalPolicy, act: Act) -> None:
    """Say what is done about external trades in an account, audited. NotFoundError."""
    with ledger_away(), ledger.writing() as connection:
        known_account(connection, account_id)
        before = read_books(connection, account_id)
        write_books(connection, replace(before, policy=policy, since=before.since or act.at))
        detail = {"policy": policy.value, "was": before.policy.value}
        audit.record(connection, act, "external_policy_set", "account", account_id, detail)


def read_books(connection: Connection, account_id: str) -> BooksOf:
    """How an account's books stand, within a transaction of the caller's."""
    table = tables.account_books
    row = connection.execute(select(table).where(table.c.account_id == account_id)).mappings().one_or_none()
    return BooksOf(account_id) if row is None else _books(row)


def write_books(connection: Connection, books: BooksOf) -> None:
    """Put how they stand; `since` is set by then."""
    table = tables.account_books
    values = {
        "standing": books.standing.value,
        "since": books.since,
        "last_pass": books.last_pass,
        "last_complete": books.last_complete,
        "findings": [dict(one) for one in books.findings],
        "policy": books.policy.value,
    }
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    statement = dialect.insert(table).values(values | {"account_id": books.account_id})
    connection.execute(statement.on_conflict_do_update(index_elements=["account_id"], set_=values))


def opening_of(ledger: Ledger, account_id: str) -> Opening | None:
    """The cash that an account's books began with; None before its first complete pass."""
    table = tables.cash_openings
    with ledger_away(), ledger.reading() as connection:
        rows: Sequence[Any] = connection.execute(select(table).where(table.c.account_id == account_id)).mappings().all()
    if not rows:
        return None
    amounts = {row["currency"]: row["amount"] for row in rows}
    return Opening(account_id, amounts, rows[0]["as_of"], rows[0]["through"])


def record_opening(
    ledger: Ledger, account_id: str, amounts: Mapping[str, Decimal], currency: str, as_of: datetime, act: Act
) -> Opening:
    """Record what cash an account's books begin with, audited, once: what is there already stays. The opening then.

    Executions that are booked by now are in it. `currency` is the account's, which is recorded even at nought.
    """
    executions, table = tables.executions, tables.cash_openings
    with ledger_away(), ledger.writing() as connection:
        known_account(connection, account_id, lock=True)
        if (
            connection.execute(select(table.c.account_id).where(table.c.account_id == account_id).limit(1)).first()
            is None
        ):
            last = select(func.max(executions.c.number)).where(executions.c.account_id == account_id)
            through = connection.execute(last).scalar() or 0
            common = {"account_id": account_id, "as_of": as_of, "through": through, "recorded_at": act.at}
            rows = [
                common | {"currency": name, "amount": one}
                for name, one in ({currency: Decimal(0)} | dict(amounts)).items()
            ]
            connection.execute(insert(table), rows)
            detail = {"as_of": as_of.isoformat(), "amounts": {row["currency"]: str(row["amount"]) for row in rows}}
            audit.record(connection, act, "cash_opened", "account", account_id, detail)
    found = opening_of(ledger, account_id)
    if found is None:
        raise InvariantError(f"the opening cash of account {account_id} was recorded, and is not there")
    return found


def _books(row: Any) -> BooksOf:
    return BooksOf(
        account_id=row["account_id"],
        standing=BooksState(row["standing"]),
        since=row["since"],
        last_pass=row["last_pass"],
        last_complete=row["last_complete"],
        findings=tuple(row["findings"]),
        policy=ExternalPolicy(row["policy"]),
    )
