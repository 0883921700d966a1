"""What brokers said of accounts: appended, never changed. The same word twice is one row."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import RowMapping, Select, select
from sqlalchemy.dialects import postgresql, sqlite

from fund_pipeline.errors import InputError
from fund_pipeline.ledger import tables
from fund_pipeline.ledger.account_model import AccountSnapshot, AccountStatus, EquityWord, Mark, WorkingOrder
from fund_pipeline.ledger.accounts import known_account
from fund_pipeline.ledger.canonical import NO_CHARACTER
from fund_pipeline.ledger.engine import Ledger
from fund_pipeline.ledger.failing import ledger_away
from fund_pipeline.ledger.model import TradingMode

MORE = ("cash_by_currency", "unrealised_pnl", "marks", "working_orders")
"""What is None where a broker did not say."""

_MARK, _WORKING = TypeAdapter(Mark), TypeAdapter(WorkingOrder)

CLOCK_SKEW = timedelta(minutes=1)
"""A broker's clock may be ahead of ours by this much. What tells of later than now would be fresh for too long."""


@dataclass(frozen=True)
class HeardAt:
    """An account and the last word on it by some moment; None when there was none."""

    account_id: str
    snapshot: AccountSnapshot | None


def record_snapshot(ledger: Ledger, snapshot: AccountSnapshot) -> AccountSnapshot:
    """Keep what a broker said; the snapshot with its id. The same again, whenever it arrives, changes nothing.

    NotFoundError when there is no such account; InputError when it tells of a moment after it arrived, or in another
    currency than the account's.
    """
    if snapshot.as_of > snapshot.received_at + CLOCK_SKEW:
        raise InputError(
            f"the snapshot of account {snapshot.account_id} is of {snapshot.as_of.isoformat()}, after it arrived",
            remedy="set the clocks of this machine and of the broker's gateway by NTP",
        )
    row = _values(snapshot)
    with ledger_away(), ledger.writing() as connection:
        account = known_account(connection, snapshot.account_id)
        if account.currency != snapshot.currency:
            raise InputError(
                f"the snapshot of account {account.account_id} is in {snapshot.currency}, the account in "
                f"{account.currency}",
                remedy=f"correct the account: `fund accounts set {account.account_id} --currency ...`",
            )
        dialect = sqlite if ledger.is_sqlite else postgresql
        connection.execute(dialect.insert(tables.account_snapshots).values(row).on_conflict_do_nothing())
    return replace(snapshot, snapshot_id=str(row["snapshot_id"]))


def latest(ledger: Ledger, account_id: str) -> AccountSnapshot | None:
    """The newest word on an account; None before the first."""
    return _first(ledger, _newest_first(account_id))


def latest_equity(ledger: Ledger, account_id: str) -> EquityWord | None:
    """What the newest word says an account is worth, without all that it holds; None before the first."""
    table = tables.account_snapshots
    query = _newest_first(account_id).with_only_columns(table.c.snapshot_id, table.c.as_of, table.c.equity)
    with ledger_away(), ledger.reading() as connection:
        row = connection.execute(query).mappings().one_or_none()
    return None if row is None else EquityWord(**row)


def equity_at(ledger: Ledger, account_id: str, moment: datetime) -> AccountSnapshot | None:
    """The last word on an account up to a moment, itself included; None when there was none yet."""
    return _first(ledger, _newest_first(account_id).where(tables.account_snapshots.c.as_of <= moment))


def first_since(ledger: Ledger, account_id: str, moment: datetime) -> AccountSnapshot | None:
    """The first word on an account after a moment; None when there is none yet."""
    table = tables.account_snapshots
    query = select(table).where(table.c.account_id == account_id, table.c.as_of > moment)
    return _first(ledger, query.order_by(table.c.as_of, table.c.received_at, table.c.snapshot_id).limit(1))


