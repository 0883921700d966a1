"""Accounts in the ledger. What has happened in one is kept: where history hangs on it, it can only be closed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from fund_pipeline.errors import ConflictError, NotFoundError
from fund_pipeline.ledger import audit, tables
from fund_pipeline.ledger.account_model import Account, AccountStatus
from fund_pipeline.ledger.account_use import refuse_in_use
from fund_pipeline.ledger.audit import Act
from fund_pipeline.ledger.engine import Ledger
from fund_pipeline.ledger.failing import ledger_away
from fund_pipeline.ledger.hanging import hanging_on
from fund_pipeline.ledger.model import TradingMode
from fund_pipeline.terms import AssetClass

IDENTITY = ("fund_id", "broker", "broker_account", "mode", "currency")
"""What an account is: with another of these its history would tell of something else."""


def list_accounts(ledger: Ledger, fund_id: str | None = None) -> tuple[Account, ...]:
    """All accounts, or those of one fund, by id."""
    with ledger_away(), ledger.reading() as connection:
        return read_accounts(connection, fund_id)


def read_accounts(connection: Connection, fund_id: str | None = None) -> tuple[Account, ...]:
    """The same within a transaction of the caller's."""
    query = select(tables.accounts).order_by(tables.accounts.c.account_id)
    if fund_id is not None:
        query = query.where(tables.accounts.c.fund_id == fund_id)
    return tuple(_account(row) for row in connection.execute(query).mappings())


def get_account(ledger: Ledger, account_id: str) -> Account:
    """One account, or NotFoundError."""
    with ledger_away(), ledger.reading() as connection:
        return known_account(connection, account_id)


def known_account(connection: Connection, account_id: str, *, lock: bool = False) -> Account:
    """The same within a transaction of the caller's, held against changes by others if `lock`."""
    query = select(tables.accounts).where(tables.accounts.c.account_id == account_id)
    row = connection.execute(query.with_for_update() if lock else query).mappings().one_or_none()
    if row is None:
        raise NotFoundError(f"there is no account {account_id!r}", remedy="run `fund accounts list`")
    return _account(row)


def insert_account(ledger: Ledger, account: Account, act: Act, *, dry_run: bool = False) -> None:
    """Add an account, audited; `dry_run` only checks.

    NotFoundError when there is no such fund; ConflictError when the id, or the broker's number, is taken.
    """
    with ledger_away(), ledger.writing() as connection:
        _refuse_without_fund(connection, account.fund_id)
        _refuse_namesakes(connection, account, new=True)
        if dry_run:
            return
        row = _values(account) | {"account_id": account.account_id, "created_at": act.at, "updated_at": act.at}
        try:
            connection.execute(insert(tables.accounts).values(row))
        except IntegrityError:
            raise ConflictError(
                f"account {account.account_id} was added by somebody else at the same time",
                remedy="look again: `fund accounts list`",
            ) from None
        audit.record(connection, act, "account_added", "account", account.account_id, _values(account))


def change_account(ledger: Ledger, account: Account, act: Act, *, dry_run: bool = False) -> bool:
    """Make an account what is given, all or nothing, audited. Returns False when it already was so.

    Raises
    ------
    NotFoundError : there is no such account or fund.
    ConflictError : fund, broker, number, mode or currency would change although orders or snapshots hang on it; it
        would be closed with open positions or working orders; or the broker's number is another account's.
    """
    key = tables.accounts.c.account_id == account.account_id
    with ledger_away(), ledger.writing() as connection:
        held = known_account(connection, account.account_id, lock=True)
        if account == held:
            return False
        _refuse_without_fund(connection, account.fund_id)
        _refuse_another_identity(connection, held, account)
        _refuse_namesakes(connection, account, new=False)
        if account.status is not held.status and account.status is AccountStatus.CLOSED:
            refuse_in_use(connection, account.account_id, "closed")
        if not dry_run:
            before, after = _values(held), _values(account)
            connection.execute(update(tables.accounts).where(key).values(after | {"updated_at": act.at}))
            was = {name: value for name, value in before.items() if after[name] != value}
            audit.record(connection, act, _action(was, account), "account", account.account_id, after | {"was": was})
    return True


def delete_account(ledger: Ledger, account_id: str, act: Act, *, dry_run: bool = False) -> Account:
    """Remove an account that was never used, audited. The account as it was.

    NotFoundError; ConflictError with open positions or working orders, where history hangs on it, or while a strategy
    may use it.
    """
    with ledger_away(), ledger.writing() as connection:
        held = known_account(connection, account_id, lock=True)
        refuse_in_use(connection, account_id, "deleted")
        if history := hanging_on(connection, tables.accounts, account_id):
            raise ConflictError(
                f"account {account_id} has history in {', '.join(history)}, which is kept",
                remedy=f"close it instead: `fund accounts close {account_id}`",
            )
        if users := strategies_with(connection, account_id):
            raise ConflictError(
                f"account {account_id} may be used by {', '.join(users)}",
                remedy=f"run `fund accounts forbid STRATEGY {account_id}` for each of them first",
            )
        if not dry_run:
            connection.execute(delete(tables.accounts).where(tables.accounts.c.account_id == account_id))
            audit.record(connection, act, "account_deleted", "account", account_id, _values(held))
        return held


def _action(was: dict[str, object], account: Account) -> str:
    if set(was) != {"status"}:
        return "account_changed"
    return "account_closed" if account.status is AccountStatus.CLOSED else "account_reopened"


def strategies_with(connection: Connection, account_id: str) -> tuple[str, ...]:
    """Ids of the strategies that may use an account."""
    table = tables.strategies
    query = select(table.c.strategy_id, table.c.accounts).order_by(table.c.strategy_id)
    rows: Iterable[Any] = connection.execute(query)
    return tuple(strategy for strategy, accounts in rows if account_id in accounts)


def _refuse_without_fund(connection: Connection, fund_id: str) -> None:
    # Held, so that it is not deleted while it gets an account.
    query = select(tables.funds.c.fund_id).where(tables.funds.c.fund_id == fund_id).with_for_update(key_share=True)
    if connection.execute(query).first() is None:
        raise NotFoundError(f"there is no fund {fund_id!r}", remedy="run `fund funds list`")


def _refuse_namesakes(connection: Connection, account: Account, *, new: bool) -> None:
    table = tables.accounts
    if new and connection.execute(select(table.c.account_id).where(table.c.account_id == account.account_id)).first():
        raise ConflictError(
            f"account {account.account_id} is there already",
            remedy=f"choose another id, or change it: `fund accounts set {account.account_id}`",
        )
    same = (table.c.broker == account.broker) & (table.c.broker_account == account.broker_account)
    other = connection.execute(
        select(table.c.account_id).where(same, table.c.account_id != account.account_id)
    ).scalar()
    if other is not None:
        raise ConflictError(
            f"account {other} has the number {account.broker_account} at {account.broker} already",
            remedy="give each account its own number; two books of one account would each miss the other's trades",
        )


def _refuse_another_identity(connection: Connection, held: Account, wanted: Account) -> None:
    changed = [name for name in IDENTITY if getattr(held, name) != getattr(wanted, name)]
    if changed and (history := hanging_on(connection, tables.accounts, held.account_id)):
        raise ConflictError(
            f"{' and '.join(changed)} of account {held.account_id} cannot change: it has history in "
            f"{', '.join(history)}",
            remedy="close it, and add another account",
        )


def _account(row: RowMapping) -> Account:
    return Account(
        account_id=row["account_id"],
        fund_id=row["fund_id"],
        name=row["name"],
        broker=row["broker"],
        broker_account=row["broker_account"],
        asset_classes=tuple(AssetClass(one) for one in row["asset_classes"]),
        mode=TradingMode(row["mode"]),
        currency=row["currency"],
        status=AccountStatus(row["status"]),
    )


def _values(account: Account) -> dict[str, object]:
    values = asdict(account) | {"asset_classes": [one.value for one in account.asset_classes]}
    plain = {"mode": account.mode.value, "status": account.status.value}
    return {name: value for name, value in (values | plain).items() if name != "account_id"}