def snapshots_at(ledger: Ledger, fund_id: str, mode: TradingMode, moment: datetime) -> tuple[HeardAt, ...]:
    """Each account of a fund in a mode with the last word on it up to a moment, by account id.

    Accounts that were added after the moment, and of which there was no word by then, are left out; so are closed ones
    without any.
    """
    accounts = tables.accounts
    query = (
        select(accounts.c.account_id, accounts.c.created_at, accounts.c.status)
        .where(accounts.c.fund_id == fund_id, accounts.c.mode == mode.value)
        .order_by(accounts.c.account_id)
    )
    found = []
    with ledger_away(), ledger.reading() as connection:
        rows: Iterable[Any] = connection.execute(query).all()
        for account_id, created_at, status in rows:
            newest = _newest_first(account_id).where(tables.account_snapshots.c.as_of <= moment)
            row = connection.execute(newest).mappings().one_or_none()
            if row is not None:
                found.append(HeardAt(account_id, _snapshot(row)))
            elif created_at <= moment and status == AccountStatus.OPEN.value:
                found.append(HeardAt(account_id, None))
    return tuple(found)


def _newest_first(account_id: str) -> Select[tuple[object, ...]]:
    table = tables.account_snapshots
    order = (table.c.as_of.desc(), table.c.received_at.desc(), table.c.snapshot_id)
    return select(table).where(table.c.account_id == account_id).order_by(*order).limit(1)


def _first(ledger: Ledger, query: Select[tuple[object, ...]]) -> AccountSnapshot | None:
    with ledger_away(), ledger.reading() as connection:
        row = connection.execute(query).mappings().one_or_none()
    return None if row is None else _snapshot(row)


def _snapshot(row: RowMapping) -> AccountSnapshot:
    cash, marks, working = row["cash_by_currency"], row["marks"], row["working_orders"]
    read = {
        "positions": _numbers(row["positions"]),
        "cash_by_currency": None if cash is None else _numbers(cash),
        "marks": None if marks is None else {key: _MARK.validate_python(one) for key, one in marks.items()},
        "working_orders": None if working is None else tuple(_WORKING.validate_python(one) for one in working),
    }
    return AccountSnapshot(**dict(row) | read)


def _numbers(texts: Mapping[str, str]) -> dict[str, Decimal]:
    return {key: Decimal(text) for key, text in texts.items()}


def _values(snapshot: AccountSnapshot) -> dict[str, object]:
    money = {"equity": snapshot.equity, "cash": snapshot.cash, "margin_used": snapshot.margin_used}
    said = {
        "account_id": snapshot.account_id,
        "currency": snapshot.currency,
        "positions": _plain(snapshot.positions),
    }
    more = {name: _plain(getattr(snapshot, name)) for name in MORE if getattr(snapshot, name) is not None}
    written = {"as_of": snapshot.as_of.astimezone(UTC).isoformat(), **{name: _text(one) for name, one in money.items()}}
    identity = hashlib.sha256(json.dumps(said | written | more, sort_keys=True).encode()).hexdigest()
    times = {"as_of": snapshot.as_of, "received_at": snapshot.received_at}
    others = dict.fromkeys(MORE) | more | {"unrealised_pnl": snapshot.unrealised_pnl}
    return {**said, **money, **times, **others, "snapshot_id": identity}


def _plain(value: Any) -> Any:
    """As JSON has it, numbers as text. InputError for a text that the ledger cannot hold."""
    if isinstance(value, Decimal):
        return _text(value)
    if isinstance(value, str):
        return _storable(value)
    if isinstance(value, Mark):  # there may be thousands
        return {name: _text(one) if isinstance(one, Decimal) else _plain(one) for name, one in vars(value).items()}
    if isinstance(value, WorkingOrder):
        return {name: _plain(one) for name, one in vars(value).items()}
    if isinstance(value, Mapping):
        return {_storable(key): _plain(one) for key, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, tuple) else value


def _storable(text: str) -> str:
    if NO_CHARACTER.search(text):
        raise InputError(f"the broker told of {text!r}, which is no text", remedy="ask its operator what that is")
    return text


def _text(exact: Decimal) -> str:
    """Equal quantities have one text, however many zeros they end in."""
    return format(exact.normalize(), "f")
